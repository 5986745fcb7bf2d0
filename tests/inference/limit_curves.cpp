#include <muhat/core/errors.hpp>
#include <muhat/inference/limit_curves.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// A calculator of one's own: CLs = exp(-(mu / (curve + 1))^power), of which some points cannot be computed.
struct ExponentialCurves {
  double power = 1.0;
  double broken_from = std::numeric_limits<double>::infinity();
  std::set<double> evaluated = {};

  double cls(std::size_t curve, double mu) {
    if (mu >= broken_from) {
      throw ComputationError("nothing is known of " + number_text(mu));
    }
    evaluated.insert(mu);
    return std::exp(-std::pow(mu / static_cast<double>(curve + 1), power));
  }
  static double predict(std::size_t, double) { return std::numeric_limits<double>::quiet_NaN(); }
  static LimitRange range(std::size_t, const LimitRange& range) { return range; }
};

/// CLs = 1 / (1 + mu / scale), 0.05 at 19 times the scale, with predictions that approach the crossing from
/// below.
struct CreepingCurves {
  double scale = 1.0;
  int evaluations = 0;

  double cls(std::size_t, double mu) {
    ++evaluations;
    return 1.0 / (1.0 + mu / scale);
  }
  double predict(std::size_t, double mu) const {
    return mu > 0.0 ? mu + 1e-3 * (18.9 * scale - mu) : std::numeric_limits<double>::quiet_NaN();
  }
  static LimitRange range(std::size_t, const LimitRange& range) { return range; }
};

struct NoCurves {
  double cls(std::size_t curve, double mu);
};

} // namespace

TEST_CASE("the concept accepts curves and rejects what cannot predict", "[limit_curves]") {
  STATIC_REQUIRE(LimitCurves<ExponentialCurves>);
  STATIC_REQUIRE_FALSE(LimitCurves<NoCurves>);
  STATIC_REQUIRE_FALSE(LimitCurves<int>);
}

TEST_CASE("limits by a calculator of one's own", "[limit_curves]") {
  ExponentialCurves curves;
  const UpperLimitResult result = limits_of_curves(curves, "mu", {.upper = 100.0, .level = 0.05}, {});
  CHECK(result.poi == "mu");
  CHECK(result.observed.value.value() == Approx(-std::log(0.05)).epsilon(1e-4));
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(result.expected[k].value.value() ==
          Approx(-static_cast<double>(k + 2) * std::log(0.05)).epsilon(1e-4));
  }
  CHECK_FALSE(result.observed.error.has_value());
  CHECK(curves.evaluated.size() < 60);
}

TEST_CASE("a limit is bracketed however far it is and however short predictions fall", "[limit_curves]") {
  for (const double scale : {1e-3, 1.0, 1e3, 1e9, 1e25}) {
    CAPTURE(scale);
    CreepingCurves curves{.scale = scale};
    detail::LimitSearch search([&](double mu) { return curves.cls(0, mu); },
                               [&](double mu) { return curves.predict(0, mu); },
                               LimitRange{.upper = 1e30, .level = 0.05});
    std::vector<double> shared;
    const Limit limit = search.run(shared);
    REQUIRE(limit.value.has_value());
    CHECK(*limit.value == Approx(19.0 * scale).epsilon(1e-3));
    CHECK(curves.evaluations < 180);
  }
}

TEST_CASE("a coarse resolution and tolerance of CLs end a search early", "[limit_curves]") {
  ExponentialCurves fine{.power = 3.0};
  ExponentialCurves coarse{.power = 3.0};
  (void)limits_of_curves(fine, "mu", {.upper = 100.0}, {});
  const UpperLimitResult result =
      limits_of_curves(coarse, "mu", {.upper = 100.0, .level_tolerance = 0.1, .resolution = 1e-4}, {});
  CHECK(coarse.evaluated.size() < fine.evaluated.size());
  CHECK(std::abs(std::pow(*result.observed.value, 3.0) + std::log(0.05)) <= 0.1);
}

TEST_CASE("curves are needed as far as their fall below the level alone", "[limit_curves]") {
  ExponentialCurves curves{.broken_from = 5.5};
  const UpperLimitOptions options{.scan = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}};
  const UpperLimitResult result = limits_of_curves(curves, "mu", {}, options);
  CHECK(result.observed.value.value() == Approx(3.0).margin(0.05));
  CHECK_FALSE(result.expected[4].value.has_value());
  CHECK(mentions(result.expected[4].reason, {"nothing is known of 6"}));
  CHECK(result.points.size() == 6);
}

TEST_CASE("interpolation takes the first fall below the level", "[limit_curves]") {
  const std::vector<double> mus{0.0, 1.0, 2.0, 3.0};
  CHECK(interpolated_limit(mus, {1.0, 0.5, 0.1, 0.02}, 0.3).value == Approx(1.5));
  CHECK(interpolated_limit(mus, {1.0, 0.05, 0.2, 0.02}, 0.05).value == 1.0);
  CHECK(mentions(interpolated_limit(mus, {1.0, 0.5, 0.4, 0.3}, 0.05).reason, {"extend"}));
  CHECK(mentions(interpolated_limit(mus, {0.01, 0.01, 0.01, 0.01}, 0.05).reason, {"lower"}));
}

TEST_CASE("a scan that is no curve is refused", "[limit_curves]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(interpolated_limit({0.0, 1.0}, {nan, 0.01}, 0.05), InvalidArgument);
  CHECK_THROWS_AS(interpolated_limit({0.0, nan}, {1.0, 0.01}, 0.05), InvalidArgument);
  CHECK_THROWS_AS(interpolated_limit({0.0, 1.0}, {1.0}, 0.05), InvalidArgument);
  CHECK(mentions(message_of<InvalidArgument>([] {
                   (void)interpolated_limit({1.0, 0.0}, {1.0, 0.01}, 0.05);
                 }),
                 {"from 1 to 0", "sort"}));
}
