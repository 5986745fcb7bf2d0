#include <muhat/inference/cls_scan.hpp>
#include <muhat/inference/hypotest.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/grids.hpp>
#include <support/messages.hpp>
#include <support/several_minima.hpp>
#include <support/sinking_optimizer.hpp>
#include <support/stopped_scan.hpp>

#include <atomic>
#include <cstddef>
#include <limits>
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

/// Claims a value far below, without a certificate, from where `mu`, the first parameter, is this.
struct DropsAt {
  double mu = 0.0;

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (x0[0] == mu) {
      result.value -= 50.0;
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

/// Throws in every minimization with `mu`, the first parameter, held at this value.
struct ThrowsHeldAt {
  double mu = 0.0;

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    if (box.lower[0] == mu && box.upper[0] == mu) {
      throw FitFailed("an optimizer that throws");
    }
    return DefaultOptimizer().minimize(f, x0, box);
  }
};

/// Stops a scan in its `stop_at`th minimization.
struct StopsAt {
  std::atomic<bool>* cancel = nullptr;
  int stop_at = 0;
  std::shared_ptr<int> count = std::make_shared<int>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    if (++*count == stop_at) {
      *cancel = true;
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

TEST_CASE("a CLs scan that is stopped while points are computed again keeps no replaced values",
          "[cls_scan]") {
  const std::vector<double> mus = grid(0.0, 8.0, 81);
  int withdrawn = 0;
  int replaced = 0;
  for (const unsigned seed : {0U, 4U, 7U, 14U, 38U, 62U, 71U, 89U, 265U, 273U, 279U}) {
    const SeveralMinima basins = drawn_basins(seed);
    // The fits of all points are made when the last one counts; what comes then are exchanges.
    const auto scan = [&](int stop_at, int& fits, int& fits_of_all) {
      std::atomic<bool> cancel{false};
      const StopsAt optimizer{&cancel, stop_at};
      const ScanControl control{.cancel = &cancel, .on_point = [&](std::size_t done) {
                                  if (done == mus.size()) {
                                    fits_of_all = *optimizer.count;
                                  }
                                }};
      auto points = cls_scan(basins.model, basins.data, mus, {}, optimizer, SerialExecutor{}, control);
      fits = *optimizer.count;
      return points;
    };
    int fits = 0;
    int fits_of_all = 0;
    int unused = 0;
    const std::vector<ClsPoint> whole = scan(0, fits, fits_of_all);
    REQUIRE(fits_of_all > 0);
    replaced += fits - fits_of_all;
    for (int stop_at = fits_of_all + 1; stop_at <= fits; stop_at += 5) {
      const std::vector<ClsPoint> points = scan(stop_at, unused, unused);
      for (std::size_t k = 0; k < mus.size(); ++k) {
        CAPTURE(seed, stop_at, mus[k]);
        if (points[k].cls_observed) {
          CHECK(*points[k].cls_observed == Approx(*whole[k].cls_observed).margin(1e-4));
        } else {
          CHECK(mentions(points[k].reason, {"stopped", "again"}));
          ++withdrawn;
        }
      }
    }
  }
  CHECK(replaced > 0);
  CHECK(withdrawn > 0);
}

TEST_CASE("a CLs scan that is stopped before it begins fits nothing", "[cls_scan]") {
  const Model model = hello_world_model();
  std::atomic<bool> cancel{true};
  const StopsAt optimizer{&cancel};
  const auto points = cls_scan(model, with_auxdata(model, {51.0, 48.0}), {0.5, 1.0}, {}, optimizer,
                               SerialExecutor{}, {.cancel = &cancel});
  REQUIRE(points.size() == 2);
  CHECK(mentions(points[0].reason, {"not reached"}));
  CHECK(*optimizer.count == 0);
}

TEST_CASE("a CLs scan that does not settle says so", "[cls_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.1, 4.0, 40);
  for (const ClsPoint& point : cls_scan(model, data, mus, {}, SinkingOptimizer{}, SerialExecutor{})) {
    REQUIRE_FALSE(point.warnings.empty());
    CHECK(mentions(point.warnings.back(), {"still found lower minima", "more starts"}));
  }
  for (const ClsPoint& point : cls_scan(model, data, mus)) {
    CHECK(point.warnings.empty());
  }
}

TEST_CASE("all points of a CLs scan tell of a lower point without certificate at one", "[cls_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  // mu = 3 is point 23 of 40, in the second of three chains.
  const std::vector<double> mus = grid(0.125, 5.0, 40);
  const std::vector<ClsPoint> points = cls_scan(model, data, mus, {}, DropsAt{3.0});
  for (std::size_t k = 0; k < points.size(); ++k) {
    CAPTURE(k);
    if (k == 23) {
      CHECK(mentions(points[k].reason, {"mu = 3", "no certified minimum"}));
      continue;
    }
    REQUIRE(points[k].cls_observed.has_value());
    REQUIRE_FALSE(points[k].warnings.empty());
    CHECK(mentions(points[k].warnings.back(), {"lower point without certificate"}));
  }
}

TEST_CASE("what does not settle is given up after three passes", "[cls_scan]") {
  struct {
    int minima = 0;
    [[nodiscard]] int revision() const { return minima; }
  } fits;
  int passes = 0;
  CHECK_FALSE(muhat::detail::until_settled(fits, [&] {
    ++fits.minima;
    ++passes;
  }));
  CHECK(passes == 3);
  CHECK(muhat::detail::until_settled(fits, [&] { fits.minima += passes++ == 3; }));
  CHECK(passes == 5);
}

TEST_CASE("a CLs scan is refused before its first fit", "[cls_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const ThrowsAt optimizer;
  const auto refused = [&](const std::vector<double>& mus, TestStatistic statistic) {
    return message_of<InvalidArgument>([&] {
      (void)cls_scan(model, data, mus, {.test_statistic = statistic}, optimizer, SerialExecutor{});
    });
  };
  CHECK(mentions(refused({1.0, 2.0, 11.0}, TestStatistic::q_mu_tilde), {"11", "mu", "[0, 10]"}));
  CHECK(mentions(refused({1.0, std::numeric_limits<double>::quiet_NaN()}, TestStatistic::q_mu), {"finite"}));
  CHECK(mentions(refused({1.0}, TestStatistic::q0), {"q0", "qtilde"}));
  CHECK(*optimizer.count == 0);
}

TEST_CASE("a CLs scan without bound is refused before anything is allocated", "[cls_scan]") {
  const Model model = hello_world_model();
  const std::vector<double> many(most_scan_points + 1, 1.0);
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)cls_scan(model, with_auxdata(model, {51.0, 48.0}), many);
                 }),
                 {"1000001", "1000000", "fewer"}));
}

