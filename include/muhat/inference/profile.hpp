#pragma once

/// The profile likelihood of one parameter of interest (POI) for one data set.
///
/// Fits of one data set resemble each other, so they are chained: each starts at
/// the lowest of the points already known, moved to its own box. Two rules keep
/// the result independent of luck:
///  - the free minimum is never above one with the POI fixed: when it is, the
///    free fit starts again from there;
///  - a lower point that turns up later replaces a minimum found earlier; `revision` counts this, so that
///    who has used the earlier one can tell.
/// Where many values of mu would inherit the minimum that the first one fell into, scans let every fit start
/// from the init as well (`start_from_init`), and a search looks from there where it ends (`check`).

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fitter.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/fit/starts.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// The points that every fit of a chain starts from, besides the one that its neighbors lead to: those that
/// the options ask for, and none by default.
template <class F>
[[nodiscard]] std::vector<Vector> wanted_starts(F& objective, const FitSetup& setup,
                                                const FitOptions& options) {
  std::vector<Vector> starts = options.extra_starts;
  if (options.starts > 1) {
    starts.push_back(setup.start);
    for (Vector& start : draw_starts(objective, setup, options.starts - 1, options.seed)) {
      starts.push_back(std::move(start));
    }
  }
  return starts;
}

/// Adds a start that is not there yet.
inline void add_start(std::vector<Vector>& starts, const Vector& start) {
  if (std::find(starts.begin(), starts.end(), start) == starts.end()) {
    starts.push_back(start);
  }
}

/// `first`, which lies in the box, and those of `others` that the box does not move there.
[[nodiscard]] inline std::vector<Vector> starts_in_box(Vector first, const std::vector<Vector>& others,
                                                       const Box& box) {
  std::vector<Vector> starts{std::move(first)};
  for (const Vector& start : others) {
    if (Vector x = clamp(start, box); x != starts.front()) {
      starts.push_back(std::move(x));
    }
  }
  return starts;
}

/// The value of `compute()`, nothing where a computation of it does not succeed.
template <class Compute>
[[nodiscard]] auto if_computed(const Compute& compute) -> std::optional<decltype(compute())> {
  try {
    return compute();
  } catch (const ComputationError&) {
    return std::nullopt;
  }
}

/// How often a computation is begun anew at most, the first time included, because of lower minima.
inline constexpr int most_passes = 3;

/// Warns of a result that may have used minima which were replaced at last.
inline void warn_unsettled(std::vector<std::string>& warnings) {
  const char* const warning =
      "the last pass still found lower minima, which may change this result: fit from more starts";
  if (warnings.empty() || warnings.back() != warning) {
    warnings.emplace_back(warning);
  }
}

/// Calls `pass` until it leaves the minima of `fits`, whose `revision` tells, as they were: what it computed
/// before one was replaced has used one that is none. False where `most_passes` passes do not get there.
template <class Fits, class Pass>
[[nodiscard]] bool until_settled(const Fits& fits, const Pass& pass) {
  for (int k = 0; k < most_passes; ++k) {
    const int revision = fits.revision();
    pass();
    if (fits.revision() == revision) {
      return true;
    }
  }
  return false;
}

} // namespace detail

/// Profiles the -2 log L of one model along its POI. Minima are kept until the data change.
/// Belongs to one thread; copies are independent.
template <class AnyModel, class Optimizer = DefaultOptimizer>
class Profile {
public:
  /// data: main bins, then auxiliary data. poi: index of the parameter of interest.
  /// Throws as `make_setup`, `require_free_poi` and Likelihood do.
  Profile(const AnyModel& model, const Vector& data, Index poi, const FitOptions& options = {},
          const Optimizer& optimizer = Optimizer{})
      : fitter_(model, data, optimizer), setup_(make_setup(model, options)), poi_(poi),
        free_box_(setup_.box()), always_(detail::wanted_starts(fitter_.objective(), setup_, options)),
        explore_(explores_chained_fits(options)) {
    require_free_poi(setup_, poi_, poi_name());
    known_.push_back(setup_.start);
  }

