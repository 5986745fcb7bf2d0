#include <muhat/inference/toy_upper_limit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>
#include <support/moody_optimizer.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

bool same_limits(const UpperLimitResult& a, const UpperLimitResult& b) {
  bool same = a.observed.value == b.observed.value && a.observed.error == b.observed.error;
  for (std::size_t k = 0; k < 5; ++k) {
    same = same && a.expected[k].value == b.expected[k].value && a.expected[k].error == b.expected[k].error;
  }
  return same;
}

/// Certifies the first `good` fits alone. For one thread.
struct StallsAfter {
  int good = 0;
  std::shared_ptr<int> count = std::make_shared<int>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (++*count > good) {
      result.status = FitStatus::stalled;
    }
    return result;
  }
};

} // namespace

TEST_CASE("toys find the exact limit of an empty experiment", "[toy_upper_limit]") {
  // Of toys at mu a fraction exp(-2 mu) sees no event either, of those without signal all: CLs = exp(-2 mu).
  const UpperLimitResult result =
      toy_upper_limit(counting_experiment(2.0, 0.0), vector({0.0}), {}, {.ntoys = 2000, .seed = 1});
  const double exact = -0.5 * std::log(0.05);
  for (const Limit* limit : {&result.observed, &result.expected[0], &result.expected[4]}) {
    REQUIRE(limit->value.has_value());
    // The binomial uncertainty of CLs, over its slope.
    CHECK(std::abs(*limit->value - exact) < 3.5 * 0.5 * std::sqrt(0.95 / (0.05 * 2000.0)));
  }
  CHECK(result.failed_toys == 0);
}

TEST_CASE("toys agree with asymptotics for large samples, by search and by scan", "[toy_upper_limit]") {
  const Model model = counting_experiment(100.0, 10000.0, {-10.0, 10.0});
  const Vector data = vector({10050.0});
  const UpperLimitOptions options{.test_statistic = TestStatistic::q_mu};
  const UpperLimitResult exact = upper_limit(model, data, options);
  UpperLimitOptions scan = options;
  scan.scan = {4.0, 0.0, 1.0, 3.0, 2.0, 5.0};
  for (const UpperLimitOptions& how : {options, scan}) {
    const UpperLimitResult toys = toy_upper_limit(model, data, how, {.ntoys = 600, .seed = 2});
    for (std::size_t curve = 0; curve < 6; ++curve) {
      CAPTURE(curve);
      const Limit& limit = curve == 0 ? toys.observed : toys.expected[curve - 1];
      const Limit& reference = curve == 0 ? exact.observed : exact.expected[curve - 1];
      REQUIRE(limit.value.has_value());
      // The lowest expectation stands on one toy in 1000.
      const double error = limit.error.value_or(0.5);
      CHECK((limit.error.has_value() || curve == 1));
      // A scan with steps of 1 is not linear between its points.
      CHECK(std::abs(*limit.value - *reference.value) < 3.0 * error + (how.scan.empty() ? 0.0 : 0.1));
      CHECK(error < (curve == 1 ? 0.6 : 0.3));
      CHECK(error > 0.01);
    }
    CHECK(toys.toys % 1200 == 0);
    CHECK(toys.toys <= 30 * 1200);
  }
}

TEST_CASE("the uncertainty of a toy limit is its spread", "[toy_upper_limit]") {
  const Model model = counting_experiment(100.0, 10000.0, {-10.0, 10.0});
  const UpperLimitOptions options{.test_statistic = TestStatistic::q_mu, .scan = {1.6, 1.9, 2.2, 2.5, 2.8}};
  constexpr int runs = 12;
  double sum = 0.0;
  double squares = 0.0;
  double error = 0.0;
  for (int k = 0; k < runs; ++k) {
    const UpperLimitResult result = toy_upper_limit(model, vector({10010.0}), options,
                                                    {.ntoys = 150, .seed = static_cast<std::uint64_t>(k)});
    const double value = result.observed.value.value();
    sum += value;
    squares += value * value;
    error += result.observed.error.value() / runs;
  }
  const double spread = std::sqrt((squares - sum * sum / runs) / (runs - 1));
  // A standard deviation of 12 values is known to a fifth.
  CHECK(spread > 0.5 * error);
  CHECK(spread < 1.8 * error);
}

