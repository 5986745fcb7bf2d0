#pragma once

/// Piecewise linear interpolation of a histogram,
///
///     shift(alpha) = alpha * (hi - nom)   for alpha >= 0
///                    alpha * (nom - lo)   for alpha <  0 ,
///
/// which is alpha * S + q(alpha) * D with S = (hi - lo)/2, D = (hi + lo)/2 - nom
/// and q = |alpha|. The derivative jumps at alpha = 0, where the left one is
/// taken. HistFactory manual CERN-OPEN-2012-016, section 4.1 (InterpCode 0).

namespace muhat {

struct Code0 {
  template <class S>
  static S weight(S alpha) {
    return alpha < S(0) ? -alpha : alpha;
  }
  template <class S>
  static S weight_derivative(S alpha) {
    return alpha > S(0) ? S(1) : S(-1);
  }
  template <class S>
  static S weight_second_derivative(S) {
    return S(0);
  }
};

} // namespace muhat
