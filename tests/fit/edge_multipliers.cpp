#include <muhat/fit/detail/edge_multipliers.hpp>

#include <muhat/fit/fit.hpp>
#include <muhat/fit/trust_region.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/draws.hpp>
#include <support/edge_models.hpp>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

constexpr double log_two_pi = 1.8378770664093454836;

/// A control bin that pulls nu up and a bin without events whose rate,
/// 1 - nu, falls to 0 before that.
Model two_rates() {
  const spec::Modifier down{"nu", "histosys", spec::HistoSysData{{0.0, 14.0}, {2.0, 6.0}}};
  return build_model(spec::Model{{{"channel", {{"background", {1.0, 10.0}, {down}}}}}, {}}, "",
                     {.interpolation = {.histosys = InterpolationCode::code0}});
}

spec::Modifier line(const char* name, const std::vector<double>& nominal, const std::vector<double>& slope) {
  spec::HistoSysData data{nominal, nominal};
  for (std::size_t b = 0; b < nominal.size(); ++b) {
    data.hi_data[b] += slope[b];
    data.lo_data[b] -= slope[b];
  }
  return {name, "histosys", data};
}

OptimizerResult follow(LikelihoodEvaluator<Model>& f, const Box& box) {
  OptimizerResult reached;
  reached.x = vector({0.0});
  reached.value = f.value(reached.x);
  reached.status = FitStatus::domain_edge;
  QuasiNewtonWorkspace workspace;
  return detail::follow_edges(f, box, {}, workspace, reached);
}

/// The lowest value seen at random points inside the box: near `minimum`, or, where that is empty, anywhere.
double lowest_seen(LikelihoodEvaluator<Model>& f, const Box& box, const Vector& start, Draws& draws,
                   bool near) {
  double lowest = std::numeric_limits<double>::infinity();
  for (int k = 0; k < 400; ++k) {
    Vector x = start;
    for (Index i = 0; i < x.size(); ++i) {
      const double width = near ? std::pow(10.0, -1 - k % 5) : 5.0;
      x[i] += draws.uniform(-width, width);
    }
    lowest = std::min(lowest, f.value(clamp(x, box)));
  }
  return lowest;
}

} // namespace

TEST_CASE("a minimum at the edge of the domain is found and certified", "[edge_multipliers]") {
  // Rates 1 - nu and 10 + 4 nu for counts 0 and 40: the second wants nu = 7.5, against a constraint of width
  // 1, the first ends at nu = 1, where everything else still falls.
  const Model model = two_rates();
  const Vector data = vector({0.0, 40.0, 0.0});
  const FitResult result = fit(model, data);
  REQUIRE(result.certified());
  CHECK(std::abs(result.value("nu") - 1.0) < 1e-11);
  CHECK(result.positive_curvature == true);
  CHECK(result.projected_gradient < 1e-6);
  const double rate = 14.0;
  const double expected = 2.0 * (rate - 40.0 * std::log(rate) + std::lgamma(41.0)) + 1.0 + log_two_pi;
  CHECK(std::abs(result.twice_nll - expected) < 1e-9);
  CHECK(result.bins_at_zero == std::vector<Index>{0});
  REQUIRE(result.warnings.size() == 1);
  CHECK(mentions(result.warnings[0], {"bin 0 of channel \"channel\"", "falls to 0"}));
  CHECK(expected_data(model, result.parameters, result.bins_at_zero)[0] == 0.0);
  const FitResult exact = fit(model, data, {}, TrustRegionOptimizer{});
  REQUIRE(exact.certified());
  CHECK(std::abs(exact.twice_nll - result.twice_nll) < 1e-9);
}

TEST_CASE("a rate of 0 at a bound needs no multiplier", "[edge_multipliers]") {
  const FitResult result = fit(counting_experiment(3.0, 0.0), vector({0.0}));
  REQUIRE(result.certified());
  CHECK(result.value("mu") == 0.0);
  CHECK(result.twice_nll == 0.0);
  CHECK(result.warnings.empty());
  CHECK(result.bins_at_zero.empty());
}

TEST_CASE("the data are the same after a fit at the edge", "[edge_multipliers]") {
  const Model model = two_rates();
  const Vector data = vector({0.0, 40.0, 0.0});
  Fitter<Model> fitter(model, data);
  const FitSetup setup = make_setup(model, {});
  const double before = fitter.twice_nll(setup.start);
  (void)fitter.minimize(setup.start, setup.box());
  CHECK(fitter.twice_nll(setup.start) == before);
  CHECK(std::isinf(fitter.twice_nll(vector({1.5}))));
}

TEST_CASE("edges that hold nothing leave an ordinary minimum", "[edge_multipliers]") {
  // The root of -2 + 8 - 80 / (10 + 4 nu) + 2 nu lies below 1, where the first rate vanishes.
  auto f = Likelihood(two_rates(), vector({0.0, 10.0, 0.0})).evaluator();
  const OptimizerResult end = follow(f, {vector({-5.0}), vector({5.0})});
  CHECK(end.status == FitStatus::converged);
  CHECK(end.active_edges.empty());
  CHECK(end.active_edges.empty());
  const double nu = end.x[0];
  CHECK(std::abs(6.0 - 80.0 / (10.0 + 4.0 * nu) + 2.0 * nu) < 1e-6);
}

