#pragma once

/// Piecewise exponential interpolation of a normalization,
///
///     factor(alpha) = hi^alpha   for alpha >= 0
///                     lo^-alpha  for alpha <  0 .
///
/// The derivative jumps at alpha = 0, where the left one is taken. HistFactory
/// manual CERN-OPEN-2012-016, section 4.1 (InterpCode 1).

#include <muhat/core/lanes.hpp>

#include <cmath>

namespace muhat {

struct Code1 {
  /// Groups of constants per entry: log(hi), log(lo).
  static constexpr Eigen::Index constants = 2;

  /// Writes the constants of one lane; hi > 0, lo > 0.
  template <class S>
  static void prepare(S hi, S lo, S* lane) {
    using std::log;
    lane[0] = log(hi);
    lane[lane_count] = log(lo);
  }

  /// Whether the factor of one lane may be negative somewhere.
  template <class S>
  [[nodiscard]] static bool may_be_negative(const S* /*lane*/) {
    return false;
  }

  /// The factor of eight lanes and its first `order` derivatives in alpha.
  template <int order, class S>
  static void evaluate(S alpha, const S* constant, LaneArray<S> (&f)[order + 1]) {
    const bool up = alpha > S(0);
    const LaneArray<S> slope = up ? lanes(constant).eval() : (-lanes(constant + lane_count)).eval();
    f[0] = (alpha * slope).exp();
    if constexpr (order >= 1) {
      f[1] = f[0] * slope;
    }
    if constexpr (order >= 2) {
      f[2] = f[1] * slope;
    }
  }
};

} // namespace muhat
