#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/quasi_newton.hpp>
#include <muhat/fit/trust_region.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <string>

namespace {

using muhat::Index;
using muhat::Matrix;
using muhat::Vector;
using namespace muhat::test;

struct NoDimension {
  double value(const Vector& x) { return x.sum(); }
  double value_and_gradient(const Vector& x, Vector& g) { return g.setOnes(), x.sum(); }
};

struct NoGradient {
  [[nodiscard]] Index dimension() const { return 1; }
  double value(const Vector& x) { return x.sum(); }
};

struct GradientReturned {
  [[nodiscard]] Index dimension() const { return 1; }
  double value(const Vector& x) { return x.sum(); }
  Vector value_and_gradient(const Vector& x) { return x; }
};

struct WrongResult {
  template <class F>
  double minimize(F& f, const Vector& x0, const muhat::Box& /*box*/) const {
    return f.value(x0);
  }
};

static_assert(muhat::Objective<Rosenbrock>);
static_assert(!muhat::TwiceDifferentiableObjective<Rosenbrock>);
static_assert(muhat::TwiceDifferentiableObjective<RosenbrockWithHessian>);
static_assert(muhat::HasHessian<PoissonBins> && muhat::HasHessianProduct<PoissonBins>);
static_assert(muhat::HasMetric<PoissonBins> && !muhat::HasMetric<Rosenbrock>);
static_assert(muhat::HasEdges<PoissonBins> && !muhat::HasEdges<Rosenbrock>);
static_assert(muhat::HasKinks<AbsoluteValues> && !muhat::HasKinks<PoissonBins>);
static_assert(!muhat::Objective<NoDimension> && !muhat::HasDimension<NoDimension>);
static_assert(!muhat::Objective<NoGradient> && muhat::HasValue<NoGradient>);
static_assert(!muhat::Objective<GradientReturned> && !muhat::HasValueAndGradient<GradientReturned>);
static_assert(!muhat::Objective<int>);

static_assert(muhat::OptimizerFor<muhat::DefaultOptimizer, Rosenbrock>);
static_assert(muhat::OptimizerFor<muhat::DefaultOptimizer, PoissonBins>);
static_assert(muhat::OptimizerFor<muhat::QuasiNewtonOptimizer, Rosenbrock>);
static_assert(muhat::OptimizerFor<muhat::TrustRegionOptimizer, RosenbrockWithHessian>);
static_assert(!muhat::OptimizerFor<muhat::DefaultOptimizer, NoGradient>);
static_assert(!muhat::OptimizerFor<WrongResult, Rosenbrock>);
static_assert(!muhat::OptimizerFor<int, Rosenbrock>);

} // namespace

TEST_CASE("every fit status has a name of its own") {
  using muhat::FitStatus;
  const FitStatus all[] = {FitStatus::converged,     FitStatus::iteration_limit, FitStatus::stalled,
                           FitStatus::invalid_start, FitStatus::outside_domain,  FitStatus::domain_edge,
                           FitStatus::not_finite};
  for (const FitStatus a : all) {
    CHECK(muhat::to_string(a) != "unknown");
    for (const FitStatus b : all) {
      CHECK((a == b) == (muhat::to_string(a) == muhat::to_string(b)));
    }
  }
}
