#pragma once

/// Six curves of CLs, observed and expected, and where they cross a level: what upper limits by any
/// calculator share.
///
/// By a root search in which the curves share their evaluations, or by linear
/// interpolation on a given scan.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/inference/inference_options.hpp>
#include <muhat/inference/limit_search.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
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
  /// Where a limit, or the end of `scan`, lies beyond the POI's upper bound, raise the bound in every fit.
  bool widen_bounds = false;
  /// Interpolate between these values of the POI instead of searching.
  std::vector<double> scan = {};
};

/// CLs at one value of the POI. What no limit needed, or no certified fit gives, is missing.
struct ClsPoint {
  double mu = 0.0;
  std::optional<double> cls_observed = {};
  std::optional<std::array<double, 5>> cls_expected = {};
  /// Why values of a scan are missing.
  std::string reason = {};
  /// Remarks of the fits of a scan.
  std::vector<std::string> warnings = {};
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
  /// Toys made for the limits, of both hypotheses and all points, and how many of them have no certified fit;
  /// 0 without toys.
  std::size_t toys = 0;
  std::size_t failed_toys = 0;
  /// The POI's bounds in the fits.
  std::pair<double, double> poi_bounds = {};
  /// The best fit of the POI to the data; nothing where it has no certificate.
  std::optional<double> best_fit = {};
  std::vector<std::string> warnings = {};
};

namespace detail {

inline void check_curve(const std::vector<double>& mus, const std::vector<double>& cls) {
  if (mus.size() != cls.size()) {
    throw InvalidArgument("a scan of " + std::to_string(mus.size()) + " points has " +
                          std::to_string(cls.size()) + " values of CLs: give one for each");
  }
  for (std::size_t k = 0; k < mus.size(); ++k) {
    if (!std::isfinite(mus[k]) || !std::isfinite(cls[k])) {
      throw InvalidArgument("a scan has CLs = " + number_text(cls[k]) + " at " + number_text(mus[k]) +
                            ": both have to be finite");
    }
    if (k > 0 && mus[k] < mus[k - 1]) {
      throw InvalidArgument("a scan goes back from " + number_text(mus[k - 1]) + " to " +
                            number_text(mus[k]) + ": sort its points");
    }
  }
}

} // namespace detail

/// The crossing of a curve, given at ascending `mus`, with `level`, linear between the points around the
/// first fall below it. Throws InvalidArgument for lists of different sizes, a mu or a CLs that is not
/// finite, and mus that do not ascend. Complexity: linear.
[[nodiscard]] inline Limit interpolated_limit(const std::vector<double>& mus, const std::vector<double>& cls,
                                              double level) {
  detail::check_curve(mus, cls);
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
  check_relative_tolerance(options.relative_tolerance);
  for (const double mu : options.scan) {
    if (!std::isfinite(mu)) {
      throw InvalidArgument("the scan of a limit has the value " + number_text(mu) + "; give finite ones");
    }
  }
  if (options.test_statistic == TestStatistic::q0) {
    throw InvalidArgument("q0 tests the absence of a signal and sets no limit: use q or qtilde");
  }
}

/// Points at which curves were evaluated; the first `observed` of them also for the data.
struct EvaluatedPoints {
  std::vector<double> mus = {};
  std::size_t observed = 0;
};

} // namespace detail

/// What a calculator has to say so that it can set limits. Curve 0 is the observed one, curves 1 ... 5 are
/// those expected from -2 to +2 standard deviations.
/// curves.cls(curve, mu): CLs; values that were computed before come from memory. Throws a ComputationError,
/// whose text becomes the reason of the missing limit, where it does not exist.
/// curves.predict(curve, mu): a guess of the limit from what is known at mu, not finite where there is none.
/// curves.range(curve, range): where to search for the limit and how well, `range` or better suited to the
/// curve.
template <class C>
concept LimitCurves = requires(C& curves, std::size_t curve, double mu, const LimitRange& range) {
  { curves.cls(curve, mu) } -> std::convertible_to<double>;
  { curves.predict(curve, mu) } -> std::convertible_to<double>;
  { curves.range(curve, range) } -> std::convertible_to<LimitRange>;
};

