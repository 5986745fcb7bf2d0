// One likelihood, signal after signal: closed forms, models built anew, and the same bits in any order.
#include <muhat/core/executor.hpp>
#include <muhat/inference/reinterpretation.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Two signal regions and a control region. The template signal carries every kind of systematic
/// that keeps its relative size; the background shares a staterror and a normsys with it.
spec::Model regions_model(const std::vector<double>& first, double second) {
  const spec::Modifier mu{"mu", "normfactor", spec::NoData{}};
  const auto times = [](std::vector<double> values, double factor) {
    for (double& value : values) {
      value *= factor;
    }
    return values;
  };
  const spec::Sample signal{"signal",
                            first,
                            {mu,
                             {"scale", "normsys", spec::NormSysData{1.1, 0.9}},
                             {"shape", "histosys", spec::HistoSysData{times(first, 1.2), times(first, 0.9)}},
                             {"stat", "staterror", times(first, 0.1)}}};
  const spec::Sample background{
      "background",
      {20.0, 8.0},
      {{"scale", "normsys", spec::NormSysData{1.05, 0.96}}, {"stat", "staterror", spec::BinData{1.5, 0.8}}}};
  const spec::Sample other_signal{"other_signal", {second}, {mu}};
  const spec::Sample plain{"background", {12.0}, {{"scale", "normsys", spec::NormSysData{1.1, 0.9}}}};
  const spec::Sample control{"background", {150.0}, {{"scale", "normsys", spec::NormSysData{1.2, 0.8}}}};
  return {{{"SR1", {signal, background}}, {"SR2", {other_signal, plain}}, {"CR", {control}}},
          {{.name = "mu", .bounds = std::vector{std::pair{0.0, 20.0}}}}};
}

Model build(const std::vector<double>& first, double second) {
  return build_model(regions_model(first, second), "mu");
}

/// Channels stand sorted: CR, SR1, SR2.
Vector data_for(const Model& model) {
  return with_auxdata(model, {155.0, 22.0, 9.0, 11.0});
}

Reinterpretation<> regions() {
  const Model model = build({2.0, 3.0}, 4.0);
  return {model, data_for(model)};
}

bool same_bits(const SignalEvaluation& a, const SignalEvaluation& b) {
  return a.delta_log_likelihood == b.delta_log_likelihood &&
         a.log_likelihood_background == b.log_likelihood_background && a.best_mu == b.best_mu &&
         a.log_likelihood_best == b.log_likelihood_best && a.cls_observed == b.cls_observed &&
         a.cls_expected == b.cls_expected;
}

double log_poisson(double n, double rate) {
  return n * std::log(rate) - rate - std::lgamma(n + 1.0);
}

} // namespace

TEST_CASE("a counting experiment has its likelihood ratio in closed form", "[reinterpretation]") {
  const Reinterpretation<> experiment(counting_experiment(1.0, 50.0), vector({60.0}));
  for (const double s : {0.5, 5.0, 40.0}) {
    const SignalEvaluation result = experiment.evaluate({{"channel", {s}}});
    CHECK(result.ok());
    CHECK(result.delta_log_likelihood ==
          Approx(log_poisson(60.0, 50.0 + s) - log_poisson(60.0, 50.0)).margin(1e-9));
    CHECK(result.log_likelihood_background == Approx(log_poisson(60.0, 50.0)).epsilon(1e-12));
    const double best = std::min(10.0 / s, 10.0);
    CHECK(result.best_mu == Approx(best).epsilon(1e-4));
    CHECK(result.log_likelihood_best == Approx(log_poisson(60.0, 50.0 + best * s)).epsilon(1e-9));
  }
  CHECK(experiment.evaluate({{"channel", {10.0}}}).delta_log_likelihood > 0.0);
  CHECK(experiment.evaluate({{"channel", {40.0}}}).delta_log_likelihood < 0.0);
}

TEST_CASE("a signal gives what a model built with it gives", "[reinterpretation]") {
  const Reinterpretation<> likelihood = regions();
  const std::vector<std::pair<std::vector<double>, double>> signals{
      {{2.0, 3.0}, 4.0}, {{5.0, 0.5}, 0.0}, {{0.25, 9.0}, 7.5}};
  for (const auto& [first, second] : signals) {
    const SignalEvaluation result = likelihood.evaluate({{"SR1", first}, {"SR2", {second}}}, {.limit = true});
    const Model anew = build(first, second);
    const HypotestResult test = hypotest(anew, data_for(anew));
    CHECK(result.delta_log_likelihood ==
          Approx((test.fits.alternative_fit_to_data.twice_nll - test.fits.fixed_poi_fit_to_data.twice_nll) /
                 2.0)
              .margin(1e-7));
    CHECK(result.log_likelihood_best == Approx(-test.fits.free_fit_to_data.twice_nll / 2.0).epsilon(1e-9));
    CHECK(result.best_mu == Approx(test.fits.free_fit_to_data.value("mu")).margin(1e-3));
    CHECK(*result.cls_observed == Approx(test.cls_observed).epsilon(1e-4));
    const UpperLimitResult limit = upper_limit(anew, data_for(anew));
    CHECK(*result.limit->observed.value == Approx(*limit.observed.value).epsilon(1e-3));
    for (std::size_t k = 0; k < 5; ++k) {
      CHECK((*result.cls_expected)[k] == Approx(test.cls_expected[k]).epsilon(1e-4));
      CHECK(*result.limit->expected[k].value == Approx(*limit.expected[k].value).epsilon(1e-3));
    }
  }
}

