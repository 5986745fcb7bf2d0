#pragma once

/// Upper limits on the parameter of interest (POI): the mu at which CLs falls to a level,
/// for the data and for the five expectations.
///
/// By a root search in which the six curves share their evaluations, or by linear
/// interpolation on a given scan.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/limit_search.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Options of a limit, meant for designated initializers.
struct UpperLimitOptions {
  /// The CLs at the limit: 0.05 for 95 % confidence.
  double level = 0.05;
  TestStatistic test_statistic = TestStatistic::q_mu_tilde;
  /// Parameter of interest; empty for the measurement's.
  std::string poi = {};
  /// Start, bounds and fixed parameters of every fit.
  FitOptions fit = {};
  BaseDistribution base_distribution = BaseDistribution::normal;
  /// Of the limit found by search.
  double relative_tolerance = 1e-4;
  /// Where a limit lies beyond the POI's upper bound, raise the bound in every fit.
  bool widen_bounds = false;
  /// Interpolate between these values of the POI instead of searching.
  std::vector<double> scan = {};
};

/// CLs at one value of the POI. Where only expected values were needed, or a fit to the data has failed, the
/// observed one is missing.
struct ClsPoint {
  double mu = 0.0;
  std::optional<double> cls_observed = {};
  std::array<double, 5> cls_expected = {};
};

struct UpperLimitResult {
  double level = 0.05;
  TestStatistic test_statistic = TestStatistic::q_mu_tilde;
  std::string poi = {};
  Limit observed = {};
  /// From the -2 to the +2 sigma expectation.
  std::array<Limit, 5> expected = {};
  /// Every evaluation whose fits are certified, by ascending mu.
  std::vector<ClsPoint> points = {};
  /// The POI's bounds in the fits.
  std::pair<double, double> poi_bounds = {};
  std::vector<std::string> warnings = {};
};

/// The crossing of a curve, given at ascending `mus`, with `level`, linear between the points around the
/// first fall below it. Complexity: linear.
[[nodiscard]] inline Limit interpolated_limit(const std::vector<double>& mus, const std::vector<double>& cls,
                                              double level) {
  for (std::size_t k = 0; k < mus.size(); ++k) {
    if (cls[k] > level) {
      continue;
    }
    if (k == 0 && cls[k] < level) {
      return {{}, "CLs is below " + number_text(level) + " on the whole scan: start it lower"};
    }
    if (k == 0 || cls[k] == level) {
      return {mus[k], {}};
    }
    return {mus[k - 1] + (mus[k] - mus[k - 1]) * (cls[k - 1] - level) / (cls[k - 1] - cls[k]), {}};
  }
  return {{}, "CLs is above " + number_text(level) + " on the whole scan: extend it"};
}

namespace detail {

inline void check_limit_options(const UpperLimitOptions& options) {
  if (!(options.level > 0.0 && options.level < 1.0)) {
    throw InvalidArgument("the level of a limit has to lie between 0 and 1, not at " +
                          number_text(options.level));
  }
  if (!(options.relative_tolerance > 0.0)) {
    throw InvalidArgument("the tolerance of a limit has to be positive, not " +
                          number_text(options.relative_tolerance));
  }
  if (options.test_statistic == TestStatistic::q0) {
    throw InvalidArgument("q0 tests the absence of a signal and sets no limit: use q or qtilde");
  }
}

/// The six CLs curves of an asymptotic calculator: 0 is observed, 1 ... 5 are expected.
template <class Calculator>
class AsymptoticCurves {
public:
  AsymptoticCurves(Calculator& calculator, double level) : calculator_(&calculator), level_(level) {}

  [[nodiscard]] double cls(std::size_t curve, double mu) {
    const AsymptoticDistributions distributions = calculator_->distributions(mu);
    if (curve == 0) {
      return observed_p_values(distributions, calculator_->statistic(mu)).cls;
    }
    return distributions.p_values(distributions.expected(sigmas(curve)))->cls;
  }

