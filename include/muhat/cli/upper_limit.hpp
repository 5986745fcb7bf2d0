#pragma once

/// `muhat upper-limit`: the signal strength at which CLs falls to a level, by the
/// asymptotic formulae or with toys.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/inference/toy_upper_limit.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/limits.hpp>

#include <CLI/CLI.hpp>

#include <string>

namespace muhat::cli {

struct UpperLimitCommandOptions {
  ModelArguments model;
  OptimizerChoice optimizer;
  OutputOptions output;
  std::string statistic = "qtilde";
  ToyArguments toys;
  std::string calculator = asymptotic_calculator;
  LimitArguments limit;
  std::string scan;
};

namespace detail {

/// With toys; an interrupted run finds the limits that its toys fix.
inline UpperLimitResult find_toy_limits(const UpperLimitCommandOptions& options,
                                        const UpperLimitOptions& wanted, const LoadedModel& loaded,
                                        const Vector& data, Context& context, bool& interrupted) {
  return run_with_progress(ToyOptions{.ntoys = options.toys.ntoys, .seed = options.toys.seed}, context,
                           interrupted, [&](const ToyOptions& toys) {
                             return toy_upper_limit(loaded.model, data, wanted, toys,
                                                    make_optimizer(options.optimizer),
                                                    ThreadExecutor(options.toys.threads));
                           });
}

} // namespace detail

/// Prints every limit that exists. Without an observed one the exit code is 1.
inline ExitCode run_upper_limit(const UpperLimitCommandOptions& options, Context& context) {
  check_output(options.output);
  UpperLimitOptions wanted = limit_options(options.limit);
  wanted.test_statistic = test_statistic_from(options.statistic);
  wanted.fit = fit_options(options.optimizer);
  if (!options.scan.empty()) {
    wanted.scan = parse_grid("--scan", options.scan);
  }
  const LoadedModel loaded = load_model(options.model, context);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  bool interrupted = false;
  const UpperLimitResult result =
      options.calculator == toy_calculator
          ? detail::find_toy_limits(options, wanted, loaded, data, context, interrupted)
          : upper_limit(loaded.model, data, wanted, make_optimizer(options.optimizer));
  print_warnings(context, "upper-limit", result.warnings);
  write_result(context, options.output, upper_limit_json(result));
  if (interrupted) {
    context.err << "muhat upper-limit: interrupted; the limits are those that the toys made so far fix\n";
    return ExitCode::computation_failed;
  }
  if (!result.observed.value) {
    context.err << "muhat upper-limit: no observed limit: " << result.observed.reason
                << (options.limit.widen_bounds || !options.scan.empty()
                        ? ""
                        : "; --widen-bounds looks beyond the bounds")
                << '\n';
    return ExitCode::computation_failed;
  }
  return ExitCode::success;
}

inline void add_upper_limit_command(CLI::App& app, Selection& selection) {
  add_command<UpperLimitCommandOptions>(
      app, selection,
      {"upper-limit", "Upper limits on the parameter of interest, observed and expected",
       "muhat upper-limit --level 0.05 workspace.json"},
      [](CLI::App& command, UpperLimitCommandOptions& options) {
        add_model_options(command, options.model);
        add_statistic_option(command, options.statistic, StatisticUse::limit);
        add_calculator_options(command, options.calculator, options.toys);
        add_limit_options(command, options.limit);
        add_text(command, "--scan", options.scan,
                 "FIRST:LAST:POINTS: interpolate on this scan instead of searching");
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
      },
      run_upper_limit);
}

} // namespace muhat::cli
