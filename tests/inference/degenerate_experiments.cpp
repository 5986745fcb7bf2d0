/// Experiments at the edge of what statistics are made for: every number is defined, or there is a typed
/// reason.

#include <muhat/inference/cls_scan.hpp>
#include <muhat/inference/discovery.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/interval.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/inference/toy_upper_limit.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

struct Experiment {
  std::string name;
  double signal;
  double background;
  double count;

  [[nodiscard]] Model model() const { return counting_experiment(signal, background); }
  [[nodiscard]] Vector data() const { return vector({count}); }
  /// Whether a signal of strength 0 can have produced the data.
  [[nodiscard]] bool possible_without_signal() const { return background > 0.0 || count == 0.0; }
};

const std::vector<Experiment> experiments{{"no signal in any bin", 0.0, 50.0, 45.0},
                                          {"hardly a signal", 1e-9, 50.0, 50.0},
                                          {"zero events", 10.0, 50.0, 0.0},
                                          {"no background, no event", 3.0, 0.0, 0.0},
                                          {"no background, three events", 3.0, 0.0, 3.0},
                                          {"mu-hat at the upper bound", 10.0, 50.0, 1000.0},
                                          {"mu-hat far beyond the tested value", 1e6, 1e6, 6e6},
                                          {"a signal that is lost in the background", 1e-3, 1e6, 1e6 - 10.0},
                                          {"mu-hat at the lower bound", 10.0, 50.0, 5.0},
                                          {"nothing at all", 0.0, 0.0, 0.0}};

constexpr TestStatistic statistics[] = {TestStatistic::t_mu, TestStatistic::t_mu_tilde, TestStatistic::q_mu,
                                        TestStatistic::q_mu_tilde, TestStatistic::q0};

void check_probability(double value) {
  CHECK(std::isfinite(value));
  CHECK(value >= 0.0);
  CHECK(value <= 1.0 + 1e-12);
}

/// Whether the data have a statistic and the alternative an expectation.
bool is_testable(const Experiment& experiment, TestStatistic statistic) {
  // q0 also tests the expectation of a signal of strength 1 for its absence.
  const bool discovery = statistic == TestStatistic::q0;
  const bool asimov = !discovery || experiment.background > 0.0 || experiment.signal == 0.0;
  return experiment.possible_without_signal() && asimov;
}

void check_reason(const std::string& reason) {
  CHECK(mentions(reason, {"mu = 0", "channel \"channel\"", "rate of 0 events"}));
}

void check_limits(const UpperLimitResult& result, bool testable) {
  for (std::size_t curve = 0; curve < 6; ++curve) {
    const Limit& limit = curve == 0 ? result.observed : result.expected[curve - 1];
    CHECK((limit.value ? std::isfinite(*limit.value) && *limit.value > 0.0 : !limit.reason.empty()));
    CHECK((testable || !limit.value));
    CHECK((!limit.error || std::isfinite(*limit.error)));
  }
}

} // namespace

TEST_CASE("degenerate experiments: tests have values or a typed reason") {
  for (const Experiment& experiment : experiments) {
    for (const TestStatistic statistic : statistics) {
      CAPTURE(experiment.name, to_string(statistic));
      const auto test = [&] {
        return hypotest(experiment.model(), experiment.data(), {.mu = 1.0, .test_statistic = statistic});
      };
      if (!is_testable(experiment, statistic)) {
        check_reason(message_of<FitFailed>([&] { (void)test(); }));
        continue;
      }
      const HypotestResult result = test();
      check_probability(result.clsb);
      check_probability(result.clb);
      check_probability(result.cls_observed);
      for (const double cls : result.cls_expected) {
        check_probability(cls);
      }
      if (experiment.signal < 1e-6) {
        CHECK(result.cls_observed == Approx(1.0).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("degenerate experiments: limits exist or say why not") {
  for (const Experiment& experiment : experiments) {
    for (const TestStatistic statistic : statistics) {
      if (statistic == TestStatistic::q0) {
        continue;
      }
      CAPTURE(experiment.name, to_string(statistic));
      const bool testable = is_testable(experiment, statistic);
      check_limits(upper_limit(experiment.model(), experiment.data(), {.test_statistic = statistic}),
                   testable);
      check_limits(toy_upper_limit(experiment.model(), experiment.data(), {.test_statistic = statistic},
                                   {.ntoys = 40}),
                   testable);
    }
  }
}

TEST_CASE("degenerate experiments: toys have p-values or reasons") {
  for (const Experiment& experiment : experiments) {
    for (const TestStatistic statistic : statistics) {
      CAPTURE(experiment.name, to_string(statistic));
      ToyCalculator calculator(experiment.model(), experiment.data(), {.test_statistic = statistic});
      if (!experiment.possible_without_signal()) {
        check_reason(message_of<FitFailed>([&] { (void)calculator.run(1.0, {.ntoys = 1}); }) + " mu = 0");
        continue;
      }
      const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 40});
      CHECK(toys.tested.made() == 40);
      CHECK(toys.alternative.made() == 40);
      for (const FailedToy& toy : toys.alternative.failed) {
        // Signal events without background: impossible under the tested absence of a signal.
        CHECK_FALSE(is_testable(experiment, statistic));
        check_reason(toy.reason);
      }
      const ToyPValues values = observed_p_values(toys);
      check_probability(values.clsb.value);
      check_probability(values.clb.value);
      CHECK((values.cls ? std::isfinite(values.cls->value) : !values.reason.empty()));
      CHECK(values.cls.has_value() == (values.clb.value > 0.0));
      for (const PValues& expected : expected_p_values(toys)) {
        CHECK(std::isfinite(expected.cls));
      }
    }
  }
}

TEST_CASE("degenerate experiments: discovery, intervals and scans") {
  for (const Experiment& experiment : experiments) {
    CAPTURE(experiment.name);
    const auto search = [&] { return discovery(experiment.model(), experiment.data()); };
    if (is_testable(experiment, TestStatistic::q0)) {
      const DiscoveryResult result = search();
      check_probability(result.p0_observed);
      CHECK(std::isfinite(result.significance_observed));
      for (const double significance : result.significance_expected) {
        CHECK(std::isfinite(significance));
      }
    } else {
      check_reason(message_of<FitFailed>([&] { (void)search(); }));
    }
    const IntervalResult interval = confidence_interval(experiment.model(), experiment.data());
    for (const Limit& end : {interval.lower, interval.upper}) {
      CHECK((end.value ? std::isfinite(*end.value) : !end.reason.empty()));
    }
    const auto scan = [&] { return cls_scan(experiment.model(), experiment.data(), {0.0, 1.0, 10.0}); };
    if (experiment.possible_without_signal()) {
      const std::vector<ClsPoint> points = scan();
      CHECK(points[0].cls_observed.value() == 1.0);
      check_probability(points[1].cls_observed.value());
      check_probability(points[2].cls_observed.value());
    } else {
      for (const ClsPoint& point : scan()) {
        CHECK_FALSE(point.cls_observed.has_value());
        check_reason(point.reason);
      }
    }
  }
}
