#include <muhat/fit/fit.hpp>
#include <muhat/inference/cls_scan.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/interval.hpp>
#include <muhat/inference/profile_scan.hpp>
#include <muhat/inference/reinterpretation.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/inference/toy_upper_limit.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/grids.hpp>
#include <support/messages.hpp>
#include <support/several_minima.hpp>
#include <support/specs.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// The test from so many starts that it has the lowest minima.
double cls_from_many_starts(const SeveralMinima& model, double mu) {
  return hypotest(model.model, model.data, {.mu = mu, .fit = {.starts = 50}}).cls_observed;
}

bool any_mentions(const std::vector<std::string>& warnings, const std::string& text) {
  for (const std::string& warning : warnings) {
    if (mentions(warning, {text})) {
      return true;
    }
  }
  return false;
}

/// An excess that one effect explains at +1 and at -1 alike, another one with opposite sides, and a signal.
Model mirrored_model(const std::string& mirrored, const std::string& plain) {
  return build_model(single_channel({sample("bkg", {100.0, 100.0, 100.0},
                                            {histosys(mirrored, {120.0, 150.0, 120.0}, {120.0, 150.0, 120.0}),
                                             normsys(plain, 1.1, 0.9)}),
                                     sample("sig", {5.0, 2.0, 20.0}, {normfactor("mu")})}),
                     "mu");
}

} // namespace

TEST_CASE("several minima: CLs does not depend on the grid that leads there", "[several_minima]") {
  const SeveralMinima basins = two_basins();
  const double truth = cls_from_many_starts(basins, 3.0);
  CHECK(truth == Approx(0.1763).margin(5e-4));
  for (const std::vector<double>& grid : std::vector<std::vector<double>>{{0.5, 1.0, 1.5, 2.0, 2.5, 3.0},
                                                                          {2.0, 2.5, 3.0},
                                                                          {3.0, 2.0, 1.0},
                                                                          {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}}) {
    for (const ClsPoint& point : cls_scan(basins.model, basins.data, grid)) {
      if (point.mu == 3.0) {
        CAPTURE(grid.front(), grid.size());
        REQUIRE(point.cls_observed);
        CHECK(*point.cls_observed == Approx(truth).margin(0.01));
      }
    }
  }
}

TEST_CASE("several minima: a CLs scan is that of a limit, whatever its chains", "[several_minima]") {
  // Of the long grid a chain's end knows what the next chain needs; of the short one a late point lowers a
  // minimum that an earlier one used.
  const auto compare = [](unsigned seed, const std::vector<double>& mus) {
    const SeveralMinima basins = drawn_basins(seed);
    const std::vector<ClsPoint> scan = cls_scan(basins.model, basins.data, mus);
    const UpperLimitResult limit = upper_limit(basins.model, basins.data, {.scan = mus});
    REQUIRE(limit.points.size() == mus.size());
    for (std::size_t k = 0; k < mus.size(); ++k) {
      CAPTURE(seed, mus[k]);
      REQUIRE(scan[k].cls_observed);
      CHECK(*scan[k].cls_observed == Approx(limit.points[k].cls_observed.value()).margin(1e-5));
      CHECK((*scan[k].cls_expected)[2] == Approx((*limit.points[k].cls_expected)[2]).margin(1e-5));
    }
  };
  for (unsigned seed = 0; seed < 100; ++seed) {
    compare(seed, grid(0.0, 7.0, 15));
  }
  for (const unsigned seed : {7U, 265U, 273U, 279U}) {
    compare(seed, grid(0.0, 8.0, 81));
  }
}

TEST_CASE("several minima: the limit is where tests from many starts see the level, and a warning says so",
          "[several_minima]") {
  const SeveralMinima basins = two_basins();
  const UpperLimitResult limit = upper_limit(basins.model, basins.data);
  REQUIRE(limit.observed.value);
  CHECK(cls_from_many_starts(basins, *limit.observed.value) == Approx(0.05).margin(2e-3));
  CHECK(any_mentions(limit.warnings, "starts disagree"));
  const UpperLimitResult scanned =
      upper_limit(basins.model, basins.data, {.scan = {1.0, 2.0, 3.0, 3.5, 4.0, 4.5, 5.0}});
  REQUIRE(scanned.observed.value);
  CHECK(*scanned.observed.value == Approx(*limit.observed.value).margin(0.1));
}

