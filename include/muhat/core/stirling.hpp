#pragma once

/// What Stirling's leading terms leave of a log-factorial,
///
///     R(n) = log Gamma(n + 1) - n log n + n
///          = log(2 pi n)/2 + 1/(12 n) - 1/(360 n^3) + 1/(1260 n^5) - 1/(1680 n^7) + 1/(1188 n^9) - ...
///
/// (Abramowitz & Stegun 6.1.41). A Poisson log-density is -R(n) - n (r - 1 - log r) with r =
/// nu/n: no large terms that cancel, whatever the count.

#include <cmath>
#include <type_traits>

namespace muhat {

namespace detail {

/// log Gamma(x) for x > 0, from any thread: the lgamma of the GNU C library also writes a variable that all
/// threads share, the sign of Gamma.
template <class S>
[[nodiscard]] S log_gamma(S x) {
#if defined(__GLIBC__)
  [[maybe_unused]] int sign = 1;
  if constexpr (std::is_same_v<S, double>) {
    return ::lgamma_r(x, &sign);
  } else if constexpr (std::is_same_v<S, long double>) {
    return ::lgammal_r(x, &sign);
  } else
#endif
  {
    using std::lgamma;
    return lgamma(x);
  }
}

} // namespace detail

/// R(n) for real n >= 0, R(0) = 0. Accurate to the last digits of S.
template <class S>
[[nodiscard]] S stirling_remainder(S n) {
  using std::log;
  if (n == S(0)) {
    return S(0);
  }
  if (n < S(40)) {
    return detail::log_gamma(n + S(1)) - n * log(n) + n;
  }
  const S x = S(1) / n;
  const S y = x * x;
  const S series =
      x * (S(1) / S(12) -
           y * (S(1) / S(360) - y * (S(1) / S(1260) - y * (S(1) / S(1680) - y * (S(1) / S(1188))))));
  return log(S(6.283185307179586476925286766559005768L) * n) / S(2) + series;
}

} // namespace muhat
