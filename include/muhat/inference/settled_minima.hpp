#pragma once

/// Minima of -2 log L for one data set in many boxes, none of which knows better than another.
///
/// A box holds some parameters at values: none of them, or all, at one point of a line or a grid. The minima
/// are settled when
///  - none, moved to the box of a neighbor, lies below the minimum there. Neighbors are the box in which all
///    are free and every other one, and points next to each other on a line or in a row or column of a grid;
///  - every box has been fitted from each minimum that was found in another place anywhere, as far as a few
///    steps from there promise something.
///
/// Boxes are fitted in chains, each from the lowest of the points that are known, and explored
/// (fit/exploration.hpp); then they exchange what they have found until nothing is lower, in rounds in which
/// all see the same. The boxes fix chains and rounds, not the threads, so the result is the same on any
/// number of them. Who computes something from several minima does so after `settle`, and again where
/// `revision` has changed.
///
/// Costs one fit for each box, its exploration, and an evaluation for each pair of neighbors; more only where
/// there are several minima.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/fitter.hpp>
#include <muhat/fit/minimum.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/starts.hpp>
#include <muhat/inference/detail/box_neighbors.hpp>
#include <muhat/inference/scan_control.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// Adds a point that is not there yet.
inline void add_point(std::vector<Vector>& points, const Vector& point) {
  if (std::find(points.begin(), points.end(), point) == points.end()) {
    points.push_back(point);
  }
}

} // namespace detail

/// Belongs to one thread, which may lend its work to others; copies are independent.
template <class AnyModel, class Optimizer = DefaultOptimizer>
class SettledMinima {
public:
  /// Values of the held parameters; empty for the box in which they are free.
  using Values = std::vector<double>;

  /// data: main bins, then auxiliary data. held: the parameters that boxes hold. Throws as `make_setup` and
  /// Likelihood do; fits nothing yet.
  SettledMinima(const AnyModel& model, const Vector& data, std::vector<Index> held,
                const FitOptions& options = {}, const Optimizer& optimizer = Optimizer{})
      : fitter_(model, data, optimizer), setup_(make_setup(model, options)), held_(std::move(held)),
        free_box_(setup_.box()), always_(detail::wanted_starts(fitter_.objective(), setup_, options)),
        explore_(options.explore) {
    known_.push_back(setup_.start);
    if (explore_) {
      // Looked at once, for all copies.
      (void)fitter_.bends();
    }
  }

  [[nodiscard]] const AnyModel& model() const noexcept { return fitter_.model(); }
  [[nodiscard]] const FitSetup& setup() const noexcept { return setup_; }

  /// Spares memory: uses that of minima of the same thread.
  void share_scratch(const SettledMinima& other) { fitter_.share_scratch(other.fitter_); }

  /// Exchanges the data and forgets all boxes. `known`: points to start from besides the init,
  /// n parameters each.
  void set_data(const Vector& data, const std::vector<Vector>& known = {}) {
    fitter_.set_data(data);
    known_.assign(1, setup_.start);
    for (const Vector& point : known) {
      detail::add_point(known_, point);
    }
    nodes_.clear();
    new_.clear();
    modes_ = given_modes_;
    settled_ = true;
  }

  /// Lets all fits from now on begin with the metric at x for the present data, to be shared by fits to
  /// similar data, instead of each with its own. `values`: of the other box. Copies share it.
  void prepare_metrics(const Vector& x, const Values& values) {
    metrics_ =
        std::make_shared<const Metrics>(Metrics{prepare_metric(fitter_.objective(), x, free_box_),
                                                prepare_metric(fitter_.objective(), x, box_at(values))});
  }

  /// Minima in several places that the data have shown so far: whatever was found besides the lowest of some
  /// box, and that. n parameters each.
  [[nodiscard]] const std::vector<Vector>& modes() const noexcept { return modes_; }

  /// Lets the boxes of all data from the next on be tried from these, too.
  void set_modes(std::vector<Vector> modes) { given_modes_ = std::move(modes); }

  /// Looks around minima from now on, or not.
  void set_explore(bool explore) { explore_ = explore; }

