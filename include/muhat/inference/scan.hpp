#pragma once

/// Scans: CLs along the parameter of interest (the data of a Brazil band), and the profile
/// likelihood along one parameter or two.
///
/// Points are fitted in chains, each from its neighbor's minimum and from the init, of which the lower end
/// counts. The grid fixes the chains, not the threads, so the result is the same on any number of them. A
/// lower minimum that turns up late concerns all points: they are fitted again, at most twice.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Longest chain of points that are fitted one after the other.
inline constexpr std::size_t scan_chain = 16;

/// Points that a scan may have at most, over all its axes.
inline constexpr std::size_t most_scan_points = 1000000;

/// Why a point of a stopped scan is missing.
inline constexpr const char* scan_point_not_reached = "not reached before the scan was stopped";

/// How a scan is watched and stopped, meant for designated initializers.
struct ScanControl {
  /// Set it to true, from any thread, to begin no further point.
  const std::atomic<bool>* cancel = nullptr;
  /// Called after every point with the number of points done, one call at a time, from any thread.
  std::function<void(std::size_t)> on_point = {};
};

namespace detail {

/// A scan's control, shared by its threads.
class ScanWatch {
public:
  explicit ScanWatch(const ScanControl& control) : control_(&control) {}

  [[nodiscard]] bool canceled() const { return control_->cancel != nullptr && control_->cancel->load(); }

  void count_point() {
    if (counting_ && control_->on_point) {
      const std::lock_guard lock(mutex_);
      control_->on_point(++done_);
    }
  }

  /// Points that are computed again are not counted again. Call it between the passes.
  void count_no_more() { counting_ = false; }

private:
  const ScanControl* control_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  bool counting_ = true;
};

/// Throws InvalidArgument, before anything is allocated, where the product of `sizes` is too large.
inline void require_scan_size(const std::vector<std::size_t>& sizes) {
  std::size_t points = 1;
  std::string text;
  bool too_many = false;
  for (const std::size_t size : sizes) {
    text += (text.empty() ? "" : " x ") + std::to_string(size);
    too_many = too_many || (size > 0 && points > most_scan_points / size);
    points = too_many ? points : points * size;
  }
  if (too_many) {
    throw InvalidArgument("a scan of " + text + " points is too large: it may have " +
                          std::to_string(most_scan_points) + " points; give fewer, or scan in parts");
  }
}

/// Fills in the values at the point's mu, those that have certified fits.
template <class Calculator>
void set_cls(Calculator& calculator, ClsPoint& point) {
  point = {.mu = point.mu};
  try {
    const AsymptoticDistributions distributions = calculator.distributions(point.mu);
    const ExpectedBand band = expected_p_values(distributions);
    std::array<double, 5>& expected = point.cls_expected.emplace();
    for (std::size_t n = 0; n < band.size(); ++n) {
      expected[n] = band[n].cls;
    }
    point.cls_observed = observed_p_values(distributions, calculator.statistic(point.mu)).cls;
    point.warnings = fit_warnings(calculator.fits(point.mu));
  } catch (const ComputationError& error) {
    point.reason = error.what();
  }
}

} // namespace detail

/// CLs at every one of `mus`, in their order. A point without certified fits, or that was not reached when
/// `control` stopped the scan, lacks values, and says why.
///
/// Throws InvalidArgument for a mu outside its bounds, more than `most_scan_points`, unusable options or
/// data. Four fits for each point, on the executor's threads.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] std::vector<ClsPoint>
cls_scan(const AnyModel& model, const Vector& data, const std::vector<double>& mus,
         const InferenceOptions& options = {}, const Optimizer& optimizer = Optimizer{},
         const E& executor = E{}, const ScanControl& control = {}) {
  detail::require_scan_size({mus.size()});
  using Calculator = AsymptoticCalculator<AnyModel, Optimizer>;
  Calculator prepared(model, data, options, optimizer);
  std::vector<ClsPoint> points;
  points.reserve(mus.size());
  for (const double mu : mus) {
    points.push_back({.mu = mu, .reason = scan_point_not_reached});
  }
  const std::size_t chains = (mus.size() + scan_chain - 1) / scan_chain;
  detail::ScanWatch watch(control);
  std::vector<Vector> known;
  for (int pass = 0; chains > 0 && pass < detail::most_passes; ++pass) {
    prepared.start_from_init();
    prepared.add_known(known);
    // All chains begin with the fits of the first point.
    detail::set_cls(prepared, points.front());
    std::vector<std::vector<Vector>> lower(chains);
    const auto chain = [&](std::size_t c) {
      Calculator calculator = prepared;
      const std::size_t end = std::min(mus.size(), (c + 1) * scan_chain);
      for (std::size_t k = c * scan_chain; k < end && !watch.canceled(); ++k) {
        detail::set_cls(calculator, points[k]);
        watch.count_point();
      }
      if (calculator.revision() != prepared.revision()) {
        lower[c] = calculator.shared_minima();
      }
    };
    parallel_for(
        executor, chains, [&] { return chain; }, control.cancel);
    for (const std::vector<Vector>& minima : lower) {
      known.insert(known.end(), minima.begin(), minima.end());
    }
    if (watch.canceled() ||
        std::all_of(lower.begin(), lower.end(), [](const auto& l) { return l.empty(); })) {
      break;
    }
    // The other chains, and the points before, have used a minimum that is none.
    prepared = Calculator(model, data, options, optimizer);
    watch.count_no_more();
  }
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
};

