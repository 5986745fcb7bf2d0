#include <muhat/fit/fit.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/sampling.hpp>
#include <muhat/inference/toy_calculator.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>
#include <support/moody_optimizer.hpp>
#include <support/specs.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

struct Example {
  Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  Vector data = with_auxdata(model, {9.0});
};

/// The binomial uncertainty of a p-value that the manual's page found with 500 toys.
double page_error(double p) {
  return binomial_fraction(500.0 * p, 500.0).error;
}

/// A percentile that the page found: within three standard deviations of the place q, both runs' own
/// uncertainty included, and of the values there.
void check_percentile(const std::vector<double>& sorted, double q, double found, double error) {
  const double shift =
      3.0 * std::sqrt(q * (1.0 - q) * (1.0 / 500.0 + 1.0 / static_cast<double>(sorted.size())));
  CHECK(found + 3.0 * error >= percentile(sorted, std::max(0.0, q - shift)));
  CHECK(found - 3.0 * error <= percentile(sorted, std::min(1.0, q + shift)));
}

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
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 10000, .seed = 1});
  const ToyPValues values = observed_p_values(toys);
  const double clsb_error = page_error(0.084);
  const double clb_error = page_error(0.52);
  CHECK(std::abs(values.clsb.value - 0.084) < 3.0 * std::hypot(clsb_error, values.clsb.error));
  CHECK(std::abs(values.clb.value - 0.52) < 3.0 * std::hypot(clb_error, values.clb.error));
  const double cls_error = std::hypot(clsb_error, 0.084 / 0.52 * clb_error) / 0.52;
  CHECK(std::abs(values.cls->value - 0.16153846) < 3.0 * std::hypot(cls_error, values.cls->error));
  const auto expected = muhat::detail::alternative_p_values(toys);
  const double clsb[] = {0.0, 0.008, 0.084, 0.318, 1.0};
  const double clb[] = {0.02540926, 0.17, 0.52, 0.846, 1.0};
  const double cls[] = {0.0, 0.04594333, 0.16153846, 0.37939698, 1.0};
  for (std::size_t k = 0; k < 5; ++k) {
    CAPTURE(k);
    const double q = normal_tail(2.0 - static_cast<double>(k));
    check_percentile(expected.clsb, q, clsb[k], page_error(clsb[k]));
    check_percentile(expected.clb, q, clb[k], 0.0);
    check_percentile(expected.cls, q, cls[k], page_error(clsb[k]) / clb[k]);
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

TEST_CASE("a resumed run with a wanted precision stops where an uninterrupted one does", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  const ToyOptions options{.ntoys = 2000, .seed = 5, .cls_error = 0.06, .batch = 20};
  const ToyEnsemble whole = calculator.run(1.0, options);
  const std::size_t made = whole.tested.made();
  REQUIRE(made > 60);
  REQUIRE(made < 2000);
  // Cut in the middle of a batch, with the tested hypothesis ahead.
  ToyEnsemble part = calculator.run(1.0, {.ntoys = 50, .seed = 5});
  part.alternative.numbers.resize(33);
  part.alternative.statistics.resize(33);
  CHECK(same_toys(whole, calculator.run(1.0, options, ThreadExecutor(2), part)));
  // Toys beyond the end are kept and change nothing: without those in between none are made.
  const ToyEnsemble later = calculator.run(1.0, {.ntoys = 1000, .seed = 5, .first = 1500});
  const ToyEnsemble resumed = calculator.run(1.0, options, ThreadExecutor(2), later);
  CHECK(same_toys(resumed, merge(whole, later)));
}

TEST_CASE("toys of other data or of another model are not continued", "[toy_calculator]") {
  // Without nuisance parameters two deficits have the same statistic and are drawn at the same point.
  const Model model = counting_experiment(5.0, 50.0);
  const ToyEnsemble toys = ToyCalculator(model, vector({40.0})).run(1.0, {.ntoys = 5});
  const auto complaint = [&](const Model& other, const Vector& data, const InferenceOptions& options = {}) {
    return message_of<InvalidArgument>(
        [&] { (void)ToyCalculator(other, data, options).run(1.0, {.ntoys = 6}, SerialExecutor{}, toys); });
  };
  CHECK(mentions(complaint(model, vector({41.0})), {"\"data\""}));
  CHECK(mentions(complaint(counting_experiment(6.0, 50.0), vector({40.0})), {"\"model\""}));
  CHECK(mentions(complaint(counting_experiment(5.0, 50.0, {0.0, 9.0}), vector({40.0})), {"\"model\""}));
  InferenceOptions starts;
  starts.fit.init = {{"mu", 2.0}};
  CHECK(mentions(complaint(model, vector({40.0}), starts), {"\"model\""}));
  ToyCalculator stated(model, vector({40.0}));
  stated.add_setting("optimizer", "default");
  const ToyEnsemble more = stated.run(1.0, {.ntoys = 6}, SerialExecutor{}, toys);
  CHECK(more.tested.made() == 6);
  CHECK(more.settings.at("optimizer") == "default");
}

TEST_CASE("a continued run has the observed statistic of its own data", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  ToyEnsemble rounded = calculator.run(1.0, {.ntoys = 5});
  const double observed = rounded.observed;
  rounded.observed += 1e-7;
  CHECK(calculator.run(1.0, {.ntoys = 5}, SerialExecutor{}, rounded).observed == observed);
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

TEST_CASE("progress of a continued run counts the toys of other parts as made", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  const ToyEnsemble part = calculator.run(1.0, {.ntoys = 30, .seed = 6});
  std::vector<ToyProgress> reports;
  ToyOptions options{.ntoys = 30, .seed = 6, .first = 20, .batch = 20};
  options.on_progress = [&](const ToyProgress& progress) { reports.push_back(progress); };
  (void)calculator.run(1.0, options, ThreadExecutor{}, part);
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].made == 80);
  CHECK(reports[0].wanted == 100);
  CHECK(reports[1].made == 100);
  CHECK(reports[1].wanted == 100);
}

