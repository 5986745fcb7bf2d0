#pragma once

/// The profile likelihood along one parameter or two:
///
///     delta(values) = min -2 log L with the parameters held at the values - min -2 log L.
///
/// Points are fitted in chains, each from its neighbor's minimum and from the init, of which the lower end
/// counts. Where a minimum, moved to a neighbor on the grid, lies below the one found there, that is fitted
/// again from it, from point to point as far as this goes. Where starts have ended in different minima, all
/// points are also fitted from their neighbors on both sides.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/scan_control.hpp>
#include <muhat/likelihood/likelihood.hpp>

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

/// What the fits of all points share.
struct ProfileFits {
  Box free_box;
  /// The scanned parameters, one per axis.
  std::vector<Index> held;
  Vector best;
  /// Starts of every fit besides the neighbor's minimum.
  std::vector<Vector> always;
  bool explore;

  [[nodiscard]] Box box_at(const ProfilePoint& point) const {
    Box box = free_box;
    for (std::size_t axis = 0; axis < held.size(); ++axis) {
      box.lower[held[axis]] = box.upper[held[axis]] = point.values[axis];
    }
    return box;
  }
};

/// A minimum for every point of a grid; without parameters where there is none yet.
class ProfileMinima {
public:
  explicit ProfileMinima(std::size_t points) : minima_(points) {}

  [[nodiscard]] const Minimum& operator[](std::size_t k) const { return minima_[k]; }
  [[nodiscard]] bool has(std::size_t k) const { return minima_[k].lowest.x.size() > 0; }

  /// A point keeps the lower of two certified minima, and how far they differ; a certified one before any
  /// other, and how far that lies below; the better end of two without certificate. True if the new one is
  /// certified and kept.
  bool take(std::size_t k, Minimum minimum) {
    Minimum& known = minima_[k];
    const double gain = known.lowest.value - minimum.lowest.value;
    if (known.certified()) {
      if (minimum.certified() || minimum.starts_disagree()) {
        known.spread = std::max(known.spread, minimum.spread - gain);
        known.missed = std::max(known.missed, minimum.missed + gain);
      }
      return take_if_lower(known, std::move(minimum.lowest));
    }
    if (minimum.certified()) {
      if (has(k) && std::isfinite(gain)) {
        minimum.missed = std::max(minimum.missed, -gain);
        minimum.spread =
            known.starts_disagree() ? std::max(minimum.spread, known.spread + gain) : minimum.spread;
      }
      known = std::move(minimum);
      return true;
    }
    if (!has(k) || better_minimum(minimum.lowest, known.lowest)) {
      known = std::move(minimum);
    }
    return false;
  }

  /// Whether starts have ended in different minima anywhere.
  [[nodiscard]] bool several() const {
    return std::any_of(minima_.begin(), minima_.end(),
                       [](const Minimum& minimum) { return minimum.starts_disagree(); });
  }

  /// The lowest certified one, null if there is none.
  [[nodiscard]] const OptimizerResult* lowest() const {
    const OptimizerResult* lowest = nullptr;
    for (const Minimum& minimum : minima_) {
      if (minimum.certified() && (lowest == nullptr || minimum.lowest.value < lowest->value)) {
        lowest = &minimum.lowest;
      }
    }
    return lowest;
  }

private:
  std::vector<Minimum> minima_;
};

/// Fits the points first ... last - 1 one after the other, each from the better of the free minimum and its
/// neighbor's, and from all other starts.
template <class AnyModel, class Optimizer>
void fit_chain(Fitter<AnyModel, Optimizer>& fitter, const ProfileFits& fits,
               const std::vector<ProfilePoint>& points, ProfileMinima& minima, std::size_t first,
               std::size_t last, ScanWatch& watch) {
  Vector neighbor = fits.best;
  for (std::size_t k = first; k < last && !watch.canceled(); ++k) {
    const Box box = fits.box_at(points[k]);
    Vector start = clamp(neighbor, box);
    if (Vector from_best = clamp(fits.best, box); fitter.twice_nll(from_best) < fitter.twice_nll(start)) {
      start = std::move(from_best);
    }
    Minimum minimum = fitter.minimize(starts_in_box(std::move(start), fits.always, box), box);
    if (fits.explore) {
      fitter.explore(minimum, box);
    }
    if (minimum.certified()) {
      neighbor = minimum.lowest.x;
    }
    (void)minima.take(k, std::move(minimum));
    watch.count_point();
  }
}

/// Fits point `to` again from the minimum of point `from` where that, moved there, is lower, where `to` has
/// no certificate, or `anyway`. True if the new minimum is certified and kept.
template <class AnyModel, class Optimizer>
bool pass_on(Fitter<AnyModel, Optimizer>& fitter, const ProfileFits& fits,
             const std::vector<ProfilePoint>& points, ProfileMinima& minima, std::size_t from, std::size_t to,
             bool anyway) {
  if (!minima[from].certified() || !minima.has(to)) {
    return false;
  }
  const Box box = fits.box_at(points[to]);
  Vector moved = clamp(minima[from].lowest.x, box);
  return (anyway || !minima[to].certified() ||
          fitter.twice_nll(moved) < minima[to].lowest.value - same_minimum_tolerance) &&
         minima.take(to, fitter.minimize(std::vector<Vector>{std::move(moved)}, box));
}

