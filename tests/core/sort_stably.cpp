#include <muhat/core/sort_stably.hpp>

#include <support/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using Entry = std::pair<int, std::string>;

namespace {

bool by_number(const Entry& a, const Entry& b) {
  return a.first < b.first;
}

} // namespace

TEST_CASE("sort_stably: equals keep their order, as with std::stable_sort") {
  std::vector<Entry> entries;
  for (int k = 0; k < 1000; ++k) {
    entries.emplace_back(k * 7919 % 37, "entry " + std::to_string(k));
  }
  std::vector<Entry> expected = entries;
  std::stable_sort(expected.begin(), expected.end(), by_number);
  muhat::sort_stably(entries, by_number);
  CHECK(entries == expected);
}

TEST_CASE("sort_stably: the order alone leaves the values where they are") {
  const std::vector<Entry> entries{{2, "c"}, {1, "a"}, {2, "d"}, {1, "b"}};
  CHECK(muhat::stable_order(entries, by_number) == std::vector<std::size_t>{1, 3, 0, 2});
  CHECK(muhat::stable_order(std::vector<Entry>(), by_number).empty());
}

TEST_CASE("sort_stably: values that only move") {
  std::vector<std::unique_ptr<int>> values;
  for (const int value : {3, 1, 2}) {
    values.push_back(std::make_unique<int>(value));
  }
  muhat::sort_stably(values, [](const auto& a, const auto& b) { return *a < *b; });
  CHECK(*values[0] == 1);
  CHECK(*values[1] == 2);
  CHECK(*values[2] == 3);
}
