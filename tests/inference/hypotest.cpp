#include <muhat/fit/fit.hpp>
#include <muhat/inference/asimov.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>
#include <support/normal_distribution.hpp>
#include <support/tolerances.hpp>

#include <cmath>
#include <utility>

using namespace muhat;
using namespace muhat::test;

namespace {

/// 2 log of the likelihood ratio of a count n between its expectation nu and its best expectation.
double deviance(double n, double nu, double best) {
  return 2.0 * (nu - best - (n > 0.0 ? n * std::log(nu / best) : 0.0));
}

void check_band(const std::array<double, 5>& band, const std::array<double, 5>& expected, double tolerance) {
  for (std::size_t k = 0; k < band.size(); ++k) {
    CAPTURE(k);
    CHECK(std::abs(band[k] - expected[k]) < tolerance);
  }
}

} // namespace

TEST_CASE("hello world: the manual's figures", "[hypotest]") {
  const Model model = hello_world_model();
  const HypotestResult result = hypotest(model, with_auxdata(model, {51.0, 48.0}));
  CHECK(std::abs(result.cls_observed - 0.0525155) < tolerance::manual);
  check_band(result.cls_expected, {0.0026064, 0.0138207, 0.0644552, 0.2352610, 0.5730418}, tolerance::manual);
  CHECK(std::abs(result.clsb - 0.0233250) < tolerance::manual);
  CHECK(std::abs(result.clb - 0.4441535) < tolerance::manual);
  CHECK(result.cls_observed == Approx(result.clsb / result.clb).epsilon(1e-12));
  CHECK(result.poi == "mu");
  CHECK_FALSE(result.p0_observed.has_value());
  CHECK(result.warnings.empty());
}

TEST_CASE("calculators page: the manual's figures", "[hypotest]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  const HypotestResult result = hypotest(model, with_auxdata(model, {9.0}));
  CHECK(std::abs(result.cls_observed - 0.1677886) < tolerance::manual);
  CHECK(std::abs(result.clsb - 0.0838943) < tolerance::manual);
  CHECK(std::abs(result.clb - 0.5) < tolerance::manual);
  check_band(result.cls_expected, {0.0159689, 0.0546577, 0.1677886, 0.4186347, 0.7496413}, tolerance::manual);
  const double clsb[] = {0.00036329, 0.00867173, 0.0838943, 0.35221608, 0.73258689};
  const double clb[] = {0.02275013, 0.15865525, 0.5, 0.84134475, 0.97724987};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(std::abs(result.expected[k].clsb - clsb[k]) < tolerance::manual);
    CHECK(std::abs(result.expected[k].clb - clb[k]) < tolerance::manual);
  }
}

TEST_CASE("the manual's examples of the statistics", "[hypotest]") {
  const Model model = hello_world_model();
  const auto statistic = [&](TestStatistic kind, std::initializer_list<double> counts, double lower) {
    HypotestOptions options{.mu = 1.0, .test_statistic = kind};
    options.fit.bounds = {{"mu", {lower, 10.0}}};
    return hypotest(model, with_auxdata(model, counts), options).statistic;
  };
  CHECK(statistic(TestStatistic::q0, {60.0, 65.0}, 0.0) == Approx(2.98339447).epsilon(1e-5));
  CHECK(statistic(TestStatistic::q_mu, {51.0, 48.0}, -10.0) == Approx(3.9549891).epsilon(1e-5));
  CHECK(statistic(TestStatistic::q_mu_tilde, {51.0, 48.0}, 0.0) == Approx(3.93824492).epsilon(1e-5));
  CHECK(statistic(TestStatistic::t_mu, {51.0, 48.0}, -10.0) == Approx(3.9549891).epsilon(1e-5));
  CHECK(statistic(TestStatistic::t_mu_tilde, {51.0, 48.0}, 0.0) == Approx(3.93824492).epsilon(1e-5));
}

