#include <muhat/inference/cls_scan.hpp>
#include <muhat/inference/hypotest.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/grids.hpp>
#include <support/messages.hpp>
#include <support/several_minima.hpp>
#include <support/stopped_scan.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

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

/// Throws at its `fail_at`th minimization.
struct ThrowsAt {
  int fail_at = 0;
  std::shared_ptr<int> count = std::make_shared<int>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    if (++*count == fail_at) {
      throw FitFailed("an optimizer that throws");
    }
    return DefaultOptimizer().minimize(f, x0, box);
  }
};

} // namespace

TEST_CASE("a CLs scan is the sequence of its tests", "[cls_scan]") {
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

TEST_CASE("the altair example of the manual", "[cls_scan]") {
  const Model model = uncorrelated_background({7.0}, {20.0}, {5.0});
  const std::vector<ClsPoint> points = cls_scan(model, with_auxdata(model, {25.0}), grid(0.0, 5.0, 31));
  const double observed[] = {1.000000, 0.885208, 0.795986, 0.726450, 0.672216};
  const double lowest[] = {1.000000, 0.670809, 0.438838, 0.279981, 0.174235};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(points[k].cls_observed.value() == Approx(observed[k]).margin(2e-5));
    CHECK(points[k].cls_expected.value()[0] == Approx(lowest[k]).margin(2e-5));
  }
}

TEST_CASE("a CLs scan has the same bits on any number of threads", "[cls_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const SeveralMinima basins = drawn_basins(273);
  const auto on = [&](const auto& executor) {
    const std::vector<double> mus = grid(0.0, 5.0, 50);
    return std::pair(cls_scan(model, data, mus, {}, DefaultOptimizer{}, executor),
                     cls_scan(basins.model, basins.data, mus, {}, DefaultOptimizer{}, executor));
  };
  const auto [one, several] = on(SerialExecutor{});
  for (const std::size_t threads : {2U, 5U}) {
    const auto [one_parallel, several_parallel] = on(ThreadExecutor(threads));
    for (std::size_t k = 0; k < one.size(); ++k) {
      CHECK(one_parallel[k].cls_observed == one[k].cls_observed);
      CHECK(one_parallel[k].cls_expected == one[k].cls_expected);
      CHECK(several_parallel[k].cls_observed == several[k].cls_observed);
      CHECK(several_parallel[k].cls_expected == several[k].cls_expected);
      CHECK(several_parallel[k].warnings == several[k].warnings);
    }
  }
}

TEST_CASE("a stopped CLs scan keeps its points and says which were not reached", "[cls_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 40);
  StoppedScan stopped(20);
  const auto points = cls_scan(model, data, mus, {}, DefaultOptimizer{}, SerialExecutor{}, stopped.control());
  CHECK(stopped.counts().size() == 20);
  CHECK(stopped.counts().back() == 20);
  REQUIRE(points.size() == 40);
  CHECK(points[19].cls_observed == cls_scan(model, data, mus)[19].cls_observed);
  CHECK(points[19].reason.empty());
  CHECK(points[20].mu == mus[20]);
  CHECK_FALSE(points[20].cls_observed.has_value());
  CHECK_FALSE(points[20].cls_expected.has_value());
  CHECK(mentions(points[20].reason, {"not reached"}));
}

TEST_CASE("a fit without a certificate takes its own point from a CLs scan alone", "[cls_scan]") {
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

TEST_CASE("a CLs scan without bound is refused before anything is allocated", "[cls_scan]") {
  const Model model = hello_world_model();
  const std::vector<double> many(most_scan_points + 1, 1.0);
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)cls_scan(model, with_auxdata(model, {51.0, 48.0}), many);
                 }),
                 {"1000001", "1000000", "fewer"}));
}

TEST_CASE("a fit that throws takes its own point from a CLs scan alone", "[cls_scan]") {
  const SeveralMinima basins = two_basins();
  const std::vector<double> mus{1.0, 2.0, 3.0, 4.0};
  const auto scan = [&](int fail_at) {
    const ThrowsAt optimizer{fail_at};
    auto points = cls_scan(basins.model, basins.data, mus, {}, optimizer, SerialExecutor{});
    return std::pair(std::move(points), *optimizer.count);
  };
  const auto [whole, fits] = scan(0);
  int gaps = 0;
  for (int fail_at = 1; fail_at <= fits; ++fail_at) {
    CAPTURE(fail_at);
    const auto [points, count] = scan(fail_at);
    int missing = 0;
    for (std::size_t k = 0; k < mus.size(); ++k) {
      if (points[k].cls_observed) {
        CHECK(*points[k].cls_observed == Approx(*whole[k].cls_observed).margin(1e-5));
      } else {
        CHECK(mentions(points[k].reason, {"throws"}));
        ++missing;
      }
    }
    CHECK(missing <= 1);
    gaps += missing;
  }
  CHECK(gaps > 0);
}
