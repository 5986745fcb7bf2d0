#include <muhat/core/union_find.hpp>

#include <cstdint>

#include <support/catch.hpp>

TEST_CASE("classes go by their smallest member, whatever the order of the pairs") {
  for (const bool reversed : {false, true}) {
    muhat::UnionFind classes(8);
    if (reversed) {
      classes.join(7, 6);
      classes.join(6, 4);
      classes.join(4, 2);
    } else {
      classes.join(2, 4);
      classes.join(6, 7);
      classes.join(4, 7);
    }
    for (const std::int32_t member : {2, 4, 6, 7}) {
      CHECK(classes.find(member) == 2);
    }
    for (const std::int32_t single : {0, 1, 3, 5}) {
      CHECK(classes.find(single) == single);
    }
  }
}
