#pragma once

/// Random draws that are the same on every platform and standard library: only
/// the bits of `std::mt19937_64` are used, no distribution class and no libm.

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace muhat::test {

class Draws {
public:
  explicit Draws(std::uint64_t seed) : engine_(seed) {}

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  bool chance(double probability) { return uniform() < probability; }
  /// Uniform in 0 ... n - 1.
  std::size_t index(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

  /// Nearly Normal with mean 0 and width 1 (sum of twelve uniforms), within (-6, 6).
  double normal() {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) {
      sum += uniform();
    }
    return sum;
  }

  template <class T>
  const T& pick(const std::vector<T>& values) {
    return values[index(values.size())];
  }

  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[index(i)]);
    }
  }

private:
  std::mt19937_64 engine_;
};

} // namespace muhat::test
