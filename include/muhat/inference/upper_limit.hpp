#pragma once

/// Upper limits on the parameter of interest (POI): the mu at which CLs falls to a level,
/// for the data and for the five expectations, with the asymptotic distributions.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/limit_curves.hpp>
#include <muhat/inference/limit_search.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// The six CLs curves of an asymptotic calculator: 0 is observed, 1 ... 5 are expected.
template <class Calculator>
class AsymptoticCurves {
public:
  AsymptoticCurves(Calculator& calculator, double level) : calculator_(&calculator), level_(level) {}

  [[nodiscard]] double cls(std::size_t curve, double mu) {
    const AsymptoticTest test = calculator_->test(mu);
    const AsymptoticDistributions& distributions = test.expected();
    if (curve == 0) {
      return observed_p_values(distributions, test.observed()).cls;
    }
    return distributions.p_values(distributions.expected(sigmas(curve)))->cls;
  }

  /// The limit in the Wald approximation with the sigma seen at mu; infinite without sensitivity.
  [[nodiscard]] double predict(std::size_t curve, double mu) {
    const AsymptoticTest test = calculator_->test(mu);
    const AsymptoticDistributions& distributions = test.expected();
    const double a = distributions.root_asimov();
    if (!(a > 0.0 && mu > 0.0)) {
      return std::numeric_limits<double>::infinity();
    }
    const double sigma = mu / a;
    double transformed = sigmas(curve);
    if (curve == 0) {
      const double q = test.observed();
      transformed = q > 0.0 ? distributions.transform(q) : -calculator_->best_fit() / sigma;
    }
    return sigma * root_asimov_at_level(transformed, level_);
  }

  /// Where a curve begins to fall: the data's of a two-sided statistic has its top at their best fit.
  [[nodiscard]] LimitRange range(std::size_t curve, LimitRange range) {
    if (curve == 0 && is_two_sided_statistic(calculator_->options().test_statistic)) {
      range.lower = std::max(range.lower, calculator_->best_fit());
    }
    return range;
  }

private:
  [[nodiscard]] static double sigmas(std::size_t curve) { return 3.0 - static_cast<double>(curve); }

  Calculator* calculator_;
  double level_;
};

/// The last value of a scan; below every bound without one.
inline double scan_end(const UpperLimitOptions& options) {
  return options.scan.empty() ? -std::numeric_limits<double>::infinity()
                              : *std::max_element(options.scan.begin(), options.scan.end());
}

struct BoundedLimits {
  UpperLimitResult result;
  /// Whether a limit is missing although the data are sensitive: CLs still falls at the upper bound.
  bool wants_wider_bounds = false;
};

/// Limits with one set of bounds.
template <class Calculator>
[[nodiscard]] BoundedLimits limits_within_bounds(Calculator& calculator, const UpperLimitOptions& options) {
  AsymptoticCurves curves(calculator, options.level);
  const auto [lower, upper] = calculator.poi_bounds();
  const LimitRange range{.lower = std::max(0.0, lower),
                         .upper = upper,
                         .level = options.level,
                         .relative_tolerance = options.relative_tolerance,
                         .closeness = 10.0 * options.relative_tolerance};
  BoundedLimits limits;
  const bool settled = until_settled(
      calculator, [&] { limits.result = limits_of_curves(curves, calculator.poi_name(), range, options); });
  UpperLimitResult& result = limits.result;
  result.poi_bounds = {lower, upper};
  result.best_fit = if_computed([&] { return calculator.best_fit(); });
  const auto beyond = [](const Limit& limit) { return limit.beyond_bounds; };
  // Below this, what is seen is the rounding of the fits.
  constexpr double insensitive = 1e-6;
  limits.wants_wider_bounds =
      (beyond(result.observed) || std::any_of(result.expected.begin(), result.expected.end(), beyond)) &&
      calculator.test(upper).expected().root_asimov() > insensitive;
  result.warnings = calculator.warnings();
  if (!settled) {
    warn_unsettled(result.warnings);
  }
  return limits;
}

/// Puts what the user has to know of the bounds before the warnings of limits that were found with them.
/// `declared_upper`: the POI's upper bound without widening.
inline void add_bounds_warnings(UpperLimitResult& result, double declared_upper) {
  std::vector<std::string> warnings;
  if (result.poi_bounds.second != declared_upper) {
    warnings.push_back("the upper bound of " + result.poi + " was raised to " +
                       number_text(result.poi_bounds.second) + " in every fit");
  }
  const auto [lower, upper] = result.poi_bounds;
  const std::string unsuitable = check_poi_bounds(result.test_statistic, result.poi, lower);
  const std::string at_bound =
      result.best_fit ? poi_at_bound_warning(result.test_statistic, result.poi, *result.best_fit, upper) : "";
  for (const std::string& warning : {unsuitable, at_bound}) {
    if (!warning.empty()) {
      warnings.push_back(warning);
    }
  }
  result.warnings.insert(result.warnings.begin(), warnings.begin(), warnings.end());
}

/// The limits, and the upper bound that was declared, without the warnings of the bounds. Throws as
/// `upper_limit`.
template <class AnyModel, class Optimizer>
[[nodiscard]] std::pair<UpperLimitResult, double> find_limits(const AnyModel& model, const Vector& data,
                                                              const UpperLimitOptions& options,
                                                              const Optimizer& optimizer) {
  InferenceOptions inference{options.test_statistic, options.poi, options.fit, options.base_distribution};
  constexpr int widenings = 10;
  constexpr double factor = 4.0;
  std::optional<double> declared_upper;
  for (int k = 0;; ++k) {
    AsymptoticCalculator<AnyModel, Optimizer> calculator(model, data, inference, optimizer);
    const auto [lower, upper] = calculator.poi_bounds();
    declared_upper = declared_upper.value_or(upper);
    const auto raise_to = [&, poi = calculator.poi_name(), lowest = lower](double bound) {
      inference.fit.bounds.push_back({poi, {lowest, bound}});
    };
    if (const double end = scan_end(options); options.widen_bounds && end > upper) {
      raise_to(end);
      continue;
    }
    auto [result, wants_wider_bounds] = limits_within_bounds(calculator, options);
    if (k < widenings && options.widen_bounds && options.scan.empty() && wants_wider_bounds) {
      raise_to(std::max(1.0, factor * upper));
      continue;
    }
    return {std::move(result), *declared_upper};
  }
}

} // namespace detail

/// Upper limits for `data` (main bins, then auxiliary data).
///
/// A limit that does not exist within the POI's bounds is absent, with the reason; with
/// `widen_bounds` the upper bound is raised until it does, at most to 10^6 times its value, or as far as the
/// scan goes, and a warning says so. A limit for which a fit has failed is absent too, with what FitFailed
/// says. Limits are found anew where a search comes upon lower minima. Throws InvalidArgument for unusable
/// options, data or POI, and UnknownName. About 2 fits for each of some 15 evaluations, and 3 more.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] UpperLimitResult upper_limit(const AnyModel& model, const Vector& data,
                                           const UpperLimitOptions& options = {},
                                           const Optimizer& optimizer = Optimizer{}) {
  auto [result, declared_upper] = detail::find_limits(model, data, options, optimizer);
  detail::add_bounds_warnings(result, declared_upper);
  return std::move(result);
}

} // namespace muhat
