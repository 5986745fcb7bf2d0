#pragma once

/// The profile likelihood along one parameter or two:
///
///     delta(values) = min -2 log L with the parameters held at the values - min -2 log L.
///
/// The minima of all points and the free one are settled together (inference/settled_minima.hpp), then the
/// differences are taken.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/scan_control.hpp>
#include <muhat/inference/settled_minima.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

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
  /// -2 log L at the minimum with these values held, all constants included; infinite without a certified
  /// fit.
  double twice_nll = std::numeric_limits<double>::infinity();
  /// twice_nll above its minimum over all parameters; nothing where the fit has no certificate.
  std::optional<double> delta = {};
  /// Why `delta` is missing.
  std::string reason = {};
  /// Remarks of the fit.
  std::vector<std::string> warnings = {};
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
    longer.reserve(points.size() * axis.values.size());
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

/// The indices of the scanned parameters. Throws as `profile_scan`.
template <class AnyModel>
std::vector<Index> scanned_parameters(const AnyModel& model, const FitSetup& setup,
                                      const std::vector<ScanAxis>& axes) {
  std::vector<Index> held;
  for (const ScanAxis& axis : axes) {
    const auto [first, size] = find_parameters(model, axis.parameter);
    if (size != 1) {
      throw InvalidArgument("an axis of a profile scan is one component, but \"" + axis.parameter +
                            "\" has " + std::to_string(size) + ": name one of them, such as \"" +
                            model.par_names()[static_cast<std::size_t>(first)] + "\"");
    }
    held.push_back(first);
    if (held.front() == held.back() && held.size() > 1) {
      throw InvalidArgument("both axes of the profile scan hold parameter \"" + axis.parameter +
                            "\": name two different ones");
    }
    require_free_poi(setup, held.back(), axis.parameter);
    for (const double value : axis.values) {
      require_inside_bounds(setup, held.back(), axis.parameter, value);
    }
  }
  return held;
}

/// Describes all points by settled minima.
template <class AnyModel, class Optimizer>
void describe_points(const SettledMinima<AnyModel, Optimizer>& minima, bool warn, ProfileScan& scan) {
  for (ProfilePoint& point : scan.points) {
    if (minima.is_due(point.values)) {
      point.reason = scan_point_not_settled;
      continue;
    }
    try {
      FitResult fit = minima.describe(point.values);
      if (fit.certified()) {
        point.twice_nll = fit.twice_nll;
        point.warnings = std::move(fit.warnings);
      } else {
        point.reason = explain_failure(fit);
      }
    } catch (const FitFailed& error) {
      point.reason = error.what();
    }
    if (warn && point.reason.empty()) {
      warn_unsettled(point.warnings);
    }
  }
}

/// Measures all points from the free minimum. A point below it is not settled where the scan was `stopped`;
/// throws FitFailed for it otherwise.
inline void set_deltas(ProfileScan& scan, bool stopped) {
  for (ProfilePoint& point : scan.points) {
    if (!std::isfinite(point.twice_nll)) {
      continue;
    }
    const double delta = point.twice_nll - scan.best_fit.twice_nll;
    if (delta < -same_minimum_tolerance && stopped) {
      point.reason = scan_point_not_settled;
      continue;
    }
    if (delta < -same_minimum_tolerance) {
      std::string place;
      for (std::size_t axis = 0; axis < scan.axes.size(); ++axis) {
        place +=
            (place.empty() ? "" : ", ") + scan.axes[axis].parameter + " = " + number_text(point.values[axis]);
      }
      throw FitFailed("profile scan: -2 log L at " + place + " lies " + number_text(-delta) +
                      " below the free fit, which did not find its minimum: give the fit more starts");
    }
    point.delta = std::max(0.0, delta);
  }
}

} // namespace detail

/// Profiles -2 log L over a grid of one or two parameters.
///
/// The fits of the points honor `options` as those of hypothesis tests do, and are settled together with the
/// free one (inference/settled_minima.hpp); where the last round still found lower minima, points have a
/// warning. A point without a certified fit, or that was not
/// reached when `control` stopped the scan, has no `delta`, and says why. Throws InvalidArgument for a number
/// of axes other than 1 or 2, for more than `most_scan_points`, for two axes of one parameter, for a fixed
/// parameter and for values outside their parameter's bounds, UnknownName, and FitFailed where the free fit
/// has no certificate or lies above a point. One fit for each point, and one for each further start, on the
/// executor's threads; more where there are several minima. Memory: the parameters of every point.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] ProfileScan profile_scan(const AnyModel& model, const Vector& data, std::vector<ScanAxis> axes,
                                       const FitOptions& options = {},
                                       const Optimizer& optimizer = Optimizer{}, const E& executor = E{},
                                       const ScanControl& control = {}) {
  if (axes.empty() || axes.size() > 2) {
    throw InvalidArgument("a profile scan has one axis or two, not " + std::to_string(axes.size()));
  }
  std::vector<std::size_t> sizes;
  for (const ScanAxis& axis : axes) {
    sizes.push_back(axis.values.size());
  }
  detail::require_scan_size(sizes);
  const std::vector<Index> held = detail::scanned_parameters(model, make_setup(model, options), axes);
  SettledMinima<AnyModel, Optimizer> minima(model, data, held, options, optimizer);
  ProfileScan scan{std::move(axes), {}, {}};
  // Without it there is nothing to measure the points from, whatever stops the scan.
  minima.add({});
  (void)minima.settle();
  (void)require_certified(minima.describe({}), "the free fit of a profile scan");
  scan.points = detail::grid_points(scan.axes);
  for (const ProfilePoint& point : scan.points) {
    minima.add(point.values);
  }
  ScanWatch watch(control, scan.points.size());
  const bool settled = minima.settle(executor, &watch);
  scan.best_fit = minima.describe({});
  detail::describe_points(minima, !settled && !watch.canceled(), scan);
  detail::set_deltas(scan, watch.canceled());
  return scan;
}

} // namespace muhat
