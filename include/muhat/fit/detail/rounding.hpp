#pragma once

/// How small a gradient can get. Under a curvature H a parameter x, known to one part in 2^52, has a gradient
/// known to H |x| / 2^52 at best: beyond 1e-6 where a width is below 1e-5 or counts exceed 1e9. The gradients
/// at x (1 - 2^-52) and x (1 + 2^-52) tell, whatever the reason.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/smooth_piece.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace muhat::detail {

/// Whether every component of the projected gradient is below `tolerance`, or no larger than a few times what
/// rounding x changes it by. Costs two gradients.
template <class F>
[[nodiscard]] bool is_zero_up_to_rounding(F& f, const Vector& x, const Vector& gradient, const Box& box,
                                          SmoothPiece& piece, double tolerance) {
  constexpr double few = 8.0;
  Vector noise = Vector::Zero(x.size());
  Vector beside(x.size());
  Vector beside_gradient(x.size());
  for (const double side : {-1.0, 1.0}) {
    beside =
        (x * (1.0 + side * std::numeric_limits<double>::epsilon())).cwiseMax(box.lower).cwiseMin(box.upper);
    if (!std::isfinite(f.value_and_gradient(beside, beside_gradient))) {
      return false;
    }
    piece.correct(f, beside, beside_gradient);
    noise = noise.cwiseMax((beside_gradient - gradient).cwiseAbs());
  }
  for (Index i = 0; i < x.size(); ++i) {
    const double move = std::max(std::min(gradient[i], x[i] - box.lower[i]), x[i] - box.upper[i]);
    if (!piece.held(i) && !(std::abs(move) < std::max(tolerance, few * noise[i]))) {
      return false;
    }
  }
  return true;
}

} // namespace muhat::detail
