#pragma once

/// Quadratic interpolation and linear extrapolation of a histogram,
///
///     shift(alpha) = alpha * S + q(alpha) * D ,
///     q = alpha^2 for |alpha| <= 1, 2 |alpha| - 1 beyond,
///
/// with S = (hi - lo)/2 and D = (hi + lo)/2 - nom: continuous with its slope.
/// HistFactory manual CERN-OPEN-2012-016, section 4.1 (InterpCode 2).

namespace muhat {

struct Code2 {
  template <class S>
  static S weight(S alpha) {
    const S size = alpha < S(0) ? -alpha : alpha;
    return size <= S(1) ? alpha * alpha : S(2) * size - S(1);
  }
  template <class S>
  static S weight_derivative(S alpha) {
    if (alpha > S(1)) {
      return S(2);
    }
    return alpha < S(-1) ? S(-2) : S(2) * alpha;
  }
  template <class S>
  static S weight_second_derivative(S alpha) {
    return alpha > S(1) || alpha < S(-1) ? S(0) : S(2);
  }
};

} // namespace muhat