TEST_CASE("only what is asked for is computed, and the rest is the same", "[reinterpretation]") {
  const Reinterpretation<> likelihood = regions();
  const SignalYields yields{{"SR1", {1.0, 4.0}}};
  const SignalEvaluation all = likelihood.evaluate(yields);
  const SignalEvaluation some = likelihood.evaluate(yields, {.cls = false});
  CHECK_FALSE(all.limit.has_value());
  CHECK_FALSE(some.cls_observed.has_value());
  CHECK_FALSE(some.cls_expected.has_value());
  CHECK(some.delta_log_likelihood == Approx(all.delta_log_likelihood).margin(1e-8));
  CHECK(some.best_mu == Approx(all.best_mu).margin(1e-4));
  CHECK(likelihood.evaluate(yields, {.mu = 0.0}).delta_log_likelihood == 0.0);
  const SignalEvaluation half = likelihood.evaluate({{"SR2", {8.0}}}, {.mu = 0.5});
  CHECK(half.delta_log_likelihood ==
        Approx(likelihood.evaluate({{"SR2", {4.0}}}).delta_log_likelihood).margin(1e-7));
}

TEST_CASE("a limit beyond the bounds is found all the same", "[reinterpretation]") {
  const Reinterpretation<> experiment(counting_experiment(1.0, 50.0), vector({50.0}));
  const SignalEvaluation weak = experiment.evaluate({{"channel", {0.01}}}, {.cls = false, .limit = true});
  const SignalEvaluation strong = experiment.evaluate({{"channel", {10.0}}}, {.cls = false, .limit = true});
  REQUIRE(weak.limit->observed.value.has_value());
  CHECK(*weak.limit->observed.value == Approx(1000.0 * *strong.limit->observed.value).epsilon(1e-3));
  CHECK(mentions(weak.limit->warnings.at(0), {"raised"}));
  const SignalEvaluation loose =
      experiment.evaluate({{"channel", {10.0}}}, {.cls = false, .limit = true, .level = 0.32});
  CHECK(*loose.limit->observed.value < *strong.limit->observed.value);
}

TEST_CASE("a region that is not mentioned gets no signal", "[reinterpretation]") {
  const Reinterpretation<> likelihood = regions();
  CHECK(same_bits(likelihood.evaluate({{"SR1", {1.0, 4.0}}}),
                  likelihood.evaluate({{"SR1", {1.0, 4.0}}, {"SR2", {0.0}}})));
  const SignalEvaluation nothing = likelihood.evaluate({});
  CHECK(nothing.delta_log_likelihood == Approx(0.0).margin(1e-9));
  CHECK(*nothing.cls_observed == Approx(1.0).margin(1e-4));
}

TEST_CASE("regions, bins and signal samples are listed", "[reinterpretation]") {
  const Reinterpretation<> likelihood = regions();
  REQUIRE(likelihood.regions().size() == 3);
  CHECK(likelihood.regions()[0].name == "CR");
  CHECK(likelihood.regions()[0].signal_sample.empty());
  CHECK(likelihood.regions()[0].template_yields.empty());
  CHECK(likelihood.regions()[1].signal_sample == "signal");
  CHECK(likelihood.regions()[1].nbins == 2);
  CHECK(likelihood.regions()[1].template_yields == std::vector<double>{2.0, 3.0});
  CHECK(likelihood.regions()[2].signal_sample == "other_signal");
}

TEST_CASE("yields that do not fit are refused by name", "[reinterpretation]") {
  const Reinterpretation<> likelihood = regions();
  const auto says = [&](const SignalYields& yields, const std::string& part) {
    return mentions(message_of<InputError>([&] { (void)likelihood.evaluate(yields); }), {part});
  };
  CHECK_THROWS_AS(likelihood.evaluate({{"SR3", {1.0}}}), UnknownName);
  CHECK(says({{"SR3", {1.0}}}, "did you mean \"SR1\", \"SR2\""));
  CHECK(says({{"CR", {1.0}}}, "region \"CR\" takes no signal"));
  CHECK(says({{"SR1", {1.0}}}, "1 bins, the model has 2"));
  CHECK(says({{"SR1", {1.0, std::numeric_limits<double>::quiet_NaN()}}}, "not finite in bin 1"));
  CHECK_THROWS_AS(likelihood.evaluate({}, {.mu = -1.0}), InvalidArgument);
  CHECK_THROWS_AS(likelihood.evaluate({}, {.limit = true, .level = 2.0}), InvalidArgument);
  CHECK_THROWS_AS(likelihood.evaluate({{"SR2", {-1000.0}}}), ComputationError);
}

