#pragma once

/// `muhat cls`: CLs, or for q0 the p-value of the background alone, by the
/// asymptotic formulae or with toys.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/json.hpp>
#include <muhat/report/toys.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace muhat::cli {

struct ClsOptions {
  ModelArguments model;
  OptimizerChoice optimizer;
  OutputOptions output;
  ToyArguments toys;
  double tested_mu = 1.0;
  std::string statistic = "qtilde";
  std::string calculator = asymptotic_calculator;
};

namespace detail {

/// With toys; an interrupted run prints what its toys tell, and fails.
inline ExitCode run_toy_cls(const ClsOptions& options, const LoadedModel& loaded, const Vector& data,
                            Context& context) {
  bool interrupted = false;
  const InferenceOptions inference = inference_options(options.statistic, options.optimizer);
  ToyCalculator calculator(loaded.model, data, inference, make_optimizer(options.optimizer));
  warn_of_bounds(context, "cls", inference, loaded.model);
  const ToyEnsemble ensemble = make_toys(calculator, options.tested_mu,
                                         ToyOptions{.ntoys = options.toys.ntoys, .seed = options.toys.seed},
                                         options.toys.threads, std::nullopt, context, interrupted);
  const nlohmann::json result = toy_p_values_json(ensemble);
  print_warnings(context, "cls", calculator.warnings());
  warn_of_toys(context, "cls", ensemble, inference, loaded.model, calculator.best_fit());
  write_result(context, options.output, result);
  if (interrupted) {
    context.err << "muhat cls: interrupted; the result is that of the toys made so far\n";
    return ExitCode::computation_failed;
  }
  return report_missing_p_values(context, "cls", result);
}

} // namespace detail

inline ExitCode run_cls(const ClsOptions& options, Context& context) {
  check_output(options.output);
  const LoadedModel loaded = load_model(options.model, context);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  if (options.calculator == toy_calculator) {
    return detail::run_toy_cls(options, loaded, data, context);
  }
  const HypotestOptions test_options{.mu = options.tested_mu,
                                     .test_statistic = test_statistic_from(options.statistic),
                                     .fit = fit_options(options.optimizer)};
  const HypotestResult result = hypotest(loaded.model, data, test_options, make_optimizer(options.optimizer));
  print_warnings(context, "cls", result.warnings);
  write_result(context, options.output, hypotest_json(result));
  return ExitCode::success;
}

inline void add_cls_command(CLI::App& app, Selection& selection) {
  add_command<ClsOptions>(
      app, selection,
      {"cls", "Test a signal strength: CLs, observed and expected",
       "muhat cls --test-poi 1 --test-stat qtilde workspace.json"},
      [](CLI::App& command, ClsOptions& options) {
        add_model_options(command, options.model);
        add_tested_value_option(command, options.tested_mu);
        add_statistic_option(command, options.statistic, StatisticUse::test);
        add_calculator_options(command, options.calculator, options.toys);
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
      },
      run_cls);
}

} // namespace muhat::cli
