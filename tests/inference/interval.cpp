#include <muhat/inference/interval.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>

using namespace muhat;
using namespace muhat::test;

namespace {

/// t of a count n between the expectation b + mu s and its best.
double deviance(double n, double nu) {
  return 2.0 * (nu - n - n * std::log(nu / n));
}

} // namespace

TEST_CASE("at both ends of an interval t has the quantile", "[interval]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 20.0});
  for (const double level : {0.682689492137086, 0.95, 0.99}) {
    const IntervalResult result = confidence_interval(model, vector({80.0}), {.level = level});
    const double z = normal_significance(0.5 * (1.0 - level));
    CHECK(result.best_fit == Approx(3.0).epsilon(1e-6));
    CHECK(std::sqrt(deviance(80.0, 50.0 + 10.0 * result.lower.value.value())) == Approx(z).epsilon(1e-3));
    CHECK(std::sqrt(deviance(80.0, 50.0 + 10.0 * result.upper.value.value())) == Approx(z).epsilon(1e-3));
    CHECK(*result.lower.value < result.best_fit);
    CHECK(*result.upper.value > result.best_fit);
  }
}

TEST_CASE("an end beyond a bound is explained", "[interval]") {
  const IntervalResult result = confidence_interval(counting_experiment(10.0, 50.0), vector({52.0}));
  CHECK_FALSE(result.lower.value.has_value());
  CHECK(mentions(result.lower.reason, {"beyond the bound 0"}));
  CHECK(result.upper.value.has_value());
  const IntervalResult at_bound = confidence_interval(counting_experiment(10.0, 50.0), vector({40.0}));
  CHECK_FALSE(at_bound.lower.value.has_value());
  CHECK(at_bound.upper.value.has_value());
}

TEST_CASE("any free parameter has an interval", "[interval]") {
  const IntervalResult result =
      confidence_interval(shape_factor_model(), shape_factor_data(),
                          {.poi = "coupled_shapefactor[0]", .fit = {.fix = {{"mu", 1.0}}}});
  CHECK(result.best_fit == Approx(2.0).epsilon(1e-5));
  CHECK(result.poi == "coupled_shapefactor[0]");
  // It scales 100 events each in bins that count 200 and 220.
  const double sigma = 1.0 / std::sqrt(1e4 / 200.0 + 1e4 / 220.0);
  CHECK(*result.upper.value - *result.lower.value == Approx(2.0 * sigma).epsilon(0.01));
  CHECK_THROWS_AS(confidence_interval(shape_factor_model(), shape_factor_data(), {.level = 1.0}),
                  InvalidArgument);
}

TEST_CASE("an interval's tolerance lies between 0 and 1", "[interval]") {
  for (const double tolerance : {0.0, 10.0, std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(
        confidence_interval(counting_experiment(2.0, 5.0), vector({6.0}), {.relative_tolerance = tolerance}),
        InvalidArgument);
  }
}
