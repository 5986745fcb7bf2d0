#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/grids.hpp>
#include <support/messages.hpp>
#include <support/sinking_optimizer.hpp>
#include <support/tolerances.hpp>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Gives up where the parameter is held at 2.
struct Stalling {
  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (box.lower[0] == 2.0 && box.upper[0] == 2.0) {
      result.status = FitStatus::stalled;
    }
    return result;
  }
};

} // namespace

TEST_CASE("shape factor page: the manual's limits on its own scan", "[upper_limit]") {
  const UpperLimitResult result =
      upper_limit(shape_factor_model(), shape_factor_data(), {.scan = grid(0.0, 5.0, 61)});
  CHECK(std::abs(result.observed.value.value() - 2.19460) < tolerance::manual);
  const double expected[] = {0.74138, 0.99494, 1.38451, 1.92900, 2.59408};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(std::abs(result.expected[k].value.value() - expected[k]) < tolerance::manual);
  }
  CHECK(result.points.size() == 61);
}

TEST_CASE("the manual's scan of the hello world model", "[upper_limit]") {
  const Model model = hello_world_model();
  const UpperLimitResult result =
      upper_limit(model, with_auxdata(model, {51.0, 48.0}), {.scan = grid(0.0, 5.0, 21)});
  CHECK(result.observed.value.value() == Approx(1.01764089).epsilon(1e-4));
  const double expected[] = {0.59576921, 0.76169166, 1.08504773, 1.50170482, 2.06654952};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(result.expected[k].value.value() == Approx(expected[k]).epsilon(1e-4));
  }
}

TEST_CASE("at a limit CLs has the level", "[upper_limit]") {
  const Model model = hello_world_model();
  for (const double count : {30.0, 51.0, 70.0}) {
    const Vector data = with_auxdata(model, {count, 48.0});
    for (const double level : {0.05, 0.1, 0.32}) {
      for (const TestStatistic statistic : {TestStatistic::q_mu, TestStatistic::q_mu_tilde}) {
        UpperLimitOptions options{.level = level, .test_statistic = statistic};
        const double lower = statistic == TestStatistic::q_mu ? -5.0 : 0.0;
        options.fit.bounds = {{"mu", {lower, 10.0}}};
        const UpperLimitResult result = upper_limit(model, data, options);
        HypotestOptions test{.mu = result.observed.value.value(), .test_statistic = statistic};
        test.fit = options.fit;
        CHECK(hypotest(model, data, test).cls_observed == Approx(level).epsilon(1e-3));
        for (std::size_t k = 0; k < 5; ++k) {
          test.mu = result.expected[k].value.value();
          CHECK(hypotest(model, data, test).cls_expected[k] == Approx(level).epsilon(1e-3));
        }
        CHECK(result.points.size() < 30);
        CHECK(result.warnings.empty());
      }
    }
  }
}

TEST_CASE("at a limit CLs has the level, far above the expectation too", "[upper_limit]") {
  for (const double count : {1e2, 1e3, 1e4, 1e5, 1e6}) {
    CAPTURE(count);
    UpperLimitOptions options;
    options.fit.bounds = {{"mu", {0.0, 10.0 * count}}};
    const Model model = counting_experiment(1.0, 1.0);
    const UpperLimitResult result = upper_limit(model, vector({count}), options);
    HypotestOptions test{.mu = result.observed.value.value()};
    test.fit = options.fit;
    CHECK(std::abs(hypotest(model, vector({count}), test).cls_observed - 0.05) < 1e-4);
  }
}

TEST_CASE("an empty experiment's limit has a closed form", "[upper_limit]") {
  // q = 2 mu s on data and Asimov data alike, so T = 0 and CLs = 2 Phi(-sqrt(2 mu s)).
  const UpperLimitResult result =
      upper_limit(counting_experiment(2.0, 0.0), vector({0.0}), {.relative_tolerance = 1e-6});
  const double root = normal_significance(0.025);
  CHECK(result.observed.value.value() == Approx(root * root / 4.0).epsilon(1e-5));
}

