#pragma once

/// Points at which a function of several parameters has one-sided derivatives only.

#include <Eigen/Core>

#include <limits>

namespace muhat {

/// A value of one parameter at which the derivative along it jumps while the
/// function stays continuous (interpolation codes 0 and 1 at 0).
struct Kink {
  Eigen::Index parameter = 0;
  double position = 0.0;
};

/// What a forward sweep prepares for: no reverse sweep, or one with the derivative from
/// below (`left`) or above (`right`) at kinks.
enum class Slopes { none, left, right };

/// x itself, or just above 0 where x is 0 and the derivative from above is wanted.
template <class S>
[[nodiscard]] S beside_kink(S x, Slopes slopes) {
  return x == S(0) && slopes == Slopes::right ? std::numeric_limits<S>::min() : x;
}

} // namespace muhat