TEST_CASE("where several samples are scaled, the signal has to be named", "[reinterpretation]") {
  spec::Model specification = regions_model({2.0, 3.0}, 4.0);
  specification.channels[0].samples.push_back({"second", {1.0, 1.0}, {{"mu", "normfactor", spec::NoData{}}}});
  const Model model = build_model(specification, "mu");
  const Vector data = data_for(model);
  CHECK(mentions(message_of<InvalidArgument>([&] { Reinterpretation<>(model, data); }),
                 {"\"second\"", "\"signal\"", "SR1"}));
  CHECK(mentions(message_of<UnknownName>([&] { Reinterpretation<>(model, data, {}, "secnd"); }),
                 {"did you mean \"second\""}));
  const Reinterpretation<> likelihood(model, data, {}, "signal");
  CHECK(likelihood.regions()[2].signal_sample.empty());
  const SignalEvaluation result = likelihood.evaluate({{"SR1", {1.0, 4.0}}});
  CHECK(result.delta_log_likelihood ==
        Approx(regions().evaluate({{"SR1", {1.0, 4.0}}}).delta_log_likelihood).margin(1e-7));
}

TEST_CASE("likelihoods without a signal to replace are refused at once", "[reinterpretation]") {
  spec::Model specification = regions_model({2.0, 3.0}, 4.0);
  const Model model = build_model(specification, "mu");
  CHECK_THROWS_AS(Reinterpretation<>(model, data_for(model), {.poi = "scale"}), InvalidArgument);
  CHECK_THROWS_AS(Reinterpretation<>(model, data_for(model), {.poi = "nu"}), InvalidArgument);
  CHECK_THROWS_AS(Reinterpretation<>(model, data_for(model), {.test_statistic = TestStatistic::q0}),
                  InvalidArgument);
  CHECK_THROWS_AS(Reinterpretation<>(model, vector({1.0})), InvalidArgument);
  specification.channels[1].samples[0].modifiers.push_back({"own", "shapesys", spec::BinData{0.5}});
  const Model shapesys = build_model(specification, "mu");
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   Reinterpretation<>(shapesys, with_auxdata(shapesys, {155.0, 22.0, 9.0, 11.0}));
                 }),
                 {"other_signal", "SR2", "shapesys"}));
}

TEST_CASE("the options of the fits hold for every call", "[reinterpretation]") {
  const Model model = build({1.0, 4.0}, 0.0);
  const InferenceOptions options{.test_statistic = TestStatistic::q_mu, .fit = {.fix = {{"scale", 0.5}}}};
  const Reinterpretation<> likelihood(build({2.0, 3.0}, 4.0), data_for(model), options);
  const SignalEvaluation result = likelihood.evaluate({{"SR1", {1.0, 4.0}}});
  const HypotestResult test =
      hypotest(model, data_for(model), {.test_statistic = TestStatistic::q_mu, .fit = options.fit});
  CHECK(*result.cls_observed == Approx(test.cls_observed).epsilon(1e-4));
  CHECK(result.log_likelihood_background ==
        Approx(-test.fits.alternative_fit_to_data.twice_nll / 2.0).epsilon(1e-9));
  CHECK(result.warnings == test.warnings);
  CHECK_FALSE(result.warnings.empty());
}

TEST_CASE("an evaluation has the same bits on any thread and in any order", "[reinterpretation]") {
  const Reinterpretation<> likelihood = regions();
  constexpr std::size_t count = 24;
  const auto evaluate_all = [&](const ThreadExecutor& executor, bool backwards) {
    std::vector<SignalEvaluation> results(count);
    parallel_for(executor, count, [&] {
      return [&](std::size_t task) {
        const std::size_t k = backwards ? count - 1 - task : task;
        const auto x = static_cast<double>(k);
        results[k] = likelihood.evaluate({{"SR1", {0.3 * x, 5.0}}, {"SR2", {0.1 * x * x}}});
      };
    });
    return results;
  };
  const auto one = evaluate_all(ThreadExecutor(1), false);
  const auto three = evaluate_all(ThreadExecutor(3), true);
  for (std::size_t k = 0; k < count; ++k) {
    CHECK(same_bits(one[k], three[k]));
  }
  CHECK_FALSE(same_bits(one[0], one[1]));
}
