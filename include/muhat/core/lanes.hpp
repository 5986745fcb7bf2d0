#pragma once

/// Fixed groups of eight scalars: the unit in which tables are stored and swept.
///
/// A table column of n entries is padded to a multiple of eight and lives in an
/// aligned Eigen array, so that every group is one aligned Eigen expression of
/// constant size: vectorized with AVX-512, AVX or SSE alike, and with the same
/// order of operations on each.

#include <Eigen/Core>

#include <concepts>
#include <cstdint>

namespace muhat {

/// Scalars in a group.
inline constexpr Eigen::Index lane_count = 8;

/// n rounded up to whole groups.
[[nodiscard]] constexpr Eigen::Index padded_size(Eigen::Index n) noexcept {
  return (n + lane_count - 1) / lane_count * lane_count;
}

template <class T>
using LaneArray = Eigen::Array<T, lane_count, 1>;

/// A table column: contiguous and aligned for whole groups.
template <class T>
using Column = Eigen::Array<T, Eigen::Dynamic, 1>;

/// The group that starts at p, as an Eigen array expression.
template <class T>
[[nodiscard]] auto lanes(const T* p) {
  return Eigen::Map<const LaneArray<T>, Eigen::AlignedMax>(p);
}

template <class T>
[[nodiscard]] auto lanes(T* p) {
  return Eigen::Map<LaneArray<T>, Eigen::AlignedMax>(p);
}

/// Asks for the constants of one group of each of two kinds, to be used after some 30 others: a table too
/// large for the cache then streams nearly as fast as memory can. They may lie behind the table's end;
/// without a word for it the compiler does nothing.
template <class S>
void prefetch_constants(const S* p) {
#if defined(__GNUC__)
  constexpr std::uintptr_t ahead = 4096;
  const auto address = reinterpret_cast<std::uintptr_t>(p) + ahead;
  __builtin_prefetch(reinterpret_cast<const void*>(address));
  __builtin_prefetch(reinterpret_cast<const void*>(address + lane_count * sizeof(S)));
#else
  (void)p;
#endif
}

/// out[l] += a * x[l] + b * y[l] with constants x and y.
template <class T, class S>
void add_scaled(T* out, const T& a, const S* x, const T& b, const S* y) {
  if constexpr (std::same_as<T, S>) {
    lanes(out) += a * lanes(x) + b * lanes(y);
  } else {
    for (Eigen::Index l = 0; l < lane_count; ++l) {
      out[l] += a * x[l] + b * y[l];
    }
  }
}

} // namespace muhat
