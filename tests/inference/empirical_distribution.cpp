#include <muhat/inference/empirical_distribution.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <limits>

using namespace muhat;

TEST_CASE("a p-value counts the toys at or above", "[empirical]") {
  const EmpiricalDistribution distribution({0.0, 3.0, 1.0, 1.0, 0.0});
  CHECK(distribution.p_value(0.0).value == 1.0);
  CHECK(distribution.p_value(1.0).value == Approx(0.6));
  CHECK(distribution.p_value(1.5).value == Approx(0.2));
  CHECK(distribution.p_value(3.0).value == Approx(0.2));
  CHECK(distribution.p_value(3.1).value == 0.0);
  CHECK_THROWS_AS(EmpiricalDistribution({}), InvalidArgument);
}

TEST_CASE("values that differ by the fits' accuracy are equal", "[empirical]") {
  CHECK(EmpiricalDistribution({1.0 - 1e-9, 2.0}).p_value(1.0).value == 1.0);
}

TEST_CASE("the uncertainty is binomial, and not 0 at the ends", "[empirical]") {
  const Fraction half = binomial_fraction(5000.0, 10000.0);
  CHECK(half.error == Approx(0.005).epsilon(1e-3));
  const Fraction rare = binomial_fraction(100.0, 10000.0);
  CHECK(rare.error == Approx(std::sqrt(0.01 * 0.99 / 10000.0)).epsilon(2e-3));
  CHECK(binomial_fraction(0.0, 1000.0).error == Approx(0.5 / 1001.0));
  CHECK(binomial_fraction(1000.0, 1000.0).error == Approx(0.5 / 1001.0));
}

TEST_CASE("percentiles are linear between neighbors", "[empirical]") {
  CHECK(percentile({1.0, 2.0, 4.0}, 0.0) == 1.0);
  CHECK(percentile({1.0, 2.0, 4.0}, 0.25) == 1.5);
  CHECK(percentile({1.0, 2.0, 4.0}, 0.75) == 3.0);
  CHECK(percentile({1.0, 2.0, 4.0}, 1.0) == 4.0);
  CHECK(percentile({7.0}, 0.3) == 7.0);
}

TEST_CASE("statistics that are no numbers are refused", "[empirical]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(EmpiricalDistribution({1.0, nan}), InvalidArgument);
  CHECK_THROWS_AS(EmpiricalDistribution({std::numeric_limits<double>::infinity()}), InvalidArgument);
  CHECK_THROWS_AS(EmpiricalDistribution({1.0}).p_value(nan), InvalidArgument);
}
