#pragma once

/// A likelihood and an optimizer joined for many fits in a row.
///
/// A `Fitter` owns what fits can share: the model, the likelihood's scratch memory
/// and the optimizer's settings. Data and boxes come and go. `fit` is the
/// one-off call; test statistics, scans and toys keep a fitter per thread.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/scratch.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/exploration.hpp>
#include <muhat/fit/fit_result.hpp>
#include <muhat/fit/fit_setup.hpp>
#include <muhat/fit/minimum.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/likelihood/missing_density.hpp>
#include <muhat/likelihood/negative_factors.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/same_sided.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

namespace detail {

/// What an optimizer wants to keep between minimizations: its `Workspace`, or nothing.
template <class Optimizer>
struct OptimizerScratch {
  using type = std::monostate;
};
template <class Optimizer>
requires requires {
  typename Optimizer::Workspace;
}
struct OptimizerScratch<Optimizer> {
  using type = typename Optimizer::Workspace;
};

} // namespace detail

/// Minimizes the -2 log L of one model for changing data, bounds and starts.
/// Belongs to one thread; copies are independent.
template <class AnyModel, class Optimizer = DefaultOptimizer>
class Fitter {
public:
  using Evaluator = decltype(std::declval<const Likelihood<AnyModel>&>().evaluator());
  static_assert(OptimizerFor<Optimizer, Evaluator>,
                "the optimizer needs minimize(objective, start, box) const returning an OptimizerResult");

  /// data: main bins, then auxiliary data. Throws InvalidArgument as Likelihood does.
  Fitter(const AnyModel& model, const Vector& data, Optimizer optimizer = Optimizer{})
      : model_(model), evaluator_(Likelihood<AnyModel>(model, data).evaluator()), data_(data),
        optimizer_(std::move(optimizer)),
        par_names_(std::make_shared<const std::vector<std::string>>(model.par_names())) {}

  [[nodiscard]] const AnyModel& model() const noexcept { return model_; }
  [[nodiscard]] Evaluator& objective() noexcept { return evaluator_; }

  /// Exchanges the data. Throws InvalidArgument as Likelihood does.
  void set_data(const Vector& data) {
    evaluator_.set_data(data);
    data_ = data;
  }

  /// Spares memory: uses that of a fitter of the same thread.
  void share_scratch(const Fitter& other) {
    scratch_.share(other.scratch_);
    steps_.share(other.steps_);
    evaluator_.share_scratch(other.evaluator_);
  }

  /// -2 log L at x, +infinity outside its domain.
  [[nodiscard]] double twice_nll(const Vector& x) { return evaluator_.value(x); }

  /// One minimization; the start is clamped to the box. `prepared` is a metric to begin with
  /// (`prepare_metric`), for optimizers that take one.
  [[nodiscard]] OptimizerResult minimize(const Vector& start, const Box& box,
                                         const MetricFactor* prepared = nullptr) {
    const Vector inside = clamp(start, box);
    if constexpr (requires { typename Optimizer::Workspace; }) {
      return optimizer_.minimize(evaluator_, inside, box, *scratch_, prepared);
    } else {
      (void)prepared;
      return optimizer_.minimize(evaluator_, inside, box);
    }
  }

  /// One minimization from each start, of which there is at least one.
  [[nodiscard]] Minimum minimize(const std::vector<Vector>& starts, const Box& box,
                                 const MetricFactor* prepared = nullptr) {
    Minimum minimum;
    for (const Vector& start : starts) {
      (void)refine(minimum, start, box, prepared);
    }
    return minimum;
  }

  /// One minimization more, from `start`. True if its end is certified and replaces the minimum.
  bool refine(Minimum& minimum, const Vector& start, const Box& box, const MetricFactor* prepared = nullptr) {
    return take(minimum, minimize(start, box, prepared),
                [this](const Vector& a, const Vector& b) { return are_apart(a, b); });
  }