TEST_CASE("several minima: a profile finds the lowest ones, and its points share one reference",
          "[several_minima]") {
  const SeveralMinima basins = two_basins();
  const ProfileScan scan =
      profile_scan(basins.model, basins.data, {{"mu", {0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0}}});
  CHECK(scan.best_fit.twice_nll == Approx(33.40295).margin(2e-5));
  REQUIRE(scan.points[5].delta);
  REQUIRE(scan.points[6].delta);
  CHECK(*scan.points[5].delta == Approx(0.62137).margin(1e-4));
  CHECK(*scan.points[6].delta == Approx(1.19694).margin(1e-4));
}

TEST_CASE("several minima: a profile does not depend on where its grid begins", "[several_minima]") {
  for (const unsigned seed : {5U, 7U, 14U, 34U, 59U, 62U, 89U}) {
    const SeveralMinima basins = drawn_basins(seed);
    const std::vector<double> up = grid(0.0, 7.0, 15);
    const std::vector<double> down(up.rbegin(), up.rend());
    const ProfileScan rising = profile_scan(basins.model, basins.data, {{"mu", up}});
    const ProfileScan falling = profile_scan(basins.model, basins.data, {{"mu", down}});
    const ProfileScan columns = profile_scan(basins.model, basins.data, {{"a0", {0.3}}, {"mu", up}});
    const ProfileScan rows = profile_scan(basins.model, basins.data, {{"mu", down}, {"a0", {0.3}}});
    for (std::size_t k = 0; k < up.size(); ++k) {
      CAPTURE(seed, up[k]);
      CHECK(rising.points[k].twice_nll == Approx(falling.points[up.size() - 1 - k].twice_nll).margin(1e-5));
      CHECK(columns.points[k].twice_nll == Approx(rows.points[up.size() - 1 - k].twice_nll).margin(1e-5));
    }
  }
}

TEST_CASE("several minima: toys are drawn and counted at the lowest ones", "[several_minima]") {
  const ToyOptions toys{.ntoys = 300, .seed = 1};
  const SeveralMinima basins = drawn_basins(23);
  const UpperLimitOptions scan{.scan = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}};
  const UpperLimitResult asymptotic = upper_limit(basins.model, basins.data, scan);
  const UpperLimitResult scanned = toy_upper_limit(basins.model, basins.data, scan, toys);
  REQUIRE(scanned.points.size() == 6);
  for (const std::size_t k : {1U, 2U, 3U, 5U}) {
    CHECK(scanned.points[k].cls_observed.value() ==
          Approx(asymptotic.points[k].cls_observed.value()).margin(0.08));
  }
  // These searches come upon a lower minimum after they have made toys.
  for (const unsigned seed : {14U, 136U}) {
    const SeveralMinima other = drawn_basins(seed);
    const UpperLimitResult searched = toy_upper_limit(other.model, other.data, {}, toys);
    CHECK(any_mentions(searched.warnings, "fits to the data: starts disagree"));
    std::vector<double> mus;
    for (const ClsPoint& point : searched.points) {
      mus.push_back(point.mu);
    }
    const UpperLimitResult again = toy_upper_limit(other.model, other.data, {.scan = mus}, toys);
    REQUIRE(again.points.size() == mus.size());
    for (std::size_t k = 0; k < mus.size(); ++k) {
      CAPTURE(seed, mus[k]);
      if (searched.points[k].cls_observed) {
        CHECK(*searched.points[k].cls_observed == Approx(again.points[k].cls_observed.value()).margin(0.02));
      }
    }
  }
}

TEST_CASE("several minima: scans are never above single fits", "[several_minima]") {
  const std::vector<double> grid{0.0, 0.7, 1.4, 2.1, 2.8};
  for (unsigned seed = 0; seed < 30; ++seed) {
    const SeveralMinima basins = drawn_basins(seed);
    CAPTURE(seed);
    const ProfileScan scan = profile_scan(basins.model, basins.data, {{"mu", grid}});
    for (std::size_t k = 0; k < grid.size(); ++k) {
      const FitResult alone = fit(basins.model, basins.data, {.fix = {{"mu", grid[k]}}, .explore = false});
      REQUIRE(alone.certified());
      CHECK(scan.points[k].twice_nll <= alone.twice_nll + 1e-6);
    }
    const UpperLimitResult limit = upper_limit(basins.model, basins.data);
    if (limit.observed.value) {
      for (const ClsPoint& point : cls_scan(basins.model, basins.data, {*limit.observed.value})) {
        REQUIRE(point.cls_observed);
        CHECK(*point.cls_observed == Approx(0.05).margin(0.02));
      }
    }
  }
}