TEST_CASE("a counting experiment follows its closed form", "[hypotest]") {
  const double s = 10.0;
  const double b = 50.0;
  const double mu = 1.3;
  const Model model = counting_experiment(s, b);
  for (const double n : {0.0, 37.0, 50.0, 55.0, 62.0, 70.0}) {
    CAPTURE(n);
    const double best = std::max(n, b);
    const double q = best > b + mu * s ? 0.0 : deviance(n, b + mu * s, best);
    const double q_asimov = deviance(b, b + mu * s, b);
    const HypotestResult result = hypotest(model, vector({n}), {.mu = mu});
    CHECK(result.statistic == Approx(q).epsilon(1e-7).margin(1e-9));
    CHECK(result.statistic_asimov == Approx(q_asimov).epsilon(1e-7));
    const double a = std::sqrt(q_asimov);
    const double t = q <= q_asimov ? std::sqrt(q) - a : (q - q_asimov) / (2.0 * a);
    CHECK(result.clsb == Approx(phi(-t - a)).epsilon(1e-6));
    CHECK(result.clb == Approx(phi(-t)).epsilon(1e-6));
    CHECK(result.cls_expected[2] == Approx(2.0 * phi(-a)).epsilon(1e-6));
    CHECK(result.fits.free_fit_to_data.value("mu") == Approx((best - b) / s).margin(1e-5));
  }
}

TEST_CASE("discovery follows its closed form and is reported as p0", "[hypotest]") {
  const Model model = counting_experiment(10.0, 50.0, {-3.0, 10.0});
  for (const double n : {40.0, 50.0, 65.0}) {
    const double q0 = n < 50.0 ? 0.0 : deviance(n, 50.0, n);
    const HypotestResult result =
        hypotest(model, vector({n}), {.mu = 0.7, .test_statistic = TestStatistic::q0});
    CHECK(result.mu == 0.0);
    CHECK(result.statistic == Approx(q0).epsilon(1e-7).margin(1e-9));
    REQUIRE(result.p0_observed.has_value());
    CHECK(*result.p0_observed == Approx(phi(-std::sqrt(q0))).epsilon(1e-6));
    CHECK(*result.p0_observed == result.clsb);
    // The alternative is a signal of strength 1.
    const double a = std::sqrt(deviance(60.0, 50.0, 60.0));
    CHECK(result.p0_expected->at(2) == Approx(phi(-a)).epsilon(1e-6));
    CHECK(result.p0_expected->at(0) == Approx(phi(-a - 2.0)).epsilon(1e-6));
    CHECK(result.p0_expected->at(4) == Approx(phi(-a + 2.0)).epsilon(1e-6));
    CHECK(result.fits.alternative_fit_to_data.value("mu") == 1.0);
  }
}

TEST_CASE("the fits of a test are handed out and belong together", "[hypotest]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const HypotestResult result = hypotest(model, data);
  for (const FitResult* fit : {&result.fits.fixed_poi_fit_to_data, &result.fits.free_fit_to_data,
                               &result.fits.alternative_fit_to_data, &result.fits.fixed_poi_fit_to_asimov,
                               &result.fits.free_fit_to_asimov}) {
    CHECK(fit->certified());
    CHECK(fit->par_names->size() == 3);
  }
  CHECK(result.fits.fixed_poi_fit_to_data.value("mu") == 1.0);
  CHECK(result.fits.alternative_fit_to_data.value("mu") == 0.0);
  CHECK(result.fits.fixed_poi_fit_to_asimov.value("mu") == 1.0);
  CHECK(result.fits.free_fit_to_asimov.value("mu") == Approx(0.0).margin(1e-6));
  CHECK(result.fits.free_fit_to_data.twice_nll <= result.fits.fixed_poi_fit_to_data.twice_nll);
  // The values that the manual prints for these fits.
  CHECK(result.fits.fixed_poi_fit_to_data.value("uncorr_bkguncrt[0]") == Approx(0.97224597).epsilon(1e-5));
  CHECK(result.fits.fixed_poi_fit_to_data.value("uncorr_bkguncrt[1]") == Approx(0.87553894).epsilon(1e-5));
  CHECK(result.statistic ==
        Approx(result.fits.fixed_poi_fit_to_data.twice_nll - result.fits.free_fit_to_data.twice_nll));
  const AsimovData asimov = asimov_data(0.0, model, data);
  CHECK(asimov.data.isApprox(expected_data(model, result.fits.alternative_fit_to_data.parameters), 1e-6));
}

