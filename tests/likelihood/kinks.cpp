/// One-sided derivatives under interpolation codes 0 and 1 at alpha = 0.

#include <cmath>

#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>
#include <support/specs.hpp>
#include <support/tolerances.hpp>

#include "derivative_checks.hpp"

namespace test = muhat::test;
using muhat::InterpolationCode;
using muhat::Vector;

namespace {

muhat::Model one_pull(muhat::spec::Modifier modifier) {
  return muhat::build_model(
      test::single_sample({10.0}, {std::move(modifier)}), "",
      {.interpolation = {.normsys = InterpolationCode::code1, .histosys = InterpolationCode::code0}});
}

/// d/dalpha of 2 (nu - n log nu) + alpha^2 at alpha = 0 where nu = 10 has the given slope.
double slope(double n, double rate_slope) {
  return 2.0 * (1.0 - n / 10.0) * rate_slope;
}

} // namespace

TEST_CASE("code0 at zero has the slope of its lower template from below and of its upper from above") {
  const muhat::Model model = one_pull(test::histosys("alpha", {13.0}, {9.0}));
  auto evaluator = muhat::Likelihood(model, Vector{{4.0, 0.0}}).evaluator();
  REQUIRE(evaluator.kinks().size() == 1);
  CHECK(evaluator.kinks()[0].parameter == 0);
  CHECK(evaluator.kinks()[0].position == 0.0);
  Vector gradient;
  (void)evaluator.value_and_gradient(Vector{{0.0}}, gradient);
  CHECK(gradient[0] == Approx(slope(4.0, 1.0)));
  evaluator.right_gradient(Vector{{0.0}}, gradient);
  CHECK(gradient[0] == Approx(slope(4.0, 3.0)));
}

TEST_CASE("code1 at zero has the slope of its lower factor from below and of its upper from above") {
  const muhat::Model model = one_pull(test::normsys("alpha", 1.3, 0.9));
  auto evaluator = muhat::Likelihood(model, Vector{{4.0, 0.0}}).evaluator();
  REQUIRE(evaluator.kinks().size() == 1);
  Vector gradient;
  (void)evaluator.value_and_gradient(Vector{{0.0}}, gradient);
  CHECK(gradient[0] == Approx(slope(4.0, -10.0 * std::log(0.9))));
  evaluator.right_gradient(Vector{{0.0}}, gradient);
  CHECK(gradient[0] == Approx(slope(4.0, 10.0 * std::log(1.3))));
}

TEST_CASE("away from zero both one-sided derivatives are the derivative") {
  const muhat::Model model = one_pull(test::normsys("alpha", 1.3, 0.9));
  auto evaluator = muhat::Likelihood(model, Vector{{4.0, 0.0}}).evaluator();
  for (const double alpha : {-1.0, -1e-3, 1e-3, 2.0}) {
    Vector left, right;
    (void)evaluator.value_and_gradient(Vector{{alpha}}, left);
    evaluator.right_gradient(Vector{{alpha}}, right);
    CHECK(left == right);
  }
}

TEST_CASE("smooth codes have no kinks") {
  const muhat::Model model = muhat::build_model(
      test::single_sample({10.0}, {test::normsys("a", 1.3, 0.9), test::histosys("b", {13.0}, {9.0})}));
  CHECK(model.kinks().empty());
}

TEST_CASE("one-sided derivatives of random models at zero pulls are the oracle's one-sided differences") {
  int kinks = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const muhat::Model model = test::build(random);
    const Vector data = test::to_vector(random.data);
    const test::Compared compared{random.truth(), test::to_reals(data)};
    Vector x = Vector::Ones(model.nparameters());
    for (const auto& set : compared.truth.parameter_sets()) {
      if (set.types.count("normsys") + set.types.count("histosys") != 0) {
        x[static_cast<muhat::Index>(set.first)] = 0.0;
      }
    }
    auto evaluator = muhat::Likelihood(model, data).evaluator();
    Vector left, right;
    (void)evaluator.value_and_gradient(x, left);
    evaluator.right_gradient(x, right);
    Vector expected_left = left, expected_right = right;
    for (const muhat::Kink& kink : evaluator.kinks()) {
      ++kinks;
      const auto i = static_cast<std::size_t>(kink.parameter);
      const test::RealVector center = test::to_reals(x);
      // Fourth-order one-sided difference.
      const auto one_sided = [&](long double h) {
        const auto at = [&](int k) {
          test::RealVector point = center;
          point[i] += k * h;
          return compared(point);
        };
        return static_cast<double>((-25 * at(0) + 48 * at(1) - 36 * at(2) + 16 * at(3) - 3 * at(4)) /
                                   (12 * h));
      };
      expected_left[kink.parameter] = one_sided(-2e-5L);
      expected_right[kink.parameter] = one_sided(2e-5L);
    }
    CHECK(test::relative(left, expected_left) < test::tolerance::gradient);
    CHECK(test::relative(right, expected_right) < test::tolerance::gradient);
  }
  CHECK(kinks > 50);
}
