#pragma once

/// Which boxes are neighbors (inference/settled_minima.hpp): the free one and every other, and points next to
/// each other on a line, or in a row or column of a grid.

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <vector>

namespace muhat::detail {

/// Boxes by the values that they hold, of which there are none, one or two; the free one comes first, rows
/// run along the last value.
template <class Node>
using BoxNodes = std::map<std::vector<double>, Node>;

/// Whether two points, neither of them free, differ in the last value alone. O(1).
[[nodiscard]] inline bool is_one_row(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end() - 1, b.begin(), b.end() - 1);
}

/// In a grid, the points of the same last value in the rows before and behind. O(log n).
template <class Node>
void add_column_neighbors(const BoxNodes<Node>& nodes, typename BoxNodes<Node>::const_iterator place,
                          std::vector<typename BoxNodes<Node>::const_iterator>& found) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double>& values = place->first;
  const auto add = [&](double row) {
    if (const auto point = nodes.find({row, values[1]}); point != nodes.end()) {
      found.push_back(point);
    }
  };
  if (const auto behind = nodes.upper_bound({values[0], infinity}); behind != nodes.end()) {
    add(behind->first[0]);
  }
  const auto row = nodes.lower_bound({values[0], -infinity});
  if (row != nodes.begin() && !std::prev(row)->first.empty()) {
    add(std::prev(row)->first[0]);
  }
}

/// The neighbors of a box. O(log n); of the free one O(n).
template <class Node>
[[nodiscard]] std::vector<typename BoxNodes<Node>::const_iterator>
neighbors(const BoxNodes<Node>& nodes, typename BoxNodes<Node>::const_iterator place) {
  std::vector<typename BoxNodes<Node>::const_iterator> found;
  if (place->first.empty()) {
    for (auto other = std::next(place); other != nodes.end(); ++other) {
      found.push_back(other);
    }
    return found;
  }
  if (nodes.begin()->first.empty()) {
    found.push_back(nodes.begin());
  }
  if (place != nodes.begin()) {
    const auto before = std::prev(place);
    if (!before->first.empty() && is_one_row(before->first, place->first)) {
      found.push_back(before);
    }
  }
  const auto next = std::next(place);
  if (next != nodes.end() && is_one_row(place->first, next->first)) {
    found.push_back(next);
  }
  if (place->first.size() == 2) {
    add_column_neighbors(nodes, place, found);
  }
  return found;
}

} // namespace muhat::detail
