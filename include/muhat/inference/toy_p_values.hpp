#pragma once

/// From toys to p-values: the fraction of toys of a
/// hypothesis with a statistic of at least the observed one; expected values are percentiles
/// of the p-values that the alternative's toys would observe. As in the asymptotic limit, CLs = CLs+b / CLb
/// is at most 1: data that suit neither hypothesis exclude none.

#include <muhat/core/errors.hpp>
#include <muhat/core/special_functions.hpp>
#include <muhat/inference/empirical_distribution.hpp>
#include <muhat/inference/p_values.hpp>
#include <muhat/inference/toys.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace muhat {

/// Observed p-values with their statistical uncertainty.
struct ToyPValues {
  Fraction clsb = {};
  Fraction clb = {};
  /// clsb / clb; nothing where no toy of the alternative reaches the observed value.
  std::optional<Fraction> cls = {};
  /// Why `cls` is missing.
  std::string reason = {};
};

/// The ratio of two independent fractions. Nothing for a denominator of 0.
[[nodiscard]] inline std::optional<Fraction> ratio(const Fraction& numerator, const Fraction& denominator) {
  if (!(denominator.value > 0.0)) {
    return std::nullopt;
  }
  const double value = numerator.value / denominator.value;
  return Fraction{value, std::hypot(numerator.error, value * denominator.error) / denominator.value};
}

/// The p-values of the data that the ensemble was made for.
/// Throws InvalidArgument where a hypothesis has no toy with a statistic. O(n log n).
[[nodiscard]] inline ToyPValues observed_p_values(const ToyEnsemble& ensemble) {
  const EmpiricalDistribution tested(ensemble.tested.statistics);
  const EmpiricalDistribution alternative(ensemble.alternative.statistics);
  ToyPValues result{tested.p_value(ensemble.observed), alternative.p_value(ensemble.observed), {}, {}};
  result.cls = ratio(result.clsb, result.clb);
  if (result.cls) {
    result.cls->value = std::min(1.0, result.cls->value);
  } else {
    result.reason = "none of the " + std::to_string(alternative.size()) +
                    " toys of the alternative reaches the observed statistic: CLb is below 1/" +
                    std::to_string(alternative.size());
  }
  return result;
}

namespace detail {

/// The p-values that the alternative's toys would observe, each list ascending.
struct AlternativePValues {
  std::vector<double> clsb = {};
  std::vector<double> clb = {};
  std::vector<double> cls = {};
};

inline AlternativePValues alternative_p_values(const ToyEnsemble& ensemble) {
  const EmpiricalDistribution tested(ensemble.tested.statistics);
  const EmpiricalDistribution alternative(ensemble.alternative.statistics);
  AlternativePValues result;
  for (const double statistic : alternative.statistics()) {
    result.clsb.push_back(tested.p_value(statistic).value);
    result.clb.push_back(alternative.p_value(statistic).value);
    result.cls.push_back(std::min(1.0, result.clsb.back() / result.clb.back()));
  }
  for (std::vector<double>* values : {&result.clsb, &result.clb, &result.cls}) {
    std::sort(values->begin(), values->end());
  }
  return result;
}

} // namespace detail

/// The expected p-values: percentiles at 100 Phi(-2), ..., 100 Phi(2), each of CLs+b, CLb and CLs, linear
/// between toys, so that all ascend. Throws as `observed_p_values`. O(n log n).
[[nodiscard]] inline ExpectedBand expected_p_values(const ToyEnsemble& ensemble) {
  const detail::AlternativePValues toys = detail::alternative_p_values(ensemble);
  ExpectedBand band;
  double n = 2.0;
  for (PValues& values : band) {
    const double q = normal_tail(n);
    values = p_values_of(percentile(toys.clsb, q), percentile(toys.clb, q), percentile(toys.cls, q));
    n -= 1.0;
  }
  return band;
}

namespace detail {

/// The uncertainty of a percentile of sorted values, whose place among them is uncertain by
/// sqrt(q (1 - q) / n).
inline double percentile_error(const std::vector<double>& sorted, double q) {
  const double shift = std::sqrt(q * (1.0 - q) / static_cast<double>(sorted.size()));
  return 0.5 * (percentile(sorted, std::min(1.0, q + shift)) - percentile(sorted, std::max(0.0, q - shift)));
}

} // namespace detail

/// The uncertainties of the expected CLs, for q0 those of the expected p0: that of the percentile among the
/// alternative's toys, and the binomial one of CLs+b among those of the tested hypothesis. Throws as
/// `observed_p_values`. O(n log n).
[[nodiscard]] inline std::array<double, 5> expected_errors(const ToyEnsemble& ensemble) {
  const bool discovery = ensemble.test_statistic == TestStatistic::q0;
  const detail::AlternativePValues toys = detail::alternative_p_values(ensemble);
  const std::vector<double>& p_values = discovery ? toys.clsb : toys.cls;
  const auto tested = static_cast<double>(ensemble.tested.statistics.size());
  std::array<double, 5> errors{};
  double n = 2.0;
  for (double& error : errors) {
    const double q = normal_tail(n);
    const double clb = discovery ? 1.0 : percentile(toys.clb, q);
    const double clsb = std::min(1.0, percentile(p_values, q) * clb);
    error = std::hypot(detail::percentile_error(p_values, q),
                       binomial_fraction(clsb * tested, tested).error / clb);
    n -= 1.0;
  }
  return errors;
}

} // namespace muhat