TEST_CASE("unusable options of toys are refused", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data);
  const auto complaint = [&](const ToyOptions& options) {
    return message_of<InvalidArgument>([&] { (void)calculator.run(1.0, options); });
  };
  const std::uint64_t last = most_toy_numbers - 5;
  CHECK(mentions(complaint({.ntoys = 6, .first = last}), {std::to_string(last), "6 numbers", "lower"}));
  CHECK(mentions(complaint({.ntoys = 1, .first = ~std::uint64_t{0}}), {"lower"}));
  CHECK(calculator.run(1.0, {.ntoys = 5, .first = last}).tested.made() == 5);
  CHECK(mentions(complaint({.cls_error = std::nan("")}), {"at least 0"}));
  ToyOptions budget;
  budget.time_budget = std::chrono::duration<double>(std::nan(""));
  CHECK(mentions(complaint(budget), {"time budget"}));
}

TEST_CASE("a toy's statistic is that of its data, for every statistic", "[toy_calculator]") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  for (const TestStatistic statistic : {TestStatistic::t_mu, TestStatistic::t_mu_tilde, TestStatistic::q_mu,
                                        TestStatistic::q_mu_tilde, TestStatistic::q0}) {
    CAPTURE(to_string(statistic));
    InferenceOptions options{.test_statistic = statistic};
    if (!is_bounded_statistic(statistic)) {
      options.fit.bounds = {{"mu", {-1.0, 10.0}}};
    }
    ToyCalculator calculator(model, with_auxdata(model, {12.0}), options);
    const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 100, .seed = 7});
    const double tested = statistic == TestStatistic::q0 ? 0.0 : 1.0;
    CHECK(toys.mu == tested);
    CHECK(toys.tested.failed.size() + toys.alternative.failed.size() == 0);
    REQUIRE(toys.tested.made() == 100);
    REQUIRE(toys.alternative.made() == 100);
    CHECK(toys.tested.parameters[model.parameter_index("mu")] == tested);
    CHECK(toys.alternative.parameters[model.parameter_index("mu")] == 1.0 - tested);
    for (std::size_t k = 0; k < 100; ++k) {
      for (const Hypothesis hypothesis : {Hypothesis::tested, Hypothesis::alternative}) {
        const ToySample& sample = hypothesis == Hypothesis::tested ? toys.tested : toys.alternative;
        CAPTURE(k, to_string(hypothesis));
        const Vector data = toy_data(model, toys, hypothesis, k);
        const FitResult free = fit(model, data, options.fit);
        const FitResult held = fixed_poi_fit(tested, model, data, options.fit);
        const double value =
            test_statistic_value(statistic, tested, free.value("mu"), held.twice_nll, free.twice_nll);
        CHECK(sample.statistics[k] == Approx(value).margin(1e-6));
      }
    }
    const auto zeros = std::count(toys.tested.statistics.begin(), toys.tested.statistics.end(), 0.0);
    CHECK((is_two_sided_statistic(statistic) || (zeros > 20 && zeros < 80)));
    CHECK((!is_two_sided_statistic(statistic) || zeros < 10));
  }
}

TEST_CASE("a toy whose fit fails is listed and keeps its number", "[toy_calculator]") {
  const Example example;
  ToyCalculator calculator(example.model, example.data, {}, MoodyOptimizer{});
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
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 4000, .seed = 11});
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
  CHECK(n > 1800.0);
  CHECK(n < 2200.0);
}

TEST_CASE("a huge background makes toys", "[toy_calculator]") {
  ToyCalculator calculator(counting_experiment(1e9, 4e16), vector({4e16}));
  const ToyEnsemble toys = calculator.run(1.0, {.ntoys = 3});
  CHECK(toys.tested.made() == 3);
}

TEST_CASE("a toy with data that no experiment could see fails alone", "[toy_calculator]") {
  const spec::Sample background = sample("background", {50.0}, {staterror("stat", {5.0})});
  spec::Parameter wide = configuration("stat");
  wide.sigmas = std::vector<double>{1e308};
  spec::Model specification = single_channel({background, sample("signal", {5.0}, {normfactor("mu")})});
  specification.parameters = {wide};
  const Model model = build_model(specification, "mu");
  const ToyEnsemble toys =
      ToyCalculator(model, with_auxdata(model, {50.0})).run(1.0, {.ntoys = 50, .seed = 1});
  CHECK(toys.tested.made() == 50);
  CHECK_FALSE(toys.tested.failed.empty());
}
