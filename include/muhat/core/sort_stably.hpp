#pragma once

/// Sorting that keeps the order of equals.
///
/// The same as std::stable_sort, but the algorithm is compiled once, for indices, and not anew for every type
/// and comparison: for lists that are sorted once in a while.

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// A comparison of two places of some list.
struct PlaceOrder {
  const void* context;
  bool (*compare)(const void* context, std::size_t a, std::size_t b);

  bool operator()(std::size_t a, std::size_t b) const { return compare(context, a, b); }
};

/// The places 0 ... n - 1 in that order, equal ones ascending.
[[nodiscard]] inline std::vector<std::size_t> sorted_places(std::size_t n, PlaceOrder order) {
  std::vector<std::size_t> places(n);
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(), order);
  return places;
}

} // namespace detail

/// The places of `values` in the order in which `less(value, value)` sorts them, equal ones ascending.
/// O(n log n).
template <class Values, class Less>
[[nodiscard]] std::vector<std::size_t> stable_order(const Values& values, const Less& less) {
  const std::pair<const Values&, const Less&> context(values, less);
  return detail::sorted_places(values.size(),
                               {&context, [](const void* both, std::size_t a, std::size_t b) -> bool {
                                  const auto& [list, before] =
                                      *static_cast<const std::pair<const Values&, const Less&>*>(both);
                                  return before(list[a], list[b]);
                                }});
}

/// Sorts by `less(value, value)`; equal ones keep their order. O(n log n).
template <class T, class Less>
void sort_stably(std::vector<T>& values, const Less& less) {
  std::vector<T> sorted;
  sorted.reserve(values.size());
  for (const std::size_t place : stable_order(values, less)) {
    sorted.push_back(std::move(values[place]));
  }
  values.swap(sorted);
}

} // namespace muhat
