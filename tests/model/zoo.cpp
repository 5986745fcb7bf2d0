/// Published likelihoods: parameters and expected events are the reference's.

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
#include <support/zoo.hpp>

namespace {

namespace test = muhat::test;
namespace oracle = muhat::oracle;

/// Calls check(entry's reference, library's model, oracle's model) for each published likelihood.
template <class Check>
void for_each_published(const Check& check) {
  for (const test::ZooEntry& entry : test::zoo_entries()) {
    CAPTURE(entry.name);
    const test::Reference reference = entry.reference();
    const muhat::spec::Workspace workspace = entry.workspace();
    const muhat::spec::Measurement& measurement = test::measurement_of(workspace, reference);
    check(reference, muhat::build_model(workspace.channels, measurement),
          oracle::Model({workspace.channels, {}}, measurement));
  }
}

} // namespace

TEST_CASE("published likelihoods have the reference's parameters") {
  MUHAT_REQUIRE_ZOO();
  for_each_published([](const auto& reference, const auto& model, const auto&) {
    CHECK(model.par_names() == reference.par_names);
    CHECK(model.poi_name() == reference.poi);
    CHECK(model.samples() == reference.samples);
    CHECK(test::to_std(model.suggested_init()) == reference.suggested_init);
    CHECK(model.suggested_fixed() == reference.suggested_fixed);
    CHECK(test::to_std(model.auxdata()) == reference.auxdata);
    std::vector<std::pair<double, double>> bounds;
    for (muhat::Index i = 0; i < model.nparameters(); ++i) {
      bounds.emplace_back(model.suggested_lower()[i], model.suggested_upper()[i]);
    }
    CHECK(bounds == reference.suggested_bounds);
    std::vector<std::string> channels;
    for (const muhat::ChannelSummary& channel : model.channels()) {
      channels.push_back(channel.name);
    }
    CHECK(channels == reference.channels);
  });
}

TEST_CASE("published likelihoods expect the reference's events") {
  MUHAT_REQUIRE_ZOO();
  for_each_published([](const auto& reference, const auto& model, const auto&) {
    REQUIRE_FALSE(reference.points.empty());
    for (const test::ReferencePoint& point : reference.points) {
      const muhat::Vector rates = model.expected_actualdata(test::to_vector(point.pars));
      REQUIRE(rates.size() == static_cast<muhat::Index>(point.expected_actualdata.size()));
      for (muhat::Index bin = 0; bin < rates.size(); ++bin) {
        CHECK(rates[bin] == Approx(point.expected_actualdata[static_cast<std::size_t>(bin)])
                                .epsilon(test::tolerance::reference_expected));
      }
    }
  });
}

TEST_CASE("published likelihoods expect the oracle's events of each sample at random points") {
  MUHAT_REQUIRE_ZOO();
  for_each_published([](const auto&, const auto& model, const auto& truth) {
    test::Draws draws(1);
    for (int point = 0; point < 5; ++point) {
      const std::vector<double> pars = test::random_point(truth, draws);
      const muhat::Matrix found = model.expected_by_sample(test::to_vector(pars));
      const auto expected = truth.expected_by_sample({pars.begin(), pars.end()});
      REQUIRE(static_cast<std::size_t>(found.rows()) == expected.size());
      for (std::size_t s = 0; s < expected.size(); ++s) {
        const muhat::Vector difference =
            found.row(static_cast<muhat::Index>(s)).transpose() - test::to_vector(expected[s]);
        CHECK(difference.cwiseAbs().maxCoeff() <=
              test::tolerance::oracle_expected * (1.0 + found.cwiseAbs().maxCoeff()));
      }
    }
  });
}