TEST_CASE("a limit beyond the bounds is explained, or found when asked", "[upper_limit]") {
  const Model model = counting_experiment(1.0, 100.0);
  const Vector data = vector({110.0});
  const UpperLimitResult bounded = upper_limit(model, data);
  CHECK_FALSE(bounded.observed.value.has_value());
  CHECK(mentions(bounded.observed.reason, {"upper bound 10", "beyond the bounds"}));
  CHECK(bounded.poi_bounds == std::pair{0.0, 10.0});
  const UpperLimitResult widened = upper_limit(model, data, {.widen_bounds = true});
  REQUIRE(widened.observed.value.has_value());
  CHECK(*widened.observed.value > 20.0);
  CHECK(widened.poi_bounds.second >= *widened.observed.value);
  REQUIRE(widened.warnings.size() == 1);
  CHECK(mentions(widened.warnings[0], {"upper bound of mu", "raised"}));
  UpperLimitOptions options;
  options.fit.bounds = {{"mu", {0.0, 200.0}}};
  CHECK(*widened.observed.value ==
        Approx(upper_limit(model, data, options).observed.value.value()).epsilon(1e-3));
}

TEST_CASE("a scan beyond the bounds raises them to its end when asked", "[upper_limit]") {
  const Model model = counting_experiment(1.0, 100.0);
  const Vector data = vector({110.0});
  UpperLimitOptions options{.scan = {0.0, 20.0, 40.0, 30.0}};
  CHECK_THROWS_AS(upper_limit(model, data, options), InvalidArgument);
  options.widen_bounds = true;
  const UpperLimitResult widened = upper_limit(model, data, options);
  CHECK(widened.poi_bounds == std::pair{0.0, 40.0});
  REQUIRE(widened.warnings.size() == 1);
  CHECK(mentions(widened.warnings[0], {"upper bound of mu", "raised to 40 "}));
  options.widen_bounds = false;
  options.fit.bounds = {{"mu", {0.0, 40.0}}};
  CHECK(upper_limit(model, data, options).observed.value.value() == widened.observed.value.value());
}

TEST_CASE("tolerances that find nothing are refused", "[upper_limit]") {
  for (const double tolerance : {0.0, 1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    CHECK_THROWS_AS(
        upper_limit(counting_experiment(2.0, 5.0), vector({6.0}), {.relative_tolerance = tolerance}),
        InvalidArgument);
  }
}

TEST_CASE("a best fit at the bound widens it for every statistic", "[upper_limit]") {
  for (const TestStatistic statistic :
       {TestStatistic::q_mu_tilde, TestStatistic::t_mu, TestStatistic::t_mu_tilde}) {
    CAPTURE(to_string(statistic));
    const UpperLimitResult result = upper_limit(counting_experiment(1.0, 1.0), vector({100.0}),
                                                {.test_statistic = statistic, .widen_bounds = true});
    REQUIRE(result.observed.value.has_value());
    CHECK(*result.observed.value > 110.0);
    CHECK(*result.observed.value < 130.0);
  }
}

TEST_CASE("a best fit at the bound is a warning of the limit, unless the bound is raised", "[upper_limit]") {
  const Model model = counting_experiment(1.0, 1.0);
  const UpperLimitResult bounded = upper_limit(model, vector({100.0}));
  CHECK(bounded.best_fit == 10.0);
  REQUIRE(bounded.warnings.size() == 1);
  CHECK(mentions(bounded.warnings[0], {"best fit of mu", "upper bound 10", "limit lies beyond"}));
  const UpperLimitResult raised = upper_limit(model, vector({100.0}), {.widen_bounds = true});
  REQUIRE(raised.warnings.size() == 1);
  CHECK(mentions(raised.warnings[0], {"raised"}));
  CHECK(raised.best_fit.value() == Approx(99.0).epsilon(1e-4));
}

TEST_CASE("limits far above what the data at small values predict are found", "[upper_limit]") {
  // The signal's own uncertainty shrinks it as it is tested, so that predictions keep falling short.
  const Model model = build_model(
      spec::Model{{{"channel",
                    {{"background", {6.0, 3.0}, {}},
                     {"signal",
                      {5.0, 0.5},
                      {{"mu", "normfactor", {}}, {"x", "normsys", spec::NormSysData{4.0, 0.05}}}}}}},
                  {}},
      "mu");
  const Vector data = with_auxdata(model, {8.0, 3.0});
  const UpperLimitResult result = upper_limit(model, data, {.widen_bounds = true});
  double before = 0.0;
  for (std::size_t k = 0; k < 5; ++k) {
    CAPTURE(k, result.expected[k].reason);
    const double limit = result.expected[k].value.value();
    CHECK(limit > before);
    before = limit;
    HypotestOptions test{.mu = limit};
    test.fit.bounds = {{"mu", {0.0, result.poi_bounds.second}}};
    CHECK(hypotest(model, data, test).cls_expected[k] == Approx(0.05).epsilon(2e-3));
  }
  CHECK(result.expected[4].value.value() > 1000.0);
  CHECK(result.points.size() < 100);
}

TEST_CASE("hardly any sensitivity: no limit, for a reason", "[upper_limit]") {
  for (const TestStatistic statistic :
       {TestStatistic::q_mu_tilde, TestStatistic::t_mu, TestStatistic::t_mu_tilde}) {
    CAPTURE(to_string(statistic));
    const UpperLimitResult result = upper_limit(counting_experiment(1e-3, 1e6, {0.0, 1.0}),
                                                vector({1e6 - 10.0}), {.test_statistic = statistic});
    CHECK_FALSE(result.observed.value.has_value());
    CHECK(mentions(result.observed.reason, {"beyond the bounds"}));
    CHECK_FALSE(result.expected[2].value.has_value());
  }
}

TEST_CASE("no signal in any bin sets no limit, and says so", "[upper_limit]") {
  const UpperLimitResult result =
      upper_limit(counting_experiment(0.0, 100.0), vector({90.0}), {.widen_bounds = true});
  CHECK_FALSE(result.observed.value.has_value());
  CHECK_FALSE(result.expected[2].value.has_value());
  CHECK(mentions(result.observed.reason, {"CLs is 1"}));
}

TEST_CASE("two-sided statistics set the limit above the best fit", "[upper_limit]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 20.0});
  const Vector data = vector({80.0});
  const UpperLimitResult result = upper_limit(model, data, {.test_statistic = TestStatistic::t_mu});
  REQUIRE(result.observed.value.has_value());
  CHECK(*result.observed.value > 3.0);
  CHECK(hypotest(model, data, {.mu = *result.observed.value, .test_statistic = TestStatistic::t_mu})
            .cls_observed == Approx(0.05).epsilon(1e-3));
}

TEST_CASE("unusable options of a limit are refused", "[upper_limit]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const auto complaint = [&](const UpperLimitOptions& options) {
    return message_of<InvalidArgument>([&] { (void)upper_limit(model, data, options); });
  };
  CHECK(mentions(complaint({.level = 0.0}), {"between 0 and 1"}));
  CHECK(mentions(complaint({.relative_tolerance = 0.0}), {"tolerance", "not at 0"}));
  CHECK(mentions(complaint({.test_statistic = TestStatistic::q0}), {"q0", "no limit"}));
  CHECK(mentions(complaint({.scan = {0.0, 20.0}}), {"20", "outside its bounds"}));
}

