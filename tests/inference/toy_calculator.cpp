#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/toy_calculator.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

struct Example {
  Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  Vector data = with_auxdata(model, {9.0});
};

/// Gives up where the best fit is a large signal.
struct Moody {
  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (box.lower[0] < box.upper[0] && result.x[0] > 1.2) {
      result.status = FitStatus::stalled;
    }
    return result;
  }
};

bool same_toys(const ToySample& a, const ToySample& b) {
  return a.numbers == b.numbers && a.statistics == b.statistics && a.failed.size() == b.failed.size();
}

bool same_toys(const ToyEnsemble& a, const ToyEnsemble& b) {
  return same_toys(a.tested, b.tested) && same_toys(a.alternative, b.alternative);
}

} // namespace

TEST_CASE("the manual's toy example comes out within three standard deviations", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  CHECK(calculator.statistic(1.0) == Approx(1.902590865638981).epsilon(1e-5));
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 2000, .seed = 1});
  const ToyPValues values = observed_p_values(toys);
  // The page's own 500 toys have errors of sqrt(p (1 - p) / 500).
  CHECK(std::abs(values.clsb.value - 0.084) < 3.0 * std::hypot(0.0124, values.clsb.error));
  CHECK(std::abs(values.clb.value - 0.52) < 3.0 * std::hypot(0.0223, values.clb.error));
  CHECK(std::abs(values.cls->value - 0.1615) < 3.0 * std::hypot(0.0248, values.cls->error));
  const ExpectedBand band = expected_p_values(toys);
  const double clsb[] = {0.0, 0.008, 0.084, 0.318, 1.0};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(std::abs(band[k].clsb - clsb[k]) < 0.07);
  }
  CHECK(toys.tested.failed.empty());
  CHECK(toys.alternative.failed.empty());
}

TEST_CASE("the same seed gives the same bits on any number of threads", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  const ToyOptions options{.ntoys = 120, .seed = 9, .batch = 50};
  const ToyEnsemble serial = calculator.run(1.0, options, SerialExecutor{});
  CHECK(serial.tested.made() == 120);
  for (const std::size_t threads : {1U, 2U, 5U}) {
    CHECK(same_toys(serial, calculator.run(1.0, options, ThreadExecutor(threads))));
  }
  ToyOptions other = options;
  other.seed = 10;
  CHECK_FALSE(same_toys(serial, calculator.run(1.0, other)));
}

TEST_CASE("two halves merge to the whole", "[toy_calculator]") {
  const Example example;
  const ToyEnsemble whole = ToyCalculator(example.model, example.data).run(1.0, {.ntoys = 100, .seed = 2});
  const ToyEnsemble first = ToyCalculator(example.model, example.data).run(1.0, {.ntoys = 60, .seed = 2});
  const ToyEnsemble second =
      ToyCalculator(example.model, example.data).run(1.0, {.ntoys = 40, .seed = 2, .first = 60});
  CHECK(same_toys(whole, merge(second, first)));
}

TEST_CASE("an interrupted run resumes and ends with the same bits", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  const ToyOptions options{.ntoys = 100, .seed = 3, .batch = 30};
  const ToyEnsemble whole = calculator.run(1.0, options);
  std::atomic<bool> cancel{false};
  ToyOptions interrupted = options;
  interrupted.cancel = &cancel;
  ToyEnsemble saved;
  interrupted.on_batch = [&](const ToyEnsemble& toys) {
    saved = toys;
    cancel = toys.tested.made() >= 60;
  };
  const ToyEnsemble part = calculator.run(1.0, interrupted);
  CHECK(part.tested.made() == 60);
  CHECK(same_toys(part, saved));
  CHECK(same_toys(whole, calculator.run(1.0, options, ThreadExecutor(2), part)));
  ToyEnsemble foreign = part;
  foreign.seed = 4;
  CHECK_THROWS_AS(calculator.run(1.0, options, ThreadExecutor(2), foreign), InvalidArgument);
}

TEST_CASE("a run stops when CLs is known well enough, at the same toy for any executor", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  const ToyOptions options{.ntoys = 5000, .seed = 5, .cls_error = 0.04, .batch = 50};
  const ToyEnsemble toys = calculator.run(1.0, options, ThreadExecutor(3));
  CHECK(toys.tested.made() < 5000);
  CHECK(toys.tested.made() % 50 == 0);
  CHECK(observed_p_values(toys).cls->error <= 0.04);
  CHECK(same_toys(toys, calculator.run(1.0, options, SerialExecutor{})));
}

