#pragma once

/// The Optimizer concept: minimize f(x) subject to lower <= x <= upper.
///
/// A parameter with lower == upper is held fixed. An optimizer is a value with
/// its settings; `minimize` is const, so one optimizer serves many threads.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/objective.hpp>

#include <concepts>
#include <optional>
#include <string_view>
#include <vector>

namespace muhat {

/// Bounds, n entries each, lower <= upper; lower == upper fixes a parameter. May be infinite.
struct Box {
  Vector lower;
  Vector upper;
};

/// The point of the box that is nearest to x in every component.
[[nodiscard]] inline Vector clamp(const Vector& x, const Box& box) {
  return x.cwiseMax(box.lower).cwiseMin(box.upper);
}

/// How a minimization ended. Only `converged` is a certified minimum.
enum class FitStatus {
  converged,
  iteration_limit,
  /// No further decrease was found, yet the projected gradient is too large.
  stalled,
  /// The start has a wrong size, is not a number, or lies outside its bounds.
  invalid_start,
  /// The function is +infinity at the start, and no point inside its domain was found where the objective
  /// describes the edges (see HasEdges).
  outside_domain,
  /// Every step that would decrease the function leaves its domain, and no minimum on the edge was found, or
  /// the objective does not describe it.
  domain_edge,
  /// The function or its gradient is not a number at the start.
  not_finite
};

[[nodiscard]] constexpr std::string_view to_string(FitStatus status) noexcept {
  switch (status) {
  case FitStatus::converged:
    return "converged";
  case FitStatus::iteration_limit:
    return "iteration limit";
  case FitStatus::stalled:
    return "stalled";
  case FitStatus::invalid_start:
    return "invalid start";
  case FitStatus::outside_domain:
    return "outside domain";
  case FitStatus::domain_edge:
    return "domain edge";
  case FitStatus::not_finite:
    return "not finite";
  }
  return "unknown";
}

/// Where a minimization ended.
///
/// A minimum on the edge of the domain (a bin with nothing observed, at rate 0) has no vanishing
/// gradient; there `gradient` and `projected_gradient` are those of the Lagrange function, with
/// the multiplier >= 0 of each active inequality, and the curvature is that along the edges they make.
struct OptimizerResult {
  Vector x;
  double value = 0.0;
  /// Gradient at x; at a kink one of the two one-sided derivatives.
  Vector gradient;
  FitStatus status = FitStatus::stalled;
  /// max-norm of x - clamp(x - gradient, lower, upper), a kink whose one-sided
  /// derivatives bracket 0 counting as 0.
  double projected_gradient = 0.0;
  int iterations = 0;
  /// Number of value-and-gradient evaluations.
  int evaluations = 0;
  /// Whether a second, more robust method had to finish the work.
  bool fallback = false;
  /// The inequalities without slack there; for a likelihood: the bins whose rate is 0 up to rounding.
  std::vector<Index> active_edges = {};
  /// Whether the exact Hessian is positive on the free subspace, where this was looked at (at x, or before
  /// the last steps to it: OptimizerOptions::check_curvature), or so nearly flat that no lower point was
  /// found along its negative direction. Beyond 2000 parameters this is a probe of at most 60 directions
  /// (fit/certificate.hpp), no proof.
  std::optional<bool> positive_curvature = std::nullopt;
};

/// opt.minimize(f, x0, box) for one kind of objective.
template <class O, class F>
concept OptimizerFor = Objective<F> && requires(const O& opt, F& f, const Vector& x0, const Box& box) {
  { opt.minimize(f, x0, box) } -> std::same_as<OptimizerResult>;
};

} // namespace muhat