TEST_CASE("the data's best fit bounds no expected limit", "[upper_limit]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 20.0});
  const UpperLimitResult signal =
      upper_limit(model, vector({110.0}), {.test_statistic = TestStatistic::t_mu});
  REQUIRE(signal.observed.value.has_value());
  CHECK(*signal.observed.value > 6.0);
  for (const Limit& limit : signal.expected) {
    REQUIRE(limit.value.has_value());
    CHECK(*limit.value < 6.0);
  }
}

TEST_CASE("a scan on which fits fail has no limit, and says so", "[upper_limit]") {
  const UpperLimitResult result = upper_limit(counting_experiment(10.0, 50.0), vector({50.0}),
                                              {.scan = {0.0, 1.0, 2.0, 3.0}}, Stalling{});
  CHECK_FALSE(result.observed.value.has_value());
  CHECK(mentions(result.observed.reason, {"mu = 2", "stalled"}));
  CHECK_FALSE(result.expected[2].value.has_value());
  CHECK(result.points.size() == 3);
}

TEST_CASE("limits that do not settle say so", "[upper_limit]") {
  const Model model = hello_world_model();
  const Vector data = with_auxdata(model, {51.0, 48.0});
  const UpperLimitResult sinking = upper_limit(model, data, {.scan = {1.0, 2.0, 3.0}}, SinkingOptimizer{});
  REQUIRE_FALSE(sinking.warnings.empty());
  CHECK(mentions(sinking.warnings.back(), {"still found lower minima", "more starts"}));
  CHECK(upper_limit(model, data).warnings.empty());
}

TEST_CASE("a limit's scan has finite values only", "[upper_limit]") {
  const Model model = uncorrelated_background({12.0, 11.0}, {50.0, 52.0}, {3.0, 7.0});
  std::vector<double> scan(40, 1.0);
  scan[3] = scan[17] = std::numeric_limits<double>::quiet_NaN();
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   (void)upper_limit(model, with_auxdata(model, {51.0, 48.0}), {.scan = scan});
                 }),
                 {"nan", "finite"}));
}