  /// Lets all fits from now on start from the init as well, not only where it is the lowest point known.
  void start_from_init() { detail::add_start(always_, setup_.start); }

  /// Fits again from the init, with the POI held at mu, for a minimum below the one known. Throws as `fixed`.
  void check(double mu) {
    (void)fixed(mu);
    const auto place = fixed_.find(mu);
    if (improve(place->second, setup_.start, box_at(mu))) {
      reconcile();
      compare_with_neighbors(place);
    }
  }

  /// Likewise with the POI free.
  void check_free() {
    (void)free();
    if (improve(free_, setup_.start, free_box_)) {
      reconcile();
    }
  }

  /// -2 log L at x, n parameters, with the POI moved to mu.
  [[nodiscard]] double twice_nll(double mu, const Vector& x) {
    return fitter_.twice_nll(clamp(x, box_at(mu)));
  }

  /// Fits again from x, n parameters, with the POI held at mu, where that is lower than the minimum known or
  /// where this has no certificate, and passes on what it finds. True if that replaced the minimum. Throws as
  /// `fixed`.
  bool offer(double mu, const Vector& x) {
    (void)fixed(mu);
    const auto place = fixed_.find(mu);
    const bool lower = pass_on(x, *place, !place->second.certified());
    if (lower) {
      reconcile();
      compare_with_neighbors(place);
    }
    return lower;
  }

  /// Spares memory: uses that of a profile of the same thread.
  void share_scratch(const Profile& other) { fitter_.share_scratch(other.fitter_); }

  /// Further points of which the lowest starts a fit, n parameters each; forgotten with the data.
  void add_known(const std::vector<Vector>& points) {
    for (const Vector& point : points) {
      detail::add_start(known_, point);
    }
  }

  /// How many minima were replaced by lower ones so far.
  [[nodiscard]] int revision() const noexcept { return revision_; }

  /// Exchanges the data and forgets all minima. `known` are points to start from besides
  /// the init, n parameters each.
  void set_data(const Vector& data, const std::vector<Vector>& known = {}) {
    fitter_.set_data(data);
    known_.assign(1, setup_.start);
    add_known(known);
    fixed_.clear();
    has_free_ = false;
  }

  /// Lets all fits from now on begin with the metric at x for the present data, to be shared by fits to
  /// similar data, instead of each with its own. Copies share it.
  void prepare_metrics(const Vector& x) {
    metrics_ =
        std::make_shared<const Metrics>(Metrics{prepare_metric(fitter_.objective(), x, free_box_),
                                                prepare_metric(fitter_.objective(), x, box_at(x[poi_]))});
  }

  [[nodiscard]] const FitSetup& setup() const noexcept { return setup_; }
  [[nodiscard]] Index poi() const noexcept { return poi_; }
  [[nodiscard]] const std::string& poi_name() const {
    return fitter_.model().par_names()[static_cast<std::size_t>(poi_)];
  }
  [[nodiscard]] const AnyModel& model() const noexcept { return fitter_.model(); }

  /// Throws InvalidArgument for mu, which messages call `what`, outside the POI's bounds.
  void require_testable(double mu, const char* what = tested_value_text) const {
    require_inside_bounds(setup_, poi_, poi_name(), mu, what);
  }

  /// The minimum over all free parameters.
  [[nodiscard]] const Minimum& free() {
    if (!has_free_) {
      free_ = search(free_box_);
      has_free_ = true;
      reconcile();
    }
    return free_;
  }

  /// The minimum with the POI held at mu. Throws InvalidArgument where mu is outside its bounds.
  [[nodiscard]] const Minimum& fixed(double mu) {
    // First, since a map takes NaN for any of its keys.
    require_testable(mu);
    const auto found = fixed_.find(mu);
    if (found != fixed_.end()) {
      return found->second;
    }
    if (has_free_ && free_.certified() && free_.lowest.x[poi_] == mu) {
      Minimum same = free_;
      same.lowest.iterations = same.lowest.evaluations = 0;
      return fixed_.emplace(mu, std::move(same)).first->second;
    }
    // A fit that throws leaves no minimum behind.
    Minimum minimum = search(box_at(mu));
    const auto place = fixed_.emplace(mu, std::move(minimum)).first;
    reconcile(place, std::next(place));
    compare_with_neighbors(place);
    return place->second;
  }

