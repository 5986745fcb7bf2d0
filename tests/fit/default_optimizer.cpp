#include <muhat/fit/default_optimizer.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <cmath>
#include <random>

using muhat::Box;
using muhat::DefaultOptimizer;
using muhat::FitStatus;
using muhat::Index;
using muhat::Matrix;
using muhat::OptimizerResult;
using muhat::Vector;
using namespace muhat::test;

namespace {

template <class F>
OptimizerResult minimize(F& f, const Vector& x0, const Box& box) {
  return DefaultOptimizer{}.minimize(f, x0, box);
}

void check_certified(const OptimizerResult& result) {
  CHECK(result.status == FitStatus::converged);
  CHECK(result.projected_gradient < 1e-6);
}

/// (x - a)^2 with values rounded to multiples of 1e-8 around 1000.
struct Rounded {
  [[nodiscard]] Index dimension() const { return 3; }
  double value(const Vector& x) {
    return std::round(1e8 * (1000.0 + (x.array() - 0.3).square().sum() + 0.2 * x[0] * x[1])) * 1e-8;
  }
  double value_and_gradient(const Vector& x, Vector& g) {
    g = 2.0 * (x.array() - 0.3);
    g[0] += 0.2 * x[1];
    g[1] += 0.2 * x[0];
    return value(x);
  }
};

/// x0 + (x1 - x0^2)^2 where x0 >= -0.5 x1 + 0.2, +infinity beyond: the minimum is on the domain's edge.
struct Edge {
  [[nodiscard]] Index dimension() const { return 2; }
  double value(const Vector& x) {
    const double a = x[1] - x[0] * x[0];
    return x[0] + 0.5 * x[1] < 0.2 ? infinity : x[0] + a * a;
  }
  double value_and_gradient(const Vector& x, Vector& g) {
    const double a = x[1] - x[0] * x[0];
    g << 1.0 - 4.0 * a * x[0], 2.0 * a;
    return value(x);
  }
};

} // namespace

TEST_CASE("Rosenbrock's valley, without bounds") {
  for (const Index n : {2, 10, 100}) {
    Rosenbrock f{n};
    const auto result = minimize(f, Vector::Constant(n, -0.7), unbounded(n));
    CAPTURE(n);
    check_certified(result);
    CHECK((result.x.array() - 1.0).abs().maxCoeff() < 1e-5);
    CHECK(result.evaluations == f.evaluations);
  }
}

TEST_CASE("Rosenbrock's valley, with bounds that hold at the minimum") {
  Rosenbrock f{2};
  const auto two = minimize(f, Vector::Constant(2, -1.2), cube(2, -1.5, 0.8));
  check_certified(two);
  CHECK(two.x[0] == Approx(0.8));
  CHECK(two.x[1] == Approx(0.64));
  for (const Index n : {10, 100}) {
    Rosenbrock g{n};
    const auto result = minimize(g, Vector::Constant(n, -1.2), cube(n, -1.5, 0.8));
    CAPTURE(n);
    check_certified(result);
    CHECK((result.x.array() <= 0.8).all());
    CHECK((result.x.array() >= -1.5).all());
    const auto inner = minimize(g, Vector::Constant(n, 2.0), cube(n, 0.5, 2.0));
    check_certified(inner);
    CHECK((inner.x.array() - 1.0).abs().maxCoeff() < 1e-5);
  }
}

TEST_CASE("likelihood-like functions are all minimized, and the trust region agrees") {
  std::mt19937_64 engine(1);
  int evaluations = 0;
  int fallbacks = 0;
  int edges = 0;
  constexpr int instances = 200;
  for (int k = 0; k < instances; ++k) {
    auto f = PoissonBins::random(engine, 5 + k % 20, 1 + k % 3, 20 + k % 80, k % 3 == 0 ? 5.0 : 50.0);
    const auto result = minimize(f, f.start(), f.box());
    const auto robust = muhat::TrustRegionOptimizer{}.minimize(f, f.start(), f.box());
    CAPTURE(k);
    check_certified(result);
    evaluations += result.evaluations;
    fallbacks += result.fallback ? 1 : 0;
    if (!result.active_edges.empty()) {
      ++edges;
      const auto other = minimize(f, 0.7 * f.start(), f.box());
      check_certified(other);
      CHECK(result.value == Approx(other.value).margin(1e-6).epsilon(1e-12));
      CHECK(result.value <= robust.value + 1e-6);
      continue;
    }
    check_certified(robust);
    CHECK(result.value == Approx(robust.value).margin(1e-7).epsilon(1e-12));
    CHECK(muhat::certify(f, result.x, f.box()).positive_curvature.value());
  }
  CHECK(evaluations < 30 * instances);
  CHECK(fallbacks <= 2);
  CHECK(edges > 5);
}

