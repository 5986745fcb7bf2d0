#include <muhat/fit/fit.hpp>
#include <muhat/fit/trust_region.hpp>
#include <muhat/inference/hypotest.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/draws.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace muhat;
using namespace muhat::test;

TEST_CASE("a counting experiment is fitted where the expectation meets the count", "[fit]") {
  const Model model = counting_experiment(10.0, 50.0);
  const FitResult result = fit(model, vector({73.0}));
  REQUIRE(result.certified());
  CHECK(result.value("mu") == Approx(2.3).epsilon(1e-8));
  CHECK(result.twice_nll == Approx(-2.0 * (73.0 * std::log(73.0) - 73.0 - std::lgamma(74.0))).epsilon(1e-13));
  CHECK(result.at_bounds.empty());
  CHECK(result.missing_density.empty());
  CHECK(result.warnings.empty());
  CHECK(result.projected_gradient < 1e-6);
  CHECK(result.evaluations > 0);
}

TEST_CASE("a parameter that ends at its bound is named", "[fit]") {
  const Model model = counting_experiment(10.0, 50.0);
  const FitResult below = fit(model, vector({40.0}));
  REQUIRE(below.certified());
  CHECK(below.value("mu") == 0.0);
  CHECK(below.at_bounds == std::vector<std::string>{"mu"});
  const FitResult beyond = fit(model, vector({500.0}));
  REQUIRE(beyond.certified());
  CHECK(beyond.value("mu") == 10.0);
  const FitResult wider = fit(model, vector({500.0}), {.bounds = {{"mu", {0.0, 100.0}}}});
  CHECK(wider.value("mu") == Approx(45.0).epsilon(1e-7));
}

TEST_CASE("the manual's shape factor example comes out", "[fit]") {
  const FitResult result = fit(shape_factor_model(), shape_factor_data());
  REQUIRE(result.certified());
  CHECK(result.value("mu") == Approx(1.0).epsilon(1e-7));
  CHECK(result.value("coupled_shapefactor[0]") == Approx(2.0).epsilon(1e-7));
  CHECK(result.value("coupled_shapefactor[1]") == Approx(3.0).epsilon(1e-7));
}

TEST_CASE("a template in tiny units is fitted as well as one in events", "[fit]") {
  double reference = 0.0;
  for (const double unit : {1.0, 1e-6, 1e-7, 1e-8, 1e-9, 1e-12}) {
    CAPTURE(unit);
    const Model model = build_model(
        spec::Model{{{"channel",
                      {{"signal", {5.0, 10.0}, {{"mu", "normfactor", {}}}},
                       {"background", {unit, unit}, {{"k", "normfactor", {}}}}}}},
                    {{.name = "k", .bounds = std::vector<std::pair<double, double>>{{0.0, 1e4 / unit}}}}});
    for (const bool explore : {true, false}) {
      const FitResult result = fit(model, vector({100.0, 120.0}), {.fix = {{"mu", 1.0}}, .explore = explore});
      REQUIRE(result.certified());
      CHECK(result.value("k") * unit == Approx(102.329280).epsilon(1e-5));
      CHECK(result.warnings.empty());
      reference = reference == 0.0 ? result.twice_nll : reference;
      CHECK(result.twice_nll == Approx(reference).epsilon(0.0).margin(1e-8));
    }
  }
}

TEST_CASE("a valley of equal minima is no saddle point", "[fit]") {
  // Only products of the signal's factors matter. At the bottom of the valley, what is left of the gradient
  // bends the Hessian by its own size.
  Draws draws(3);
  for (const char* second : {"normfactor", "shapefactor"}) {
    const Model model = build_model(
        spec::Model{
            {{"channel",
              {{"background",
                {50.0, 60.0},
                {{"u", "shapesys", spec::BinData{5.0, 6.0}}, {"n", "normsys", spec::NormSysData{1.1, 0.9}}}},
               {"signal", {5.0, 6.0}, {{"mu", "normfactor", {}}, {"second", second, {}}}}}}},
            {}},
        "mu");
    for (int i = 0; i < 40; ++i) {
      Vector data(model.nbins() + model.nauxdata());
      data << draws.uniform(40.0, 120.0), draws.uniform(40.0, 120.0), model.auxdata();
      CAPTURE(second, data.transpose());
      const FitResult result = fit(model, data);
      CHECK(result.certified());
      CHECK(result.positive_curvature.value());
      CHECK(fit(model, data, {}, TrustRegionOptimizer{}).twice_nll == Approx(result.twice_nll).margin(1e-7));
      CHECK_NOTHROW(hypotest(model, data, {.mu = 1.0}));
    }
  }
}