TEST_CASE("progress counts up to what is wanted, a spent budget ends the run", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  std::vector<ToyProgress> reports;
  ToyOptions options{.ntoys = 50, .seed = 6, .batch = 20};
  options.on_progress = [&](const ToyProgress& progress) { reports.push_back(progress); };
  (void)calculator.run(1.0, options);
  REQUIRE(reports.size() == 3);
  CHECK(reports[0].made == 40);
  CHECK(reports[0].wanted == 100);
  CHECK(reports[2].made == 100);
  CHECK(reports[2].remaining.count() == 0.0);
  options.time_budget = std::chrono::duration<double>(-1.0);
  CHECK(calculator.run(1.0, options).tested.made() == 20);
}

TEST_CASE("every statistic has toys", "[toy_calculator]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  for (const TestStatistic statistic : {TestStatistic::t_mu, TestStatistic::t_mu_tilde, TestStatistic::q_mu,
                                        TestStatistic::q_mu_tilde, TestStatistic::q0}) {
    InferenceOptions options{.test_statistic = statistic};
    if (!is_bounded_statistic(statistic)) {
      options.fit.bounds = {{"mu", {-1.0, 10.0}}};
    }
    ToyCalculator calculator(model, with_auxdata(model, {12.0}), options);
    const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 100, .seed = 7});
    CHECK(toys.mu == (statistic == TestStatistic::q0 ? 0.0 : 1.0));
    CHECK(toys.tested.made() == 100);
    CHECK(toys.tested.failed.size() + toys.alternative.failed.size() == 0);
    for (const double value : toys.tested.statistics) {
      CHECK(value >= 0.0);
    }
  }
}

TEST_CASE("a toy whose fit fails is listed and keeps its number", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data, {}, Moody{});
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 40, .seed = 8});
  REQUIRE(toys.tested.failed.size() > 0);
  REQUIRE(toys.tested.numbers.size() > 0);
  CHECK(toys.tested.made() == 40);
  const FailedToy& failed = toys.tested.failed.front();
  CHECK(mentions(failed.reason, {"mu free", "stalled"}));
  CHECK_FALSE(std::binary_search(toys.tested.numbers.begin(), toys.tested.numbers.end(), failed.number));
}

TEST_CASE("toys and asymptotics agree for large samples", "[toy_calculator]") {
  std::vector<double> signal;
  std::vector<double> background;
  std::vector<double> uncertainty;
  for (int bin = 0; bin < 20; ++bin) {
    background.push_back(5000.0);
    signal.push_back(25.0 + 5.0 * bin);
    uncertainty.push_back(40.0);
  }
  const Model model = uncorrelated_background(signal, background, uncertainty);
  Vector data(model.nbins() + model.nauxdata());
  data << model
              .expected_actualdata([&] {
                Vector pars = model.suggested_init();
                pars[model.parameter_index("mu")] = 0.2;
                return pars;
              }())
              .array()
              .round()
              .matrix(),
      model.auxdata();
  InferenceOptions options{.test_statistic = TestStatistic::q_mu};
  options.fit.bounds = {{"mu", {-10.0, 10.0}}};
  ToyCalculator calculator(model, data, options);
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 1000, .seed = 11});
  const ToyPValues by_toys = observed_p_values(toys);
  HypotestOptions test{.mu = 1.0, .test_statistic = TestStatistic::q_mu};
  test.fit = options.fit;
  const HypotestResult asymptotic = hypotest(model, data, test);
  CHECK(std::abs(by_toys.clsb.value - asymptotic.clsb) < 3.0 * by_toys.clsb.error);
  CHECK(std::abs(by_toys.clb.value - asymptotic.clb) < 3.0 * by_toys.clb.error);
  CHECK(std::abs(by_toys.cls->value - asymptotic.cls_observed) < 3.0 * by_toys.cls->error);
  // Kolmogorov-Smirnov: q_mu > 0 follows a chi-square with one degree of freedom.
  std::vector<double> positive;
  for (const double q : toys.tested.statistics) {
    if (q > 0.0) {
      positive.push_back(std::erf(std::sqrt(0.5 * q)));
    }
  }
  std::sort(positive.begin(), positive.end());
  const auto n = static_cast<double>(positive.size());
  double distance = 0.0;
  for (std::size_t k = 0; k < positive.size(); ++k) {
    distance = std::max({distance, std::abs(positive[k] - static_cast<double>(k) / n),
                         std::abs(positive[k] - static_cast<double>(k + 1) / n)});
  }
  // The distance exceeded with a probability of 0.001.
  CHECK(distance < 1.95 / std::sqrt(n));
  CHECK(n > 400.0);
}

TEST_CASE("a huge background makes toys", "[toy_calculator]") {
  ToyCalculator calculator(counting_experiment(1e9, 4e16), vector({4e16}));
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 3});
  CHECK(toys.tested.made() == 3);
}
