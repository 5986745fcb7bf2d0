#pragma once

/// The p-values of a hypothesis test, as every calculator returns them.

#include <array>
#include <cmath>

namespace muhat {

/// CLs+b, CLb and their ratio. For discovery CLs+b is p0, the p-value of mu = 0.
struct PValues {
  /// Probability, under the tested hypothesis, of data at most as compatible with it.
  double clsb = 1.0;
  /// The same probability under the alternative.
  double clb = 1.0;
  /// clsb / clb, computed so that it survives the underflow of both; asymptotically at most 1.
  double cls = 1.0;
  /// Their natural logarithms, which tell how small they are where the values themselves have become 0.
  double log_clsb = 0.0;
  double log_clb = 0.0;
  double log_cls = 0.0;
};

/// p-values whose logarithms are those of the values: of toys, where 0 is no rounding.
[[nodiscard]] inline PValues p_values_of(double clsb, double clb, double cls) {
  return {clsb, clb, cls, std::log(clsb), std::log(clb), std::log(cls)};
}

/// p-values from their logarithms.
[[nodiscard]] inline PValues p_values_of_logarithms(double log_clsb, double log_clb, double log_cls) {
  return {std::exp(log_clsb), std::exp(log_clb), std::exp(log_cls), log_clsb, log_clb, log_cls};
}

/// What is expected under the alternative at -2, -1, 0, 1, 2 standard deviations
/// of the limit it would give. Of one-sided statistics cls ascends, or stays where
/// the distribution ends.
using ExpectedBand = std::array<PValues, 5>;

} // namespace muhat