TEST_CASE("toy limits have the same bits on any number of threads", "[toy_upper_limit]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  const Vector data = with_auxdata(model, {9.0});
  const ToyOptions toys{.ntoys = 60, .seed = 3, .batch = 25};
  for (const std::vector<double>& scan : {std::vector<double>{}, std::vector<double>{0.0, 1.0, 2.0, 3.0}}) {
    const UpperLimitOptions options{.scan = scan};
    const UpperLimitResult serial =
        toy_upper_limit(model, data, options, toys, DefaultOptimizer{}, SerialExecutor{});
    CHECK(serial.observed.value.has_value());
    for (const std::size_t threads : {1U, 2U, 5U}) {
      CHECK(same_limits(
          serial, toy_upper_limit(model, data, options, toys, DefaultOptimizer{}, ThreadExecutor(threads))));
    }
  }
}

TEST_CASE("a canceled run keeps the limits that its points fix", "[toy_upper_limit]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  const Vector data = with_auxdata(model, {9.0});
  std::atomic<bool> cancel{false};
  ToyOptions toys{.ntoys = 50, .seed = 4, .cancel = &cancel};
  std::size_t wanted = 0;
  toys.on_progress = [&](const ToyProgress& progress) {
    wanted = progress.wanted;
    cancel = progress.made > 300;
  };
  const UpperLimitResult result = toy_upper_limit(model, data, {.scan = {0.5, 2.5, 5.0, 6.0, 7.0}}, toys);
  CHECK(wanted == 500);
  CHECK(result.points.size() == 3);
  CHECK(result.observed.value.has_value());
  cancel = true;
  const UpperLimitResult none = toy_upper_limit(model, data, {}, toys);
  CHECK_FALSE(none.observed.value.has_value());
  CHECK(mentions(none.observed.reason, {"stopped", "mu = "}));
  CHECK(none.toys == 0);
}

TEST_CASE("toys without a fit are counted, and a point without any toy has no CLs", "[toy_upper_limit]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  const Vector data = with_auxdata(model, {9.0});
  const UpperLimitResult result =
      toy_upper_limit(model, data, {.scan = {1.0, 2.0}}, {.ntoys = 40, .seed = 5}, MoodyOptimizer{});
  CHECK(result.toys == 160);
  CHECK(result.failed_toys > 0);
  CHECK(result.failed_toys < 160);
  REQUIRE_FALSE(result.warnings.empty());
  CHECK(mentions(result.warnings.back(),
                 {number_text(static_cast<double>(result.failed_toys)) + " of 160 toys", "enter no limit"}));
  CHECK((result.warnings.back().find("could be anything") != std::string::npos) ==
        result.observed.value.has_value());
}

TEST_CASE("toys of a point where none has a statistic are made once", "[toy_upper_limit]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  const Vector data = with_auxdata(model, {9.0});
  const UpperLimitOptions scan{.scan = {1.0, 2.0}};
  const std::atomic<bool> before_toys{true};
  const StallsAfter counting{std::numeric_limits<int>::max()};
  (void)toy_upper_limit(model, data, scan, {.ntoys = 40, .cancel = &before_toys}, counting, SerialExecutor{});
  const StallsAfter stalling{*counting.count};
  const UpperLimitResult result =
      toy_upper_limit(model, data, scan, {.ntoys = 40, .seed = 5}, stalling, SerialExecutor{});
  CHECK(result.toys == 160);
  CHECK(result.failed_toys == 160);
  CHECK_FALSE(result.observed.value);
  CHECK(mentions(result.observed.reason, {"mu = 1", "no toy has a statistic", "stalled"}));
  CHECK(mentions(result.expected[4].reason, {"mu = 1", "no toy has a statistic"}));
}

