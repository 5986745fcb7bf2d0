#include <muhat/adapters/lbfgspp.hpp>

#include "adapter_checks.hpp"

#include <support/catch.hpp>

using muhat::LbfgsppOptimizer;

static_assert(muhat::OptimizerFor<LbfgsppOptimizer, muhat::test::Rosenbrock>);
static_assert(muhat::OptimizerFor<LbfgsppOptimizer, muhat::test::PoissonBins>);

TEST_CASE("LBFGS++: Rosenbrock's valley, with and without bounds") {
  muhat::test::check_valleys(LbfgsppOptimizer{});
}

TEST_CASE("LBFGS++: likelihood-like functions with a fixed parameter") {
  muhat::test::check_likelihoods(LbfgsppOptimizer{});
}

TEST_CASE("LBFGS++: refusals, limits and exceptions of the objective") {
  muhat::test::check_refusals(LbfgsppOptimizer{});
}

TEST_CASE("LBFGS++: saddle points are left") {
  muhat::test::check_saddle_points(LbfgsppOptimizer{});
}

TEST_CASE("LBFGS++: a published likelihood") {
  MUHAT_REQUIRE_ZOO();
  muhat::test::check_published(LbfgsppOptimizer{});
}