  /// The test statistic at mu (0 for q0). Throws FitFailed where one of its two fits has no certificate.
  [[nodiscard]] double statistic(TestStatistic kind, double mu) {
    const double tested = tested_mu(kind, mu);
    (void)fixed(tested);
    (void)free();
    const Minimum& constrained = fixed(tested);
    if (!constrained.certified() || !free_.certified()) {
      require_certified(describe_fixed(tested), "fit with " + poi_name() + " = " + number_text(tested));
      require_certified(describe_free(), "fit with " + poi_name() + " free");
    }
    return test_statistic_value(kind, tested, free_.lowest.x[poi_], constrained.lowest.value,
                                free_.lowest.value);
  }

  [[nodiscard]] FitResult describe_free() { return fitter_.describe(free(), free_box_); }
  [[nodiscard]] FitResult describe_fixed(double mu) { return fitter_.describe(fixed(mu), box_at(mu)); }

  /// The remarks of the free fit, and of the fits with the POI held whose starts disagree most or that missed
  /// most; each once, behind `prefix`. Of the fits made so far.
  [[nodiscard]] std::vector<std::string> warnings(const std::string& prefix = {}) const {
    std::vector<std::string> result;
    if (has_free_) {
      add_warnings(result, fitter_.describe(free_, free_box_), prefix);
    }
    const auto add_worst = [&](const auto& size) {
      const auto worst = std::max_element(fixed_.begin(), fixed_.end(), [&](const auto& a, const auto& b) {
        return size(a.second) < size(b.second);
      });
      if (worst != fixed_.end() && size(worst->second) > same_minimum_tolerance) {
        add_warnings(result, fitter_.describe(worst->second, box_at(worst->first)), prefix);
      }
    };
    add_worst([](const Minimum& minimum) { return minimum.spread; });
    add_worst([](const Minimum& minimum) { return minimum.missed; });
    return result;
  }

private:
  using Place = std::map<double, Minimum>::iterator;

  /// Metrics with the POI free and held.
  struct Metrics {
    MetricFactor free;
    MetricFactor held;
  };

  [[nodiscard]] const MetricFactor* metric_for(const Box& box) const {
    if (!metrics_) {
      return nullptr;
    }
    return box.lower[poi_] < box.upper[poi_] ? &metrics_->free : &metrics_->held;
  }

  [[nodiscard]] Box box_at(double mu) const {
    Box box = free_box_;
    box.lower[poi_] = box.upper[poi_] = mu;
    return box;
  }

  /// Minimizes in a box from the lowest known point, and from every start that was asked for.
  [[nodiscard]] Minimum search(const Box& box) {
    Vector start = clamp(known_.front(), box);
    double lowest = fitter_.twice_nll(start);
    for (std::size_t k = 1; k < known_.size(); ++k) {
      Vector x = clamp(known_[k], box);
      const double value = fitter_.twice_nll(x);
      if (value < lowest) {
        lowest = value;
        start = std::move(x);
      }
    }
    Minimum minimum =
        fitter_.minimize(detail::starts_in_box(std::move(start), always_, box), box, metric_for(box));
    if (explore_) {
      fitter_.explore(minimum, box);
    }
    detail::add_start(known_, minimum.lowest.x);
    return minimum;
  }