TEST_CASE("more bins at zero than parameters, one of them always", "[edge_multipliers]") {
  // Rates 1 - nu, 2 - 2 nu, 3 - 3 nu, 0, and 10 + 4 nu under 40 events.
  const std::vector<double> nominal{1.0, 2.0, 3.0, 0.0, 10.0};
  const Model model = build_model(
      spec::Model{{{"channel", {{"b", nominal, {line("nu", nominal, {-1.0, -2.0, -3.0, 0.0, 4.0})}}}}}, {}});
  const FitResult result = fit(model, with_auxdata(model, {0.0, 0.0, 0.0, 0.0, 40.0}));
  REQUIRE(result.certified());
  CHECK(std::abs(result.value("nu") - 1.0) < 1e-11);
  CHECK(result.bins_at_zero == std::vector<Index>{0, 1, 2});
}

TEST_CASE("a bound and an edge together", "[edge_multipliers]") {
  // Rate 1 - a - b - mu without events: mu stays at 0, a and b share what is left of the slope 2.
  const std::vector<double> nominal{0.5};
  const spec::Modifier mu{"mu", "normfactor", {}};
  const Model model = build_model(
      spec::Model{
          {{"channel",
            {{"b", nominal, {line("a", nominal, {-1.0}), line("b", nominal, {-1.0})}}, {"s", {1.0}, {mu}}}}},
          {}},
      "mu");
  const FitResult result = fit(model, with_auxdata(model, {0.0}));
  REQUIRE(result.certified());
  CHECK(result.value("mu") == 0.0);
  CHECK(std::abs(result.value("a") - 0.25) < 1e-6);
  CHECK(std::abs(result.value("b") - 0.25) < 1e-6);
  CHECK(std::abs(result.twice_nll - 0.125 - 2.0 * log_two_pi) < 1e-9);
  CHECK(result.at_bounds == std::vector<std::string>{"mu"});
  CHECK(result.bins_at_zero == std::vector<Index>{0});
}

TEST_CASE("a start outside the domain is left, with any parameter fixed", "[edge_multipliers]") {
  // At mu = 0 the first bin has -1.27 events unless alpha rises.
  const std::vector<double> nominal{-1.27, 4.0};
  const spec::Modifier mu{"mu", "normfactor", {}};
  const Model model = build_model(
      spec::Model{
          {{"channel", {{"b", nominal, {line("alpha", nominal, {1.0, 0.5})}}, {"s", {2.0, 1.0}, {mu}}}}}, {}},
      "mu");
  for (const double events : {0.0, 2.0}) {
    CAPTURE(events);
    const Vector data = with_auxdata(model, {events, 5.0});
    const FitResult held = fixed_poi_fit(0.0, model, data);
    REQUIRE(held.certified());
    const double alpha = held.value("alpha");
    CHECK(alpha > 1.27 - 1e-9);
    CHECK(held.bins_at_zero.empty() == (events > 0.0));
    const FitResult from_inside =
        fixed_poi_fit(0.0, model, data, {.init = {{"alpha", 2.0}}}, TrustRegionOptimizer{});
    REQUIRE(from_inside.certified());
    CHECK(std::abs(held.twice_nll - from_inside.twice_nll) < 1e-8);
    const FitResult free = fit(model, data, {.init = {{"mu", 0.0}}});
    REQUIRE(free.certified());
    CHECK(std::abs(free.twice_nll - fit(model, data).twice_nll) < 1e-8);
  }
}

TEST_CASE("a start without a rate under events is left", "[edge_multipliers]") {
  const FitResult result = fit(counting_experiment(3.0, 0.0), vector({6.0}), {.init = {{"mu", 0.0}}});
  REQUIRE(result.certified());
  CHECK(result.value("mu") == Approx(2.0));
}

TEST_CASE("no point inside the bounds has a density", "[edge_multipliers]") {
  const FitResult result = fit(counting_experiment(1.0, -30.0), vector({5.0}));
  CHECK(result.status == FitStatus::outside_domain);
  CHECK(mentions(explain_failure(result), {"bin 0 of channel \"channel\"", "\"background\"",
                                           "no point with a density was found inside the bounds"}));
}

TEST_CASE("tiny models with edges are all certified, as minima", "[edge_multipliers]") {
  int edges = 0;
  int fits = 0;
  int failures = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const EdgeModel random = random_edge_model(seed);
    const Model model = build_model(random.model, "mu");
    Vector data(model.nbins() + model.nauxdata());
    data << random.observed, model.auxdata();
    Draws draws(seed);
    const auto check = [&](FitOptions options) {
      options.explore = false;
      const FitResult result = fit(model, data, options);
      auto f = Likelihood(model, data).evaluator();
      const FitSetup setup = make_setup(model, options);
      CAPTURE(seed, options.fix.size(), data);
      ++fits;
      edges += result.bins_at_zero.empty() ? 0 : 1;
      if (result.certified()) {
        CHECK(f.value(result.parameters) == result.twice_nll);
        CHECK(lowest_seen(f, setup.box(), result.parameters, draws, true) > result.twice_nll - 1e-6);
      } else {
        failures += std::isfinite(lowest_seen(f, setup.box(), setup.start, draws, false)) ? 1 : 0;
      }
      return result;
    };
    (void)check({});
    (void)check({.fix = {{"mu", 1.0}}});
    const FitResult without = check({.fix = {{"mu", 0.0}}});
    if (without.certified()) {
      data = expected_data(model, without.parameters, without.bins_at_zero);
      (void)check({});
      (void)check({.fix = {{"mu", 1.0}}});
    }
  }
  CHECK(fits > 500);
  CHECK(edges > 60);
  CHECK(failures == 0);
}
