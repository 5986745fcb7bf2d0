#pragma once

/// Scans: CLs along the parameter of interest (the data of a Brazil band), and the profile
/// likelihood along one parameter or two.
///
/// Points are fitted in chains, each from its neighbor's minimum. The grid fixes the chains, not the
/// threads, so the result is the same on any number of them.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Longest chain of points that are fitted one after the other.
inline constexpr std::size_t scan_chain = 16;

/// CLs at every one of `mus`, in their order.
///
/// Throws InvalidArgument for a mu outside its bounds, unusable options or data; FitFailed where a fit has no
/// certificate. Two fits for each point, on the executor's threads.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] std::vector<ClsPoint>
cls_scan(const AnyModel& model, const Vector& data, const std::vector<double>& mus,
         const InferenceOptions& options = {}, const Optimizer& optimizer = Optimizer{},
         const E& executor = E{}) {
  AsymptoticCalculator<AnyModel, Optimizer> prepared(model, data, options, optimizer);
  std::vector<ClsPoint> points(mus.size());
  if (mus.empty()) {
    return points;
  }
  (void)prepared.distributions(mus.front());
  const auto chain = [&](std::size_t c) {
    AsymptoticCalculator<AnyModel, Optimizer> calculator = prepared;
    for (std::size_t k = c * scan_chain; k < std::min(mus.size(), (c + 1) * scan_chain); ++k) {
      const AsymptoticDistributions distributions = calculator.distributions(mus[k]);
      const ExpectedBand band = expected_p_values(distributions);
      points[k].mu = mus[k];
      points[k].cls_observed = observed_p_values(distributions, calculator.statistic(mus[k])).cls;
      for (std::size_t n = 0; n < band.size(); ++n) {
        points[k].cls_expected[n] = band[n].cls;
      }
    }
  };
  parallel_for(executor, (mus.size() + scan_chain - 1) / scan_chain, [&] { return chain; });
  return points;
}

/// A parameter and the values to hold it at.
struct ScanAxis {
  /// Name of a component.
  std::string parameter = {};
  std::vector<double> values = {};
};

/// One point of a profile scan.
struct ProfilePoint {
  /// One value per axis.
  std::vector<double> values = {};
  /// twice_nll above its minimum over all parameters; nothing where the fit has no certificate.
  std::optional<double> delta = {};
  FitResult fit = {};
};

struct ProfileScan {
  std::vector<ScanAxis> axes = {};
  /// The fit with the scanned parameters free.
  FitResult best_fit = {};
  /// The last axis runs fastest.
  std::vector<ProfilePoint> points = {};
};

namespace detail {

inline std::vector<ProfilePoint> grid_points(const std::vector<ScanAxis>& axes) {
  std::vector<ProfilePoint> points(1);
  for (const ScanAxis& axis : axes) {
    std::vector<ProfilePoint> longer;
    for (const ProfilePoint& point : points) {
      for (const double value : axis.values) {
        longer.push_back(point);
        longer.back().values.push_back(value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

/// Fits one point after the other, each from the better of the free minimum and its neighbor's.
template <class AnyModel, class Optimizer>
void fit_chain(Fitter<AnyModel, Optimizer>& fitter, const Box& free_box, const std::vector<Index>& held,
               const Vector& best, ProfilePoint* first, ProfilePoint* last) {
  Vector neighbor = best;
  for (ProfilePoint* point = first; point != last; ++point) {
    Box box = free_box;
    for (std::size_t axis = 0; axis < held.size(); ++axis) {
      box.lower[held[axis]] = box.upper[held[axis]] = point->values[axis];
    }
    const auto clamped = [&](const Vector& x) -> Vector { return x.cwiseMax(box.lower).cwiseMin(box.upper); };
    const Vector from_neighbor = clamped(neighbor);
    const Vector from_best = clamped(best);
    const bool neighbor_is_lower = fitter.twice_nll(from_neighbor) <= fitter.twice_nll(from_best);
    const Minimum minimum =
        fitter.minimize(std::vector<Vector>{neighbor_is_lower ? from_neighbor : from_best}, box);
    if (minimum.certified()) {
      neighbor = minimum.lowest.x;
    }
    point->fit = fitter.describe(minimum, box);
  }
}

} // namespace detail

/// Profiles -2 log L over a grid of one or two parameters.
///
/// Where a point of the grid lies below the free minimum, the free fit is repeated from there. A point
/// without a certified fit has no `delta`, and its fit says why. Throws InvalidArgument for a number of axes
/// other than 1 or 2, for two of one parameter and for values outside their parameter's bounds, UnknownName,
/// and FitFailed where the free fit has no certificate. One fit for each point, on the executor's threads.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] ProfileScan profile_scan(const AnyModel& model, const Vector& data, std::vector<ScanAxis> axes,
                                       const FitOptions& options = {},
                                       const Optimizer& optimizer = Optimizer{}, const E& executor = E{}) {
  if (axes.empty() || axes.size() > 2) {
    throw InvalidArgument("a profile scan has one axis or two, not " + std::to_string(axes.size()));
  }
  const FitSetup setup = make_setup(model, options);
  std::vector<Index> held;
  for (const ScanAxis& axis : axes) {
    held.push_back(find_poi(model, axis.parameter));
    if (held.front() == held.back() && held.size() > 1) {
      throw InvalidArgument("both axes of the profile scan hold parameter \"" + axis.parameter +
                            "\": name two different ones");
    }
    for (const double value : axis.values) {
      require_inside_bounds(setup, held.back(), axis.parameter, value);
    }
  }
  ProfileScan scan{std::move(axes), fit(model, data, options, optimizer), {}};
  require_certified(scan.best_fit, "the free fit of a profile scan");
  scan.points = detail::grid_points(scan.axes);
  const std::size_t row = scan.axes.back().values.size();
  const std::size_t length = scan.axes.size() == 1 ? std::min(row, scan_chain) : row;
  const std::size_t chains = length == 0 ? 0 : (scan.points.size() + length - 1) / length;
  const Box box = setup.box();
  parallel_for(executor, chains, [&] {
    return [&, fitter = Fitter<AnyModel, Optimizer>(model, data, optimizer)](std::size_t c) mutable {
      ProfilePoint* const begin = scan.points.data();
      detail::fit_chain(fitter, box, held, scan.best_fit.parameters, begin + c * length,
                        begin + std::min(scan.points.size(), (c + 1) * length));
    };
  });
  for (const ProfilePoint& point : scan.points) {
    if (point.fit.certified() && point.fit.twice_nll < scan.best_fit.twice_nll - same_minimum_tolerance) {
      FitOptions lower = options;
      lower.extra_starts.push_back(point.fit.parameters);
      scan.best_fit = fit(model, data, lower, optimizer);
    }
  }
  for (ProfilePoint& point : scan.points) {
    if (point.fit.certified()) {
      point.delta = std::max(0.0, point.fit.twice_nll - scan.best_fit.twice_nll);
    }
  }
  return scan;
}

} // namespace muhat