  /// Adds a box. One that is there, and whose fit did not throw, stays as it is.
  void add(const Values& values) {
    const auto [place, is_new] = nodes_.try_emplace(values);
    if (is_new || !place->second.failure.empty()) {
      place->second = Node{};
      new_.push_back(values);
    }
  }

  /// Finds the minima of all boxes. False where the last round still found lower ones, or `watch` stopped it:
  /// then boxes have no minimum, or are marked as due.
  template <Executor E = SerialExecutor>
  bool settle(const E& executor = E{}, ScanWatch* watch = nullptr) {
    if (new_.empty() && settled_) {
      return true;
    }
    if (is_stopped(watch)) {
      settled_ = false;
      return false;
    }
    const bool everywhere = !settled_;
    if (everywhere) {
      for (auto& [values, node] : nodes_) {
        node.due = false;
      }
    }
    settled_ = false;
    first_clock_ = ++clock_;
    settled_ = exchange(fit_new(executor, watch), everywhere, executor, watch);
    return settled_;
  }

  /// Whether the last `settle` came to an end.
  [[nodiscard]] bool is_settled() const noexcept { return settled_; }

  /// How many minima were replaced by lower ones so far.
  [[nodiscard]] int revision() const noexcept { return revision_; }

  /// Whether a minimum is there: the box was added, and reached.
  [[nodiscard]] bool has(const Values& values) const {
    const auto found = nodes_.find(values);
    return found != nodes_.end() && !found->second.minimum.empty();
  }

  /// Whether a box was reached: it has a minimum, or its fit threw.
  [[nodiscard]] bool is_reached(const Values& values) const {
    const auto found = nodes_.find(values);
    return found != nodes_.end() && (!found->second.minimum.empty() || !found->second.failure.empty());
  }

  /// Whether a stop has kept a box from a minimum that may be lower.
  [[nodiscard]] bool is_due(const Values& values) const {
    const auto found = nodes_.find(values);
    return found != nodes_.end() && found->second.due;
  }

  /// The minimum of a box. Throws FitFailed where its fit threw, or was not made.
  [[nodiscard]] const Minimum& operator[](const Values& values) const {
    const auto found = nodes_.find(values);
    if (found == nodes_.end() || found->second.minimum.empty()) {
      throw FitFailed(found == nodes_.end() || found->second.failure.empty() ? scan_point_not_reached
                                                                             : found->second.failure);
    }
    return found->second.minimum;
  }

  [[nodiscard]] FitResult describe(const Values& values) const {
    return fitter_.describe((*this)[values], box_at(values));
  }

  /// Calls visit(values, minimum) for every box that has one, in order; the free one comes first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [values, node] : nodes_) {
      if (!node.minimum.empty()) {
        visit(values, node.minimum);
      }
    }
  }

  [[nodiscard]] Box box_at(const Values& values) const {
    Box box = free_box_;
    for (std::size_t k = 0; k < values.size(); ++k) {
      box.lower[held_[k]] = box.upper[held_[k]] = values[k];
    }
    return box;
  }

