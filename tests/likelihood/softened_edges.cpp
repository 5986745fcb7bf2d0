#include <muhat/likelihood/softened_edges.hpp>

#include <muhat/fit/objective.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>

#include <cmath>
#include <limits>

using namespace muhat;
using namespace muhat::test;

namespace {

Column<double> column(std::initializer_list<double> values) {
  return vector(values).array();
}

/// Bins with 0, 4 and 0 events, of which the last one has no samples.
SoftenedEdges<double> three_bins(double rho) {
  SoftenedEdges<double> edges(column({0.0, 4.0, 0.0}), column({2.0, 5.0, 0.0}), 3);
  edges.stiffen(rho);
  return edges;
}

/// Rates 3 - 2 alpha + mu and 5 + alpha for a histosys alpha.
Model sloped() {
  const spec::Modifier alpha{"alpha", "histosys", spec::HistoSysData{{1.0, 6.0}, {5.0, 4.0}}};
  const spec::Modifier mu{"mu", "normfactor", {}};
  return build_model(spec::Model{{{"channel", {{"b", {3.0, 5.0}, {alpha}}, {"s", {1.0, 0.5}, {mu}}}}}, {}},
                     "mu");
}

} // namespace

TEST_CASE("a bin with events is itself down to where its parabola begins") {
  const auto edges = three_bins(100.0);
  const double kappa = 100.0 * (1.0 / 25.0 + 2.0 / 9.0);
  const double t = std::sqrt(8.0 / kappa);
  for (const double nu : {t, 1.0, 4.0, 9.0}) {
    CHECK(edges.value(1, nu) == Approx(2.0 * (nu - 4.0 - 4.0 * std::log(nu / 4.0))));
    CHECK(edges.slope(1, nu) == Approx(2.0 - 8.0 / nu).margin(1e-14));
    CHECK(edges.curvature(1, nu) == Approx(8.0 / (nu * nu)));
  }
  CHECK(edges.curvature(1, -3.0) == Approx(kappa));
  CHECK(edges.slope(1, -3.0) == Approx(2.0 - 8.0 / t - kappa * (t + 3.0)));
}

TEST_CASE("slopes are the derivatives of values, also beyond the edge") {
  auto edges = three_bins(10.0);
  edges.update_multipliers(column({-0.2, 1.0, 0.0}), column({2.0, 5.0, 0.0}));
  constexpr double h = 1e-6;
  for (const Index b : {0, 1}) {
    for (const double nu : {-2.0, -0.1, 0.02, 0.3, 3.0}) {
      CAPTURE(b, nu);
      CHECK(edges.slope(b, nu) ==
            Approx((edges.value(b, nu + h) - edges.value(b, nu - h)) / (2.0 * h)).epsilon(1e-7));
      CHECK(edges.curvature(b, nu) ==
            Approx((edges.slope(b, nu + h) - edges.slope(b, nu - h)) / (2.0 * h)).margin(1e-6).epsilon(1e-6));
    }
  }
}

TEST_CASE("multipliers are the missing slack times the stiffness, and never negative") {
  auto edges = three_bins(10.0);
  const double kappa = 10.0 * (0.25 + 1.0);
  const auto gross = column({2.0, 5.0, 0.0});
  edges.update_multipliers(column({-0.2, 1.0, 0.0}), gross);
  // The slope at rate 0 is 2 - lambda.
  CHECK(edges.slope(0, 0.0) == Approx(2.0 - 0.2 * kappa));
  edges.update_multipliers(column({0.1, 1.0, 0.0}), gross);
  CHECK(edges.slope(0, 0.0) == Approx(2.0 - 0.1 * kappa));
  edges.update_multipliers(column({0.5, 1.0, 0.0}), gross);
  CHECK(edges.slope(0, 1e-9) == 2.0);
}

