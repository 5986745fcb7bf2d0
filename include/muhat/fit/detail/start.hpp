#pragma once

/// Checks of where a minimization starts.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/optimizer.hpp>

#include <cmath>
#include <limits>

namespace muhat::detail {

/// Whether x0 has n finite entries inside the box.
[[nodiscard]] inline bool valid_start(Index n, const Vector& x0, const Box& box) {
  bool valid = x0.size() == n && box.lower.size() == n && box.upper.size() == n;
  for (Index i = 0; valid && i < n; ++i) {
    valid = std::isfinite(x0[i]) && x0[i] >= box.lower[i] && x0[i] <= box.upper[i];
  }
  return valid;
}

[[nodiscard]] inline OptimizerResult refuse_start(const Vector& x0) {
  OptimizerResult refused;
  refused.x = x0;
  refused.value = std::numeric_limits<double>::quiet_NaN();
  refused.gradient = Vector::Constant(x0.size(), refused.value);
  refused.status = FitStatus::invalid_start;
  refused.projected_gradient = std::numeric_limits<double>::infinity();
  return refused;
}

/// What a start with this value and gradient amounts to; `converged` stands for usable.
[[nodiscard]] inline FitStatus judge_start(double value, const Vector& gradient) {
  if (value == std::numeric_limits<double>::infinity()) {
    return FitStatus::outside_domain;
  }
  return std::isfinite(value) && gradient.allFinite() ? FitStatus::converged : FitStatus::not_finite;
}

} // namespace muhat::detail
