#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>
#include <muhat/model/same_sided.hpp>

#include <support/catch.hpp>
#include <support/specs.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace muhat::test {

namespace {

struct Sides {
  double even;
  double odd;
};

Sides sides_of(const Model& model, const std::string& name) {
  const auto effects = sided_effects(model.tables(), model.expected_actualdata(model.suggested_init()));
  const auto& names = model.par_names();
  const auto place = std::find(names.begin(), names.end(), name);
  REQUIRE(place != names.end());
  REQUIRE(effects.even.size() == static_cast<Index>(names.size()));
  REQUIRE(effects.odd.size() == static_cast<Index>(names.size()));
  return {effects.even[place - names.begin()], effects.odd[place - names.begin()]};
}

} // namespace

TEST_CASE("sides of a histosys are told apart in standard deviations of the bins", "[same_sided]") {
  const Model model =
      build_model(single_sample({100.0, 25.0}, {histosys("a", {130.0, 30.0}, {120.0, 15.0})}));
  const Sides sides = sides_of(model, "a");
  CHECK(sides.even == Approx(std::hypot(25.0 / 10.0, 2.5 / 5.0)).epsilon(1e-13));
  CHECK(sides.odd == Approx(std::hypot(5.0 / 10.0, 7.5 / 5.0)).epsilon(1e-13));
}

TEST_CASE("sides of a normsys act on every bin of its sample", "[same_sided]") {
  const Model model = build_model(single_sample({100.0, 400.0}, {normsys("a", 1.3, 1.1)}));
  const Sides sides = sides_of(model, "a");
  CHECK(sides.even == Approx(std::hypot(0.2 * 100.0 / 10.0, 0.2 * 400.0 / 20.0)).epsilon(1e-13));
  CHECK(sides.odd == Approx(std::hypot(0.1 * 100.0 / 10.0, 0.1 * 400.0 / 20.0)).epsilon(1e-13));
}

TEST_CASE("opposite sides have no even part, equal ones no odd part", "[same_sided]") {
  const Model opposite =
      build_model(single_sample({100.0}, {histosys("a", {110.0}, {90.0}), normsys("b", 1.05, 0.95)}));
  CHECK(sides_of(opposite, "a").even == 0.0);
  CHECK(sides_of(opposite, "a").odd == Approx(1.0).epsilon(1e-13));
  CHECK(sides_of(opposite, "b").even == Approx(0.0).margin(1e-13));
  CHECK(sides_of(opposite, "b").odd == Approx(0.5).epsilon(1e-13));
  const Model equal = build_model(single_sample({100.0}, {histosys("a", {110.0}, {110.0})}));
  CHECK(sides_of(equal, "a").even == Approx(1.0).epsilon(1e-13));
  CHECK(sides_of(equal, "a").odd == 0.0);
}

TEST_CASE("the effects of one parameter add up over samples, channels and modifiers", "[same_sided]") {
  const Model model = build_model(
      spec::Model{{channel("A", {sample("x", {60.0}, {histosys("a", {72.0}, {72.0}), normsys("a", 1.1, 1.3)}),
                                 sample("y", {40.0}, {normsys("a", 0.9, 0.9)})}),
                   channel("B", {sample("x", {16.0}, {histosys("a", {20.0}, {12.0})})})},
                  {}});
  const Sides sides = sides_of(model, "a");
  const double even = 12.0 * 12.0 / 100.0 + 12.0 * 12.0 / 100.0 + 4.0 * 4.0 / 100.0;
  const double odd = 6.0 * 6.0 / 100.0 + 4.0 * 4.0 / 16.0;
  CHECK(sides.even == Approx(std::sqrt(even)).epsilon(1e-13));
  CHECK(sides.odd == Approx(std::sqrt(odd)).epsilon(1e-13));
}

TEST_CASE("less than an event fluctuates as one event does", "[same_sided]") {
  const Model model = build_model(single_sample({0.25}, {histosys("a", {0.75}, {0.5})}));
  CHECK(sides_of(model, "a").even == Approx(0.375).epsilon(1e-13));
  CHECK(sides_of(model, "a").odd == Approx(0.125).epsilon(1e-13));
}

TEST_CASE("the bins' rates count all samples, at the model's start", "[same_sided]") {
  // The signal is 24 events at mu = 3.
  const Model model =
      build_model(spec::Model{{channel("SR", {sample("background", {12.0}, {histosys("a", {18.0}, {18.0})}),
                                              sample("signal", {8.0}, {normfactor("mu")})})},
                              {{.name = "mu", .inits = std::vector{3.0}}}},
                  "mu");
  CHECK(sides_of(model, "a").even == Approx(6.0 / 6.0).epsilon(1e-13));
}

TEST_CASE("modifiers that do not interpolate have no sides", "[same_sided]") {
  const Model model = build_model(
      spec::Model{{channel("SR", {sample("background", {100.0, 50.0},
                                         {shapesys("u", {5.0, 5.0}), staterror("s", {3.0, 3.0}), lumi()}),
                                  sample("free", {20.0, 20.0}, {shapefactor("f")}),
                                  sample("signal", {10.0, 10.0}, {normfactor("mu")})})},
                  {lumi_configuration()}},
      "mu");
  const auto effects = sided_effects(model.tables(), model.expected_actualdata(model.suggested_init()));
  CHECK(effects.even.isZero(0.0));
  CHECK(effects.odd.isZero(0.0));
}

} // namespace muhat::test
