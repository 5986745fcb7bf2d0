#include <muhat/fit/trust_region.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <cmath>
#include <random>

using muhat::Box;
using muhat::FitStatus;
using muhat::Index;
using muhat::Matrix;
using muhat::TrustRegionOptimizer;
using muhat::Vector;
using namespace muhat::test;

TEST_CASE("trust region: Rosenbrock's valley") {
  for (const Index n : {2, 10, 100}) {
    RosenbrockWithHessian f;
    f.n = n;
    const auto free = TrustRegionOptimizer{}.minimize(f, Vector::Constant(n, -0.7), unbounded(n));
    CAPTURE(n);
    CHECK(free.status == FitStatus::converged);
    CHECK((free.x.array() - 1.0).abs().maxCoeff() < 1e-5);
    CHECK(free.positive_curvature.value());
    const auto bounded = TrustRegionOptimizer{}.minimize(f, Vector::Constant(n, 2.0), cube(n, 0.5, 2.0));
    CHECK(bounded.status == FitStatus::converged);
    CHECK((bounded.x.array() - 1.0).abs().maxCoeff() < 1e-5);
  }
}

TEST_CASE("trust region: starting on a saddle point or a maximum") {
  const Index n = 5;
  Quadratic f{Matrix(Vector(Vector::LinSpaced(n, -1.0, 2.0)).asDiagonal()), Vector::Zero(n)};
  const auto result = TrustRegionOptimizer{}.minimize(f, Vector::Zero(n), cube(n, -2.0, 3.0));
  CHECK(result.status == FitStatus::converged);
  CHECK((result.x[0] == -2.0 || result.x[0] == 3.0));
  CHECK(result.positive_curvature.value());
}

TEST_CASE("trust region: random convex quadratics end where every bound's multiplier has its sign") {
  std::mt19937_64 engine(8);
  std::normal_distribution<double> normal;
  for (int instance = 0; instance < 100; ++instance) {
    const Index n = 1 + instance % 15;
    Matrix root(n, n);
    Vector g(n);
    for (Index i = 0; i < n; ++i) {
      g[i] = 2.0 * normal(engine);
      for (Index j = 0; j < n; ++j) {
        root(i, j) = normal(engine);
      }
    }
    Quadratic f{root * root.transpose() + 0.05 * Matrix::Identity(n, n), g};
    const Box box = cube(n, -0.5, 0.5);
    const auto result = TrustRegionOptimizer{}.minimize(f, Vector::Zero(n), box);
    CAPTURE(instance, n);
    CHECK(result.status == FitStatus::converged);
    CHECK(result.projected_gradient < 1e-6);
  }
}

TEST_CASE("trust region: random indefinite quadratics end in a corner or on a face of positive curvature") {
  std::mt19937_64 engine(12);
  std::normal_distribution<double> normal;
  for (int instance = 0; instance < 100; ++instance) {
    const Index n = 2 + instance % 10;
    Matrix h(n, n);
    Vector g(n);
    for (Index i = 0; i < n; ++i) {
      g[i] = normal(engine);
      for (Index j = 0; j <= i; ++j) {
        h(i, j) = h(j, i) = normal(engine);
      }
    }
    Quadratic f{h, g};
    const auto result = TrustRegionOptimizer{}.minimize(f, Vector::Zero(n), cube(n, -1.0, 1.0));
    CAPTURE(instance, n);
    CHECK(result.status == FitStatus::converged);
    CHECK(muhat::certify(f, result.x, cube(n, -1.0, 1.0)).positive_curvature.value());
  }
}

TEST_CASE("trust region: a long flat valley with steep walls has no rest on the way") {
  for (const double far : {10.0, 100.0, 1e3, 1e4}) {
    CAPTURE(far);
    SteepValley f{far};
    const auto result = TrustRegionOptimizer{}.minimize(f, Vector::Zero(2), unbounded(2));
    CHECK(result.status == FitStatus::converged);
    CHECK(result.value < 1.01e-3);
  }
}

TEST_CASE("trust region: the curvature of a point that was left is not reported") {
  DoubleWell f;
  for (const int iterations : {1, 2, 3}) {
    const TrustRegionOptimizer optimizer({.max_iterations = iterations});
    const auto result = optimizer.minimize(f, Vector::Zero(2), unbounded(2));
    CHECK(result.value < 0.0);
    CHECK(result.positive_curvature.value_or(true));
  }
}
