#include <muhat/fit/fit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <cmath>

using namespace muhat;
using namespace muhat::test;

namespace {

/// A control bin that pulls nu up and a bin without events whose rate,
/// 1 - nu, falls to 0 before that.
Model two_rates() {
  const spec::Modifier down{"nu", "histosys", spec::HistoSysData{{0.0, 14.0}, {2.0, 6.0}}};
  return build_model(spec::Model{{{"channel", {{"background", {1.0, 10.0}, {down}}}}}, {}}, "",
                     {.interpolation = {.histosys = InterpolationCode::code0}});
}

} // namespace

TEST_CASE("a minimum at the edge of the domain is found and certified", "[edge_path]") {
  // Rates 1 - nu and 10 + 4 nu for counts 0 and 40: the second wants nu = 7.5, against a constraint of width
  // 1, the first ends at nu = 1, where everything else still falls.
  const Model model = two_rates();
  const Vector data = vector({0.0, 40.0, 0.0});
  const FitResult result = fit(model, data);
  REQUIRE(result.certified());
  CHECK(result.value("nu") == Approx(1.0).epsilon(1e-6));
  const double rate = 14.0;
  const double expected =
      2.0 * (rate - 40.0 * std::log(rate) + std::lgamma(41.0)) + 1.0 + std::log(2.0 * 3.14159265358979323846);
  CHECK(std::abs(result.twice_nll - expected) < 1e-6);
  REQUIRE(result.warnings.size() == 1);
  CHECK(mentions(result.warnings[0], {"bin 0 of channel \"channel\"", "falls to 0"}));
}

TEST_CASE("a rate of 0 at a bound needs no barrier", "[edge_path]") {
  const FitResult result = fit(counting_experiment(3.0, 0.0), vector({0.0}));
  REQUIRE(result.certified());
  CHECK(result.value("mu") == 0.0);
  CHECK(result.twice_nll == 0.0);
  CHECK(result.warnings.empty());
}

TEST_CASE("the data are the same after a fit at the edge", "[edge_path]") {
  const Model model = two_rates();
  const Vector data = vector({0.0, 40.0, 0.0});
  Fitter<Model> fitter(model, data);
  const FitSetup setup = make_setup(model, {});
  const double before = fitter.twice_nll(setup.start);
  (void)fitter.minimize(setup.start, setup.box());
  CHECK(fitter.twice_nll(setup.start) == before);
}

TEST_CASE("a path along the edges that ends inside is an ordinary minimum", "[edge_path]") {
  // The root of -2 + 8 - 80 / (10 + 4 nu) + 2 nu lies below 1, where the first rate vanishes.
  auto f = Likelihood(two_rates(), vector({0.0, 10.0, 0.0})).evaluator();
  const Box box{vector({-5.0}), vector({5.0})};
  OptimizerResult reached;
  reached.x = vector({0.0});
  reached.value = f.value(reached.x);
  reached.status = FitStatus::domain_edge;
  QuasiNewtonWorkspace workspace;
  const OptimizerResult end = detail::follow_edges(f, box, {}, workspace, reached);
  CHECK(end.status == FitStatus::converged);
  CHECK_FALSE(end.at_domain_edge);
  const double nu = end.x[0];
  CHECK(std::abs(6.0 - 80.0 / (10.0 + 4.0 * nu) + 2.0 * nu) < 1e-6);
}

TEST_CASE("without an edge there is no path to follow", "[edge_path]") {
  auto f = Likelihood(two_rates(), vector({3.0, 10.0, 0.0})).evaluator();
  OptimizerResult reached;
  reached.x = vector({0.0});
  reached.value = f.value(reached.x);
  reached.status = FitStatus::domain_edge;
  QuasiNewtonWorkspace workspace;
  const Box box{vector({-5.0}), vector({5.0})};
  const OptimizerResult end = detail::follow_edges(f, box, {}, workspace, reached);
  CHECK(end.status == FitStatus::domain_edge);
  CHECK(end.x == reached.x);
}