private:
  using Fits = Fitter<AnyModel, Optimizer>;

  struct Node {
    Minimum minimum = {};
    /// What its fit threw.
    std::string failure = {};
    bool retried = false;
    /// How many of the modes it was tried from.
    std::size_t tried = 0;
    /// The rounds in which it changed, and looked at others, last.
    int changed = 0;
    int looked = -1;
    /// Whether a stop has kept it from looking.
    bool due = false;
  };
  using Nodes = detail::BoxNodes<Node>;
  using Place = typename Nodes::iterator;

  /// Metrics with the held parameters free and held.
  struct Metrics {
    MetricFactor free;
    MetricFactor held;
  };

  /// A round's work at one box: other minima to start from where they are lower there.
  struct Task {
    Place place;
    std::vector<const Minimum*> others;
    /// What the box becomes; without effect until it has looked.
    Node end;
  };

  /// Rounds of exchange; what is still lower then is a warning.
  static constexpr int most_rounds = 12;
  static constexpr std::size_t most_modes = 12;

  [[nodiscard]] const MetricFactor* metric_for(const Values& values) const {
    return metrics_ ? (values.empty() ? &metrics_->free : &metrics_->held) : nullptr;
  }

  static bool is_stopped(const ScanWatch* watch) { return watch != nullptr && watch->canceled(); }

  /// In order, each once.
  static void sort_places(std::vector<Place>& places) {
    std::sort(places.begin(), places.end(), [](Place a, Place b) { return a->first < b->first; });
    places.erase(std::unique(places.begin(), places.end()), places.end());
  }

  /// The first fits of all new boxes: of the free one, then of chains. Returns those that were reached.
  template <Executor E>
  [[nodiscard]] std::vector<Place> fit_new(const E& executor, ScanWatch* watch) {
    std::vector<Place> places;
    for (const Values& values : new_) {
      places.push_back(nodes_.find(values));
    }
    sort_places(places);
    std::vector<std::vector<Place>> chains;
    for (const Place place : places) {
      if (place->first.empty()) {
        if (!is_stopped(watch)) {
          fit_first(fitter_, place, nullptr);
        }
        continue;
      }
      const bool continues = !chains.empty() && chains.back().size() < scan_chain &&
                             detail::is_one_row(chains.back().back()->first, place->first);
      if (!continues) {
        chains.emplace_back();
      }
      chains.back().push_back(place);
    }
    const auto run_chain = [&](Fits& fitter, const std::vector<Place>& chain) {
      const Minimum* before = nullptr;
      for (const Place place : chain) {
        if (is_stopped(watch)) {
          return;
        }
        fit_first(fitter, place, before);
        before = place->second.minimum.certified() ? &place->second.minimum : before;
        if (watch != nullptr) {
          watch->count_point();
        }
      }
    };
    run_all(executor, chains, run_chain, watch);
    std::vector<Place> reached;
    new_.clear();
    for (const Place place : places) {
      if (!place->second.minimum.empty() || !place->second.failure.empty()) {
        reached.push_back(place);
      } else {
        new_.push_back(place->first);
      }
    }
    return reached;
  }

  /// Calls work(fitter, task) for all tasks, with a fitter for each thread.
  template <Executor E, class T, class Work>
  void run_all(const E& executor, std::vector<T>& tasks, const Work& work, ScanWatch* watch) {
    if (tasks.size() <= 1 || executor.concurrency() <= 1) {
      for (T& task : tasks) {
        work(fitter_, task);
      }
      return;
    }
    const auto make_task = [&] {
      return [&work, &tasks, fitter = fitter_](std::size_t k) mutable { work(fitter, tasks[k]); };
    };
    parallel_for(executor, tasks.size(), make_task, watch != nullptr ? watch->cancel() : nullptr);
  }

  /// Fits a box from the lowest of the known points, and from all starts that were asked for.
  void fit_first(Fits& fitter, Place place, const Minimum* before) const {
    Node& node = place->second;
    try {
      if (take_over_free(place)) {
        return;
      }
      const Box box = box_at(place->first);
      Vector start;
      double lowest = 0.0;
      const auto consider = [&](const Vector& point) {
        Vector x = clamp(point, box);
        const double value = fitter.twice_nll(x);
        if (start.size() == 0 || value < lowest) {
          lowest = value;
          start = std::move(x);
        }
      };
      const auto consider_minimum = [&](const Minimum* minimum) {
        if (minimum != nullptr && minimum->certified()) {
          consider(minimum->lowest.x);
        }
      };
      for (const Vector& point : known_) {
        consider(point);
      }
      consider_minimum(before);
      for (const Minimum* other : settled_neighbors(place)) {
        consider_minimum(other);
      }
      (void)fitter.refine(node.minimum, start, box, metric_for(place->first));
      for (const Vector& other : always_) {
        if (Vector x = clamp(other, box); x != start) {
          (void)fitter.refine(node.minimum, x, box, metric_for(place->first));
        }
      }
      if (explore_) {
        fitter.explore(node.minimum, box);
        // Where something bends, the other points need not lead to where the init does.
        if (Vector init = clamp(setup_.start, box);
            node.minimum.certified() && fitter.bends() && init != start) {
          (void)fitter.attempt(node.minimum, init, box);
        }
      }
      node.changed = clock_;
    } catch (const ComputationError& error) {
      node.minimum = {};
      node.failure = error.what();
    }
  }

  /// Where the free minimum lies in a box, it is the box's, too.
  bool take_over_free(Place place) const {
    const auto free = nodes_.find(Values{});
    if (place->first.empty() || free == nodes_.end() || !free->second.minimum.certified()) {
      return false;
    }
    for (std::size_t k = 0; k < held_.size(); ++k) {
      if (free->second.minimum.lowest.x[held_[k]] != place->first[k]) {
        return false;
      }
    }
    Minimum& minimum = place->second.minimum;
    minimum.lowest = free->second.minimum.lowest;
    minimum.lowest.iterations = minimum.lowest.evaluations = 0;
    place->second.changed = clock_;
    return true;
  }

  /// The neighbors of a box that have taken part in an exchange, which no chain changes any more.
  [[nodiscard]] std::vector<const Minimum*> settled_neighbors(Place place) const {
    std::vector<const Minimum*> minima;
    for (const auto neighbor : detail::neighbors(nodes_, place)) {
      if (neighbor->second.looked >= 0 || neighbor->first.empty()) {
        minima.push_back(&neighbor->second.minimum);
      }
    }
    return minima;
  }

  /// Of a box's neighbors, the minima that it has not looked at. To the free box those that have `changed`
  /// are points like its own, of which the lowest counts.
  [[nodiscard]] std::vector<const Minimum*> unseen(Place place, const std::vector<Place>& changed) const {
    std::vector<const Minimum*> minima;
    const Minimum& own = place->second.minimum;
    if (!place->first.empty()) {
      for (const auto neighbor : detail::neighbors(nodes_, place)) {
        if (neighbor->second.minimum.certified() && neighbor->second.changed > place->second.looked) {
          minima.push_back(&neighbor->second.minimum);
        }
      }
      return minima;
    }
    const Minimum* lowest = nullptr;
    for (const Place other : changed) {
      const Minimum& minimum = other->second.minimum;
      if (other != place && !minimum.empty() && std::isfinite(minimum.lowest.value) &&
          (lowest == nullptr || minimum.lowest.value < lowest->lowest.value)) {
        lowest = &minimum;
      }
    }
    if (lowest != nullptr &&
        (!own.certified() || lowest->lowest.value < own.lowest.value - same_minimum_tolerance)) {
      minima.push_back(lowest);
    }
    return minima;
  }

  [[nodiscard]] bool has_untried_modes(const Node& node) const {
    return !node.minimum.empty() && node.tried < modes_.size();
  }

  [[nodiscard]] std::vector<Place> all_places() {
    std::vector<Place> places;
    for (auto place = nodes_.begin(); place != nodes_.end(); ++place) {
      places.push_back(place);
    }
    return places;
  }

  /// The boxes whose turn it is after some have changed: these and their neighbors.
  [[nodiscard]] std::vector<Place> woken_by(const std::vector<Place>& changed) {
    std::vector<Place> woken = changed;
    for (const Place place : changed) {
      if (place->first.empty()) {
        return all_places();
      }
      for (const auto neighbor : detail::neighbors(nodes_, place)) {
        // Erasing nothing makes the iterator one that may change its box.
        woken.push_back(nodes_.erase(neighbor, neighbor));
      }
    }
    sort_places(woken);
    return woken;
  }

  /// Rounds in which every box takes what is lower of what others have found, those that have `changed`
  /// first, or all where it begins `everywhere`. False where the last round, or a stop, left something.
  template <Executor E>
  [[nodiscard]] bool exchange(std::vector<Place> changed, bool everywhere, const E& executor,
                              ScanWatch* watch) {
    if (everywhere) {
      changed = all_places();
    }
    for (int round = 0; round < most_rounds && !is_stopped(watch); ++round) {
      const bool has_new_modes = collect_modes(changed);
      std::vector<Task> tasks;
      for (const Place place : has_new_modes ? all_places() : woken_by(changed)) {
        Node& node = place->second;
        Task task{place, unseen(place, changed), {}};
        const bool fails = !node.failure.empty() && !node.retried;
        if (fails || (!node.minimum.empty() && (!task.others.empty() || has_untried_modes(node)))) {
          tasks.push_back(std::move(task));
        }
      }
      if (tasks.empty()) {
        return true;
      }
      // A round's results are put in place after it, so that all see the same.
      run_all(
          executor, tasks, [&](Fits& fitter, Task& task) { look(fitter, task, watch); }, watch);
      ++clock_;
      changed.clear();
      for (Task& task : tasks) {
        if (put(task)) {
          changed.push_back(task.place);
        }
      }
      if (changed.empty() && !is_stopped(watch)) {
        return true;
      }
    }
    if (is_stopped(watch) && (clock_ > first_clock_ || new_.empty())) {
      // What one box would still find may be lower for any other.
      for (auto& [values, node] : nodes_) {
        node.due = true;
      }
    }
    return false;
  }

  /// Starts fits of a box from where others promise a lower minimum.
  void look(Fits& fitter, Task& task, const ScanWatch* watch) const {
    if (is_stopped(watch)) {
      return;
    }
    const Node& node = task.place->second;
    task.end.minimum = node.minimum;
    Minimum& minimum = task.end.minimum;
    const Box box = box_at(task.place->first);
    const MetricFactor* metric = metric_for(task.place->first);
    try {
      bool replaced = false;
      for (const Minimum* other : task.others) {
        const Vector x = clamp(other->lowest.x, box);
        if (!minimum.certified() || fitter.twice_nll(x) < minimum.lowest.value - same_minimum_tolerance) {
          replaced = fitter.refine(minimum, x, box, metric) || replaced;
        }
        if (!other->certified()) {
          minimum.missed = std::max(minimum.missed, minimum.lowest.value - other->lowest.value);
        }
      }
      for (std::size_t k = node.tried; k < modes_.size() && minimum.certified(); ++k) {
        replaced = fitter.attempt(minimum, modes_[k], box) || replaced;
      }
      if (replaced && explore_) {
        fitter.explore(minimum, box);
      }
      task.end.changed = replaced ? clock_ + 1 : node.changed;
    } catch (const ComputationError& error) {
      task.end.minimum = node.minimum;
      task.end.changed = node.changed;
      task.end.failure = error.what();
    }
    if (!task.end.minimum.empty()) {
      task.end.failure.clear();
    } else if (task.end.failure.empty()) {
      task.end.failure = node.failure;
    }
    task.end.retried = !node.failure.empty();
    task.end.tried = modes_.size();
    task.end.looked = clock_;
  }

  /// True if the box has another minimum now.
  bool put(Task& task) {
    if (task.end.looked < 0) {
      return false;
    }
    const bool changed = task.end.changed == clock_;
    revision_ += changed && !task.place->second.minimum.empty() ? 1 : 0;
    task.place->second = std::move(task.end);
    return changed;
  }

  /// Adds the places of boxes with several minima that are not far above the lowest, those that are new. True
  /// if there are any.
  bool collect_modes(const std::vector<Place>& changed) {
    constexpr double far_above = 10.0;
    const std::size_t before = modes_.size();
    for (const Place place : changed) {
      const Minimum& minimum = place->second.minimum;
      if (!explore_ || minimum.others.empty()) {
        continue;
      }
      add_mode(minimum.lowest.x);
      for (const OtherMinimum& other : minimum.others) {
        if (other.value < minimum.lowest.value + far_above) {
          add_mode(other.x);
        }
      }
    }
    return modes_.size() > before;
  }

  void add_mode(const Vector& x) {
    constexpr double near = 0.3;
    const auto is_near = [&](const Vector& mode) { return detail::is_same_place(mode, x, near); };
    if (modes_.size() < most_modes && std::none_of(modes_.begin(), modes_.end(), is_near)) {
      modes_.push_back(x);
    }
  }

  Fits fitter_;
  FitSetup setup_;
  std::vector<Index> held_;
  Box free_box_;
  /// Starts of every fit; empty unless asked for.
  std::vector<Vector> always_;
  bool explore_;
  /// Points of which the lowest starts a fit: the init, and what the caller knows.
  std::vector<Vector> known_;
  std::vector<Vector> modes_;
  std::vector<Vector> given_modes_;
  std::shared_ptr<const Metrics> metrics_;
  Nodes nodes_;
  /// Boxes that were added since.
  std::vector<Values> new_;
  bool settled_ = true;
  /// Counts rounds.
  int clock_ = 0;
  int first_clock_ = 0;
  int revision_ = 0;
};

} // namespace muhat
