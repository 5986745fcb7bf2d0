#pragma once

/// Closed formulas of the tests' oracle in `long double`: interpolation codes
/// and log-densities, written from their definitions and shared with nothing.

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace muhat::oracle {

using Real = long double;

/// Gauss-Jordan elimination with row pivoting of six equations in six unknowns (seventh column: right-hand
/// side).
inline std::array<Real, 6> solve_six(std::array<std::array<Real, 7>, 6> rows) {
  for (std::size_t column = 0; column < 6; ++column) {
    std::size_t pivot = column;
    for (std::size_t r = column + 1; r < 6; ++r) {
      pivot = std::abs(rows[r][column]) > std::abs(rows[pivot][column]) ? r : pivot;
    }
    std::swap(rows[column], rows[pivot]);
    for (std::size_t r = 0; r < 6; ++r) {
      const Real ratio = r == column ? 0.0L : rows[r][column] / rows[column][column];
      for (std::size_t k = 0; k < 7; ++k) {
        rows[r][k] -= ratio * rows[column][k];
      }
    }
  }
  std::array<Real, 6> solution{};
  for (std::size_t i = 0; i < 6; ++i) {
    solution[i] = rows[i][6] / rows[i][i];
  }
  return solution;
}

/// Coefficients a_1 ... a_6 of 1 + sum a_i alpha^i whose value and first two derivatives equal
/// those of hi^alpha at 1 and of lo^(-alpha) at -1.
inline std::array<Real, 6> code4_coefficients(Real hi, Real lo) {
  const Real u = std::log(hi);
  const Real d = std::log(lo);
  const std::array<Real, 3> at_plus{hi - 1, hi * u, hi * u * u};
  const std::array<Real, 3> at_minus{lo - 1, -lo * d, lo * d * d};
  std::array<std::array<Real, 7>, 6> rows{};
  for (std::size_t derivative = 0; derivative < 3; ++derivative) {
    for (std::size_t power = 1; power <= 6; ++power) {
      Real falling = 1;
      for (std::size_t k = 0; k < derivative; ++k) {
        falling *= static_cast<Real>(power) - static_cast<Real>(k);
      }
      const bool odd = (power + derivative) % 2 == 1;
      rows[derivative][power - 1] = falling;
      rows[3 + derivative][power - 1] = odd ? -falling : falling;
    }
    rows[derivative][6] = at_plus[derivative];
    rows[3 + derivative][6] = at_minus[derivative];
  }
  return solve_six(rows);
}

inline Real normsys_factor(const std::string& code, Real alpha, Real hi, Real lo,
                           const std::array<Real, 6>& code4) {
  if (code == "code1" || std::abs(alpha) >= 1) {
    return alpha >= 0 ? std::pow(hi, alpha) : std::pow(lo, -alpha);
  }
  Real sum = 0;
  for (std::size_t i = 6; i-- > 0;) {
    sum = (sum + code4[i]) * alpha;
  }
  return 1 + sum;
}

inline Real histosys_shift(const std::string& code, Real alpha, Real nominal, Real hi, Real lo) {
  const Real up = hi - nominal;
  const Real down = nominal - lo;
  if (code == "code0") {
    return alpha >= 0 ? alpha * up : alpha * down;
  }
  if (code == "code2") {
    const Real s = (hi - lo) / 2;
    const Real a = (hi + lo) / 2 - nominal;
    if (alpha > 1) {
      return (s + a) + (s + 2 * a) * (alpha - 1);
    }
    if (alpha < -1) {
      return (a - s) + (s - 2 * a) * (alpha + 1);
    }
    return s * alpha + a * alpha * alpha;
  }
  if (alpha > 1) {
    return alpha * up;
  }
  if (alpha < -1) {
    return alpha * down;
  }
  const Real s = (up + down) / 2;
  const Real a = (up - down) / 16;
  const Real square = alpha * alpha;
  return alpha * s + a * square * (15 + square * (3 * square - 10));
}

/// Poisson log-density of real n; outside the model (negative rate) minus infinity.
inline Real poisson_logpdf(Real n, Real rate) {
  if (rate < 0 || (rate == 0 && n > 0)) {
    return -std::numeric_limits<Real>::infinity();
  }
  return (n == 0 ? 0.0L : n * std::log(rate)) - rate - std::lgamma(n + 1);
}

inline Real normal_logpdf(Real x, Real mean, Real sigma) {
  const Real pull = (x - mean) / sigma;
  return -pull * pull / 2 - std::log(sigma * std::sqrt(2 * std::acos(-1.0L)));
}

} // namespace muhat::oracle
