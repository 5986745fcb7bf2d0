#include <muhat/inference/failed_toys.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

#include <cstdint>
#include <string>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Toys with the statistics 0 ... n - 1, then failed ones.
ToySample sample(std::uint64_t n, std::uint64_t failed) {
  ToySample result;
  for (std::uint64_t k = 0; k < n; ++k) {
    result.numbers.push_back(k);
    result.statistics.push_back(static_cast<double>(k));
  }
  for (std::uint64_t k = n; k < n + failed; ++k) {
    result.failed.push_back({k, "stalled"});
  }
  return result;
}

} // namespace

TEST_CASE("failed toys leave the p-values between two ends", "[failed_toys]") {
  const PValueRange one = p_value_range(sample(8, 2), 6.0);
  CHECK(one.lowest == 0.2);
  CHECK(one.highest == 0.4);
  ToyEnsemble toys{.observed = 6.0, .tested = sample(8, 2), .alternative = sample(9, 1)};
  const PValueRange cls = observed_range(toys);
  CHECK(cls.lowest == Approx(0.2 / 0.4));
  CHECK(cls.highest == 1.0);
  toys.tested = sample(10, 0);
  toys.observed = 9.0;
  toys.alternative = sample(16, 4);
  CHECK(observed_range(toys).lowest == Approx(0.1 / 0.55));
  CHECK(observed_range(toys).highest == Approx(0.1 / 0.35));
  toys.test_statistic = TestStatistic::q0;
  CHECK(observed_range(toys).lowest == 0.1);
  CHECK(observed_range(toys).highest == 0.1);
}

TEST_CASE("without toys of the alternative above the data, or any at all, nothing is excluded",
          "[failed_toys]") {
  ToyEnsemble toys{.observed = 9.0, .tested = sample(10, 0), .alternative = sample(9, 1)};
  CHECK(observed_range(toys).highest == 1.0);
  CHECK(p_value_range(ToySample{}, 1.0).lowest == 0.0);
  CHECK(p_value_range(ToySample{}, 1.0).highest == 1.0);
}

TEST_CASE("the warning has the shares and the range, and is needed for failed toys alone", "[failed_toys]") {
  ToyEnsemble toys{.observed = 9.0, .tested = sample(10, 0), .alternative = sample(16, 4)};
  const std::string warning = failed_toys_warning(toys);
  CHECK(mentions(warning, {"4 of 20 toys (20 %) of the alternative", "CLs", "from 0.181818 to 0.285714"}));
  CHECK(warning.find("tested") == std::string::npos);
  toys.test_statistic = TestStatistic::q0;
  toys.tested = sample(10, 1);
  CHECK(mentions(failed_toys_warning(toys),
                 {"1 of 11 toys (9.09 %) of the tested hypothesis and", "p0", "from 0.090909 to 0.181818"}));
  toys.tested = toys.alternative = sample(10, 0);
  CHECK(failed_toys_warning(toys).empty());
}
