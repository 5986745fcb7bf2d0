/// The library's likelihoods against the oracle on random models of every kind.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <muhat/fit/poi.hpp>
#include <muhat/likelihood/expected_data.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <support/arrow_matrix.hpp>
#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>
#include <support/realistic_models.hpp>
#include <support/specs.hpp>
#include <support/tolerances.hpp>

#include "derivative_checks.hpp"

namespace {

namespace test = muhat::test;
namespace oracle = muhat::oracle;
namespace tolerance = muhat::test::tolerance;

constexpr std::uint64_t nmodels = 200;
constexpr int npoints = 20;

/// Calls check(model, data, compared, x, draws) at `points` random points of `models` random models.
template <class Check>
void at_random_points(std::uint64_t models, int points, const Check& check) {
  for (std::uint64_t seed = 1; seed <= models; ++seed) {
    const test::RandomModel random = test::random_model(seed);
    const muhat::Model model = test::build(random);
    const muhat::Vector data = test::to_vector(random.data);
    const test::Compared compared{random.truth(), test::to_reals(data)};
    test::Draws draws(seed);
    for (int point = 0; point < points; ++point) {
      CAPTURE(seed, point);
      const muhat::Vector x = test::to_vector(test::random_point(compared.truth, draws));
      check(model, data, compared, x, draws);
    }
  }
}

double deviation(double found, long double expected) {
  return static_cast<double>(std::abs(found - expected) / std::max(1.0L, std::abs(expected)));
}

} // namespace

TEST_CASE("log-densities of random models and their parts are the oracle's") {
  at_random_points(
      nmodels, npoints, [](const auto& model, const auto& data, const auto& compared, const auto& x, auto&) {
        const oracle::Reals exact = test::to_reals(x);
        const oracle::Reals& counts = compared.data;
        CHECK(deviation(muhat::logpdf(model, x, data), compared.truth.logpdf(exact, counts)) <
              tolerance::oracle_logpdf);
        CHECK(deviation(muhat::main_logpdf(model, x, data), compared.truth.main_logpdf(exact, counts)) <
              tolerance::oracle_logpdf);
        CHECK(deviation(muhat::constraint_logpdf(model, x, data),
                        compared.truth.constraint_logpdf(exact, counts)) < tolerance::oracle_logpdf);
        auto evaluator = muhat::Likelihood(model, data).evaluator();
        CHECK(deviation(evaluator.value(x), compared.truth.twice_nll(exact, counts)) <
              tolerance::oracle_logpdf);
      });
}

TEST_CASE("gradients of random models are the oracle's differences") {
  at_random_points(nmodels, npoints,
                   [](const auto& model, const auto& data, const auto& compared, const auto& x, auto&) {
                     auto evaluator = muhat::Likelihood(model, data).evaluator();
                     CHECK(test::gradient_deviation(evaluator, compared, x) < tolerance::gradient);
                     muhat::Vector gradient;
                     CHECK(evaluator.value_and_gradient(x, gradient) == evaluator.value(x));
                   });
}

TEST_CASE("Hessians of random models are the oracle's second differences") {
  at_random_points(nmodels, npoints,
                   [](const auto& model, const auto& data, const auto& compared, const auto& x, auto& draws) {
                     auto evaluator = muhat::Likelihood(model, data).evaluator();
                     CHECK(test::hessian_deviation(evaluator, compared, x, draws, 8, 4) < tolerance::hessian);
                     CHECK(test::product_deviation(evaluator, x, draws) < tolerance::identity);
                   });
}

TEST_CASE("metrics of random models have the Jacobian of the rates") {
  at_random_points(nmodels, 2,
                   [](const auto& model, const auto& data, const auto& compared, const auto& x, auto&) {
                     auto evaluator = muhat::Likelihood(model, data).evaluator();
                     CHECK(test::jacobian_deviation(evaluator, compared, x) < tolerance::gradient);
                   });
}

TEST_CASE("on expected data the Hessian is the Gauss-Newton matrix of the metric") {
  at_random_points(nmodels, npoints, [](const auto& model, const auto&, const auto&, const auto& x, auto&) {
    CHECK(test::gauss_newton_deviation(model, muhat::expected_data(model, x), x) < tolerance::identity);
  });
}

