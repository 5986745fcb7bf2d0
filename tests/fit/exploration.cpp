#include <muhat/fit/exploration.hpp>
#include <muhat/fit/fit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/draws.hpp>
#include <support/messages.hpp>
#include <support/several_minima.hpp>
#include <support/specs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// One bin of 100 events and one parameter, with these yields at +1 and -1.
Model one_alpha(double up, double down) {
  return build_model(single_sample({100.0}, {histosys("a", {up}, {down})}));
}

/// The lowest value of -2 log L of one parameter on a fine grid, and of the grid's points on its other side.
struct Wells {
  double lowest = 0.0;
  double place = 0.0;
  /// Of the side without the lowest; nothing where there is no minimum.
  std::optional<double> other = {};
};

Wells wells_of(const Model& model, const Vector& data) {
  Fitter<Model> fitter(model, data);
  const auto at = [&](int k) { return fitter.twice_nll(vector({k * 1e-3})); };
  Wells wells{at(0), 0.0, {}};
  for (int k = -5000; k <= 5000; ++k) {
    if (at(k) < wells.lowest) {
      wells = {at(k), k * 1e-3, {}};
    }
  }
  for (int k = -4999; k < 5000; ++k) {
    if (at(k) < at(k - 1) && at(k) < at(k + 1) && k * 1e-3 * wells.place < 0.0) {
      wells.other = at(k);
    }
  }
  return wells;
}

/// The minimum that one minimization from `start` finds, and what is found around it.
Minimum explored_from(const Model& model, const Vector& data, const Vector& start) {
  Fitter<Model> fitter(model, data);
  const Box box = make_setup(model, {}).box();
  Minimum minimum = fitter.minimize(std::vector<Vector>{start}, box);
  fitter.explore(minimum, box);
  return minimum;
}

/// Where another minimum may hide next to the one that is found from the init.
std::vector<Vector> promising(const Model& model, const Vector& data,
                              const std::vector<muhat::detail::TwoSided>& two_sided, std::size_t most) {
  Fitter<Model> fitter(model, data);
  const Box box = make_setup(model, {}).box();
  const Minimum minimum = fitter.minimize(std::vector<Vector>{model.suggested_init()}, box);
  REQUIRE(minimum.certified());
  QuasiNewtonWorkspace workspace;
  return muhat::detail::Exploration<Fitter<Model>::Evaluator>(fitter.objective(), minimum.lowest.x,
                                                              minimum.lowest.value, box, workspace)
      .promising(two_sided, most);
}

} // namespace

TEST_CASE("of two wells the other one is found from either", "[exploration]") {
  int two = 0;
  for (const double up : {130.0, 145.0, 160.0}) {
    for (const double down : {125.0, 150.0, 170.0}) {
      for (const double count : {115.0, 125.0, 140.0, 150.0}) {
        CAPTURE(up, down, count);
        const Model model = one_alpha(up, down);
        const Vector data = with_auxdata(model, {count});
        const Wells wells = wells_of(model, data);
        for (const double start : {-0.9, 0.9}) {
          const Minimum minimum = explored_from(model, data, vector({start}));
          REQUIRE(minimum.certified());
          CHECK(minimum.lowest.value == Approx(wells.lowest).margin(1e-4));
          if (wells.other) {
            CHECK(minimum.starts_disagree());
            CHECK(minimum.spread == Approx(*wells.other - wells.lowest).margin(2e-4));
            REQUIRE(minimum.others.size() == 1);
            CHECK(minimum.others[0].x[0] * minimum.lowest.x[0] < 0.0);
          }
        }
        two += wells.other ? 1 : 0;
      }
    }
  }
  CHECK(two > 20);
}

TEST_CASE("the two sides are found from the hill between them", "[exploration]") {
  // Nothing pulls at 0, where -2 log L has a maximum.
  const Model model = one_alpha(140.0, 140.0);
  const Vector data = with_auxdata(model, {140.0});
  const FitResult result = fit(model, data);
  REQUIRE(result.certified());
  CHECK(std::abs(result.value("a")) > 0.5);
  REQUIRE(result.warnings.size() == 1);
  CHECK(mentions(result.warnings[0], {"equally low", "a = " + number_text(result.value("a"))}));
}

TEST_CASE("a normalization that jumps is found from either place", "[exploration]") {
  // The lowest minimum is at mu = 1.18, another one 0.0760 above at mu = 0.66.
  const SeveralMinima basins = two_basins();
  Fitter<Model> fitter(basins.model, basins.data);
  const Box box = make_setup(basins.model, {}).box();
  Draws draws(4);
  int found = 0;
  for (int k = 0; k < 40; ++k) {
    Vector start(3);
    for (Index i = 0; i < 3; ++i) {
      start[i] = basins.model.par_names()[static_cast<std::size_t>(i)] == "mu" ? draws.uniform(0.0, 3.0)
                                                                               : draws.uniform(-1.5, 1.5);
    }
    const Minimum alone = fitter.minimize(std::vector<Vector>{start}, box);
    const Minimum minimum = explored_from(basins.model, basins.data, start);
    CAPTURE(k, start.transpose(), alone.lowest.value);
    CHECK(minimum.lowest.value == Approx(33.40295).margin(2e-5));
    found += alone.lowest.value > 33.47 ? 1 : 0;
  }
  CHECK(found > 0);
}

