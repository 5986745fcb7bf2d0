#include <muhat/fit/fit.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/tolerances.hpp>
#include <support/zoo.hpp>

#include <cmath>
#include <limits>

using namespace muhat;
using namespace muhat::test;

namespace {

struct Likelihood {
  Model model;
  Vector data;
  Reference reference;
};

Likelihood load(const ZooEntry& entry) {
  Reference reference = entry.reference();
  const spec::Workspace workspace = entry.workspace();
  Model model = build_model(workspace.channels, measurement_of(workspace, reference));
  return {std::move(model), to_vector(reference.data), std::move(reference)};
}

} // namespace

TEST_CASE("published likelihoods are fitted to the best known minima", "[zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    CAPTURE(entry.name);
    const auto [model, data, reference] = load(entry);
    const FitResult fits[] = {fit(model, data), fixed_poi_fit(0.0, model, data),
                              fixed_poi_fit(1.0, model, data)};
    const char* names[] = {"free", "mu0", "mu1"};
    for (std::size_t k = 0; k < 3; ++k) {
      CAPTURE(names[k]);
      CHECK(fits[k].certified());
      CHECK(fits[k].projected_gradient < tolerance::projected_gradient);
      CHECK(fits[k].twice_nll < reference.best_known.at(names[k]) + tolerance::minimum);
    }
  }
}

TEST_CASE("published likelihoods are tested as the reference does", "[zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    CAPTURE(entry.name);
    const auto [model, data, reference] = load(entry);
    const HypotestResult result =
        hypotest(model, data, {.mu = 1.0, .test_statistic = test_statistic_from(reference.test_stat)});
    double closest = std::numeric_limits<double>::infinity();
    for (const auto& [optimizer, published] : reference.hypotest) {
      if (!published.cls_observed) {
        continue;
      }
      double worst = std::abs(result.cls_observed / *published.cls_observed - 1.0);
      for (std::size_t k = 0; k < 5; ++k) {
        worst = std::max(worst, std::abs(result.cls_expected[k] / published.cls_expected[k].value() - 1.0));
      }
      closest = std::min(closest, worst);
    }
    CHECK(closest < tolerance::reference_cls);
    CHECK(std::isfinite(result.cls_observed));
  }
}