TEST_CASE("derivatives at factors of exactly zero are the oracle's differences") {
  int compared_points = 0;
  at_random_points(
      nmodels, 3, [&](const auto& model, const auto& data, const auto& compared, auto x, auto& draws) {
        for (const oracle::ParameterSet& set : compared.truth.parameter_sets()) {
          for (std::size_t i = 0; set.constraint == oracle::Constraint::none && i < set.size; ++i) {
            if (draws.chance(0.7)) {
              x[static_cast<muhat::Index>(set.first + i)] = 0.0;
            }
          }
        }
        const oracle::Reals rates = compared.truth.expected_actualdata(test::to_reals(x));
        if (std::any_of(rates.begin(), rates.end(), [](oracle::Real rate) { return rate < 0.1L; })) {
          return; // differences would leave the domain
        }
        ++compared_points;
        auto evaluator = muhat::Likelihood(model, data).evaluator();
        CHECK(test::gradient_deviation(evaluator, compared, x) < tolerance::gradient);
        CHECK(test::hessian_deviation(evaluator, compared, x, draws, 8, 4) < tolerance::hessian);
        CHECK(test::product_deviation(evaluator, x, draws) < tolerance::identity);
      });
  CHECK(compared_points > 50);
}

TEST_CASE("a model of many bins with parameters of their own has its metric in blocks") {
  std::vector<double> yields, uncertainties, up;
  test::Draws draws(7);
  for (int bin = 0; bin < 150; ++bin) {
    yields.push_back(draws.uniform(5.0, 50.0));
    uncertainties.push_back(draws.uniform(0.5, 3.0));
    up.push_back(yields.back() * draws.uniform(0.9, 1.2));
  }
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("a", yields,
                    {test::staterror("stat", uncertainties), test::histosys("tilt", up, yields)}),
       test::sample("b", yields, {test::shapesys("gamma", uncertainties), test::normfactor("mu")})}));
  muhat::Vector x = model.suggested_init();
  std::for_each(x.begin(), x.end(), [&](double& value) { value += draws.uniform(-0.1, 0.1); });
  auto evaluator = muhat::Likelihood(model, muhat::expected_data(model, x)).evaluator();
  muhat::LowRankMetric metric;
  evaluator.metric(x, metric);
  CHECK(metric.blocks != nullptr);
  CHECK(test::gauss_newton_deviation(model, muhat::expected_data(model, x), x) < tolerance::identity);
  CHECK(test::product_deviation(evaluator, x, draws) < tolerance::identity);
}

namespace {

/// Channels in pairs that share a shape, with gammas of bins and samples, common nuisances, and a factor of
/// their own each.
muhat::Model large_model(test::Draws& draws) {
  muhat::spec::Model spec;
  for (std::size_t c = 0; c < 8; ++c) {
    std::vector<double> yields, other, uncertainties, up, down;
    for (int bin = 0; bin < 20; ++bin) {
      yields.push_back(bin == 3 ? 0.0 : draws.uniform(20.0, 50.0));
      other.push_back(draws.uniform(20.0, 50.0));
      uncertainties.push_back(draws.uniform(0.5, 3.0));
      up.push_back(yields.back() * draws.uniform(0.9, 1.2));
      down.push_back(yields.back() * draws.uniform(0.9, 1.2));
    }
    const std::string number = std::to_string(c);
    spec.channels.push_back(
        {"channel" + number,
         {test::sample("signal", other, {test::normfactor("mu"), test::histosys("tilt", up, down)}),
          test::sample("free", other,
                       {test::shapefactor("shape" + std::to_string(c / 2)), test::normsys("a", 1.1, 0.9)}),
          test::sample("own", yields,
                       {test::normfactor("k" + number), test::normsys("b", 1.2, 0.9),
                        test::histosys("a", up, down), test::staterror("stat" + number, uncertainties),
                        test::shapesys("gamma" + number, uncertainties)})}});
  }
  return muhat::build_model(spec);
}

} // namespace

TEST_CASE("the Hessian of a large model in the shape of an arrow is the dense one") {
  test::Draws draws(11);
  const muhat::Model model = large_model(draws);
  const muhat::Index n = model.nparameters();
  muhat::Vector data(model.nbins() + model.nauxdata());
  std::generate(data.begin(), data.end(), [&] { return std::floor(draws.uniform(30.0, 150.0)); });
  data.tail(model.nauxdata()) = model.auxdata();
  auto evaluator = muhat::Likelihood(model, data).evaluator();
  CHECK_FALSE(evaluator.prefers_products());
  for (int point = 0; point < 4; ++point) {
    muhat::Vector x = model.suggested_init();
    std::for_each(x.begin(), x.end(), [&](double& value) { value += draws.uniform(-0.3, 0.3); });
    if (point == 1) {
      x[model.parameter_index("mu")] = x[model.parameter_index("k3")] = 0.0;
    }
    muhat::ArrowMatrix<double> arrow;
    muhat::Vector units, expected_units;
    muhat::Matrix dense;
    REQUIRE(evaluator.hessian(x, arrow, units));
    evaluator.hessian(x, dense, expected_units);
    CAPTURE(point);
    CHECK(test::relative(units, expected_units) < tolerance::identity);
    const muhat::Matrix written = test::written_out(arrow);
    CHECK((written - dense).cwiseAbs().maxCoeff() < tolerance::identity * dense.cwiseAbs().maxCoeff());
    const muhat::ArrowPattern& pattern = arrow.pattern();
    // mu, tilt, a and b act everywhere.
    CHECK(pattern.root().size() == 4);
    CHECK(pattern.clusters().size() == 4);
    CHECK(static_cast<muhat::Index>(pattern.root().size() + pattern.alone().size()) < n / 10);
  }
}

