#pragma once

/// Which of the numbers 0 ... n - 1 belong together, after any sequence of pairs that do. Each class goes by
/// its smallest member, so that nothing depends on the order of the pairs.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace muhat {

class UnionFind {
public:
  explicit UnionFind(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }

  /// The smallest member of i's class. Nearly constant time.
  [[nodiscard]] std::int32_t find(std::int32_t i) {
    while (parent_[static_cast<std::size_t>(i)] != i) {
      std::int32_t& up = parent_[static_cast<std::size_t>(i)];
      up = parent_[static_cast<std::size_t>(up)];
      i = up;
    }
    return i;
  }

  void join(std::int32_t a, std::int32_t b) {
    a = find(a);
    b = find(b);
    parent_[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }

private:
  std::vector<std::int32_t> parent_;
};

} // namespace muhat
