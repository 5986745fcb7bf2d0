/// Published likelihoods: reference log-densities, and derivatives against the oracle.

#include <cmath>

#include <muhat/likelihood/expected_data.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>
#include <support/tolerances.hpp>
#include <support/zoo.hpp>

#include "derivative_checks.hpp"

namespace {

namespace test = muhat::test;
namespace tolerance = muhat::test::tolerance;

/// Calls check(model, compared, data, reference) for each published likelihood.
template <class Check>
void for_each_published(const Check& check) {
  for (const test::ZooEntry& entry : test::zoo_entries()) {
    CAPTURE(entry.name);
    const test::Reference reference = entry.reference();
    const muhat::spec::Workspace workspace = entry.workspace();
    const muhat::spec::Measurement& measurement = test::measurement_of(workspace, reference);
    const muhat::Model model = muhat::build_model(workspace.channels, measurement);
    const muhat::Vector data = test::to_vector(reference.data);
    const test::Compared compared{{{workspace.channels, {}}, measurement}, test::to_reals(data)};
    check(model, compared, data, reference);
  }
}

/// Calls check(evaluator, x, draws) at 20 random points.
template <class Check>
void at_random_points(const muhat::Model& model, const test::Compared& compared, const muhat::Vector& data,
                      const Check& check) {
  auto evaluator = muhat::Likelihood(model, data).evaluator();
  test::Draws draws(1);
  for (int point = 0; point < 20; ++point) {
    CAPTURE(point);
    check(evaluator, test::to_vector(test::random_point(compared.truth, draws)), draws);
  }
}

} // namespace

TEST_CASE("log-densities of published likelihoods are the reference's") {
  MUHAT_REQUIRE_ZOO();
  for_each_published([](const auto& model, const auto&, const auto& data, const auto& reference) {
    REQUIRE_FALSE(reference.points.empty());
    for (const test::ReferencePoint& point : reference.points) {
      const muhat::Vector x = test::to_vector(point.pars);
      CHECK(muhat::logpdf(model, x, data) == Approx(point.logpdf).epsilon(tolerance::reference_logpdf));
      CHECK(test::relative(muhat::expected_auxdata(model, x), test::to_vector(point.expected_auxdata)) <
            tolerance::reference_expected);
    }
  });
}

TEST_CASE("log-densities and gradients of published likelihoods are the oracle's at random points") {
  MUHAT_REQUIRE_ZOO();
  for_each_published([](const auto& model, const auto& compared, const auto& data, const auto&) {
    at_random_points(model, compared, data, [&](auto& evaluator, const muhat::Vector& x, auto&) {
      CHECK(evaluator.value(x) ==
            Approx(static_cast<double>(compared(test::to_reals(x)))).epsilon(tolerance::oracle_logpdf));
      CHECK(test::gradient_deviation(evaluator, compared, x) < tolerance::gradient);
    });
  });
}

TEST_CASE("Hessians of published likelihoods are the oracle's second differences at random points") {
  MUHAT_REQUIRE_ZOO();
  for_each_published([](const auto& model, const auto& compared, const auto& data, const auto&) {
    at_random_points(model, compared, data, [&](auto& evaluator, const muhat::Vector& x, auto& draws) {
      CHECK(test::hessian_deviation(evaluator, compared, x, draws, 12, 8) < tolerance::hessian);
      CHECK(test::product_deviation(evaluator, x, draws) < tolerance::identity);
      CHECK(test::gauss_newton_deviation(model, muhat::expected_data(model, x), x) < tolerance::identity);
    });
  });
}
