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
};

/// What is expected under the alternative at -2, -1, 0, 1, 2 standard deviations
/// of the limit it would give. Of one-sided statistics cls ascends, or stays where
/// the distribution ends.
using ExpectedBand = std::array<PValues, 5>;

} // namespace muhat
