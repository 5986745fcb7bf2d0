#pragma once

/// A likelihood and an optimizer joined for many fits in a row.
///
/// A `Fitter` owns what fits can share: the model, the likelihood's scratch memory
/// and the optimizer's settings. Data and boxes come and go. `fit` is the
/// one-off call; test statistics, scans and toys keep a fitter per thread.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/scratch.hpp>
#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/exploration.hpp>
#include <muhat/fit/fit_result.hpp>
#include <muhat/fit/fit_setup.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/likelihood/missing_density.hpp>
#include <muhat/likelihood/negative_factors.hpp>
#include <muhat/model/layout.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

/// Two values of twice_nll that differ by less are the same minimum.
inline constexpr double same_minimum_tolerance = 1e-6;

/// The lowest of the minima found from one or more starts.
struct Minimum {
  /// Iterations and evaluations are summed over all starts.
  OptimizerResult lowest = {};
  /// How far the highest certified minimum lies above the lowest, in twice_nll.
  double spread = 0.0;
  /// How far the lowest point seen without a certificate lies below, in twice_nll.
  double missed = 0.0;

  [[nodiscard]] bool certified() const noexcept { return lowest.status == FitStatus::converged; }
  [[nodiscard]] bool starts_disagree() const noexcept { return spread > same_minimum_tolerance; }
};

namespace detail {

/// Whether `a` is the better end of two minimizations: lower, or as low and certified.
inline bool better_minimum(const OptimizerResult& a, const OptimizerResult& b) {
  if (std::isfinite(a.value) != std::isfinite(b.value)) {
    return std::isfinite(a.value);
  }
  const bool a_certified = a.status == FitStatus::converged;
  const bool b_certified = b.status == FitStatus::converged;
  if (a_certified != b_certified && std::abs(a.value - b.value) < same_minimum_tolerance) {
    return a_certified;
  }
  return a.value < b.value;
}

/// The remark of a minimum that misses a point so far below.
inline std::string missed_text(double missed) {
  return "a lower point without certificate was seen, " + number_text(missed) +
         " below the minimum in twice_nll: fit from other starts";
}

/// Replaces a certified minimum by a lower one; of a lower end without certificate it keeps note.
inline bool take_if_lower(Minimum& minimum, OptimizerResult&& other) {
  const double gain = minimum.lowest.value - other.value;
  if (other.status != FitStatus::converged) {
    minimum.missed = std::isfinite(gain) ? std::max(minimum.missed, gain) : minimum.missed;
    return false;
  }
  if (gain > same_minimum_tolerance) {
    minimum.spread += gain;
    minimum.missed = std::max(0.0, minimum.missed - gain);
    minimum.lowest = std::move(other);
    return true;
  }
  minimum.spread = std::max(minimum.spread, -gain);
  return false;
}

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
    double highest = -std::numeric_limits<double>::infinity();
    int iterations = 0;
    int evaluations = 0;
    for (std::size_t k = 0; k < starts.size(); ++k) {
      OptimizerResult end = minimize(starts[k], box, prepared);
      iterations += end.iterations;
      evaluations += end.evaluations;
      if (end.status == FitStatus::converged) {
        highest = std::max(highest, end.value);
      }
      if (k == 0 || detail::better_minimum(end, minimum.lowest)) {
        minimum.lowest = std::move(end);
      }
    }
    minimum.lowest.iterations = iterations;
    minimum.lowest.evaluations = evaluations;
    minimum.spread = std::max(0.0, highest - minimum.lowest.value);
    return minimum;
  }

  /// Looks for lower minima around a certified one, and around those found, up to three times.
  void explore(Minimum& minimum, const Box& box) {
    constexpr int rounds = 3;
    bool moved = minimum.certified();
    for (int round = 0; moved && round < rounds; ++round) {
      moved = false;
      for (const Vector& start : suspicious_points(evaluator_, minimum.lowest.x, minimum.lowest.value, box)) {
        Minimum other = minimize(std::vector<Vector>{start}, box);
        const int iterations = minimum.lowest.iterations + other.lowest.iterations;
        const int evaluations = minimum.lowest.evaluations + other.lowest.evaluations;
        moved = detail::take_if_lower(minimum, std::move(other.lowest)) || moved;
        minimum.lowest.iterations = iterations;
        minimum.lowest.evaluations = evaluations;
      }
    }
  }

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
                     .positive_curvature = end.positive_curvature};
    for (Index i = 0; i < end.x.size(); ++i) {
      const bool free = box.lower[i] < box.upper[i];
      if (free && (end.x[i] <= box.lower[i] || end.x[i] >= box.upper[i])) {
        result.at_bounds.push_back((*par_names_)[static_cast<std::size_t>(i)]);
      }
    }
    if (end.at_domain_edge) {
      if (std::string edge = describe_edge(end.x); !edge.empty()) {
        result.warnings.push_back(std::move(edge));
      }
    }
    if (!minimum.certified()) {
      result.missing_density = describe_missing_density(model_, end.x, data_);
    } else if (std::string negative = describe_negative_factors(model_, end.x); !negative.empty()) {
      result.warnings.push_back(std::move(negative));
    }
    if (minimum.missed > same_minimum_tolerance) {
      result.warnings.push_back(detail::missed_text(minimum.missed));
    }
    if (minimum.starts_disagree()) {
      result.warnings.push_back("starts disagree: the fit has several minima, up to " +
                                number_text(minimum.spread) +
                                " above the lowest one in twice_nll; the lowest is given");
    }
    return result;
  }

private:
  /// A remark that names the bins without events whose rate is 0 at x, "" if there are none.
  [[nodiscard]] std::string describe_edge(const Vector& x) const {
    constexpr double nothing = 1e-5;
    const auto rates = model_.expected_actualdata(x);
    std::string bins;
    for (const auto& channel : model_.channels()) {
      for (Index bin = 0; bin < channel.nbins; ++bin) {
        const Index at = channel.first_bin + bin;
        if (data_[at] == 0.0 && rates[at] < nothing) {
          bins += (bins.empty() ? "" : ", ") + bin_text(channel, bin);
        }
      }
    }
    return bins.empty() ? bins : "the minimum lies where the rate of " + bins + " falls to 0";
  }

  AnyModel model_;
  Evaluator evaluator_;
  Vector data_;
  Optimizer optimizer_;
  Scratch<typename detail::OptimizerScratch<Optimizer>::type> scratch_;
  std::shared_ptr<const std::vector<std::string>> par_names_;
};

} // namespace muhat
