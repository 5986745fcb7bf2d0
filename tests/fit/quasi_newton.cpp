#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/quasi_newton.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <random>

using muhat::Box;
using muhat::DefaultOptimizer;
using muhat::FitStatus;
using muhat::Index;
using muhat::Matrix;
using muhat::QuasiNewtonOptimizer;
using muhat::Vector;
using namespace muhat::test;

namespace {

/// Counts the Hessians of F.
template <class F>
struct Counted : F {
  int hessians = 0;

  explicit Counted(const F& f) : F(f) {}
  void hessian(const Vector& x, Matrix& out) {
    ++hessians;
    F::hessian(x, out);
  }
};

/// (x0^2 + x1^2) / 2 + x0 x1 / 2 - x1 / 1000 with a metric of twice its curvature.
struct Released {
  [[nodiscard]] Index dimension() const { return 2; }
  double value(const Vector& x) { return 0.5 * x.squaredNorm() + 0.5 * x[0] * x[1] - 1e-3 * x[1]; }
  double value_and_gradient(const Vector& x, Vector& g) {
    g << x[0] + 0.5 * x[1], x[1] + 0.5 * x[0] - 1e-3;
    return value(x);
  }
  void hessian(const Vector& /*x*/, Matrix& h) {
    h.resize(2, 2);
    h << 1.0, 0.5, 0.5, 1.0;
  }
  void metric(const Vector& /*x*/, muhat::LowRankMetric& m) {
    m.diagonal = Vector::Constant(2, 2.0);
    m.jacobian.resize(0, 2);
    m.weight.resize(0);
  }
};

} // namespace

TEST_CASE("one Hessian makes the last steps Newton's and certifies the minimum", "[quasi_newton]") {
  std::mt19937_64 engine(21);
  int with = 0;
  int without = 0;
  int anew = 0;
  for (int k = 0; k < 100; ++k) {
    Counted f(PoissonBins::random(engine, 8 + k % 20, 1 + k % 3, 20 + k % 60, 50.0));
    const auto result = DefaultOptimizer{}.minimize(f, f.start(), f.box());
    const auto plain = DefaultOptimizer({.check_curvature = false}).minimize(f, f.start(), f.box());
    CAPTURE(k);
    REQUIRE(result.status == FitStatus::converged);
    CHECK(result.positive_curvature == true);
    CHECK(result.value == Approx(plain.value).margin(1e-8).epsilon(0.0));
    CHECK(result.projected_gradient < 1e-6);
    CHECK(f.hessians >= 1);
    anew += f.hessians > 1 ? 1 : 0;
    CHECK(muhat::certify(f, result.x, f.box()).positive_curvature == true);
    with += result.evaluations;
    without += plain.evaluations;
  }
  CHECK(anew < 5);
  CHECK(with < 0.8 * without);
}

TEST_CASE("a Hessian that is not positive is no metric and no certificate", "[quasi_newton]") {
  // A saddle point whose way down has no slope at the start.
  Counted f{Quadratic{Vector{{1.0, 3.0, 7.0, -1.0}}.asDiagonal(), Vector::Zero(4)}};
  const Vector start{{1.0, 2.0, -1.0, 0.0}};
  const auto result = QuasiNewtonOptimizer{}.minimize(f, start, unbounded(4));
  CHECK(result.status == FitStatus::converged);
  CHECK(result.x.isZero(1e-5));
  CHECK_FALSE(result.positive_curvature.has_value());
  CHECK(f.hessians == 1);
}

TEST_CASE("a pivot smaller than the rest of the way makes the certificate anew", "[quasi_newton]") {
  Counted f{SteepValley{}};
  Vector start(2);
  start << 1.0, 0.7;
  const auto first = QuasiNewtonOptimizer{}.minimize(f, start, unbounded(2));
  CHECK(first.status == FitStatus::converged);
  CHECK_FALSE(first.positive_curvature.has_value());
  CHECK(f.hessians == 1);
  const auto result = DefaultOptimizer{}.minimize(f, start, unbounded(2));
  CHECK(result.status == FitStatus::converged);
  CHECK(result.positive_curvature == true);
  CHECK(f.hessians == 3);
}

TEST_CASE("a parameter that its bound lets go after the Hessian makes the certificate anew",
          "[quasi_newton]") {
  Counted f{Released{}};
  Vector start(2);
  start << 0.02, 0.0;
  Box box = cube(2, -1.0, 1.0);
  box.lower[1] = 0.0;
  const auto first = QuasiNewtonOptimizer{}.minimize(f, start, box);
  CHECK(first.status == FitStatus::converged);
  CHECK(first.x[1] == Approx(4e-3 / 3.0).margin(1e-6));
  CHECK_FALSE(first.positive_curvature.has_value());
  CHECK(f.hessians == 1);
  const auto result = DefaultOptimizer{}.minimize(f, start, box);
  CHECK(result.positive_curvature == true);
  CHECK(f.hessians == 3);
}

TEST_CASE("curvature with a barrier proves nothing", "[quasi_newton]") {
  std::mt19937_64 engine(22);
  int edges = 0;
  for (int k = 0; k < 60; ++k) {
    auto f = PoissonBins::random(engine, 5 + k % 20, 1 + k % 3, 20 + k % 80, 5.0);
    const auto result = QuasiNewtonOptimizer{}.minimize(f, f.start(), f.box());
    if (result.at_domain_edge) {
      CAPTURE(k);
      ++edges;
      CHECK_FALSE(result.positive_curvature.has_value());
    }
  }
  CHECK(edges > 3);
}

TEST_CASE("no metric and no Hessian where the start has no slope", "[quasi_newton]") {
  struct Strict : Quadratic {
    void metric(const Vector& /*x*/, muhat::LowRankMetric& /*m*/) { FAIL("metric"); }
    void hessian(const Vector& /*x*/, Matrix& /*h*/) { FAIL("Hessian"); }
    [[nodiscard]] bool residuals_vanish(const Vector& x) const { return x.isZero(0.0); }
  };
  Strict f{{Matrix::Identity(3, 3), Vector::Zero(3)}};
  const auto result = DefaultOptimizer{}.minimize(f, Vector::Zero(3), unbounded(3));
  CHECK(result.status == FitStatus::converged);
  CHECK(result.positive_curvature == true);
  CHECK(result.iterations == 0);
}