  /// The limit in the Wald approximation with the sigma seen at mu; infinite without sensitivity.
  [[nodiscard]] double predict(std::size_t curve, double mu) {
    const AsymptoticDistributions distributions = calculator_->distributions(mu);
    const double a = distributions.root_asimov();
    if (!(a > 0.0)) {
      return std::numeric_limits<double>::infinity();
    }
    const double sigma = mu / a;
    double transformed = sigmas(curve);
    if (curve == 0) {
      const double q = calculator_->statistic(mu);
      transformed = q > 0.0 ? distributions.transform(q) : -calculator_->best_fit() / sigma;
    }
    return sigma * root_asimov_at_level(transformed, level_);
  }

  /// Where a curve begins to fall: the data's of a two-sided statistic has its top at their best fit.
  [[nodiscard]] double top(std::size_t curve, double lower) {
    const TestStatistic kind = calculator_->options().test_statistic;
    const bool two_sided = kind == TestStatistic::t_mu || kind == TestStatistic::t_mu_tilde;
    return curve == 0 && two_sided ? std::max(lower, calculator_->best_fit()) : lower;
  }

private:
  [[nodiscard]] static double sigmas(std::size_t curve) { return 3.0 - static_cast<double>(curve); }

  Calculator* calculator_;
  double level_;
};

/// Points at which curves were evaluated; the first `observed` of them also for the data.
struct EvaluatedPoints {
  std::vector<double> mus = {};
  std::size_t observed = 0;
};

/// All six limits by search. A curve whose fits fail has no limit, and the reason.
template <class Curves>
[[nodiscard]] EvaluatedPoints search_limits(Curves& curves, double lower, double upper,
                                            const UpperLimitOptions& options, UpperLimitResult& result) {
  EvaluatedPoints evaluated;
  for (std::size_t curve = 0; curve < 6; ++curve) {
    Limit& limit = curve == 0 ? result.observed : result.expected[curve - 1];
    try {
      LimitSearch search(
          [&](double mu) { return curves.cls(curve, mu); },
          [&](double mu) { return curves.predict(curve, mu); },
          LimitRange{curves.top(curve, lower), upper, options.level, options.relative_tolerance});
      limit = search.run(evaluated.mus);
    } catch (const FitFailed& error) {
      limit = {{}, error.what()};
    }
    if (curve == 0) {
      evaluated.observed = evaluated.mus.size();
    }
  }
  return evaluated;
}

/// All six limits by interpolation on the scan. A curve whose fits fail has no limit, and the reason.
template <class Curves>
[[nodiscard]] EvaluatedPoints interpolate_limits(Curves& curves, const UpperLimitOptions& options,
                                                 UpperLimitResult& result) {
  EvaluatedPoints evaluated{options.scan, options.scan.size()};
  std::sort(evaluated.mus.begin(), evaluated.mus.end());
  for (std::size_t curve = 0; curve < 6; ++curve) {
    Limit& limit = curve == 0 ? result.observed : result.expected[curve - 1];
    std::vector<double> cls;
    try {
      for (const double mu : evaluated.mus) {
        cls.push_back(curves.cls(curve, mu));
      }
      limit = interpolated_limit(evaluated.mus, cls, options.level);
    } catch (const FitFailed& error) {
      limit = {{}, error.what()};
    }
  }
  return evaluated;
}

/// CLs at mu. Throws FitFailed where the expected values do not exist.
template <class Curves>
[[nodiscard]] ClsPoint cls_point(Curves& curves, double mu, bool observed) {
  ClsPoint point{.mu = mu};
  for (std::size_t curve = 1; curve < 6; ++curve) {
    point.cls_expected[curve - 1] = curves.cls(curve, mu);
  }
  if (observed) {
    try {
      point.cls_observed = curves.cls(0, mu);
    } catch (const FitFailed&) {
      point.cls_observed.reset();
    }
  }
  return point;
}

/// The evaluations in order, from what the calculator remembers, without those that failed.
template <class Curves>
[[nodiscard]] std::vector<ClsPoint> cls_points(Curves& curves, const EvaluatedPoints& evaluated) {
  std::vector<ClsPoint> points;
  for (std::size_t k = 0; k < evaluated.mus.size(); ++k) {
    try {
      points.push_back(cls_point(curves, evaluated.mus[k], k < evaluated.observed));
    } catch (const FitFailed&) {
      continue;
    }
  }
  std::sort(points.begin(), points.end(), [](const ClsPoint& a, const ClsPoint& b) { return a.mu < b.mu; });
  return points;
}

/// Limits with one set of bounds.
template <class Calculator>
[[nodiscard]] UpperLimitResult limits_within_bounds(Calculator& calculator,
                                                    const UpperLimitOptions& options) {
  UpperLimitResult result;
  result.level = options.level;
  result.test_statistic = options.test_statistic;
  result.poi = calculator.poi_name();
  result.poi_bounds = calculator.poi_bounds();
  AsymptoticCurves curves(calculator, options.level);
  EvaluatedPoints evaluated;
  if (options.scan.empty()) {
    const double lower = std::max(0.0, result.poi_bounds.first);
    evaluated = search_limits(curves, lower, result.poi_bounds.second, options, result);
  } else {
    evaluated = interpolate_limits(curves, options, result);
  }
  result.points = cls_points(curves, evaluated);
  return result;
}

/// Whether a limit is missing although the data are sensitive: CLs still falls at the upper bound.
inline bool wants_wider_bounds(const UpperLimitResult& result) {
  const auto missing = [](const Limit& limit) { return !limit.value.has_value(); };
  const bool any =
      missing(result.observed) || std::any_of(result.expected.begin(), result.expected.end(), missing);
  const double insensitive = 1.0 - 1e-9;
  return any && !result.points.empty() && result.points.back().mu >= result.poi_bounds.second &&
         result.points.back().cls_expected.front() < insensitive;
}

} // namespace detail

