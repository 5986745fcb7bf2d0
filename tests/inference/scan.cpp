#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/scan.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <memory>
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

/// Counts its minimizations.
struct Counting {
  std::shared_ptr<std::atomic<int>> count = std::make_shared<std::atomic<int>>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    ++*count;
    return DefaultOptimizer().minimize(f, x0, box);
  }
};

/// Certifies no fit with `mu`, the first parameter, held at this value.
struct StallsAt {
  double mu = 0.0;

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (box.lower[0] == mu && box.upper[0] == mu) {
      result.status = FitStatus::stalled;
    }
    return result;
  }
};

/// Ends every fit of a free `mu` at its start, or at its upper bound, and calls that a minimum.
struct Lazy {
  bool at_bound = false;

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    Box narrow = box;
    if (box.lower[0] < box.upper[0]) {
      narrow.lower = narrow.upper = at_bound ? box.upper : x0;
    }
    return DefaultOptimizer().minimize(f, x0.cwiseMax(narrow.lower).cwiseMin(narrow.upper), narrow);
  }
};

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
    CHECK(points[k].cls_expected.value()[3] == Approx(test.cls_expected[3]).epsilon(1e-5));
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
    CHECK(points[k].cls_expected.value()[0] == Approx(lowest[k]).margin(2e-5));
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
    const FitResult single =
        fit(model, shape_factor_data(),
            {.fix = {{"mu", point.values[0]}, {"coupled_shapefactor[0]", point.values[1]}}});
    CHECK(point.twice_nll == Approx(single.twice_nll).epsilon(1e-10));
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
      CHECK(parallel.points[k].twice_nll == serial.points[k].twice_nll);
      CHECK(parallel.points[k].delta == serial.points[k].delta);
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
  CHECK(mentions(message_of<UnknownName>([&] {
                   (void)profile_scan(model, data, {{"nu", {1.0}}});
                 }),
                 {"\"nu\"", "did you mean"}));
  CHECK_THROWS_AS(profile_scan(model, data, {{"", {1.0}}}), UnknownName);
  CHECK(mentions(complaint({{"uncorr_bkguncrt", {1.0}}}), {"2", "uncorr_bkguncrt[0]"}));
}

TEST_CASE("a fixed parameter has no profile until it is released", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {60.0, 55.0});
  const std::vector<ScanAxis> axes{{"mu", {0.0, 1.0}}};
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)profile_scan(model, data, axes, {.fix = {{"mu", 1.0}}});
                 }),
                 {"\"mu\"", "fixed", "release"}));
  CHECK(profile_scan(model, data, axes).points[0].delta.value() > 0.1);
}

TEST_CASE("a point below the free fit is where the fit goes on, or an error", "[scan]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 20.0});
  const std::vector<ScanAxis> axes{{"mu", {0.0, 2.0, 3.0, 4.0}}};
  const ProfileScan scan = profile_scan(model, vector({80.0}), axes, {.explore = false}, Lazy{});
  CHECK(scan.best_fit.value("mu") == 3.0);
  CHECK(scan.points[2].delta.value() == 0.0);
  CHECK(scan.points[0].delta.value() == Approx(2.0 * (80.0 * std::log(1.6) - 30.0)).epsilon(1e-9));
  CHECK(mentions(message_of<FitFailed>([&] {
                   (void)profile_scan(model, vector({80.0}), axes, {.explore = false}, Lazy{true});
                 }),
                 {"mu = 0", "below the free fit", "more starts"}));
}

TEST_CASE("the points of a profile scan have the starts that are asked for", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {60.0, 55.0});
  const std::vector<ScanAxis> axes{{"mu", grid(0.0, 1.0, 5)}};
  const auto fits = [&](const FitOptions& options) {
    const Counting counting;
    (void)profile_scan(model, data, axes, options, counting);
    return counting.count->load();
  };
  // Every point: its neighbor's minimum and the init.
  CHECK(fits({.explore = false}) == 1 + 5 * 2);
  CHECK(fits({.extra_starts = {model.suggested_init()}, .explore = false}) == 2 + 5 * 2);
  // Every point: its neighbor's minimum, the init, and two that are drawn.
  CHECK(fits({.starts = 3, .explore = false}) == 3 + 5 * 4);
}

TEST_CASE("a stopped scan keeps its points and says which were not reached", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 40);
  std::atomic<bool> cancel{false};
  std::vector<std::size_t> counts;
  ScanControl control{.cancel = &cancel};
  control.on_point = [&](std::size_t done) {
    counts.push_back(done);
    cancel = done == 20;
  };
  const ProfileScan whole = profile_scan(model, data, {{"mu", mus}});
  const ProfileScan part =
      profile_scan(model, data, {{"mu", mus}}, {}, DefaultOptimizer{}, SerialExecutor{}, control);
  CHECK(counts.size() == 20);
  CHECK(counts.back() == 20);
  REQUIRE(part.points.size() == 40);
  for (std::size_t k = 0; k < 40; ++k) {
    CHECK(part.points[k].values == whole.points[k].values);
    CHECK(part.points[k].delta.has_value() == (k < 20));
    CHECK((k < 20 ? part.points[k].delta == whole.points[k].delta
                  : mentions(part.points[k].reason, {"not reached"})));
  }
  counts.clear();
  cancel = false;
  const auto points = cls_scan(model, data, mus, {}, DefaultOptimizer{}, SerialExecutor{}, control);
  REQUIRE(points.size() == 40);
  CHECK(points[19].cls_observed == cls_scan(model, data, mus)[19].cls_observed);
  CHECK(points[19].reason.empty());
  CHECK(points[20].mu == mus[20]);
  CHECK_FALSE(points[20].cls_observed.has_value());
  CHECK_FALSE(points[20].cls_expected.has_value());
  CHECK(mentions(points[20].reason, {"not reached"}));
}

TEST_CASE("a fit without a certificate takes its own point from a CLs scan alone", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 6);
  const std::vector<ClsPoint> whole = cls_scan(model, data, mus);
  const std::vector<ClsPoint> points = cls_scan(model, data, mus, {}, StallsAt{3.0});
  REQUIRE(points.size() == 6);
  for (std::size_t k = 0; k < 6; ++k) {
    CHECK(points[k].cls_observed.has_value() == (k != 3));
    CHECK(points[k].reason.empty() == (k != 3));
    if (k != 3) {
      CHECK(points[k].cls_observed.value() == Approx(whole[k].cls_observed.value()).epsilon(1e-5));
    }
  }
  CHECK(mentions(points[3].reason, {"mu = 3", "no certified minimum"}));
}

TEST_CASE("scans without bound are refused before anything is allocated", "[scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> many(most_scan_points + 1, 1.0);
  CHECK(mentions(message_of<InvalidArgument>([&] { (void)cls_scan(model, data, many); }),
                 {"1000001", "1000000", "fewer"}));
  const ScanAxis axis{"mu", many};
  const ScanAxis other{"uncorr_bkguncrt[0]", many};
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)profile_scan(model, data, {axis, other});
                 }),
                 {"1000001 x 1000001", "1000000"}));
}

TEST_CASE("the two axes of a profile scan are different parameters", "[scan]") {
  const Model model = hello_world_model();
  CHECK_THROWS_AS(
      profile_scan(model, with_auxdata(model, {51.0, 48.0}), {{"mu", {0.0, 1.0}}, {"mu", {0.0, 1.0}}}),
      InvalidArgument);
}
