#pragma once

/// Two-sided confidence intervals from the profile likelihood: the values of the parameter of interest
/// (POI) around the best fit with
///
///     t_mu <= z^2,  Phi(-z) = (1 - level) / 2        (arXiv:1007.1727, eq. 35; Wilks' theorem).

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/special_functions.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/inference/limit_search.hpp>
#include <muhat/inference/profile.hpp>

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Options of an interval, meant for designated initializers.
struct IntervalOptions {
  /// Probability content, between 0 and 1. The default is that of one standard deviation.
  double level = 0.682689492137086;
  /// Parameter of interest; empty for the measurement's. Any other free parameter will do.
  std::string poi = {};
  /// Start, bounds and fixed parameters of every fit.
  FitOptions fit = {};
  /// Of the distance between an end and the best fit.
  double relative_tolerance = 1e-4;
};

/// An end that a bound of the POI cuts off is absent, with the reason.
struct IntervalResult {
  std::string poi = {};
  double level = 0.0;
  double best_fit = 0.0;
  Limit lower = {};
  Limit upper = {};
  /// Remarks of the fits.
  std::vector<std::string> warnings = {};
};

namespace detail {

/// The distance from the best fit at which sqrt(t) reaches z, towards `bound`.
template <class AnyModel, class Optimizer>
[[nodiscard]] Limit interval_end(Profile<AnyModel, Optimizer>& profile, double best, double bound, double z,
                                 double tolerance) {
  const double sign = bound < best ? -1.0 : 1.0;
  const double farthest = std::abs(bound - best);
  const auto excess = [&](double distance) {
    const double mu = distance >= farthest ? bound : best + sign * distance;
    return std::sqrt(profile.statistic(TestStatistic::t_mu, mu)) - z;
  };
  double inside = 0.0;
  double f_inside = -z;
  double outside = std::min(farthest, 0.1 * std::max(1.0, std::abs(best)));
  double f_outside = outside > 0.0 ? excess(outside) : -z;
  constexpr int steps = 60;
  for (int step = 0; step < steps && f_outside < 0.0 && outside < farthest; ++step) {
    inside = outside;
    f_inside = f_outside;
    // sqrt(t) is nearly proportional to the distance.
    const double predicted = 1.02 * outside * z / std::max(f_outside + z, 0.1 * z);
    outside = std::min(farthest, std::max(predicted, 1.02 * outside));
    f_outside = excess(outside);
  }
  if (f_outside < 0.0) {
    return {{}, "the interval extends beyond the bound " + number_text(bound)};
  }
  std::uintmax_t evaluations = 60;
  const auto enough = [&](double a, double b) { return std::abs(b - a) <= tolerance * b; };
  const auto bracket =
      boost::math::tools::toms748_solve(excess, inside, outside, f_inside, f_outside, enough, evaluations);
  return {best + sign * 0.5 * (bracket.first + bracket.second), {}};
}

} // namespace detail

/// The interval for `data` (main bins, then auxiliary data). Some 5 fits for each end.
/// Throws InvalidArgument for unusable options, data or POI, UnknownName, and FitFailed where a fit has no
/// certificate.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] IntervalResult confidence_interval(const AnyModel& model, const Vector& data,
                                                 const IntervalOptions& options = {},
                                                 const Optimizer& optimizer = Optimizer{}) {
  if (!(options.level > 0.0 && options.level < 1.0)) {
    throw InvalidArgument("the level of an interval has to lie between 0 and 1, not at " +
                          number_text(options.level));
  }
  detail::check_relative_tolerance(options.relative_tolerance);
  Profile<AnyModel, Optimizer> profile(model, data, find_poi(model, options.poi), options.fit, optimizer);
  require_certified(profile.describe_free(), "fit with " + profile.poi_name() + " free");
  const Index poi = profile.poi();
  const double z = normal_significance(0.5 * (1.0 - options.level));
  const Box& bounds = profile.setup().bounds;
  IntervalResult result{.poi = profile.poi_name(), .level = options.level};
  const bool settled = detail::until_settled(profile, [&] {
    result.best_fit = profile.free().lowest.x[poi];
    const auto end = [&](double bound) {
      return detail::interval_end(profile, result.best_fit, bound, z, options.relative_tolerance);
    };
    result.lower = end(bounds.lower[poi]);
    result.upper = end(bounds.upper[poi]);
  });
  result.warnings = profile.warnings();
  if (!settled) {
    detail::warn_unsettled(result.warnings);
  }
  return result;
}

} // namespace muhat
