#include <muhat/inference/profile_scan.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/grids.hpp>
#include <support/messages.hpp>
#include <support/several_minima.hpp>
#include <support/sinking_optimizer.hpp>
#include <support/stopped_scan.hpp>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Counts its minimizations.
struct Counting {
  std::shared_ptr<std::atomic<int>> count = std::make_shared<std::atomic<int>>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    ++*count;
    return DefaultOptimizer().minimize(f, x0, box);
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

TEST_CASE("a profile scan follows the closed form", "[profile_scan]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 20.0});
  const ProfileScan scan = profile_scan(model, vector({80.0}), {{"mu", grid(-1.0, 6.0, 40)}});
  CHECK(scan.best_fit.value("mu") == Approx(3.0).epsilon(1e-6));
  REQUIRE(scan.points.size() == 40);
  for (const ProfilePoint& point : scan.points) {
    const double nu = 50.0 + 10.0 * point.values[0];
    CHECK(point.delta.value() == Approx(2.0 * (nu - 80.0 - 80.0 * std::log(nu / 80.0))).margin(1e-8));
  }
}

TEST_CASE("scans in two parameters hold both", "[profile_scan]") {
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

TEST_CASE("a profile scan has the same bits on any number of threads", "[profile_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const SeveralMinima basins = drawn_basins(62);
  const auto on = [&](const auto& executor) {
    const std::vector<ScanAxis> axes{{"mu", grid(0.0, 5.0, 50)}};
    return std::pair(profile_scan(model, data, axes, {}, DefaultOptimizer{}, executor),
                     profile_scan(basins.model, basins.data, axes, {}, DefaultOptimizer{}, executor));
  };
  const auto [one, several] = on(SerialExecutor{});
  for (const std::size_t threads : {2U, 5U}) {
    const auto [one_parallel, several_parallel] = on(ThreadExecutor(threads));
    for (std::size_t k = 0; k < one.points.size(); ++k) {
      CHECK(one_parallel.points[k].twice_nll == one.points[k].twice_nll);
      CHECK(one_parallel.points[k].delta == one.points[k].delta);
      CHECK(several_parallel.points[k].twice_nll == several.points[k].twice_nll);
      CHECK(several_parallel.points[k].warnings == several.points[k].warnings);
    }
  }
}

TEST_CASE("unusable profile scans are refused", "[profile_scan]") {
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

TEST_CASE("a fixed parameter has no profile until it is released", "[profile_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {60.0, 55.0});
  const std::vector<ScanAxis> axes{{"mu", {0.0, 1.0}}};
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)profile_scan(model, data, axes, {.fix = {{"mu", 1.0}}});
                 }),
                 {"\"mu\"", "fixed", "release"}));
  CHECK(profile_scan(model, data, axes).points[0].delta.value() > 0.1);
}

TEST_CASE("a point below the free fit is where the fit goes on, or an error", "[profile_scan]") {
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

TEST_CASE("the points of a profile scan have the starts that are asked for", "[profile_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {60.0, 55.0});
  const std::vector<ScanAxis> axes{{"mu", grid(0.1, 0.9, 5)}};
  const auto fits = [&](const FitOptions& options) {
    const Counting counting;
    (void)profile_scan(model, data, axes, options, counting);
    return counting.count->load();
  };
  // Every point: the lowest of the points that are known.
  CHECK(fits({.explore = false}) == 1 + 5);
  CHECK(fits({}) == 1 + 5);
  // Every point: that, and the one that is asked for.
  const Vector extra = 1.05 * model.suggested_init();
  CHECK(fits({.extra_starts = {extra}, .explore = false}) == 2 + 5 * 2);
  // Every point: that, the init, and two that are drawn. Where the first is the init, it is one.
  const int drawn = fits({.starts = 3, .explore = false});
  CHECK(drawn >= 3 + 5 * 3);
  CHECK(drawn <= 3 + 5 * 4);
}

TEST_CASE("a stopped profile scan keeps its points and says which were not reached", "[profile_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 40);
  StoppedScan stopped(20);
  const ProfileScan whole = profile_scan(model, data, {{"mu", mus}});
  const ProfileScan part =
      profile_scan(model, data, {{"mu", mus}}, {}, DefaultOptimizer{}, SerialExecutor{}, stopped.control());
  CHECK(stopped.counts().size() == 20);
  CHECK(stopped.counts().back() == 20);
  REQUIRE(part.points.size() == 40);
  for (std::size_t k = 0; k < 40; ++k) {
    CHECK(part.points[k].values == whole.points[k].values);
    CHECK(part.points[k].delta.has_value() == (k < 20));
    CHECK((k < 20 ? part.points[k].delta == whole.points[k].delta
                  : mentions(part.points[k].reason, {"not reached"})));
  }
}

TEST_CASE("a profile scan without bound is refused before anything is allocated", "[profile_scan]") {
  const Model model = hello_world_model();
  const std::vector<double> many(most_scan_points + 1, 1.0);
  const std::vector<ScanAxis> axes{{"mu", many}, {"uncorr_bkguncrt[0]", many}};
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)profile_scan(model, with_auxdata(model, {51.0, 48.0}), axes);
                 }),
                 {"1000001 x 1000001", "1000000"}));
}

TEST_CASE("the two axes of a profile scan are different parameters", "[profile_scan]") {
  const Model model = hello_world_model();
  CHECK_THROWS_AS(
      profile_scan(model, with_auxdata(model, {51.0, 48.0}), {{"mu", {0.0, 1.0}}, {"mu", {0.0, 1.0}}}),
      InvalidArgument);
}

TEST_CASE("a profile scan that does not settle says so", "[profile_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const ProfileScan scan =
      profile_scan(model, data, {{"mu", grid(0.0, 5.0, 20)}}, {}, SinkingOptimizer{}, SerialExecutor{});
  for (const ProfilePoint& point : scan.points) {
    REQUIRE_FALSE(point.warnings.empty());
    CHECK(mentions(point.warnings.back(), {"still found lower minima", "more starts"}));
  }
  for (const ProfilePoint& point : profile_scan(model, data, scan.axes).points) {
    CHECK(point.warnings.empty());
  }
}