TEST_CASE("parameters are fixed by component, by set and by flag", "[fit]") {
  const Model model = shape_factor_model();
  const Vector data = shape_factor_data();
  const FitResult component = fit(model, data, {.fix = {{"coupled_shapefactor[1]", 2.5}, {"mu", 1.5}}});
  REQUIRE(component.certified());
  CHECK(component.value("coupled_shapefactor[1]") == 2.5);
  CHECK(component.value("mu") == 1.5);
  // Only the first shape component is free: the counts 200 and 220 expect 100 g and 100 g + 30.
  CHECK(component.value("coupled_shapefactor[0]") == Approx(1.954994).epsilon(1e-3));
  CHECK(component.at_bounds.empty());
  const FitResult set = fit(model, data, {.fix = {{"coupled_shapefactor", 2.0}}});
  REQUIRE(set.certified());
  CHECK(set.value("coupled_shapefactor[0]") == 2.0);
  CHECK(set.value("coupled_shapefactor[1]") == 2.0);
  const FitResult released =
      fit(build_model(spec::Model{{{"channel", {{"signal", {10.0}, {{"mu", "normfactor", {}}}}}}},
                                  {{.name = "mu", .fixed = true}}}),
          vector({25.0}), {.release = {"mu"}});
  REQUIRE(released.certified());
  CHECK(released.value("mu") == Approx(2.5).epsilon(1e-7));
}

TEST_CASE("fixed parameters of the model stay at their init", "[fit]") {
  const Model model = build_model(spec::Model{{{"channel", {{"signal", {10.0}, {{"mu", "normfactor", {}}}}}}},
                                              {{.name = "mu", .inits = std::vector{1.5}, .fixed = true}}});
  const FitResult result = fit(model, vector({25.0}));
  CHECK(result.certified());
  CHECK(result.value("mu") == 1.5);
}

TEST_CASE("the fit does not depend on a sensible start", "[fit]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {60.0, 65.0});
  const FitResult suggested = fit(model, data);
  const FitResult elsewhere = fit(model, data, {.init = {{"mu", 4.0}, {"uncorr_bkguncrt", 0.7}}});
  REQUIRE(suggested.certified());
  REQUIRE(elsewhere.certified());
  CHECK(elsewhere.twice_nll == Approx(suggested.twice_nll).epsilon(1e-12));
  // The manual prints this fit for its example of q0.
  CHECK(suggested.value("mu") == Approx(0.95260667).epsilon(3e-4));
  CHECK(suggested.value("uncorr_bkguncrt[0]") == Approx(0.99635345).epsilon(1e-4));
  CHECK(suggested.value("uncorr_bkguncrt[1]") == Approx(1.02140172).epsilon(1e-4));
}

TEST_CASE("several starts agree where there is one minimum, and are reproducible", "[fit]") {
  const Model model = shape_factor_model();
  const Vector data = shape_factor_data();
  const FitResult one = fit(model, data, {.starts = 10, .seed = 3});
  const FitResult same = fit(model, data, {.starts = 10, .seed = 3});
  REQUIRE(one.certified());
  CHECK(one.warnings.empty());
  CHECK(one.twice_nll == same.twice_nll);
  CHECK(one.parameters == same.parameters);
  CHECK(one.evaluations == same.evaluations);
  CHECK(one.evaluations > fit(model, data).evaluations);
}

