#include <muhat/inference/sampling.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Main bins of very different size, Normal and Poisson auxiliary data.
Model mixed_model() {
  const spec::Modifier mu{"mu", "normfactor", {}};
  const spec::Modifier shape{"shape", "shapesys", spec::BinData{0.4, 5.0, 1e4}};
  const spec::Modifier stat{"stat", "staterror", spec::BinData{0.3, 2.0, 900.0}};
  const spec::Modifier scale{"scale", "normsys", spec::NormSysData{1.2, 0.9}};
  return build_model(spec::Model{{{"channel",
                                   {{"background", {0.8, 30.0, 1e6}, {shape, scale}},
                                    {"signal", {1.0, 6.0, 500.0}, {mu, stat}}}}},
                                 {}},
                     "mu");
}

} // namespace

TEST_CASE("means, variances and correlations of toys match the model", "[sampling]") {
  const Model model = mixed_model();
  Vector pars = model.suggested_init();
  pars[model.parameter_index("mu")] = 1.7;
  pars[model.parameter_index("scale")] = 0.6;
  pars[model.parameter_index("shape[1]")] = 1.1;
  const Vector expected = expected_data(model, pars);
  Vector variance = expected;
  for (Index k = 0; k < model.nauxdata(); ++k) {
    const ConstraintTerm& term = model.constraints()[static_cast<std::size_t>(k)];
    variance[model.nbins() + k] = auxdatum_variance(term, pars[term.parameter]);
  }
  constexpr int ntoys = 100000;
  const Sampler sampler(model, pars);
  const Index n = expected.size();
  Vector sum = Vector::Zero(n);
  Matrix products = Matrix::Zero(n, n);
  Vector toy;
  for (int k = 0; k < ntoys; ++k) {
    RandomEngine random = random_stream(2024, static_cast<std::uint64_t>(k));
    sampler.draw(random, toy);
    const Vector pull = (toy - expected).cwiseQuotient(variance.cwiseSqrt());
    sum += pull;
    products += pull * pull.transpose();
  }
  const double error = 1.0 / std::sqrt(static_cast<double>(ntoys));
  for (Index i = 0; i < n; ++i) {
    CAPTURE(i);
    CHECK(std::abs(sum[i] / ntoys) < 4.5 * error);
    // The fourth central moment of a Poisson is 3 + 1/mean in units of the variance squared.
    const double spread = std::sqrt(2.0 + 1.0 / std::min(expected[i] > 0.0 ? expected[i] : 1.0, 1.0));
    CHECK(std::abs(products(i, i) / ntoys - 1.0) < 4.5 * spread * error);
    for (Index j = 0; j < i; ++j) {
      CHECK(std::abs(products(i, j) / ntoys) < 4.5 * error);
    }
  }
}

TEST_CASE("counts are whole, and 0 for a mean of 0", "[sampling]") {
  RandomEngine random = random_stream(1, 1);
  for (const double mean : {1e-6, 0.5, 9.9, 10.1, 1e4, 3e9, 1e15, 3e15, 1e20}) {
    for (int k = 0; k < 20; ++k) {
      const double count = sample_count(mean, random);
      CHECK(count == std::floor(count));
      CHECK(count >= 0.0);
      CHECK(std::abs(count - mean) < 8.0 * std::sqrt(mean) + 5.0);
    }
  }
  CHECK(sample_count(0.0, random) == 0.0);
  CHECK_THROWS_AS(sample_count(-1e-3, random), NegativeRate);
  CHECK_THROWS_AS(sample_count(std::numeric_limits<double>::infinity(), random), NegativeRate);
  CHECK_THROWS_AS(sample_count(std::nan(""), random), NegativeRate);
}

TEST_CASE("a data set depends on seed and number alone", "[sampling]") {
  const Model model = mixed_model();
  const Vector pars = model.suggested_init();
  CHECK(sample_data(model, pars, 5, 17) == sample_data(model, pars, 5, 17));
  CHECK(sample_data(model, pars, 5, 17) != sample_data(model, pars, 5, 18));
  CHECK(sample_data(model, pars, 5, 17) != sample_data(model, pars, 6, 17));
}

TEST_CASE("a negative expectation cannot be sampled", "[sampling]") {
  const Model model = counting_experiment(10.0, -30.0);
  CHECK_THROWS_AS(sample_data(model, vector({1.0}), 0), NegativeRate);
}