TEST_CASE("one calculator serves many values and agrees with single tests", "[hypotest]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  AsymptoticCalculator calculator(model, data);
  for (const double mu : {1.0, 0.0, 0.4, 3.0, 1.0}) {
    CAPTURE(mu);
    const HypotestResult shared = hypotest(calculator, mu);
    const HypotestResult single = hypotest(model, data, {.mu = mu});
    CHECK(shared.cls_observed == Approx(single.cls_observed).epsilon(1e-6));
    CHECK(shared.cls_expected[0] == Approx(single.cls_expected[0]).epsilon(1e-6));
  }
  CHECK(calculator.best_fit() == Approx(0.0).margin(1e-6));
}

TEST_CASE("calculators and their copies do not disturb each other", "[hypotest]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const auto cls = [](AsymptoticCalculator<Model>& calculator, double mu) {
    return hypotest(calculator, mu).cls_observed;
  };
  AsymptoticCalculator<Model> alone(model, data);
  const double first = cls(alone, 1.0);
  const double second = cls(alone, 0.4);
  AsymptoticCalculator<Model> original(model, data);
  CHECK(cls(original, 1.0) == first);
  AsymptoticCalculator<Model> copy = original;
  AsymptoticCalculator<Model> assigned(model, with_auxdata(model, {70.0, 30.0}));
  (void)cls(assigned, 2.0);
  assigned = copy;
  CHECK(cls(original, 0.4) == second);
  CHECK(cls(copy, 0.4) == second);
  CHECK(cls(assigned, 0.4) == second);
  const AsymptoticCalculator<Model> moved = std::move(copy);
  AsymptoticCalculator<Model> last = moved;
  CHECK(cls(last, 0.4) == second);
}

TEST_CASE("nothing is ever undefined", "[hypotest]") {
  const auto finite = [](const HypotestResult& result) {
    CHECK(std::isfinite(result.cls_observed));
    CHECK(std::isfinite(result.clsb));
    CHECK(std::isfinite(result.clb));
    for (const double cls : result.cls_expected) {
      CHECK(std::isfinite(cls));
      CHECK(cls >= 0.0);
      CHECK(cls <= 1.0);
    }
  };
  SECTION("mu = 0 has no sensitivity: CLs is 1") {
    const HypotestResult result = hypotest(counting_experiment(10.0, 50.0), vector({45.0}), {.mu = 0.0});
    CHECK(result.cls_observed == 1.0);
    CHECK(result.cls_expected[0] == 1.0);
    CHECK(result.statistic_asimov == 0.0);
  }
  SECTION("no signal in any bin: CLs is 1") {
    const HypotestResult result = hypotest(counting_experiment(0.0, 50.0), vector({45.0}));
    finite(result);
    CHECK(result.cls_observed == Approx(1.0).epsilon(1e-9));
  }
  SECTION("no background, no event") {
    // The likelihood of no event is exp(-mu s): q = 2 mu s, and the Asimov data are empty too.
    const HypotestResult result = hypotest(counting_experiment(3.0, 0.0), vector({0.0}));
    finite(result);
    CHECK(result.statistic == Approx(6.0).epsilon(1e-6));
    CHECK(result.clb == Approx(0.5).epsilon(1e-6));
  }
  SECTION("a hopeless hypothesis far out") {
    const HypotestResult result =
        hypotest(counting_experiment(1000.0, 1000.0), vector({900.0}), {.mu = 10.0});
    finite(result);
    CHECK(result.clsb == 0.0);
  }
  SECTION("a CLb that underflows") {
    const HypotestResult result = hypotest(counting_experiment(1.0, 1e6), vector({9.5e5}), {.mu = 0.1});
    finite(result);
    CHECK(result.cls_observed > 0.99);
    CHECK(result.cls_observed <= 1.0);
  }
  SECTION("mu-hat at a bound of its own") {
    finite(hypotest(counting_experiment(10.0, 50.0), vector({1000.0}), {.mu = 10.0}));
  }
}