TEST_CASE("fixed parameters stay, whatever the function says") {
  std::mt19937_64 engine(2);
  auto f = PoissonBins::random(engine, 8, 2, 30, 40.0);
  Box box = f.box();
  Vector start = f.start();
  for (const Index i : {0, 5, 6, 31}) {
    start[i] = i == 0 ? 0.5 : 0.37;
    box.lower[i] = box.upper[i] = start[i];
  }
  const auto result = minimize(f, start, box);
  check_certified(result);
  for (const Index i : {0, 5, 6, 31}) {
    CHECK(result.x[i] == start[i]);
  }
}

TEST_CASE("nothing free: the start is the minimum") {
  Rosenbrock f{3};
  const Vector x = Vector::Constant(3, 0.4);
  const auto result = minimize(f, x, Box{x, x});
  check_certified(result);
  CHECK(result.x == x);
  CHECK(result.evaluations == 1);
  Rosenbrock none{0};
  CHECK(minimize(none, Vector(0), cube(0, 0.0, 1.0)).status == FitStatus::converged);
}

TEST_CASE("a parameter that changes nothing, and two that are the same, do no harm") {
  struct Degenerate : PoissonBins {
    explicit Degenerate(const PoissonBins& f) : PoissonBins(f) {
      nominal.col(1) = nominal.col(0);
      effect.row(1) = effect.row(0);
      nominal.col(2).setZero();
    }
  };
  std::mt19937_64 engine(4);
  Degenerate f(PoissonBins::random(engine, 6, 3, 25, 60.0));
  const auto result = minimize(f, f.start(), f.box());
  check_certified(result);
  CHECK(result.x[2] == 1.0);
  const auto robust = muhat::TrustRegionOptimizer{}.minimize(f, f.start(), f.box());
  check_certified(robust);
  CHECK(result.value == Approx(robust.value).margin(1e-7));
}

TEST_CASE("starts at a bound are left where the function falls, and kept where it climbs") {
  std::mt19937_64 engine(6);
  for (int k = 0; k < 20; ++k) {
    auto f = PoissonBins::random(engine, 10, 2, 40, 30.0);
    Vector start = f.start();
    for (Index i = 2; i < start.size(); ++i) {
      start[i] = i % 2 == 0 ? -5.0 : 5.0;
    }
    start[0] = 0.0;
    if (!std::isfinite(f.value(start))) {
      continue;
    }
    const auto result = minimize(f, start, f.box());
    const auto usual = minimize(f, f.start(), f.box());
    CAPTURE(k);
    check_certified(result);
    CHECK(result.value == Approx(usual.value).margin(1e-6));
  }
}

TEST_CASE("many bounds active at once") {
  const Index n = 60;
  Matrix h = Matrix::Constant(n, n, 0.3);
  h.diagonal().array() += 1.0;
  Quadratic f{h, Vector::LinSpaced(n, -30.0, 30.0)};
  const auto result = minimize(f, Vector::Zero(n), cube(n, -1.0, 1.0));
  check_certified(result);
  CHECK((result.x.array().abs() == 1.0).count() > 40);
}

TEST_CASE("values rounded to 1e-8 still allow a certified end") {
  Rounded f;
  check_certified(minimize(f, Vector::Constant(3, 4.0), unbounded(3)));
}

TEST_CASE("a minimum on the edge of the domain is no certified one, and says so") {
  Edge f;
  Vector start(2);
  start << 1.0, 0.0;
  const auto result = minimize(f, start, unbounded(2));
  CHECK(result.status == FitStatus::domain_edge);
  CHECK(std::isfinite(result.value));
}

TEST_CASE("unusable starts are refused with their reason") {
  Edge f;
  Vector start(2);
  start << -3.0, 0.0;
  CHECK(minimize(f, start, unbounded(2)).status == FitStatus::outside_domain);
  CHECK(minimize(f, start, cube(2, 0.0, 1.0)).status == FitStatus::invalid_start);
  CHECK(minimize(f, Vector::Zero(3), unbounded(3)).status == FitStatus::invalid_start);
  CHECK(minimize(f, Vector::Constant(2, std::nan("")), unbounded(2)).status == FitStatus::invalid_start);
  struct Nan : Edge {
    double value_and_gradient(const Vector& /*x*/, Vector& g) {
      g.setZero();
      return std::nan("");
    }
  };
  Nan nan;
  CHECK(minimize(nan, Vector::Ones(2), unbounded(2)).status == FitStatus::not_finite);
}

