#pragma once

/// The distribution of a statistic as toys show it.
///
/// The p-value of x is the fraction k / n of toys with a statistic of at least x, its
/// uncertainty the half-width of the Wilson interval of one standard deviation,
///
///     sqrt(k (n - k) / n + 1/4) / (n + 1),
///
/// which is the binomial sqrt(p (1 - p) / n) for large counts and not 0 for k = 0 or k = n
/// (Wilson, J. Am. Stat. Assoc. 22 (1927) 209).

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// A fraction of toys with its statistical uncertainty (one standard deviation).
struct Fraction {
  double value = 0.0;
  double error = 0.0;
};

/// k of n, n > 0.
[[nodiscard]] inline Fraction binomial_fraction(double k, double n) {
  return {k / n, std::sqrt(k * (n - k) / n + 0.25) / (n + 1.0)};
}

/// The percentile `q` in [0, 1] of sorted values, linear between neighbors. Not for empty lists.
[[nodiscard]] inline double percentile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Immutable once made.
class EmpiricalDistribution {
public:
  /// statistics: those of the toys with a certified fit, in any order, at least one.
  /// Throws InvalidArgument for none, and for one that is not finite. O(n log n).
  explicit EmpiricalDistribution(std::vector<double> statistics) : sorted_(std::move(statistics)) {
    if (sorted_.empty()) {
      throw InvalidArgument("a distribution needs at least one toy");
    }
    for (const double statistic : sorted_) {
      if (!std::isfinite(statistic)) {
        throw InvalidArgument("a toy has the statistic " + number_text(statistic) +
                              ": leave out toys without a certified fit");
      }
    }
    std::sort(sorted_.begin(), sorted_.end());
  }

  [[nodiscard]] std::size_t size() const noexcept { return sorted_.size(); }
  /// Ascending.
  [[nodiscard]] const std::vector<double>& statistics() const noexcept { return sorted_; }

  /// Fraction of the toys with a statistic >= x. Fits are exact to about 1e-9, and counting experiments
  /// repeat the same data, so values within 1e-7 count as equal. Throws InvalidArgument where x is not a
  /// number. O(log n).
  [[nodiscard]] Fraction p_value(double x) const {
    if (std::isnan(x)) {
      throw InvalidArgument("the observed statistic is not a number");
    }
    constexpr double tie = 1e-7;
    const auto first = std::lower_bound(sorted_.begin(), sorted_.end(), x - tie);
    return binomial_fraction(static_cast<double>(sorted_.end() - first), static_cast<double>(sorted_.size()));
  }

private:
  std::vector<double> sorted_;
};

} // namespace muhat
