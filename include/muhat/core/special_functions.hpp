#pragma once

/// Tails of the standard normal distribution, kept as logarithms.
///
///     log Phi(-x) = log(erfc(x / sqrt 2) / 2)                              x < 30
///                 = -x^2/2 - log(x sqrt(2 pi)) + log(1 - 1/x^2 + 3/x^4 - ...)   x >= 30
///
/// (Abramowitz & Stegun 7.1.2 and 26.2.12). A ratio of tails such as CLs is
/// exp(log a - log b): it survives where both tails underflow, which happens
/// beyond 38 standard deviations.

#include <boost/math/special_functions/erf.hpp>

#include <cmath>
#include <limits>

namespace muhat {

/// Phi(-x), the probability above x. x: any real number, in standard deviations; 0 for x > 38.6.
[[nodiscard]] inline double normal_tail(double x) {
  return 0.5 * std::erfc(x * 0.70710678118654752440);
}

/// log Phi(-x), finite for |x| < 1e154, where x^2 is. Relative accuracy about 1e-14. O(1).
[[nodiscard]] inline double log_normal_tail(double x) {
  if (x < 0.0) {
    return std::log1p(-normal_tail(-x));
  }
  if (x < 30.0) {
    return std::log(normal_tail(x));
  }
  constexpr double log_sqrt_two_pi = 0.91893853320467274178;
  const double z = 1.0 / (x * x);
  // The first omitted term, 945 z^5, is below 2e-12 of 1, and the leading term is beyond 450.
  const double series = z * (-1.0 + z * (3.0 + z * (-15.0 + z * 105.0)));
  return -0.5 * x * x - std::log(x) - log_sqrt_two_pi + std::log1p(series);
}

/// The significance of a p-value: x with Phi(-x) = p.
/// p in [0, 1]; 0 and 1 give +infinity and -infinity, anything outside NaN.
[[nodiscard]] inline double normal_significance(double p) {
  if (p <= 0.0 || p >= 1.0) {
    if (p == 0.0) {
      return std::numeric_limits<double>::infinity();
    }
    return p == 1.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return 1.41421356237309504880 * boost::math::erfc_inv(2.0 * p);
}

} // namespace muhat