TEST_CASE("small models have no arrow, and those of few bins and many parameters prefer products") {
  test::Draws draws(12);
  std::vector<muhat::spec::Modifier> modifiers{test::normfactor("mu")};
  const std::vector<double> yields{20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0};
  muhat::Vector units;
  muhat::ArrowMatrix<double> arrow;
  for (const int nuisances : {100, 4000}) {
    while (static_cast<int>(modifiers.size()) <= nuisances) {
      modifiers.push_back(test::normsys("alpha" + std::to_string(modifiers.size()), 1.001, 0.999));
    }
    const muhat::Model model = muhat::build_model(test::single_sample(yields, modifiers));
    auto evaluator =
        muhat::Likelihood(model, muhat::expected_data(model, model.suggested_init())).evaluator();
    CAPTURE(nuisances);
    CHECK(evaluator.prefers_products() == (nuisances == 4000));
    CHECK_FALSE(evaluator.hessian(model.suggested_init(), arrow, units));
  }
}

TEST_CASE("expected auxiliary data of random models are the oracle's") {
  at_random_points(
      nmodels, npoints, [](const auto& model, const auto&, const auto& compared, const auto& x, auto&) {
        const muhat::Vector expected = test::to_vector(compared.truth.expected_auxdata(test::to_reals(x)));
        CHECK(test::relative(muhat::expected_auxdata(model, x), expected) < tolerance::oracle_expected);
      });
}

TEST_CASE("a likelihood in long double agrees with the oracle to its own precision") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const oracle::Model truth = random.truth();
    const auto model = muhat::build_model<long double>(random.model.channels, random.measurement,
                                                       test::to_model_options(random.options));
    const muhat::VectorOf<long double> data = test::to_vector(random.data).cast<long double>();
    test::Draws draws(seed);
    const std::vector<double> point = test::random_point(truth, draws);
    const muhat::VectorOf<long double> x = test::to_vector(point).cast<long double>();
    const long double expected = truth.logpdf({point.begin(), point.end()}, {data.begin(), data.end()});
    // Constraint widths and auxiliary data are doubles also there.
    CHECK(std::abs(muhat::logpdf(model, x, data) - expected) < 1e-13L * (1 + std::abs(expected)));
  }
}

TEST_CASE("derivatives of clipped rates are the oracle's differences") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    test::RandomModel random = test::random_model(seed);
    (seed % 2 == 0 ? random.options.clip_sample_data : random.options.clip_bin_data) = 15.0;
    const muhat::Model model = test::build(random);
    const muhat::Vector data = test::to_vector(random.data);
    const test::Compared compared{random.truth(), test::to_reals(data)};
    auto evaluator = muhat::Likelihood(model, data).evaluator();
    test::Draws draws(seed);
    CAPTURE(seed);
    const muhat::Vector x = test::to_vector(test::random_point(compared.truth, draws));
    CHECK(test::gradient_deviation(evaluator, compared, x) < tolerance::gradient);
    CHECK(test::hessian_deviation(evaluator, compared, x, draws, 8, 4) < tolerance::hessian);
    CHECK(test::product_deviation(evaluator, x, draws) < tolerance::identity);
    CHECK(test::jacobian_deviation(evaluator, compared, x) < tolerance::gradient);
  }
}

TEST_CASE("realistic models have a density where fits start, and are the same for the same seed") {
  int same_sided = 0;
  constexpr std::uint64_t count = 100;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    CAPTURE(seed);
    const test::RealisticModel random = test::realistic_model(seed);
    const muhat::Model model = random.model();
    CHECK(random.data == test::realistic_model(seed).data);
    CHECK(muhat::find_poi(model) == model.parameter_index("mu"));
    CHECK(std::isfinite(muhat::logpdf(model, model.suggested_init(), random.data)));
    same_sided += test::has_same_sided_effect(random.channels) ? 1 : 0;
  }
  CHECK(same_sided > 25);
  CHECK(same_sided < 60);
}
