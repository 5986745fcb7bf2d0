#include <muhat/adapters/nlopt.hpp>

#include "adapter_checks.hpp"

#include <support/catch.hpp>

using muhat::SlsqpOptimizer;

static_assert(muhat::OptimizerFor<SlsqpOptimizer, muhat::test::Rosenbrock>);
static_assert(muhat::OptimizerFor<SlsqpOptimizer, muhat::test::PoissonBins>);

TEST_CASE("SLSQP: Rosenbrock's valley, with and without bounds") {
  muhat::test::check_valleys(SlsqpOptimizer{});
}

TEST_CASE("SLSQP: likelihood-like functions with a fixed parameter") {
  muhat::test::check_likelihoods(SlsqpOptimizer{});
}

TEST_CASE("SLSQP: refusals, limits and exceptions of the objective") {
  muhat::test::check_refusals(SlsqpOptimizer{});
}

TEST_CASE("SLSQP: saddle points are left") {
  muhat::test::check_saddle_points(SlsqpOptimizer{});
}

TEST_CASE("SLSQP: a published likelihood") {
  MUHAT_REQUIRE_ZOO();
  muhat::test::check_published(SlsqpOptimizer{});
}
