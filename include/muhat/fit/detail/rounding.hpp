#pragma once

/// How small a gradient can get. Under a Hessian H a point x, each of whose numbers is known to one part in
/// 2^52, has a gradient known to H |x| / 2^52 at best: beyond 1e-6 where a width is below 1e-5 or counts
/// exceed 1e9. The gradients beside x tell, a step of 2^-32 |x| (2^-42 |x| where the domain ends) and one of
/// 2^-52 |x| to each side, with equal and with alternating signs: the long steps by how the gradient changes,
/// the short ones by how it is rounded itself. A gradient that jumps by as much over both has a kink, which
/// counts for nothing. Under large counts neither step may change a rate at all: an objective may tell itself
/// how it is rounded inside (HasRounding).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/smooth_piece.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace muhat::detail {

/// Raises `changes` to what each component of the gradient changes by over a step of `step` |x|, with equal
/// and with alternating signs. False where f has no gradient there.
template <class F>
bool gradient_changes(F& f, const Vector& x, const Vector& gradient, const Box& box, SmoothPiece& piece,
                      double step, Vector& changes, int& evaluations) {
  Vector beside(x.size());
  Vector beside_gradient(x.size());
  for (const double odd : {1.0, -1.0}) {
    for (Index i = 0; i < x.size(); ++i) {
      const double moved = x[i] * (1.0 + (i % 2 == 0 ? step : odd * step));
      beside[i] = std::min(std::max(moved, box.lower[i]), box.upper[i]);
    }
    ++evaluations;
    if (!std::isfinite(f.value_and_gradient(beside, beside_gradient)) || !beside_gradient.allFinite()) {
      return false;
    }
    evaluations += piece.correct(f, beside, beside_gradient);
    changes = changes.cwiseMax((beside_gradient - gradient).cwiseAbs());
  }
  return true;
}

/// Whether every component of the projected gradient is below `tolerance`, or no larger than a few times what
/// rounding changes it by. For points where the quadratic model has nothing to gain: how small the gradient
/// is in units of the curvature is not looked at. Adds the gradients it costs, 2 where it is clearly not zero
/// and at most 12, to `evaluations`.
template <class F>
[[nodiscard]] bool is_zero_up_to_rounding(F& f, const Vector& x, const Vector& gradient, const Box& box,
                                          SmoothPiece& piece, double tolerance, int& evaluations) {
  constexpr double few = 16.0;
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  constexpr double jump = 64.0;
  const auto is_zero = [&](double factor, const auto& noise) {
    for (Index i = 0; i < x.size(); ++i) {
      const double move = std::max(std::min(gradient[i], x[i] - box.lower[i]), x[i] - box.upper[i]);
      if (!piece.held(i) && !(std::abs(move) < std::max(tolerance, factor * noise(i)))) {
        return false;
      }
    }
    return true;
  };
  if constexpr (HasRounding<F>) {
    LowRankMetric rounding;
    f.gradient_rounding(x, rounding);
    const Vector squares = rounding.curvature();
    if (is_zero(few, [&](Index i) { return std::sqrt(squares[i]); })) {
      return true;
    }
  }
  const auto changes = [&](double step, Vector& result) {
    return gradient_changes(f, x, gradient, box, piece, step, result, evaluations);
  };
  Vector near = Vector::Zero(x.size());
  if (!changes(epsilon, near) || !is_zero(4.0 * few, [&](Index i) { return near[i]; }) ||
      !changes(-epsilon, near)) {
    return false;
  }
  // Close to the edge of the domain the long step may leave it.
  for (const double longer : {1048576.0, 1024.0}) {
    Vector far = Vector::Zero(x.size());
    if (changes(longer * epsilon, far) && changes(-longer * epsilon, far)) {
      return is_zero(
          few, [&](Index i) { return jump * near[i] <= far[i] ? std::max(near[i], far[i] / longer) : 0.0; });
    }
  }
  return false;
}

} // namespace muhat::detail