TEST_CASE("trouble with the parameter of interest has a message of its own", "[hypotest]") {
  const Model model = shape_factor_model();
  const Vector data = shape_factor_data();
  const auto complaint = [&](const HypotestOptions& options, const Model& m) {
    return message_of<InvalidArgument>([&] { (void)hypotest(m, data, options); });
  };
  CHECK(
      mentions(complaint({.poi = "coupled_shapefactor"}, model), {"2 components", "coupled_shapefactor[0]"}));
  CHECK(mentions(complaint({.poi = "mu_SIG"}, model), {"mu_SIG", "undeclared"}));
  CHECK(mentions(complaint({.fit = {.fix = {{"mu", 1.0}}}}, model), {"mu", "is fixed"}));
  CHECK(mentions(complaint({.mu = 11.0}, model), {"11", "mu", "[0, 10]"}));
  CHECK(mentions(complaint({.fit = {.bounds = {{"mu", {0.5, 10.0}}}}}, model),
                 {"alternative hypothesis", "0", "[0.5, 10]"}));
  const Model nameless = counting_experiment(10.0, 50.0, {0.0, 10.0}, "");
  CHECK(mentions(message_of<InvalidArgument>([&] { (void)hypotest(nameless, vector({60.0})); }),
                 {"names none"}));
  CHECK(hypotest(nameless, vector({60.0}), {.poi = "mu"}).poi == "mu");
}

TEST_CASE("a statistic that does not suit the bounds is a warning", "[hypotest]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const HypotestResult result = hypotest(model, data, {.test_statistic = TestStatistic::q_mu});
  REQUIRE(result.warnings.size() == 1);
  CHECK(mentions(result.warnings[0], {"mu", "qtilde"}));
  CHECK(result.cls_observed > 0.0);
}

TEST_CASE("a best fit at the upper bound is a warning", "[hypotest]") {
  const Model model = counting_experiment(5.0, 10.0);
  for (const TestStatistic statistic : {TestStatistic::q_mu_tilde, TestStatistic::q0}) {
    const HypotestResult bounded = hypotest(model, vector({1200.0}), {.test_statistic = statistic});
    REQUIRE(bounded.warnings.size() == 1);
    CHECK(mentions(bounded.warnings[0], {"mu", "upper bound 10"}));
    HypotestOptions wide{.test_statistic = statistic};
    wide.fit.bounds = {{"mu", {0.0, 1000.0}}};
    CHECK(hypotest(model, vector({1200.0}), wide).warnings.empty());
  }
}

TEST_CASE("a sample that its interpolation drives negative is a warning", "[hypotest]") {
  const Model model = build_model(
      spec::Model{{{"channel",
                    {{"background", {10.0}, {{"scale", "normsys", spec::NormSysData{1000.0, 0.001}}}},
                     {"signal", {5.0}, {{"mu", "normfactor", {}}}}}}},
                  {}},
      "mu");
  const HypotestResult result = hypotest(model, with_auxdata(model, {12.0}), {.mu = 10.0});
  REQUIRE_FALSE(result.warnings.empty());
  CHECK(mentions(result.warnings[0],
                 {"at the tested value", "\"background\"", "negative yield", "bin 0", "\"scale\""}));
}

TEST_CASE("a failed fit throws instead of giving a number", "[hypotest]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const auto hurried = [&] { (void)hypotest(model, data, {}, DefaultOptimizer({.max_iterations = 1})); };
  CHECK(mentions(message_of<FitFailed>(hurried), {"mu = 1", "iteration limit"}));
}

TEST_CASE("a tested value that is not a number is refused whatever was fitted before", "[hypotest]") {
  AsymptoticCalculator calculator(counting_experiment(10.0, 50.0), vector({50.0}));
  (void)calculator.test(1.0);
  CHECK_THROWS_AS(calculator.test(std::nan("")), InvalidArgument);
}
