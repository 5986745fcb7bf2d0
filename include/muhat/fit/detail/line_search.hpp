#pragma once

/// Line search: a step t with
///
///     phi(t) <= phi(0) + 1e-4 t phi'(0)      (sufficient decrease)
///     phi'(t) >= 0.9 phi'(0)                 (long enough)
///
/// by safeguarded interpolation, the unit step first. Where rounding hides the
/// decrease, a value within the noise of phi(0) and a slope that shrank count
/// as sufficient (approximate Wolfe condition: Hager and Zhang, SIAM J. Optim.
/// 16 (2005) 170). +infinity marks a step out of the domain: back off.

#include <algorithm>
#include <cmath>
#include <limits>

namespace muhat::detail {

/// Value and slope along the search direction.
struct LinePoint {
  double step = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

struct LineSearchResult {
  bool found = false;
  LinePoint point;
  int evaluations = 0;
  /// Some step left the domain.
  bool left_domain = false;
};

/// Values closer than this cannot be told apart by their rounding errors.
[[nodiscard]] inline double value_noise(double value) noexcept {
  return 1e-9 * (1.0 + std::abs(value));
}

/// Minimizer of the cubic through two values and slopes, kept away from both ends. Where the
/// values agree within `noise`, the root of the slope's secant.
[[nodiscard]] inline double interpolate(const LinePoint& lo, const LinePoint& hi, double noise) noexcept {
  const double width = hi.step - lo.step;
  double t = lo.step + 0.5 * width;
  if (std::isfinite(hi.value) && std::isfinite(hi.slope)) {
    const double secant = lo.step - lo.slope * width / (hi.slope - lo.slope);
    const double theta = lo.slope + hi.slope - 3.0 * (hi.value - lo.value) / width;
    const double root = std::sqrt(std::max(0.0, theta * theta - lo.slope * hi.slope));
    const double cubic = hi.step - width * (hi.slope + root - theta) / (hi.slope - lo.slope + 2.0 * root);
    const double candidate = std::abs(hi.value - lo.value) <= noise ? secant : cubic;
    if (std::isfinite(candidate)) {
      t = candidate;
    }
  }
  return std::clamp(t, lo.step + 0.1 * width, lo.step + 0.9 * width);
}

/// `evaluate(t)` returns the LinePoint at step t and remembers it; `keep()` sets aside the
/// point evaluated last, `restore()` brings it back. `largest` >= 1 is the last step inside the bounds.
template <class Evaluate, class Keep, class Restore>
LineSearchResult line_search(const LinePoint& start, double largest, Evaluate&& evaluate, Keep&& keep,
                             Restore&& restore) {
  constexpr int max_evaluations = 30;
  constexpr int max_expansions = 8;
  constexpr double shortest = 1e-14;
  const double noise = value_noise(start.value);
  LineSearchResult result;
  LinePoint lo = start;
  LinePoint hi{std::numeric_limits<double>::infinity(), 0.0, 0.0};
  LinePoint kept;
  double step = 1.0;
  int expansions = 0;
  while (result.evaluations < max_evaluations && step > shortest) {
    const LinePoint trial = evaluate(step);
    ++result.evaluations;
    const bool finite = std::isfinite(trial.value) && std::isfinite(trial.slope);
    result.left_domain = result.left_domain || !finite;
    const bool decrease = finite && trial.value <= start.value + 1e-4 * step * start.slope;
    const bool flat = finite && trial.value <= start.value + noise && trial.slope <= -0.8 * start.slope;
    if (decrease || flat) {
      result.found = true;
      const bool long_enough = trial.slope >= 0.9 * start.slope;
      if (long_enough || step >= largest || expansions >= max_expansions) {
        result.point = trial;
        return result;
      }
      ++expansions;
      keep();
      kept = trial;
      lo = trial;
      if (std::isfinite(hi.step)) {
        step = interpolate(lo, hi, noise);
      } else {
        const double secant = step * start.slope / (start.slope - trial.slope);
        step = std::min(largest,
                        trial.slope > start.slope ? std::clamp(secant, 2.0 * step, 8.0 * step) : 4.0 * step);
      }
      continue;
    }
    if (result.found) {
      break;
    }
    hi = finite ? trial : LinePoint{step, std::numeric_limits<double>::infinity(), 0.0};
    step = interpolate(lo, hi, noise);
  }
  if (result.found) {
    restore();
    result.point = kept;
  }
  return result;
}

} // namespace muhat::detail