TEST_CASE("gaps are missing slack, slack under a multiplier, and parabolas") {
  auto edges = three_bins(1e6);
  CHECK(edges.gap(column({1e-12, 4.0, 0.0})) == 0.0);
  CHECK(edges.gap(column({0.7, 4.0, 0.0})) == 0.0);
  CHECK(edges.gap(column({-0.02, 4.0, 0.0})) == Approx(0.01));
  CHECK(edges.gap(column({0.7, 1e-5, 0.0})) > 1e-4);
  CHECK(edges.gap(column({0.7, 4.0, 1.0})) == 0.0);
  CHECK(std::isnan(edges.gap(column({std::numeric_limits<double>::quiet_NaN(), 4.0, 0.0}))));
  edges.update_multipliers(column({-0.02, 4.0, 0.0}), column({2.0, 5.0, 0.0}));
  CHECK(edges.gap(column({0.7, 4.0, 0.0})) == Approx(0.01));
  CHECK(edges.gap(column({1e-12, 4.0, 0.0})) == 0.0);
}

TEST_CASE("bins at zero have samples, no events, and a rate of rounding") {
  const auto edges = three_bins(10.0);
  CHECK(edges.at_zero(column({3e-12, 0.0, 0.0})) == std::vector<Index>{0});
  CHECK(edges.at_zero(column({1e-6, 0.0, 0.0})).empty());
}

TEST_CASE("a softened likelihood is consistent in everything it computes, inside and outside") {
  auto f = Likelihood(sloped(), vector({0.0, 4.0, 0.0})).evaluator();
  const Index alpha = f.likelihood().model().parameter_index("alpha");
  Vector x = Vector::Ones(2);
  x[alpha] = 0.5;
  const double plain = f.value(x);
  f.soften_edges(x);
  f.set_edge_stiffness(50.0);
  x[alpha] = 4.0;
  REQUIRE(std::isfinite(f.value(x)));
  f.update_multipliers(x);
  for (const double a : {-6.5, 0.5, 2.3, 4.0}) {
    CAPTURE(a);
    x[alpha] = a;
    Vector gradient, beside(2), product;
    Matrix hessian;
    CHECK(f.value_and_gradient(x, gradient) == Approx(f.value(x)));
    f.hessian(x, hessian);
    for (Index i = 0; i < 2; ++i) {
      constexpr double h = 1e-6;
      Vector up = x, down = x, gradient_down(2);
      up[i] += h;
      down[i] -= h;
      CHECK(gradient[i] == Approx((f.value(up) - f.value(down)) / (2.0 * h)).epsilon(1e-6).margin(1e-6));
      f.value_and_gradient(up, beside);
      f.value_and_gradient(down, gradient_down);
      CHECK(((beside - gradient_down) / (2.0 * h) - hessian.col(i)).norm() < 1e-6 * (1.0 + hessian.norm()));
    }
    f.hessian_product(x, vector({1.0, -2.0}), product);
    CHECK((hessian * vector({1.0, -2.0}) - product).norm() < 1e-12 * (1.0 + hessian.norm()));
  }
  f.harden_edges();
  CHECK(std::isinf(f.value(x)));
  x[alpha] = 0.5;
  CHECK(f.value(x) == plain);
}

TEST_CASE("rounding of the gradient grows with the counts") {
  const auto rounding = [](double events) {
    auto f = Likelihood(counting_experiment(events, 0.0), vector({events})).evaluator();
    LowRankMetric squares;
    f.gradient_rounding(Vector::Ones(1), squares);
    return std::sqrt(squares.curvature()[0]);
  };
  CHECK(rounding(100.0) == Approx(200.0 * std::numeric_limits<double>::epsilon()));
  CHECK(rounding(1e12) == Approx(2e12 * std::numeric_limits<double>::epsilon()));
}

TEST_CASE("values at large counts keep their digits") {
  // 2 n (r - 1 - log r) = n (r - 1)^2 near r = 1, where n times the rounding of r is 1e-3.
  const double n = 1e13;
  auto f = Likelihood(counting_experiment(n, 0.0), vector({n})).evaluator();
  const double at_minimum = f.value(vector({1.0}));
  for (const double away : {1e-7, -1e-7, 3e-7}) {
    const double difference = f.value(vector({1.0 + away})) - at_minimum;
    CHECK(difference == Approx(n * away * away).epsilon(1e-4));
  }
}
