#pragma once

#include <vector>

namespace muhat::test {

/// Equally spaced values.
inline std::vector<double> grid(double first, double last, int points) {
  std::vector<double> values;
  for (int k = 0; k < points; ++k) {
    values.push_back(first + (last - first) * k / (points - 1));
  }
  return values;
}

} // namespace muhat::test
