#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/quasi_newton.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

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
  void hessian(const Vector& x, Matrix& out, Vector& scale) requires muhat::HasScaledHessian<F> {
    ++hessians;
    F::hessian(x, out, scale);
  }
};

/// A diagonal metric for F.
template <class F>
struct WithMetric : F {
  Vector curvature;

  WithMetric(const F& f, Vector diagonal) : F(f), curvature(std::move(diagonal)) {}
  void metric(const Vector& /*x*/, muhat::LowRankMetric& m) {
    m.diagonal = curvature;
    m.jacobian.resize(0, curvature.size());
    m.weight.resize(0);
  }
  using F::hessian;
  void hessian(const Vector& x, Matrix& out, Vector& scale) {
    F::hessian(x, out);
    scale = curvature;
  }
};

/// (x0 + y^2)^2 / 2 - y^2 / 4000 + y^4 / 10000 + (|z|^2 - y^2) / 2 with z the other n parameters and
/// y = (z_1 + ... + z_n) / n^(1/2): along y convex for x0 > 1/4000, but not at 0, where there is no slope.
struct HiddenSaddle {
  Index n = 1;

  [[nodiscard]] Index dimension() const { return 1 + n; }
  double value(const Vector& x) {
    Vector unused(1 + n);
    return value_and_gradient(x, unused);
  }
  double value_and_gradient(const Vector& x, Vector& g) {
    const double y = x.tail(n).sum() / root();
    const double a = x[0] + y * y;
    const double slope = 2.0 * a * y - 5e-4 * y + 4e-4 * y * y * y;
    g[0] = a;
    g.tail(n) = x.tail(n) + Vector::Constant(n, (slope - y) / root());
    return 0.5 * a * a - 2.5e-4 * y * y + 1e-4 * std::pow(y, 4) + 0.5 * (x.tail(n).squaredNorm() - y * y);
  }
  void hessian(const Vector& x, Matrix& h) {
    const double y = x.tail(n).sum() / root();
    const double along = 2.0 * x[0] + 6.0 * y * y - 5e-4 + 1.2e-3 * y * y;
    h.setIdentity(1 + n, 1 + n);
    h.bottomRightCorner(n, n).array() += (along - 1.0) / static_cast<double>(n);
    h.row(0).tail(n).setConstant(2.0 * y / root());
    h.col(0).tail(n).setConstant(2.0 * y / root());
  }

private:
  [[nodiscard]] double root() const { return std::sqrt(static_cast<double>(n)); }
};

/// A Quadratic with a kink far away.
struct FarKink : Quadratic {
  std::vector<muhat::Kink> far = {{0, 100.0}};

  [[nodiscard]] const std::vector<muhat::Kink>& kinks() const { return far; }
  void right_gradient(const Vector& x, Vector& gradient) { (void)value_and_gradient(x, gradient); }
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
  CHECK(anew < 30);
  CHECK(with < 0.9 * without);
}

TEST_CASE("a Hessian that is not positive is no metric and no certificate", "[quasi_newton]") {
  // A saddle point whose way down has no slope at the start.
  const Quadratic saddle{Vector{{1.0, 3.0, 7.0, -1.0}}.asDiagonal(), Vector::Zero(4)};
  Counted f(WithMetric(saddle, Vector::Constant(4, 4.0)));
  const Vector start{{1.0, 2.0, -1.0, 0.0}};
  const auto result = QuasiNewtonOptimizer{}.minimize(f, start, unbounded(4));
  CHECK(result.status == FitStatus::converged);
  CHECK(result.x.isZero(1e-5));
  CHECK_FALSE(result.positive_curvature.has_value());
  CHECK(f.hessians == 1);
}

TEST_CASE("a pivot that is small for the rest of the way makes the certificate anew", "[quasi_newton]") {
  // One nearly flat direction across the axes.
  const double pivot = GENERATE(1e-5, 0.5);
  const double off = std::sqrt(1.0 - pivot);
  const Quadratic valley{Matrix{{1.0, off}, {off, 1.0}}, Vector::Zero(2)};
  Counted f(WithMetric(valley, Vector::Constant(2, 1.5)));
  const auto first = QuasiNewtonOptimizer{}.minimize(f, Vector{{1.0, -0.2}}, unbounded(2));
  CAPTURE(pivot);
  CHECK(first.status == FitStatus::converged);
  CHECK(first.positive_curvature.has_value() == (pivot > 0.1));
  CHECK(f.hessians == 1);
  const auto result = DefaultOptimizer{}.minimize(f, Vector{{1.0, -0.2}}, unbounded(2));
  CHECK(result.positive_curvature == true);
  CHECK(f.hessians == (pivot > 0.1 ? 2 : 3));
}

