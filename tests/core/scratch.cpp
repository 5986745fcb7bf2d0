#include <muhat/core/scratch.hpp>

#include <support/catch.hpp>

#include <utility>

TEST_CASE("copies have memory of their own, and only sharing joins it", "[scratch]") {
  muhat::Scratch<int> first;
  *first = 1;
  muhat::Scratch<int> second = first;
  *second = 2;
  CHECK(*first == 1);
  second.share(first);
  *second = 3;
  CHECK(*first == 3);
  const int* const shared = &*first;
  muhat::Scratch<int> third = second;
  CHECK(&*third != shared);
  third = second;
  CHECK(&*third != shared);
  third = std::move(second);
  CHECK(&*third == shared);
}
