#pragma once

/// Reading memory from one end to the other: what evaluations are compared with.

#include <Eigen/Core>

#include <cstddef>

namespace muhat::benchmark {

class Stream {
public:
  explicit Stream(std::size_t bytes) : data_(static_cast<Eigen::Index>(bytes / sizeof(double))) {
    data_.setConstant(1.0);
  }

  /// The sum of all numbers: one pass, vectorized.
  [[nodiscard]] double read() const { return data_.sum(); }

private:
  Eigen::ArrayXd data_;
};

} // namespace muhat::benchmark