TEST_CASE("curvature that changes its sign on the rest of the way is seen", "[quasi_newton]") {
  // Of one parameter, whose diagonal entry is small, and of many together, none of whose is.
  const Index n = GENERATE(1, 2, 100);
  CAPTURE(n);
  Vector metric = Vector::Ones(1 + n);
  metric[0] = 2.0;
  Counted f(WithMetric(HiddenSaddle{n}, metric));
  const Vector start = 1e-3 * Vector::Unit(1 + n, 0);
  const auto first = QuasiNewtonOptimizer{}.minimize(f, start, unbounded(1 + n));
  REQUIRE(f.hessians == 1);
  CHECK(first.status == FitStatus::converged);
  CHECK(first.x.isZero(1e-6));
  CHECK_FALSE(first.positive_curvature.has_value());
  const auto result = DefaultOptimizer{}.minimize(f, start, unbounded(1 + n));
  CHECK(result.status == FitStatus::converged);
  CHECK(result.value == Approx(-2.5e-4 * 2.5e-4 / 4e-4).epsilon(1e-3));
}

TEST_CASE("no certificate before the end where the metric knows a parameter's curvature not",
          "[quasi_newton]") {
  const Quadratic bowl{Vector{{1.0, 3.0, 7.0}}.asDiagonal(), Vector::Zero(3)};
  Counted f(WithMetric(bowl, Vector{{2.0, 0.0, 5.0}}));
  const auto first = QuasiNewtonOptimizer{}.minimize(f, Vector{{1.0, 2.0, -1.0}}, unbounded(3));
  CHECK(first.status == FitStatus::converged);
  CHECK(f.hessians == 1);
  CHECK_FALSE(first.positive_curvature.has_value());
}

TEST_CASE("a parameter that its bound lets go after the Hessian makes the certificate anew",
          "[quasi_newton]") {
  const Quadratic bowl{Matrix{{1.0, 0.5}, {0.5, 1.0}}, Vector{{0.0, -5e-5}}};
  Counted f(WithMetric(bowl, Vector::Constant(2, 2.0)));
  const Vector start{{1e-3, 0.0}};
  Box box = cube(2, -1.0, 1.0);
  box.lower[1] = 0.0;
  const auto first = QuasiNewtonOptimizer{}.minimize(f, start, box);
  CHECK(first.status == FitStatus::converged);
  CHECK(first.x[1] == Approx(2e-4 / 3.0).margin(1e-6));
  CHECK_FALSE(first.positive_curvature.has_value());
  CHECK(f.hessians == 1);
  const auto result = DefaultOptimizer{}.minimize(f, start, box);
  CHECK(result.positive_curvature == true);
  CHECK(f.hessians == 3);
}

TEST_CASE("without a metric, or with kinks, the certificate is made at the end", "[quasi_newton]") {
  const Quadratic bowl{Vector{{1.0, 3.0, 7.0}}.asDiagonal(), Vector::Zero(3)};
  const Vector start{{1.0, 2.0, -1.0}};
  Counted plain(bowl);
  CHECK_FALSE(QuasiNewtonOptimizer{}.minimize(plain, start, unbounded(3)).positive_curvature.has_value());
  CHECK(plain.hessians == 0);
  Counted kinked(WithMetric(FarKink{bowl}, Vector::Constant(3, 4.0)));
  CHECK_FALSE(QuasiNewtonOptimizer{}.minimize(kinked, start, unbounded(3)).positive_curvature.has_value());
  CHECK(kinked.hessians == 0);
  CHECK(DefaultOptimizer{}.minimize(kinked, start, unbounded(3)).positive_curvature == true);
  CHECK(kinked.hessians == 1);
}

TEST_CASE("a minimum on the edge has its curvature looked at", "[quasi_newton]") {
  std::mt19937_64 engine(22);
  int edges = 0;
  for (int k = 0; k < 60; ++k) {
    auto f = PoissonBins::random(engine, 5 + k % 20, 1 + k % 3, 20 + k % 80, 5.0);
    const auto result = QuasiNewtonOptimizer{}.minimize(f, f.start(), f.box());
    if (!result.active_edges.empty()) {
      CAPTURE(k);
      ++edges;
      CHECK(result.positive_curvature == true);
      CHECK_FALSE(result.active_edges.empty());
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