namespace detail {

/// All six limits by search within `range`. A curve that cannot be computed has no limit, and the reason.
template <LimitCurves Curves>
[[nodiscard]] EvaluatedPoints search_limits(Curves& curves, const LimitRange& range,
                                            UpperLimitResult& result) {
  EvaluatedPoints evaluated;
  for (std::size_t curve = 0; curve < 6; ++curve) {
    Limit& limit = curve == 0 ? result.observed : result.expected[curve - 1];
    try {
      LimitSearch search([&](double mu) { return curves.cls(curve, mu); },
                         [&](double mu) { return curves.predict(curve, mu); }, curves.range(curve, range));
      limit = search.run(evaluated.mus);
    } catch (const ComputationError& error) {
      limit = {{}, error.what()};
    }
    if (curve == 0) {
      evaluated.observed = evaluated.mus.size();
    }
  }
  return evaluated;
}

/// All six limits by interpolation on the scan. A curve that cannot be computed as far as its first fall
/// below the level has no limit, and the reason.
template <LimitCurves Curves>
[[nodiscard]] EvaluatedPoints interpolate_limits(Curves& curves, const UpperLimitOptions& options,
                                                 UpperLimitResult& result) {
  EvaluatedPoints evaluated{options.scan, options.scan.size()};
  std::sort(evaluated.mus.begin(), evaluated.mus.end());
  for (std::size_t curve = 0; curve < 6; ++curve) {
    Limit& limit = curve == 0 ? result.observed : result.expected[curve - 1];
    std::vector<double> cls;
    std::string failure;
    try {
      for (const double mu : evaluated.mus) {
        cls.push_back(curves.cls(curve, mu));
      }
    } catch (const ComputationError& error) {
      failure = error.what();
    }
    const std::vector<double> known(evaluated.mus.begin(),
                                    evaluated.mus.begin() + static_cast<std::ptrdiff_t>(cls.size()));
    limit = interpolated_limit(known, cls, options.level);
    if (!limit.value && !failure.empty()) {
      limit.reason = failure;
    }
  }
  return evaluated;
}

/// CLs at mu. Throws ComputationError where the expected values do not exist.
template <LimitCurves Curves>
[[nodiscard]] ClsPoint cls_point(Curves& curves, double mu, bool observed) {
  ClsPoint point{.mu = mu};
  std::array<double, 5>& expected = point.cls_expected.emplace();
  for (std::size_t curve = 1; curve < 6; ++curve) {
    expected[curve - 1] = curves.cls(curve, mu);
  }
  if (observed) {
    try {
      point.cls_observed = curves.cls(0, mu);
    } catch (const ComputationError&) {
      point.cls_observed.reset();
    }
  }
  return point;
}

/// The evaluations in order, from what the calculator remembers, without those that failed.
template <LimitCurves Curves>
[[nodiscard]] std::vector<ClsPoint> cls_points(Curves& curves, const EvaluatedPoints& evaluated) {
  std::vector<ClsPoint> points;
  for (std::size_t k = 0; k < evaluated.mus.size(); ++k) {
    try {
      points.push_back(cls_point(curves, evaluated.mus[k], k < evaluated.observed));
    } catch (const ComputationError&) {
      continue;
    }
  }
  std::sort(points.begin(), points.end(), [](const ClsPoint& a, const ClsPoint& b) { return a.mu < b.mu; });
  return points;
}

} // namespace detail

/// Limits on the POI called `poi` by any calculator, by search within `range` or on `options.scan`.
/// Throws InvalidArgument for unusable options, and what the curves throw but ComputationError.
template <LimitCurves Curves>
[[nodiscard]] UpperLimitResult limits_of_curves(Curves& curves, const std::string& poi,
                                                const LimitRange& range, const UpperLimitOptions& options) {
  detail::check_limit_options(options);
  UpperLimitResult result;
  result.level = options.level;
  result.test_statistic = options.test_statistic;
  result.poi = poi;
  const detail::EvaluatedPoints evaluated = options.scan.empty()
                                                ? detail::search_limits(curves, range, result)
                                                : detail::interpolate_limits(curves, options, result);
  result.points = detail::cls_points(curves, evaluated);
  return result;
}

} // namespace muhat