TEST_CASE("a toy limit beyond the bounds is explained, or found when asked", "[toy_upper_limit]") {
  const Model model = counting_experiment(1.0, 100.0);
  const Vector data = vector({110.0});
  const ToyOptions toys{.ntoys = 200, .seed = 6};
  const UpperLimitResult bounded = toy_upper_limit(model, data, {}, toys);
  CHECK_FALSE(bounded.observed.value.has_value());
  CHECK(mentions(bounded.observed.reason, {"upper bound 10", "beyond the bounds"}));
  const UpperLimitResult widened = toy_upper_limit(model, data, {.widen_bounds = true}, toys);
  REQUIRE(widened.observed.value.has_value());
  CHECK(*widened.observed.value > 20.0);
  REQUIRE(widened.warnings.size() == 1);
  CHECK(mentions(widened.warnings[0],
                 {"upper bound of mu", "raised to " + number_text(widened.poi_bounds.second)}));
}

TEST_CASE("a scan of toys beyond the bounds raises them to its end when asked", "[toy_upper_limit]") {
  const Model model = counting_experiment(1.0, 100.0);
  const Vector data = vector({110.0});
  const ToyOptions toys{.ntoys = 100, .seed = 6};
  const std::vector<double> scan{10.0, 25.0, 40.0};
  const UpperLimitResult widened = toy_upper_limit(model, data, {.widen_bounds = true, .scan = scan}, toys);
  CHECK(widened.poi_bounds == std::pair{0.0, 40.0});
  REQUIRE(widened.warnings.size() == 1);
  CHECK(mentions(widened.warnings[0], {"upper bound of mu", "raised to 40 "}));
  UpperLimitOptions options{.scan = scan};
  options.fit.bounds = {{"mu", {0.0, 40.0}}};
  CHECK(toy_upper_limit(model, data, options, toys).observed.value == widened.observed.value);
  const UpperLimitResult inside =
      toy_upper_limit(model, data, {.widen_bounds = true, .scan = {5.0, 9.0}}, toys);
  CHECK(inside.poi_bounds == std::pair{0.0, 10.0});
  CHECK(inside.warnings.empty());
}

TEST_CASE("unusable toy limits are refused before a toy is made", "[toy_upper_limit]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const auto complaint = [&](const UpperLimitOptions& options) {
    return message_of<InvalidArgument>([&] { (void)toy_upper_limit(model, data, options); });
  };
  CHECK(mentions(complaint({.level = 0.0}), {"between 0 and 1"}));
  CHECK(mentions(complaint({.test_statistic = TestStatistic::q0}), {"q0", "no limit"}));
  CHECK(mentions(complaint({.scan = {0.0, 20.0}}), {"20", "outside its bounds"}));
  CHECK(mentions(message_of<InvalidArgument>([&] { (void)toy_upper_limit(model, data, {}, {.ntoys = 19}); }),
                 {"19 toys", "CLs of 0.05", "at least 20"}));
}

TEST_CASE("a limit does not stand on the toys of a point that a time budget has cut", "[toy_upper_limit]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  const Vector data = with_auxdata(model, {9.0});
  const UpperLimitOptions options{.scan = {0.0, 2.0, 5.0}};
  ToyOptions toys{.ntoys = 400, .seed = 1, .batch = 20, .time_budget = std::chrono::nanoseconds(1)};
  const UpperLimitResult cut = toy_upper_limit(model, data, options, toys);
  CHECK_FALSE(cut.observed.value.has_value());
  CHECK(mentions(cut.observed.reason, {"time budget", "mu = 2"}));
  // A point that is known as well as asked for is not cut short.
  toys.time_budget = std::chrono::hours(1);
  toys.cls_error = 0.1;
  const UpperLimitResult precise = toy_upper_limit(model, data, options, toys);
  CHECK(precise.observed.value.has_value());
  CHECK(precise.toys < 1600);
}