TEST_CASE("fitters that share scratch find the bits of those that do not", "[fit]") {
  const Model model = shape_factor_model();
  const Vector data = shape_factor_data();
  const Vector start = model.suggested_init();
  const muhat::Box box = muhat::make_setup(model, {}).box();
  Vector more = data;
  more.head(model.nbins()) *= 1.3;
  muhat::Fitter<Model> one(model, data);
  muhat::Fitter<Model> other(model, more);
  const muhat::OptimizerResult one_alone = one.minimize(start, box);
  const muhat::OptimizerResult other_alone = other.minimize(start, box);
  REQUIRE(one_alone.x != other_alone.x);
  other.share_scratch(one);
  for (int k = 0; k < 2; ++k) {
    CHECK(one.minimize(start, box).x == one_alone.x);
    CHECK(other.minimize(start, box).x == other_alone.x);
  }
}

TEST_CASE("starts that end in different minima are reported, the lowest is kept", "[fit]") {
  // Both variations raise the yield, so an excess is explained by a pull of either sign.
  const spec::Model spec{
      {{"channel", {{"background", {100.0}, {{"shape", "histosys", spec::HistoSysData{{160.0}, {170.0}}}}}}}},
      {}};
  const Model model = build_model(spec);
  const Vector data = vector({150.0, 0.0});
  const FitResult up = fit(model, data, {.init = {{"shape", 0.9}}, .explore = false});
  const FitResult down = fit(model, data, {.init = {{"shape", -0.8}}, .explore = false});
  REQUIRE(up.certified());
  REQUIRE(down.certified());
  REQUIRE(up.value("shape") > 0.0);
  REQUIRE(down.value("shape") < 0.0);
  REQUIRE(std::abs(up.twice_nll - down.twice_nll) > 1e-3);
  Vector other(1);
  other << -0.8;
  const FitResult both =
      fit(model, data, {.init = {{"shape", 0.9}}, .extra_starts = {other}, .explore = false});
  REQUIRE(both.certified());
  CHECK(both.twice_nll == std::min(up.twice_nll, down.twice_nll));
  REQUIRE(both.warnings.size() == 1);
  CHECK(both.warnings[0].find("starts disagree") != std::string::npos);
  CHECK(fit(model, data, {.starts = 20, .explore = false}).twice_nll ==
        Approx(both.twice_nll).epsilon(1e-10));
  CHECK(fit(model, data).twice_nll == Approx(both.twice_nll).epsilon(1e-10));
}

TEST_CASE("unusable options name what is wrong", "[fit]") {
  const Model model = shape_factor_model();
  const Vector data = shape_factor_data();
  const auto complaint = [&](const FitOptions& options) {
    return message_of<InvalidArgument>([&] { (void)fit(model, data, options); });
  };
  CHECK(complaint({.init = {{"mu", 11.0}}}) ==
        "start 11 of parameter \"mu\" is outside its bounds [0, 10]: move it, or widen the bounds");
  CHECK(complaint({.fix = {{"mu", -0.5}}}) ==
        "fixed value -0.5 of parameter \"mu\" is outside its bounds [0, 10]: move it, or widen the bounds");
  CHECK(mentions(complaint({.init = {{"mu", std::nan("")}}}), {"parameter \"mu\""}));
  const double limitless = std::numeric_limits<double>::infinity();
  CHECK(mentions(complaint({.init = {{"mu", limitless}}, .bounds = {{"mu", {0.0, limitless}}}}),
                 {"start of parameter \"mu\"", "infinite"}));
  CHECK(mentions(complaint({.bounds = {{"mu", {3.0, 2.0}}}}), {"bounds of parameter \"mu\"", "3", "2"}));
  CHECK(mentions(complaint({.start = vector({1.0})}), {"1 entries", "3 parameters"}));
  CHECK(mentions(complaint({.extra_starts = {vector({1.0})}}), {"extra start", "1 entries"}));
  CHECK(mentions(complaint({.starts = 0}), {"at least one start"}));
  const auto unknown = [&](const FitOptions& options) {
    return message_of<UnknownName>([&] { (void)fit(model, data, options); });
  };
  CHECK(mentions(unknown({.fix = {{"coupled_shapefactr", 1.0}}}), {"\"coupled_shapefactor\""}));
  CHECK(mentions(unknown({.release = {"nu"}}), {"nu"}));
  CHECK_THROWS_AS(fit(model, vector({200.0})), InvalidArgument);
  CHECK_THROWS_AS(fit(model, data).value("nu"), UnknownName);
}

