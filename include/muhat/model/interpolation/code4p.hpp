#pragma once

/// Polynomial interpolation and linear extrapolation of a histogram,
///
///     shift(alpha) = alpha * S + q(alpha) * D ,
///     q = alpha^2 (15 - 10 alpha^2 + 3 alpha^4) / 8 for |alpha| <= 1, |alpha| beyond,
///
/// with S = (hi - lo)/2 and D = (hi + lo)/2 - nom: twice continuously
/// differentiable. The everyday choice for histosys.

namespace muhat {

struct Code4p {
  template <class S>
  static S weight(S alpha) {
    const S square = alpha * alpha;
    if (square >= S(1)) {
      return alpha < S(0) ? -alpha : alpha;
    }
    return square * (S(15) + square * (S(3) * square - S(10))) / S(8);
  }
  template <class S>
  static S weight_derivative(S alpha) {
    const S square = alpha * alpha;
    if (square >= S(1)) {
      return alpha < S(0) ? S(-1) : S(1);
    }
    return alpha * (S(30) + square * (S(18) * square - S(40))) / S(8);
  }
  template <class S>
  static S weight_second_derivative(S alpha) {
    const S square = alpha * alpha;
    if (square >= S(1)) {
      return S(0);
    }
    return (S(30) + square * (S(90) * square - S(120))) / S(8);
  }
};

} // namespace muhat
