#pragma once

/// Derivatives of a scalar function in `long double` by central differences of
/// fourth order, e.g. (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.

#include <cstddef>
#include <utility>
#include <vector>

namespace muhat::test {

using RealVector = std::vector<long double>;

inline RealVector to_reals(const std::vector<double>& x) {
  return {x.begin(), x.end()};
}

/// d f / d x_i, four evaluations; error about h^4 f^(5) / 30 + 1e-19 f / h.
template <class F>
long double first_difference(const F& f, RealVector x, std::size_t i, long double h = 2e-5L) {
  const long double center = x[i];
  const auto at = [&](long double step) {
    x[i] = center + step;
    return f(x);
  };
  const long double inner = at(h) - at(-h);
  const long double outer = at(2 * h) - at(-2 * h);
  return (8 * inner - outer) / (12 * h);
}

/// d^2 f / d x_i d x_j, eight evaluations (six for i = j): (4 D(h) - D(2h)) / 3 of the plain second
/// difference D; error about h^4 f^(6) + 1e-19 f / h^2.
template <class F>
long double second_difference(const F& f, RealVector x, std::size_t i, std::size_t j, long double h = 5e-5L) {
  const RealVector center = x;
  const auto at = [&](long double step_i, long double step_j) {
    x = center;
    x[i] += step_i;
    x[j] += step_j;
    return f(x);
  };
  const auto plain = [&](long double step) {
    if (i == j) {
      return (at(step, 0) - 2 * at(0, 0) + at(-step, 0)) / (step * step);
    }
    return (at(step, step) - at(step, -step) - at(-step, step) + at(-step, -step)) / (4 * step * step);
  };
  return (4 * plain(h) - plain(2 * h)) / 3;
}

} // namespace muhat::test