TEST_CASE("an extra start that is not a number names its parameter", "[fit]") {
  const Model model = counting_experiment(10.0, 50.0);
  const Vector start = vector({std::numeric_limits<double>::quiet_NaN()});
  CHECK(mentions(
      message_of<InvalidArgument>([&] { (void)fit(model, vector({73.0}), {.extra_starts = {start}}); }),
      {"extra start", "nan", "\"mu\""}));
}

TEST_CASE("a fit without a certificate says so and explains", "[fit]") {
  const Model model = counting_experiment(10.0, -30.0);
  const FitResult result = fit(model, vector({5.0}), {.init = {{"mu", 1.0}}, .bounds = {{"mu", {0.0, 2.9}}}});
  CHECK_FALSE(result.certified());
  CHECK(result.status == FitStatus::outside_domain);
  CHECK(mentions(result.missing_density, {"no point with a density was found inside the bounds"}));
  CHECK(result.missing_density.find("channel") != std::string::npos);
  CHECK(result.missing_density.find("background") != std::string::npos);
  CHECK(explain_failure(result).find("outside domain") != std::string::npos);
  CHECK_THROWS_AS(require_certified(result, "the fit"), FitFailed);
  const FitResult short_of =
      fit(shape_factor_model(), shape_factor_data(), {}, DefaultOptimizer({.max_iterations = 1}));
  CHECK_FALSE(short_of.certified());
  CHECK(short_of.status == FitStatus::iteration_limit);
}

TEST_CASE("the fixed fit holds the parameter of interest", "[fit]") {
  const Model model = shape_factor_model();
  const Vector data = shape_factor_data();
  const FitResult result = fixed_poi_fit(2.0, model, data);
  REQUIRE(result.certified());
  CHECK(result.value("mu") == 2.0);
  CHECK(result.twice_nll > fit(model, data).twice_nll);
  const FitResult other = fixed_poi_fit(2.5, model, data, {}, DefaultOptimizer{}, "coupled_shapefactor[0]");
  CHECK(other.value("coupled_shapefactor[0]") == 2.5);
}

TEST_CASE("each trouble with the parameter of interest has its own message", "[fit]") {
  const Vector data = shape_factor_data();
  const Model model = shape_factor_model();
  CHECK(mentions(message_of<InputError>([&] { (void)fixed_poi_fit(11.0, model, data); }),
                 {"tested value 11 of \"mu\" is outside its bounds [0, 10]"}));
  CHECK(mentions(message_of<InputError>([&] {
                   (void)fixed_poi_fit(1.0, model, data, {}, DefaultOptimizer{}, "coupled_shapefactor");
                 }),
                 {"has 2 components"}));
  CHECK(mentions(message_of<InputError>(
                     [&] { (void)fixed_poi_fit(1.0, model, data, {}, DefaultOptimizer{}, "mu_SIG"); }),
                 {"undeclared"}));
  CHECK(mentions(message_of<InputError>([&] {
                   (void)fixed_poi_fit(1.0, model, data, {.fix = {{"mu", 1.0}}});
                 }),
                 {"is fixed"}));
  const Model nameless = counting_experiment(10.0, 50.0, {0.0, 10.0}, "");
  CHECK(mentions(message_of<InputError>([&] { (void)fixed_poi_fit(1.0, nameless, vector({60.0})); }),
                 {"names none"}));
  CHECK(fit(nameless, vector({60.0})).certified());
}

TEST_CASE("a start without gradient that is no minimum is left", "[fit]") {
  // Up and down are the same, so nothing pulls at the start, where the likelihood has a maximum.
  spec::Model specification;
  specification.channels = {{"SR",
                             {{"signal", {5.0, 0.0}, {{"mu", "normfactor", spec::NoData{}}}},
                              {"background",
                               {50.0, 10.0},
                               {{"shape", "histosys", spec::HistoSysData{{50.0, 20.0}, {50.0, 20.0}}}}}}}};
  const Model model = build_model(specification, "mu");
  const FitResult result = fit(model, vector({50.0, 20.0, 0.0}), {.explore = false});
  REQUIRE(result.certified());
  CHECK(std::abs(result.value("shape")) == Approx(0.860).epsilon(1e-2));
  CHECK(result.twice_nll == Approx(13.2836).epsilon(1e-5));
}
