#include <muhat/fit/fit.hpp>
#include <muhat/fit/starts.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/tolerances.hpp>
#include <support/zoo.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

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

TEST_CASE("published likelihoods are fitted to the best known minima from random starts", "[zoo]") {
  MUHAT_REQUIRE_ZOO();
  constexpr int starts = 5;
  const std::pair<const char*, FitOptions> fits[] = {
      {"free", {}}, {"mu0", {.fix = {{"mu", 0.0}}}}, {"mu1", {.fix = {{"mu", 1.0}}}}};
  for (const ZooEntry& entry : zoo_entries()) {
    const auto [model, data, reference] = load(entry);
    auto evaluator = muhat::Likelihood<Model>(model, data).evaluator();
    for (auto [name, options] : fits) {
      if (!options.fix.empty()) {
        options.fix.front().first = reference.poi;
      }
      const FitSetup setup = make_setup(model, options);
      for (const Vector& start : draw_starts(evaluator, setup, starts, 42)) {
        CAPTURE(entry.name, name);
        options.start = start;
        options.starts = 1;
        CHECK(fit(model, data, options).certified());
        options.starts = 20;
        const FitResult certain = fit(model, data, options);
        CHECK(certain.certified());
        CHECK(certain.twice_nll < reference.best_known.at(name) + tolerance::minimum);
      }
    }
  }
}

TEST_CASE("published likelihoods are tested as the reference does", "[zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    CAPTURE(entry.name);
    const auto [model, data, reference] = load(entry);
    // The reference follows one chain of minima; of staus it ends above the lowest one at mu = 0.
    const HypotestResult result = hypotest(model, data,
                                           {.mu = 1.0,
                                            .test_statistic = test_statistic_from(reference.test_stat),
                                            .fit = {.explore = entry.name != "staus"}});
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

TEST_CASE("published likelihoods have limits at which CLs is at the level, or say why not", "[zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    const auto [model, data, reference] = load(entry);
    const TestStatistic statistic = test_statistic_from(reference.test_stat);
    const UpperLimitResult limits =
        upper_limit(model, data, {.test_statistic = statistic, .widen_bounds = true});
    for (std::size_t curve = 0; curve < 6; ++curve) {
      CAPTURE(entry.name, curve);
      const Limit& limit = curve == 0 ? limits.observed : limits.expected[curve - 1];
      if (!limit.value) {
        CHECK_FALSE(limit.reason.empty());
        continue;
      }
      HypotestOptions test{.mu = *limit.value, .test_statistic = statistic};
      test.fit.bounds = {{limits.poi, limits.poi_bounds}};
      const HypotestResult result = hypotest(model, data, test);
      const double cls = curve == 0 ? result.cls_observed : result.cls_expected[curve - 1];
      CHECK(std::abs(cls - limits.level) < tolerance::limit_level);
    }
  }
}

TEST_CASE("toys of a published likelihood are all made, and fewer than one in a thousand fails", "[zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    if (entry.name == "sbottom-A") {
      const auto [model, data, reference] = load(entry);
      ToyCalculator calculator(model, data);
      const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 1000, .seed = 1});
      CHECK(toys.tested.made() == 1000);
      CHECK(toys.alternative.made() == 1000);
      CHECK(toys.tested.failed.size() + toys.alternative.failed.size() < 2);
    }
  }
}
