#pragma once

/// Polynomial interpolation and exponential extrapolation of a normalization,
///
///     factor(alpha) = hi^alpha                        for alpha >= 1
///                     1 + sum_{i=1..6} a_i alpha^i    for |alpha| < 1
///                     lo^-alpha                       for alpha <= -1 .
///
/// The six a_i make value, first and second derivative continuous at -1 and +1.
/// With u, u', u'' the exponential's value and derivatives at +1 and d, d', d''
/// those at -1, the even and odd parts E = (u + d)/2 - 1, O = (u - d)/2,
/// E' = (u' - d')/2, O' = (u' + d')/2, E'' = (u'' + d'')/2, O'' = (u'' - d'')/2
/// separate the six equations into two systems of three, solved here by hand.
/// HistFactory manual CERN-OPEN-2012-016, section 4.1 (InterpCode 4).

#include <muhat/core/lanes.hpp>
#include <muhat/model/interpolation/code1.hpp>

#include <cmath>

namespace muhat {

struct Code4 {
  /// Groups of constants per entry: those of code1, then a_1 ... a_6.
  static constexpr Eigen::Index constants = Code1::constants + 6;

  /// Writes the constants of one lane; hi > 0, lo > 0.
  template <class S>
  static void prepare(S hi, S lo, S* lane) {
    Code1::prepare(hi, lo, lane);
    const S up = lane[0];
    const S down = lane[lane_count];
    const S even = (hi + lo) / S(2) - S(1);
    const S odd = (hi - lo) / S(2);
    const S even1 = (hi * up + lo * down) / S(2);
    const S odd1 = (hi * up - lo * down) / S(2);
    const S even2 = (hi * up * up + lo * down * down) / S(2);
    const S odd2 = (hi * up * up - lo * down * down) / S(2);
    S* a = lane + Code1::constants * lane_count;
    a[0 * lane_count] = (S(15) * odd - S(7) * odd1 + odd2) / S(8);
    a[1 * lane_count] = (S(24) * even - S(9) * even1 + even2) / S(8);
    a[2 * lane_count] = (S(-5) * odd + S(5) * odd1 - odd2) / S(4);
    a[3 * lane_count] = (S(-12) * even + S(7) * even1 - even2) / S(4);
    a[4 * lane_count] = (S(3) * odd - S(3) * odd1 + odd2) / S(8);
    a[5 * lane_count] = (S(8) * even - S(5) * even1 + even2) / S(8);
  }

  /// Whether the factor of one lane may be negative somewhere: not where sum_i |a_i| <= 1.
  template <class S>
  [[nodiscard]] static bool may_be_negative(const S* lane) {
    using std::abs;
    S sum = S(0);
    for (Eigen::Index i = Code1::constants; i < constants; ++i) {
      sum += abs(lane[i * lane_count]);
    }
    return sum > S(1);
  }

  /// The factor of eight lanes and its first `order` derivatives in alpha.
  template <int order, class S>
  static void evaluate(S alpha, const S* constant, LaneArray<S> (&f)[order + 1]) {
    if (!(alpha > S(-1) && alpha < S(1))) {
      Code1::evaluate<order>(alpha, constant, f);
      return;
    }
    const S* a = constant + Code1::constants * lane_count;
    f[0] = lanes(a + 5 * lane_count);
    for (int k = 1; k <= order; ++k) {
      f[k].setZero();
    }
    for (Eigen::Index i = 4; i >= -1; --i) {
      if constexpr (order >= 2) {
        f[2] = alpha * f[2] + S(2) * f[1];
      }
      if constexpr (order >= 1) {
        f[1] = alpha * f[1] + f[0];
      }
      if (i >= 0) {
        f[0] = alpha * f[0] + lanes(a + i * lane_count);
      } else {
        f[0] = alpha * f[0] + S(1);
      }
    }
  }
};

} // namespace muhat
