#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/scan.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

std::vector<double> grid(double first, double last, int points) {
  std::vector<double> values;
  for (int k = 0; k < points; ++k) {
    values.push_back(first + (last - first) * k / (points - 1));
  }
  return values;
}

} // namespace

TEST_CASE("a CLs scan is the sequence of its tests", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 21);
  const std::vector<ClsPoint> points = cls_scan(model, data, mus);
  REQUIRE(points.size() == 21);
  CHECK(points[0].cls_observed.value() == 1.0);
  for (const std::size_t k : {0U, 4U, 7U, 20U}) {
    const HypotestResult test = hypotest(model, data, {.mu = mus[k]});
    CHECK(points[k].mu == mus[k]);
    CHECK(points[k].cls_observed.value() == Approx(test.cls_observed).epsilon(1e-5));
    CHECK(points[k].cls_expected[3] == Approx(test.cls_expected[3]).epsilon(1e-5));
  }
  CHECK(cls_scan(model, data, {}).empty());
}

TEST_CASE("the altair example of the manual", "[scan]") {
  const Model model = uncorrelated_background({7.0}, {20.0}, {5.0});
  const std::vector<ClsPoint> points = cls_scan(model, with_auxdata(model, {25.0}), grid(0.0, 5.0, 31));
  const double observed[] = {1.000000, 0.885208, 0.795986, 0.726450, 0.672216};
  const double lowest[] = {1.000000, 0.670809, 0.438838, 0.279981, 0.174235};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(points[k].cls_observed.value() == Approx(observed[k]).margin(2e-5));
    CHECK(points[k].cls_expected[0] == Approx(lowest[k]).margin(2e-5));
  }
}

TEST_CASE("a profile scan follows the closed form", "[scan]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 20.0});
  const ProfileScan scan = profile_scan(model, vector({80.0}), {{"mu", grid(-1.0, 6.0, 40)}});
  CHECK(scan.best_fit.value("mu") == Approx(3.0).epsilon(1e-6));
  REQUIRE(scan.points.size() == 40);
  for (const ProfilePoint& point : scan.points) {
    const double nu = 50.0 + 10.0 * point.values[0];
    CHECK(point.delta.value() == Approx(2.0 * (nu - 80.0 - 80.0 * std::log(nu / 80.0))).margin(1e-8));
  }
}

TEST_CASE("scans in two parameters hold both", "[scan]") {
  const Model model = shape_factor_model();
  const std::vector<ScanAxis> axes{{"mu", grid(0.5, 1.5, 3)}, {"coupled_shapefactor[0]", grid(1.9, 2.1, 5)}};
  const ProfileScan scan = profile_scan(model, shape_factor_data(), axes);
  REQUIRE(scan.points.size() == 15);
  CHECK(scan.points[7].values == std::vector<double>{1.0, 2.0});
  CHECK(scan.points[7].delta.value() == Approx(0.0).margin(1e-8));
  for (const ProfilePoint& point : scan.points) {
    CHECK(point.fit.value("mu") == point.values[0]);
    CHECK(point.fit.value("coupled_shapefactor[0]") == point.values[1]);
    const FitResult single =
        fit(model, shape_factor_data(),
            {.fix = {{"mu", point.values[0]}, {"coupled_shapefactor[0]", point.values[1]}}});
    CHECK(point.fit.twice_nll == Approx(single.twice_nll).epsilon(1e-10));
  }
}

TEST_CASE("scans have the same bits on any number of threads", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 50);
  const ProfileScan serial =
      profile_scan(model, data, {{"mu", mus}}, {}, DefaultOptimizer{}, SerialExecutor{});
  const auto cls = cls_scan(model, data, mus, {}, DefaultOptimizer{}, SerialExecutor{});
  for (const std::size_t threads : {2U, 5U}) {
    const ProfileScan parallel =
        profile_scan(model, data, {{"mu", mus}}, {}, DefaultOptimizer{}, ThreadExecutor(threads));
    const auto cls_parallel = cls_scan(model, data, mus, {}, DefaultOptimizer{}, ThreadExecutor(threads));
    for (std::size_t k = 0; k < mus.size(); ++k) {
      CHECK(parallel.points[k].fit.parameters == serial.points[k].fit.parameters);
      CHECK(cls_parallel[k].cls_observed == cls[k].cls_observed);
      CHECK(cls_parallel[k].cls_expected == cls[k].cls_expected);
    }
  }
}

TEST_CASE("unusable scans are refused", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const auto complaint = [&](const std::vector<ScanAxis>& axes) {
    return message_of<InvalidArgument>([&] { (void)profile_scan(model, data, axes); });
  };
  CHECK(mentions(complaint({}), {"one axis or two"}));
  CHECK(mentions(complaint({{"mu", {11.0}}}), {"11", "mu", "[0, 10]"}));
  CHECK(mentions(complaint({{"nu", {1.0}}}), {"nu"}));
}

TEST_CASE("the two axes of a profile scan are different parameters", "[scan]") {
  const Model model = hello_world_model();
  CHECK_THROWS_AS(
      profile_scan(model, with_auxdata(model, {51.0, 48.0}), {{"mu", {0.0, 1.0}}, {"mu", {0.0, 1.0}}}),
      InvalidArgument);
}