  /// Replaces a minimum when a fit from `start` ends lower; when it ends higher, in another one, keeps note.
  bool improve(Minimum& minimum, const Vector& start, const Box& box) {
    Minimum other = fitter_.minimize(std::vector<Vector>{start}, box, metric_for(box));
    const double gain = minimum.lowest.value - other.lowest.value;
    other.lowest.iterations += minimum.lowest.iterations;
    other.lowest.evaluations += minimum.lowest.evaluations;
    const bool same = other.certified() == minimum.certified() && std::abs(gain) <= same_minimum_tolerance;
    if (same || !detail::better_minimum(other.lowest, minimum.lowest)) {
      if (!same && other.certified() && minimum.certified()) {
        minimum.spread = std::max(minimum.spread, -gain);
      }
      return false;
    }
    if (minimum.certified()) {
      other.spread = minimum.spread + std::max(0.0, gain);
      other.missed = std::max(0.0, minimum.missed - std::max(0.0, gain));
    }
    minimum = std::move(other);
    detail::add_start(known_, minimum.lowest.x);
    ++revision_;
    return true;
  }

  /// Starts the fit with the POI held again from a point where that, moved there, is lower, or `anyway`.
  bool pass_on(const Vector& from, std::pair<const double, Minimum>& to, bool anyway = false) {
    const Box box = box_at(to.first);
    const Vector moved = clamp(from, box);
    return (anyway || fitter_.twice_nll(moved) < to.second.lowest.value - same_minimum_tolerance) &&
           improve(to.second, moved, box);
  }

  /// Passes a minimum on from neighbor to neighbor, as far as it is lower there.
  template <class Neighbor>
  bool pass_on_along(Neighbor from, Neighbor end) {
    bool changed = false;
    for (Neighbor to = std::next(from); to != end && pass_on(from->second.lowest.x, *to); from = to++) {
      changed = true;
    }
    return changed;
  }

  /// A new minimum with the POI held takes what lower one its neighbors know, or passes its own on to them,
  /// and they to theirs.
  void compare_with_neighbors(Place place) {
    const auto next = std::next(place);
    bool changed = place != fixed_.begin() && pass_on(std::prev(place)->second.lowest.x, *place);
    changed = (next != fixed_.end() && pass_on(next->second.lowest.x, *place)) || changed;
    changed = pass_on_along(place, fixed_.end()) || changed;
    changed = pass_on_along(std::make_reverse_iterator(next), fixed_.rend()) || changed;
    if (changed) {
      reconcile();
    }
  }

  /// Enforces the two rules among all minima known so far.
  void reconcile() { reconcile(fixed_.begin(), fixed_.end()); }

  /// Enforces the two rules where those from `first` to `last` are new; the others keep to them, unless these
  /// lower the free minimum, or that has not been settled before.
  void reconcile(Place first, Place last) {
    if (!has_free_) {
      return;
    }
    if (!reconciled_) {
      first = fixed_.begin();
      last = fixed_.end();
    }
    reconciled_ = false;
    constexpr int rounds = 4;
    bool changed = true;
    for (int round = 0; changed && round < rounds; ++round) {
      changed = false;
      for (Place held = first; held != last; ++held) {
        if (held->second.lowest.value < free_.lowest.value - same_minimum_tolerance) {
          changed = improve(free_, held->second.lowest.x, free_box_) || changed;
        }
      }
      if (changed) {
        first = fixed_.begin();
        last = fixed_.end();
      }
      for (Place held = first; held != last; ++held) {
        changed = pass_on(free_.lowest.x, *held) || changed;
      }
    }
    reconciled_ = !changed;
  }

  Fitter<AnyModel, Optimizer> fitter_;
  FitSetup setup_;
  Index poi_;
  Box free_box_;
  /// Starts of every fit; empty unless asked for.
  std::vector<Vector> always_;
  /// Whether to look for lower minima around each.
  bool explore_;
  /// Points of which the lowest starts a fit: the init, what the caller knows, and all minima.
  std::vector<Vector> known_;
  std::shared_ptr<const Metrics> metrics_;
  std::map<double, Minimum> fixed_;
  Minimum free_;
  bool has_free_ = false;
  /// Whether all minima keep to the rules, but for those that have come since.
  bool reconciled_ = false;
  int revision_ = 0;
};

} // namespace muhat