/// Passes minima on between neighbors on the grid, whose last axis has `row` points, up and down until none
/// is lower. False where `most_passes` times, or fewer when canceled, do not get there.
template <class AnyModel, class Optimizer>
[[nodiscard]] bool settle(Fitter<AnyModel, Optimizer>& fitter, const ProfileFits& fits,
                          const std::vector<ProfilePoint>& points, ProfileMinima& minima, std::size_t row,
                          const ScanWatch& watch) {
  const std::size_t size = points.size();
  bool anyway = minima.several();
  const auto improves = [&](bool exists, std::size_t from, std::size_t to) {
    return exists && !watch.canceled() && pass_on(fitter, fits, points, minima, from, to, anyway);
  };
  bool changed = true;
  for (int sweep = 0; changed && sweep < most_passes && !watch.canceled(); ++sweep) {
    changed = false;
    for (std::size_t k = 0; k < size; ++k) {
      changed = improves(k % row != 0, k - 1, k) || changed;
      changed = improves(k >= row, k - row, k) || changed;
    }
    for (std::size_t k = size; k-- > 0;) {
      changed = improves((k + 1) % row != 0, k + 1, k) || changed;
      changed = improves(k + row < size, k + row, k) || changed;
    }
    anyway = false;
  }
  return !changed;
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

inline void describe_point(FitResult fit, ProfilePoint& point) {
  if (fit.certified()) {
    point.twice_nll = fit.twice_nll;
    point.warnings = std::move(fit.warnings);
  } else {
    point.reason = explain_failure(fit);
  }
}

/// Fits all points, again where one of them lies below the free minimum, which then moves there. Throws
/// FitFailed where the free fit from there has no certificate.
template <class AnyModel, class Optimizer, Executor E>
void fit_points(const AnyModel& model, const Vector& data, const FitOptions& options,
                const Optimizer& optimizer, const E& executor, const ScanControl& control, ProfileFits& fits,
                ProfileScan& scan) {
  const std::size_t size = scan.points.size();
  const std::size_t row = scan.axes.back().values.size();
  const std::size_t length = scan.axes.size() == 1 ? std::min(row, scan_chain) : row;
  ScanWatch watch(control);
  ProfileMinima minima(size);
  Fitter<AnyModel, Optimizer> fitter(model, data, optimizer);
  bool settled = size == 0;
  for (int pass = 0; !settled && pass < most_passes && !watch.canceled(); ++pass) {
    const auto make_chain = [&] {
      return [&, own = fitter](std::size_t c) mutable {
        fit_chain(own, fits, scan.points, minima, c * length, std::min(size, (c + 1) * length), watch);
      };
    };
    parallel_for(executor, (size + length - 1) / length, make_chain, control.cancel);
    settled = settle(fitter, fits, scan.points, minima, row, watch);
    const OptimizerResult* lowest = minima.lowest();
    if (lowest == nullptr || !(lowest->value < scan.best_fit.twice_nll - same_minimum_tolerance)) {
      break;
    }
    settled = false;
    FitOptions lower = options;
    lower.extra_starts.push_back(lowest->x);
    scan.best_fit = fit(model, data, lower, optimizer);
    fits.best =
        require_certified(scan.best_fit, "the free fit of a profile scan, from a lower point of the grid")
            .parameters;
    // Every point may have a lower minimum next to the one that was found late.
    watch.count_no_more();
  }
  for (std::size_t k = 0; k < size; ++k) {
    if (minima.has(k)) {
      describe_point(fitter.describe(minima[k], fits.box_at(scan.points[k])), scan.points[k]);
    }
    if (!settled && minima.has(k)) {
      warn_unsettled(scan.points[k].warnings);
    }
  }
}

/// Measures all points from the free minimum. Throws FitFailed for a point below it.
inline void set_deltas(ProfileScan& scan) {
  for (ProfilePoint& point : scan.points) {
    if (!std::isfinite(point.twice_nll)) {
      point.reason = point.reason.empty() ? scan_point_not_reached : point.reason;
      continue;
    }
    const double delta = point.twice_nll - scan.best_fit.twice_nll;
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
/// The fits of the points honor `options` as those of hypothesis tests do. Where a point of the grid lies
/// below the free minimum, the free fit is repeated from there, and so are those of the points, these at most
/// twice; where that was not enough, points have a warning. A point without a certified fit, or that was not
/// reached when `control` stopped the scan, has no `delta`, and says why. Throws InvalidArgument for a number
/// of axes other than 1 or 2, for more than `most_scan_points`, for two axes of one parameter, for a fixed
/// parameter and for values outside their parameter's bounds, UnknownName, and FitFailed where the free fit
/// has no certificate or lies above a point. Two fits for each point, and one for each further start, on the
/// executor's threads; four more, one after the other, where starts disagree. Memory: the parameters of every
/// point.
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
  const FitSetup setup = make_setup(model, options);
  auto objective = Likelihood<AnyModel>(model, data).evaluator();
  detail::ProfileFits fits{.free_box = setup.box(),
                           .held = detail::scanned_parameters(model, setup, axes),
                           .best = {},
                           .always = detail::wanted_starts(objective, setup, options),
                           .explore = explores_chained_fits(options)};
  detail::add_start(fits.always, setup.start);
  ProfileScan scan{std::move(axes), fit(model, data, options, optimizer), {}};
  fits.best = require_certified(scan.best_fit, "the free fit of a profile scan").parameters;
  scan.points = detail::grid_points(scan.axes);
  detail::fit_points(model, data, options, optimizer, executor, control, fits, scan);
  detail::set_deltas(scan);
  return scan;
}

} // namespace muhat