TEST_CASE("the iteration limit is kept") {
  Rosenbrock f{100};
  const auto result =
      DefaultOptimizer({.max_iterations = 7}).minimize(f, Vector::Constant(100, -1.2), unbounded(100));
  CHECK(result.status == FitStatus::iteration_limit);
  CHECK(result.iterations == 7);
}

TEST_CASE("a saddle point is left when the curvature is checked") {
  DoubleWell f;
  Vector start(2);
  start << 1.0, 0.0;
  const auto result = DefaultOptimizer({.check_curvature = true}).minimize(f, start, unbounded(2));
  check_certified(result);
  CHECK(result.positive_curvature.value());
  CHECK(result.fallback);
  CHECK(std::abs(result.x[1]) == Approx(std::sqrt(0.5)));
}

TEST_CASE("a saddle point is no minimum when the iterations are used up there") {
  DoubleWell f;
  Vector start(2);
  start << 1.0, 0.0;
  int limited = 0;
  for (int limit = 1; limit <= 20; ++limit) {
    const auto result = DefaultOptimizer({.max_iterations = limit}).minimize(f, start, unbounded(2));
    CAPTURE(limit);
    limited += result.status == FitStatus::iteration_limit ? 1 : 0;
    if (result.status == FitStatus::converged) {
      CHECK(result.value == Approx(-0.25));
    }
  }
  CHECK(limited > 0);
  CHECK(limited < 20);
}

TEST_CASE("kinks: minima at one, beside one, and coupled") {
  const Index n = 12;
  Vector weight = Vector::Constant(n, 1.0);
  weight[3] = 0.0;
  const Vector center = Vector::LinSpaced(n, -3.0, 3.0);
  AbsoluteValues f(weight, center, 0.0);
  const auto result = minimize(f, Vector::Zero(n), unbounded(n));
  check_certified(result);
  for (Index i = 0; i < n; ++i) {
    const double shrunk = std::copysign(std::max(0.0, std::abs(center[i]) - weight[i]), center[i]);
    CHECK(result.x[i] == Approx(shrunk).margin(1e-6));
  }
  AbsoluteValues coupled(weight, center, 0.7);
  const auto from_zero = minimize(coupled, Vector::Zero(n), cube(n, -2.5, 2.5));
  const auto from_far = minimize(coupled, Vector::Constant(n, 2.0), cube(n, -2.5, 2.5));
  check_certified(from_zero);
  check_certified(from_far);
  CHECK(from_zero.value == Approx(from_far.value).margin(1e-9));
}

TEST_CASE("the same input gives the same bits, with fresh and used scratch") {
  std::mt19937_64 engine(9);
  auto f = PoissonBins::random(engine, 12, 2, 50, 30.0);
  auto other = PoissonBins::random(engine, 7, 1, 80, 5.0);
  const auto first = minimize(f, f.start(), f.box());
  DefaultOptimizer::Workspace workspace;
  const DefaultOptimizer optimizer;
  REQUIRE(optimizer.minimize(other, other.start(), other.box(), workspace).status == FitStatus::converged);
  const auto second = optimizer.minimize(f, f.start(), f.box(), workspace);
  CHECK(first.x == second.x);
  CHECK(first.value == second.value);
  CHECK(first.evaluations == second.evaluations);
}

TEST_CASE("a metric prepared elsewhere leads to the same minimum") {
  std::mt19937_64 engine(10);
  auto f = PoissonBins::random(engine, 12, 2, 50, 30.0);
  const Vector away = f.start() + 0.1 * Vector::Ones(f.dimension());
  const muhat::MetricFactor prepared = muhat::prepare_metric(f, away, f.box());
  DefaultOptimizer::Workspace workspace;
  const auto result = DefaultOptimizer{}.minimize(f, f.start(), f.box(), workspace, &prepared);
  check_certified(result);
  CHECK(result.positive_curvature == true);
  CHECK(result.value == Approx(minimize(f, f.start(), f.box()).value).margin(1e-8));
}