TEST_CASE("next to the minimum of opposite sides no place is promising", "[exploration]") {
  Draws draws(2);
  for (int k = 0; k < 60; ++k) {
    CAPTURE(k);
    std::vector<double> up;
    std::vector<double> down;
    for (int bin = 0; bin < 3; ++bin) {
      const double change = draws.uniform(-20.0, 20.0);
      up.push_back(100.0 + change);
      down.push_back(100.0 - change);
    }
    const double norm = draws.uniform(0.02, 0.2);
    const Model model = build_model(
        single_channel({sample("bkg", {100.0, 100.0, 100.0},
                               {histosys("shape", up, down), normsys("norm", 1.0 + norm, 1.0 - norm)}),
                        sample("sig", {3.0, 10.0, 20.0}, {normfactor("mu")})}),
        "mu");
    const Vector data =
        with_auxdata(model, {std::floor(draws.uniform(80.0, 130.0)), std::floor(draws.uniform(80.0, 130.0)),
                             std::floor(draws.uniform(80.0, 130.0))});
    CHECK(promising(model, data, {}, 100).empty());
    const FitResult explored = fit(model, data);
    const FitResult plain = fit(model, data, {.explore = false});
    CHECK(explored.parameters == plain.parameters);
    CHECK(explored.warnings.empty());
  }
}

TEST_CASE("the most promising places come first, and not more than are wanted", "[exploration]") {
  int several = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const SeveralMinima basins = drawn_basins(seed);
    std::vector<muhat::detail::TwoSided> two_sided;
    for (Index i = 0; i < basins.model.suggested_init().size(); ++i) {
      if (basins.model.par_names()[static_cast<std::size_t>(i)] != "mu") {
        two_sided.push_back({i, 3.0, 1.0});
      }
    }
    const std::vector<Vector> all = promising(basins.model, basins.data, two_sided, 100);
    const std::vector<Vector> few = promising(basins.model, basins.data, two_sided, 1);
    REQUIRE(few.size() == std::min<std::size_t>(1, all.size()));
    CHECK(promising(basins.model, basins.data, two_sided, 0).empty());
    if (all.empty()) {
      continue;
    }
    CHECK(few[0] == all[0]);
    Fitter<Model> fitter(basins.model, basins.data);
    for (std::size_t k = 1; k < all.size(); ++k) {
      CHECK(fitter.twice_nll(all[k - 1]) <= fitter.twice_nll(all[k]));
      ++several;
    }
  }
  CHECK(several > 3);
}

TEST_CASE("parameters that are fixed are not moved", "[exploration]") {
  const Model model = one_alpha(160.0, 170.0);
  const Vector data = with_auxdata(model, {150.0});
  for (const double value : {-0.9, 0.0, 0.9}) {
    const FitResult result = fit(model, data, {.fix = {{"a", value}}});
    CHECK(result.value("a") == value);
    CHECK(result.warnings.empty());
  }
}

TEST_CASE("exploring stays inside the bounds", "[exploration]") {
  const Model model = one_alpha(160.0, 170.0);
  const Vector data = with_auxdata(model, {150.0});
  const FitResult right = fit(model, data, {.init = {{"a", 0.9}}, .bounds = {{"a", {0.2, 5.0}}}});
  REQUIRE(right.certified());
  CHECK(right.value("a") > 0.2);
  CHECK(right.warnings.empty());
  const FitResult left = fit(model, data, {.init = {{"a", -0.9}}, .bounds = {{"a", {-5.0, -0.2}}}});
  REQUIRE(left.certified());
  CHECK(left.value("a") < -0.2);
  CHECK(left.warnings.empty());
}

TEST_CASE("exploring may be left out", "[exploration]") {
  const Model model = one_alpha(160.0, 170.0);
  const Vector data = with_auxdata(model, {150.0});
  const double lowest = wells_of(model, data).lowest;
  double highest = lowest;
  for (const double start : {-0.9, 0.9}) {
    const FitResult plain = fit(model, data, {.init = {{"a", start}}, .explore = false});
    const FitResult explored = fit(model, data, {.init = {{"a", start}}});
    CHECK(plain.value("a") * start > 0.0);
    CHECK(plain.warnings.empty());
    CHECK(explored.twice_nll == Approx(lowest).margin(1e-4));
    CHECK(mentions(explored.warnings.at(0), {"starts disagree"}));
    highest = std::max(highest, plain.twice_nll);
  }
  CHECK(highest > lowest + 1e-3);
}