/// Upper limits for `data` (main bins, then auxiliary data).
///
/// A limit that does not exist within the POI's bounds is absent, with the reason; with
/// `widen_bounds` the upper bound is raised until it does, at most to 10^6 times its value,
/// and a warning says so. A limit for which a fit has failed is absent too, with what FitFailed says.
/// Throws InvalidArgument for unusable options, data or POI, and UnknownName. About 2 fits for each of some
/// 15 evaluations.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] UpperLimitResult upper_limit(const AnyModel& model, const Vector& data,
                                           const UpperLimitOptions& options = {},
                                           const Optimizer& optimizer = Optimizer{}) {
  detail::check_limit_options(options);
  InferenceOptions inference{options.test_statistic, options.poi, options.fit, options.base_distribution};
  constexpr int widenings = 10;
  constexpr double factor = 4.0;
  std::string widened;
  for (int k = 0;; ++k) {
    AsymptoticCalculator<AnyModel, Optimizer> calculator(model, data, inference, optimizer);
    UpperLimitResult result = detail::limits_within_bounds(calculator, options);
    if (k < widenings && options.widen_bounds && options.scan.empty() && detail::wants_wider_bounds(result)) {
      const auto [lower, upper] = result.poi_bounds;
      inference.fit.bounds.push_back({result.poi, {lower, std::max(1.0, factor * upper)}});
      widened = "the upper bound of " + result.poi + " was raised to " +
                number_text(std::max(1.0, factor * upper)) + " in every fit";
      continue;
    }
    if (!widened.empty()) {
      result.warnings.push_back(widened);
    }
    const std::string unsuitable =
        check_poi_bounds(options.test_statistic, result.poi, result.poi_bounds.first);
    if (!unsuitable.empty()) {
      result.warnings.push_back(unsuitable);
    }
    return result;
  }
}

} // namespace muhat
