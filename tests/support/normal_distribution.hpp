#pragma once

#include <cmath>

namespace muhat::test {

/// The integral of the standard normal density up to x, by the C++ library.
inline double phi(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

} // namespace muhat::test