  /// The same where a few steps from `start` lead to a lower point, or to one that is not far above in
  /// another place than the minimum.
  bool attempt(Minimum& minimum, const Vector& start, const Box& box) {
    constexpr int few = 6;
    constexpr double worth = 2.0;
    constexpr double near = 0.3;
    Vector inside = clamp(start, box);
    if (detail::is_known_place(minimum, inside, near) || !std::isfinite(twice_nll(inside)) ||
        detail::residuals_vanish(evaluator_, minimum.lowest.x)) {
      return false;
    }
    const OptimizerResult reached = approach(minimum, inside, box, few);
    const double rise = reached.value - minimum.lowest.value;
    if (rise > -same_minimum_tolerance &&
        (rise > worth || detail::is_same_place(reached.x, minimum.lowest.x, near))) {
      return false;
    }
    return probe(minimum, reached.x, box);
  }

  /// Minimizes from `start`, and where that leads no higher than the minimum, makes a certified one of the
  /// end. Of a higher one, of which nothing but its place is wanted, no certificate is made.
  bool probe(Minimum& minimum, const Vector& start, const Box& box) {
    constexpr int most_steps = 100;
    OptimizerResult end = approach(minimum, start, box, most_steps);
    if (end.status != FitStatus::converged || end.value <= minimum.lowest.value + same_minimum_tolerance) {
      return refine(minimum, end.x, box);
    }
    end.iterations = end.evaluations = 0;
    return take(minimum, std::move(end), [](const Vector&, const Vector&) { return true; });
  }

  /// Looks for lower minima around a certified one, and around those found (fit/exploration.hpp).
  void explore(Minimum& minimum, const Box& box) {
    constexpr int rounds = 4;
    constexpr std::size_t most_starts = 4;
    bool moved = minimum.certified() && !detail::residuals_vanish(evaluator_, minimum.lowest.x);
    for (int round = 0; moved && round < rounds; ++round) {
      moved = false;
      detail::Exploration<Evaluator> around(evaluator_, minimum.lowest.x, minimum.lowest.value, box, *steps_);
      for (const Vector& start : around.promising(two_sided(), most_starts)) {
        if (!detail::is_known_place(minimum, start, 0.05)) {
          moved = probe(minimum, start, box) || moved;
        }
      }
    }
  }

  /// Whether any parameter has two sides that pull the same way.
  [[nodiscard]] bool bends() { return !two_sided().empty(); }

  /// The minimum with names, remarks, and an explanation if it is none.
  [[nodiscard]] FitResult describe(const Minimum& minimum, const Box& box) const {
    const OptimizerResult& end = minimum.lowest;
    FitResult result{.parameters = end.x,
                     .par_names = par_names_,
                     .twice_nll = end.value,
                     .status = end.status,
                     .iterations = end.iterations,
                     .evaluations = end.evaluations,
                     .projected_gradient = end.projected_gradient,
                     .positive_curvature = end.positive_curvature,
                     .bins_at_zero = end.active_edges};
    for (Index i = 0; i < end.x.size(); ++i) {
      const bool free = box.lower[i] < box.upper[i];
      if (free && (end.x[i] <= box.lower[i] || end.x[i] >= box.upper[i])) {
        result.at_bounds.push_back((*par_names_)[static_cast<std::size_t>(i)]);
      }
    }
    if (minimum.certified() && !end.active_edges.empty()) {
      result.warnings.push_back(describe_edge(end.active_edges));
    }
    if (!minimum.certified()) {
      result.missing_density = describe_missing_density(model_, end.x, data_);
      if (end.status == FitStatus::outside_domain && !result.missing_density.empty()) {
        result.missing_density += "; no point with a density was found inside the bounds";
      }
    } else if (std::string negative = describe_negative_factors(model_, end.x); !negative.empty()) {
      result.warnings.push_back(std::move(negative));
    }
    if (minimum.missed > same_minimum_tolerance) {
      result.warnings.push_back(missed_text(minimum.missed));
    }
    if (const OtherMinimum* other = minimum.equally_low()) {
      result.warnings.push_back(describe_equally_low(end.x, *other));
    }
    if (minimum.starts_disagree()) {
      result.warnings.push_back("starts disagree: the fit has several minima, up to " +
                                number_text(minimum.spread) +
                                " above the lowest one in twice_nll; the lowest is given");
    }
    return result;
  }

private:
  /// Exploration looks at no more parameters than these, so that it takes a few times as long as a fit at
  /// most.
  static constexpr std::size_t most_two_sided = 100;

