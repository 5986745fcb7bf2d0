/// The library's models against the oracle on random models of every kind.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/oracle.hpp>
#include <support/random_models.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
namespace oracle = muhat::oracle;

constexpr std::uint64_t nmodels = 200;
constexpr int npoints = 5;

std::string to_string(oracle::Constraint constraint) {
  return constraint == oracle::Constraint::none     ? "none"
         : constraint == oracle::Constraint::normal ? "normal"
                                                    : "poisson";
}

void compare_set(const muhat::ParameterSet& set, const oracle::ParameterSet& truth) {
  CAPTURE(truth.name);
  CHECK(set.name == truth.name);
  CHECK(std::set<std::string>(set.types.begin(), set.types.end()) == truth.types);
  CHECK(set.types.size() == truth.types.size());
  CHECK(static_cast<std::size_t>(set.first) == truth.first);
  REQUIRE(static_cast<std::size_t>(set.size) == truth.size);
  CHECK(set.scalar == truth.scalar);
  CHECK(std::string(muhat::to_string(set.constraint)) == to_string(truth.constraint));
  CHECK(set.inits == truth.init);
  CHECK(set.fixed == truth.fixed);
  for (std::size_t i = 0; i < truth.size; ++i) {
    CHECK(set.bounds[i] == std::pair(truth.lower[i], truth.upper[i]));
  }
}

/// Largest difference relative to the size of what is added up in a bin.
double worst_difference(const muhat::Matrix& found, const std::vector<oracle::Reals>& truth) {
  oracle::Real worst = 0;
  for (std::size_t bin = 0; bin < truth.front().size(); ++bin) {
    oracle::Real size = 1;
    for (const oracle::Reals& sample : truth) {
      size += std::abs(sample[bin]);
    }
    for (std::size_t s = 0; s < truth.size(); ++s) {
      const auto value =
          static_cast<oracle::Real>(found(static_cast<muhat::Index>(s), static_cast<muhat::Index>(bin)));
      worst = std::max(worst, std::abs(value - truth[s][bin]) / size);
    }
  }
  return static_cast<double>(worst);
}

} // namespace

TEST_CASE("random models have the oracle's parameters") {
  for (std::uint64_t seed = 1; seed <= nmodels; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const oracle::Model truth = random.truth();
    const muhat::Model model = test::build(random);
    CHECK(model.par_names() == truth.par_names());
    REQUIRE(model.parameter_sets().size() == truth.parameter_sets().size());
    for (std::size_t i = 0; i < truth.parameter_sets().size(); ++i) {
      compare_set(model.parameter_sets()[i], truth.parameter_sets()[i]);
    }
    const oracle::Reals auxdata = truth.auxdata();
    REQUIRE(static_cast<std::size_t>(model.nauxdata()) == auxdata.size());
    CHECK(model.auxdata().isApprox(test::to_vector(auxdata), 1e-15));
    CHECK(model.suggested_init() == test::to_vector(truth.suggested_init()));
    CHECK(model.poi_name() == "mu");
  }
}

TEST_CASE("random models have the oracle's constraint terms") {
  for (std::uint64_t seed = 1; seed <= nmodels; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const oracle::Model truth = random.truth();
    const muhat::Model model = test::build(random);
    std::size_t next = 0;
    for (const oracle::ParameterSet& set : truth.parameter_sets()) {
      for (std::size_t i = 0; i < set.auxdata.size(); ++i, ++next) {
        REQUIRE(next < model.constraints().size());
        const muhat::ConstraintTerm& term = model.constraints()[next];
        CHECK(static_cast<std::size_t>(term.parameter) == set.first + i);
        CHECK(std::string(muhat::to_string(term.constraint)) == to_string(set.constraint));
        CHECK(term.scale == Approx(static_cast<double>(set.width[i])).epsilon(1e-14));
      }
    }
    CHECK(next == model.constraints().size());
  }
}

TEST_CASE("random models expect the oracle's events") {
  for (std::uint64_t seed = 1; seed <= nmodels; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const oracle::Model truth = random.truth();
    const muhat::Model model = test::build(random);
    test::Draws draws(seed);
    for (int point = 0; point < npoints; ++point) {
      const std::vector<double> pars = test::random_point(truth, draws);
      const oracle::Reals exact(pars.begin(), pars.end());
      const muhat::Vector x = test::to_vector(pars);
      const auto by_sample = truth.expected_by_sample(exact);
      CHECK(worst_difference(model.expected_by_sample(x), by_sample) < test::tolerance::oracle_expected);
      const muhat::Vector rates = model.expected_actualdata(x);
      CHECK((model.expected_by_sample(x).colwise().sum().transpose() - rates).cwiseAbs().maxCoeff() <=
            1e-12 * (1.0 + rates.cwiseAbs().maxCoeff()));
    }
  }
}

TEST_CASE("a long double model agrees with the oracle to its own precision") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const oracle::Model truth = random.truth();
    const auto model = muhat::build_model<long double>(random.model.channels, random.measurement,
                                                       test::to_model_options(random.options));
    test::Draws draws(seed);
    const std::vector<double> pars = test::random_point(truth, draws);
    const oracle::Reals expected = truth.expected_actualdata({pars.begin(), pars.end()});
    const auto rates = model.expected_actualdata(test::to_vector(pars).cast<long double>());
    REQUIRE(static_cast<std::size_t>(rates.size()) == expected.size());
    for (std::size_t bin = 0; bin < expected.size(); ++bin) {
      CHECK(std::abs(rates[static_cast<muhat::Index>(bin)] - expected[bin]) <=
            1e-15L * (1 + std::abs(expected[bin])));
    }
  }
}

TEST_CASE("clips put a floor under samples or bins only") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    test::RandomModel random = test::random_model(seed);
    test::Draws draws(seed);
    const std::vector<double> pars = test::random_point(random.truth(), draws);
    for (const bool per_sample : {true, false}) {
      random.options.clip_sample_data.reset();
      random.options.clip_bin_data.reset();
      (per_sample ? random.options.clip_sample_data : random.options.clip_bin_data) = 20.0;
      const oracle::Reals expected = random.truth().expected_actualdata({pars.begin(), pars.end()});
      const muhat::Vector rates = test::build(random).expected_actualdata(test::to_vector(pars));
      REQUIRE(static_cast<std::size_t>(rates.size()) == expected.size());
      for (std::size_t bin = 0; bin < expected.size(); ++bin) {
        CHECK(rates[static_cast<muhat::Index>(bin)] ==
              Approx(static_cast<double>(expected[bin])).epsilon(1e-12));
        CHECK(rates[static_cast<muhat::Index>(bin)] >= 20.0);
      }
    }
  }
}