TEST_CASE("several minima: an interval is around the best fit that its ends belong to", "[several_minima]") {
  const SeveralMinima basins = two_basins();
  const IntervalResult interval =
      confidence_interval(basins.model, basins.data, {.fit = {.bounds = {{"mu", {-10.0, 10.0}}}}});
  REQUIRE(interval.upper.value);
  const auto delta = [&](double mu) {
    const FitOptions wide{.bounds = {{"mu", {-10.0, 10.0}}}, .starts = 30};
    FitOptions held = wide;
    held.fix = {{"mu", mu}};
    return fit(basins.model, basins.data, held).twice_nll - fit(basins.model, basins.data, wide).twice_nll;
  };
  CHECK(delta(interval.best_fit) == Approx(0.0).margin(1e-4));
  CHECK(delta(*interval.upper.value) == Approx(1.0).margin(1e-2));
}

TEST_CASE("several minima: starts that disagree are a warning of a session without CLs too",
          "[several_minima]") {
  const SeveralMinima basins = two_basins();
  const Reinterpretation<> likelihood(basins.model, basins.data, {.fit = {.starts = 20}});
  const SignalEvaluation result = likelihood.evaluate({{"SR", {11.4, 5.5, 10.6, 4.2}}}, {.cls = false});
  CHECK(any_mentions(result.warnings, "starts disagree"));
}

TEST_CASE("several minima: two that are equally low are named, and their order is not by name",
          "[several_minima]") {
  const auto fitted = [](const std::string& mirrored, const std::string& plain) {
    const Model model = mirrored_model(mirrored, plain);
    const Vector data = with_auxdata(model, {125.0, 148.0, 130.0});
    for (const double side : {-0.8, 0.8}) {
      const FitResult best = fit(model, data, {.init = {{mirrored, side}}});
      REQUIRE(best.certified());
      CAPTURE(side, best.parameters.transpose());
      // The one with the larger sum of parameters.
      CHECK(best.value(mirrored) > 0.5);
      REQUIRE_FALSE(best.warnings.empty());
      CHECK(mentions(best.warnings[0], {"equally low", mirrored + " = " + number_text(best.value(mirrored)),
                                        "and -0.", "Asimov"}));
    }
    return std::pair(fit(model, data), hypotest(model, data, {.mu = 1.0}));
  };
  const auto [fit_a, test_a] = fitted("alpha_a", "alpha_m");
  for (const auto& [mirrored, plain] :
       {std::pair<std::string, std::string>{"alpha_z", "alpha_m"}, {"alpha_m", "alpha_a"}}) {
    const auto [fit_z, test_z] = fitted(mirrored, plain);
    CHECK(fit_z.twice_nll == Approx(fit_a.twice_nll).margin(1e-8));
    CHECK(fit_z.value(mirrored) == Approx(fit_a.value("alpha_a")).margin(1e-4));
    CHECK(fit_z.value("mu") == Approx(fit_a.value("mu")).margin(1e-4));
    CHECK(test_z.cls_observed == Approx(test_a.cls_observed).margin(1e-6));
    for (std::size_t k = 0; k < 5; ++k) {
      CHECK(test_z.cls_expected[k] == Approx(test_a.cls_expected[k]).margin(1e-6));
    }
    CHECK(any_mentions(test_z.warnings, "equally low"));
  }
}

TEST_CASE("several minima: limits say that two minima are equally low", "[several_minima]") {
  const Model model = mirrored_model("a", "m");
  const Vector data = with_auxdata(model, {125.0, 148.0, 130.0});
  CHECK(any_mentions(upper_limit(model, data).warnings, "equally low"));
  for (const ClsPoint& point : cls_scan(model, data, {0.5, 1.0})) {
    CHECK(any_mentions(point.warnings, "equally low"));
  }
}

TEST_CASE("several minima: limits tell of Asimov data that depend on a choice", "[several_minima]") {
  // The best fit explains the excess by the signal, the alternative by either side of the effect.
  const Model model =
      build_model(single_channel({sample("bkg", {100.0, 100.0, 100.0},
                                         {histosys("a", {120.0, 150.0, 120.0}, {120.0, 150.0, 120.0})}),
                                  sample("sig", {20.0, 50.0, 20.0}, {normfactor("mu")})}),
                  "mu");
  const Vector data = with_auxdata(model, {120.0, 150.0, 120.0});
  const HypotestResult test = hypotest(model, data, {.mu = 1.0});
  REQUIRE(test.fits.free_fit_to_data.value("a") == Approx(0.0).margin(1e-3));
  REQUIRE(any_mentions(test.warnings, "at the alternative: two minima are equally low"));
  CHECK(any_mentions(upper_limit(model, data).warnings, "equally low"));
}