  /// Some quasi-Newton steps without a certificate, counted among the minimum's.
  [[nodiscard]] OptimizerResult approach(Minimum& minimum, const Vector& start, const Box& box, int steps) {
    OptimizerOptions options;
    options.max_iterations = steps;
    options.check_curvature = false;
    OptimizerResult end =
        detail::QuasiNewtonRun<Evaluator>(evaluator_, box, options, *steps_, nullptr, false).run(start);
    minimum.lowest.iterations += end.iterations;
    minimum.lowest.evaluations += end.evaluations;
    return end;
  }

  /// Whether -2 log L is higher half-way between two places than at them.
  [[nodiscard]] bool are_apart(const Vector& a, const Vector& b) {
    constexpr double higher = 1e-4;
    return twice_nll(0.5 * (a + b)) > std::max(twice_nll(a), twice_nll(b)) + higher;
  }

  /// The parameters whose two sides pull the same way, those that do it most first. Made once.
  [[nodiscard]] const std::vector<detail::TwoSided>& two_sided() {
    constexpr double noticeable = 0.15;
    constexpr double same_way = 0.15;
    if (!two_sided_) {
      const Vector start = model_.suggested_init();
      const auto effects = sided_effects(model_.tables(), model_.expected_actualdata(start));
      auto list = std::make_shared<std::vector<detail::TwoSided>>();
      for (Index i = 0; i < start.size(); ++i) {
        if (effects.even[i] > noticeable && effects.even[i] > same_way * effects.odd[i]) {
          list->push_back({i, effects.even[i], effects.odd[i]});
        }
      }
      sort_stably(*list, [](const auto& a, const auto& b) { return a.even > b.even; });
      list->resize(std::min(list->size(), most_two_sided));
      two_sided_ = std::move(list);
    }
    return *two_sided_;
  }

  /// A remark that names the parameter that tells two equally low minima apart.
  [[nodiscard]] std::string describe_equally_low(const Vector& x, const OtherMinimum& other) const {
    Index most = 0;
    ((x - other.x).array().abs() / (1.0 + x.array().abs())).maxCoeff(&most);
    return "two minima are equally low, at " + (*par_names_)[static_cast<std::size_t>(most)] + " = " +
           number_text(x[most]) + ", which is given, and " + number_text(other.x[most]) +
           ": what depends on the place of the minimum depends on this choice, the parameters here and the "
           "Asimov data made from them";
  }

  /// A remark that names these bins.
  [[nodiscard]] std::string describe_edge(const std::vector<Index>& at_zero) const {
    std::string bins;
    for (const auto& channel : model_.channels()) {
      for (Index bin = 0; bin < channel.nbins; ++bin) {
        if (std::find(at_zero.begin(), at_zero.end(), channel.first_bin + bin) != at_zero.end()) {
          bins += (bins.empty() ? "" : ", ") + bin_text(channel, bin);
        }
      }
    }
    return "the minimum lies where the rate of " + bins + " falls to 0";
  }

  AnyModel model_;
  Evaluator evaluator_;
  Vector data_;
  Optimizer optimizer_;
  Scratch<typename detail::OptimizerScratch<Optimizer>::type> scratch_;
  Scratch<QuasiNewtonWorkspace> steps_;
  std::shared_ptr<const std::vector<std::string>> par_names_;
  std::shared_ptr<const std::vector<detail::TwoSided>> two_sided_;
};

} // namespace muhat
