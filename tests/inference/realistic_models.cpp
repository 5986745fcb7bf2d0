#include <muhat/fit/fit.hpp>
#include <muhat/inference/cls_scan.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/profile_scan.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/realistic_models.hpp>
#include <support/several_minima.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Two values of twice_nll that ought to be one minimum's.
void check_same(double a, double b) {
  CHECK(a == Approx(b).epsilon(0.0).margin(1e-6));
}

/// All ways to the minima at `mus` lead to the same.
void check_agreement(const Model& model, const Vector& data, const std::vector<double>& mus) {
  const FitResult free = fit(model, data);
  REQUIRE(free.certified());
  const ProfileScan scan = profile_scan(model, data, {{"mu", mus}}, {}, DefaultOptimizer{}, SerialExecutor{});
  check_same(scan.best_fit.twice_nll, free.twice_nll);
  const std::vector<ClsPoint> cls = cls_scan(model, data, mus, {}, DefaultOptimizer{}, SerialExecutor{});
  const UpperLimitResult limit = upper_limit(model, data, {.scan = mus});
  for (std::size_t k = 0; k < mus.size(); ++k) {
    CAPTURE(mus[k]);
    const FitResult held = fixed_poi_fit(mus[k], model, data);
    REQUIRE(held.certified());
    REQUIRE(scan.points[k].delta);
    const HypotestResult test = hypotest(model, data, {.mu = mus[k]});
    check_same(scan.points[k].twice_nll, held.twice_nll);
    check_same(test.fits.fixed_poi_fit_to_data.twice_nll, held.twice_nll);
    check_same(test.fits.free_fit_to_data.twice_nll, free.twice_nll);
    CHECK(cls[k].cls_observed.value() == Approx(test.cls_observed).margin(1e-5));
    CHECK(limit.points[k].cls_observed.value() == Approx(test.cls_observed).margin(1e-5));
    for (std::size_t n = 0; n < 5; ++n) {
      CHECK((*cls[k].cls_expected)[n] == Approx(test.cls_expected[n]).margin(1e-5));
      CHECK((*limit.points[k].cls_expected)[n] == Approx(test.cls_expected[n]).margin(1e-5));
    }
  }
}

} // namespace

TEST_CASE("fits, tests, scans and limits of realistic models agree on the minima", "[realistic_models]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const RealisticModel random = realistic_model(seed);
    check_agreement(random.model(), random.data, {0.0, 0.5, 1.0});
  }
}

TEST_CASE("fits, tests, scans and limits of models with several minima agree", "[realistic_models]") {
  const SeveralMinima basins = two_basins();
  check_agreement(basins.model, basins.data, {0.0, 0.5, 1.0, 2.5, 3.0});
  for (unsigned seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    const SeveralMinima drawn = drawn_basins(seed);
    check_agreement(drawn.model, drawn.data, {0.0, 0.5, 1.0});
  }
}

TEST_CASE("explored fits of realistic models are as low as the best of many starts", "[realistic_models]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    const RealisticModel random = realistic_model(seed);
    const Model model = random.model();
    const FitResult explored = fit(model, random.data);
    const FitResult drawn = fit(model, random.data, {.starts = 30, .explore = false});
    REQUIRE(explored.certified());
    if (drawn.certified()) {
      CHECK(explored.twice_nll <= drawn.twice_nll + 1e-5);
    }
  }
}
