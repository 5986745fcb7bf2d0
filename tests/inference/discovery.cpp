#include <muhat/inference/discovery.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>

#include <cmath>

using namespace muhat;
using namespace muhat::test;

TEST_CASE("the significance of a count follows the closed form", "[discovery]") {
  const double s = 10.0;
  const double b = 50.0;
  const auto root = [b](double n) { return std::sqrt(2.0 * (n * std::log(n / b) - (n - b))); };
  const DiscoveryResult result = discovery(counting_experiment(s, b, {-4.0, 20.0}), vector({70.0}));
  CHECK(result.significance_observed == Approx(root(70.0)).epsilon(1e-6));
  CHECK(result.p0_observed == Approx(0.5 * std::erfc(root(70.0) / std::sqrt(2.0))).epsilon(1e-6));
  CHECK(result.significance_expected[2] == Approx(root(b + s)).epsilon(1e-6));
  CHECK(result.significance_expected[0] == Approx(root(b + s) + 2.0).epsilon(1e-6));
  for (std::size_t k = 1; k < 5; ++k) {
    CHECK(result.p0_expected[k] > result.p0_expected[k - 1]);
  }
}

TEST_CASE("a deficit is no discovery", "[discovery]") {
  const DiscoveryResult result = discovery(counting_experiment(10.0, 50.0, {-4.0, 20.0}), vector({40.0}));
  CHECK(result.significance_observed == 0.0);
  CHECK(result.p0_observed == 0.5);
}

TEST_CASE("an overwhelming signal has a finite significance", "[discovery]") {
  const DiscoveryResult result = discovery(counting_experiment(1000.0, 10.0), vector({5000.0}));
  CHECK(result.p0_observed == 0.0);
  CHECK(std::isfinite(result.significance_observed));
  CHECK(result.significance_observed > 100.0);
}