TEST_CASE("a fit that throws once is made again", "[cls_scan]") {
  const SeveralMinima basins = two_basins();
  const std::vector<double> mus{1.0, 2.0, 3.0, 4.0};
  const auto scan = [&](int fail_at) {
    const ThrowsAt optimizer{fail_at};
    auto points = cls_scan(basins.model, basins.data, mus, {}, optimizer, SerialExecutor{});
    return std::pair(std::move(points), *optimizer.count);
  };
  const auto [whole, fits] = scan(0);
  REQUIRE(fits > 0);
  for (int fail_at = 1; fail_at <= fits; ++fail_at) {
    const auto [points, count] = scan(fail_at);
    for (std::size_t k = 0; k < mus.size(); ++k) {
      CAPTURE(fail_at, mus[k], points[k].reason);
      REQUIRE(points[k].cls_observed);
      CHECK(*points[k].cls_observed == Approx(*whole[k].cls_observed).margin(1e-5));
    }
  }
}

TEST_CASE("a fit that always throws takes its own point from a CLs scan alone", "[cls_scan]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const std::vector<double> mus = grid(0.0, 5.0, 6);
  const std::vector<ClsPoint> whole = cls_scan(model, data, mus);
  const std::vector<ClsPoint> points = cls_scan(model, data, mus, {}, ThrowsHeldAt{3.0});
  for (std::size_t k = 0; k < 6; ++k) {
    CAPTURE(mus[k]);
    REQUIRE(points[k].cls_observed.has_value() == (k != 3));
    if (k != 3) {
      CHECK(*points[k].cls_observed == Approx(*whole[k].cls_observed).margin(1e-5));
    }
  }
  CHECK(mentions(points[3].reason, {"an optimizer that throws"}));
}