/// The lowest certified minimum of a grid, the first of equal ones.
class LowestPoint {
public:
  void take(std::size_t index, const OptimizerResult& minimum) {
    const std::lock_guard lock(mutex_);
    if (minimum.value < value_ || (minimum.value == value_ && index < index_)) {
      index_ = index;
      value_ = minimum.value;
      x_ = minimum.x;
    }
  }

  [[nodiscard]] double value() const noexcept { return value_; }
  [[nodiscard]] const Vector& x() const noexcept { return x_; }

private:
  std::mutex mutex_;
  std::size_t index_ = 0;
  double value_ = std::numeric_limits<double>::infinity();
  Vector x_ = {};
};

/// A point takes a fit that is lower than the one it has.
inline void take_minimum(const FitResult& fit, ProfilePoint& point) {
  if (!fit.certified()) {
    point.reason = std::isfinite(point.twice_nll) ? "" : explain_failure(fit);
  } else if (fit.twice_nll < point.twice_nll) {
    point.twice_nll = fit.twice_nll;
    point.reason.clear();
    point.warnings = fit.warnings;
  }
}

/// Fits the points first ... last - 1 one after the other, each from the better of the free minimum and its
/// neighbor's, and from all other starts.
template <class AnyModel, class Optimizer>
void fit_chain(Fitter<AnyModel, Optimizer>& fitter, const ProfileFits& fits,
               std::vector<ProfilePoint>& points, std::size_t first, std::size_t last, LowestPoint& lowest,
               ScanWatch& watch) {
  Vector neighbor = fits.best;
  for (std::size_t k = first; k < last && !watch.canceled(); ++k) {
    ProfilePoint& point = points[k];
    Box box = fits.free_box;
    for (std::size_t axis = 0; axis < fits.held.size(); ++axis) {
      box.lower[fits.held[axis]] = box.upper[fits.held[axis]] = point.values[axis];
    }
    Vector start = clamp(neighbor, box);
    if (Vector from_best = clamp(fits.best, box); fitter.twice_nll(from_best) < fitter.twice_nll(start)) {
      start = std::move(from_best);
    }
    Minimum minimum = fitter.minimize(starts_in_box(std::move(start), fits.always, box), box);
    if (fits.explore) {
      fitter.explore(minimum, box);
    }
    take_minimum(fitter.describe(minimum, box), point);
    if (minimum.certified()) {
      neighbor = minimum.lowest.x;
      lowest.take(k, minimum.lowest);
    }
    watch.count_point();
  }
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

/// Fits all points, again where one of them lies below the free minimum, which then moves there. Throws
/// FitFailed where the free fit from there has no certificate.
template <class AnyModel, class Optimizer, Executor E>
void fit_points(const AnyModel& model, const Vector& data, const FitOptions& options,
                const Optimizer& optimizer, const E& executor, const ScanControl& control, ProfileFits& fits,
                ProfileScan& scan) {
  const std::size_t row = scan.axes.back().values.size();
  const std::size_t length = scan.axes.size() == 1 ? std::min(row, scan_chain) : row;
  const std::size_t chains = length == 0 ? 0 : (scan.points.size() + length - 1) / length;
  ScanWatch watch(control);
  for (int pass = 0; pass < most_passes; ++pass) {
    LowestPoint lowest;
    const auto make_chain = [&] {
      return [&, fitter = Fitter<AnyModel, Optimizer>(model, data, optimizer)](std::size_t c) mutable {
        fit_chain(fitter, fits, scan.points, c * length, std::min(scan.points.size(), (c + 1) * length),
                  lowest, watch);
      };
    };
    parallel_for(executor, chains, make_chain, control.cancel);
    if (!(lowest.value() < scan.best_fit.twice_nll - same_minimum_tolerance)) {
      break;
    }
    FitOptions lower = options;
    lower.extra_starts.push_back(lowest.x());
    scan.best_fit = fit(model, data, lower, optimizer);
    fits.best =
        require_certified(scan.best_fit, "the free fit of a profile scan, from a lower point of the grid")
            .parameters;
    if (watch.canceled()) {
      break;
    }
    // Every point may have a lower minimum next to the one that was found late.
    watch.count_no_more();
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
/// below the free minimum, the free fit is repeated from there, and so are those of the points. A point
/// without a certified fit, or that was not reached when `control` stopped the scan, has no `delta`, and says
/// why. Throws InvalidArgument for a number of axes other than 1 or 2, for more than `most_scan_points`, for
/// two axes of one parameter, for a fixed parameter and for values outside their parameter's bounds,
/// UnknownName, and FitFailed where the free fit has no certificate or lies above a point. Two fits for each
/// point, and one for each further start, on the executor's threads.
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
