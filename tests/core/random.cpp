#include <muhat/core/random.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <set>

using namespace muhat;

TEST_CASE("bits are mixed as SplitMix64 does", "[random]") {
  // The first outputs of SplitMix64 started at 0 are the mixes of multiples of the golden ratio.
  CHECK(mix_bits(0x9e3779b97f4a7c15U) == 0xe220a8397b1dcdafU);
  CHECK(mix_bits(2U * 0x9e3779b97f4a7c15U) == 0x6e789e6aa1b965f4U);
}

TEST_CASE("a stream is a function of seed and number", "[random]") {
  RandomEngine first = random_stream(7, 1234);
  RandomEngine again = random_stream(7, 1234);
  CHECK(first() == again());
  CHECK(first() == again());
}

TEST_CASE("streams of different seeds and numbers differ", "[random]") {
  std::set<std::uint64_t> values;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t stream = 0; stream < 100; ++stream) {
      values.insert(random_stream(seed, stream)());
    }
  }
  CHECK(values.size() == 3000);
}
