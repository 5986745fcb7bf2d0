#pragma once

/// CLs along the parameter of interest: the data of a Brazil band.
///
/// The fits of all points are settled together (inference/settled_minima.hpp), then every point is computed
/// from them: which minimum it has depends neither on its neighbors nor on the order of the points.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/limit_curves.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/scan_control.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace muhat {

namespace detail {

/// Fills in the values at the point's mu, those that have certified fits, which were made before.
template <class Calculator>
void set_cls(const Calculator& calculator, ClsPoint& point) {
  point = {.mu = point.mu};
  if (!calculator.is_reached(point.mu)) {
    point.reason = scan_point_not_reached;
    return;
  }
  if (calculator.is_due(point.mu)) {
    point.reason = scan_point_not_settled;
    return;
  }
  try {
    const AsymptoticTest test = calculator.settled_test(point.mu);
    const ExpectedBand band = expected_p_values(test.expected());
    std::array<double, 5>& expected = point.cls_expected.emplace();
    for (std::size_t n = 0; n < band.size(); ++n) {
      expected[n] = band[n].cls;
    }
    point.cls_observed = observed_p_values(test.expected(), test.observed()).cls;
    point.warnings = fit_warnings(calculator.fits(point.mu));
  } catch (const ComputationError& error) {
    point.reason = error.what();
  }
}

} // namespace detail

/// CLs at every one of `mus`, in their order. A point without certified fits lacks values, and says why. So
/// does one that was not reached when `control` stopped the scan, or that was then about to look at a lower
/// minimum. Where the last round of fits still found lower minima, points have a warning.
///
/// Throws InvalidArgument for a mu that is not finite or outside its bounds, more than `most_scan_points`,
/// q0, unusable options or data, all before the first fit. Two fits for each point, more where there are
/// several minima, on the executor's threads.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] std::vector<ClsPoint>
cls_scan(const AnyModel& model, const Vector& data, const std::vector<double>& mus,
         const InferenceOptions& options = {}, const Optimizer& optimizer = Optimizer{},
         const E& executor = E{}, const ScanControl& control = {}) {
  // Together the points of a block keep many threads busy; one after the other, they leave those done when a
  // scan is stopped.
  constexpr std::size_t block = 16 * scan_chain;
  detail::require_scan_size({mus.size()});
  if (options.test_statistic == TestStatistic::q0) {
    throw InvalidArgument(
        "q0 tests the absence of a signal whatever mu, there is nothing to scan: use q or qtilde");
  }
  AsymptoticCalculator<AnyModel, Optimizer> calculator(model, data, options, optimizer);
  std::vector<ClsPoint> points;
  points.reserve(mus.size());
  for (const double mu : mus) {
    calculator.require_testable(mu);
    points.push_back({.mu = mu});
  }
  ScanWatch watch(control, mus.size());
  bool settled = true;
  for (std::size_t first = 0; first < mus.size() && !watch.canceled(); first += block) {
    const auto begin = mus.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = mus.begin() + static_cast<std::ptrdiff_t>(std::min(mus.size(), first + block));
    settled = calculator.settle({begin, end}, executor, &watch);
  }
  // A later block may have changed the Asimov data of all.
  settled = detail::until_settled(calculator, [&] { settled = calculator.settle(mus, executor, &watch); }) &&
            settled;
  for (ClsPoint& point : points) {
    detail::set_cls(calculator, point);
    if (!settled && !watch.canceled() && point.cls_expected) {
      detail::warn_unsettled(point.warnings);
    }
  }
  return points;
}

} // namespace muhat
