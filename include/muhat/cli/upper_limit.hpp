#pragma once

/// `muhat upper-limit`: the signal strength at which CLs falls to a level.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
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
  double level = 0.05;
  double relative_tolerance = 1e-4;
  std::string scan;
  bool widen_bounds = false;
};

/// Prints every limit that exists. Without an observed one the exit code is 1.
inline ExitCode run_upper_limit(const UpperLimitCommandOptions& options, Context& context) {
  check_output(options.output);
  UpperLimitOptions limit_options{.level = options.level,
                                  .test_statistic = test_statistic_from(options.statistic),
                                  .relative_tolerance = options.relative_tolerance,
                                  .widen_bounds = options.widen_bounds};
  if (!options.scan.empty()) {
    limit_options.scan = parse_grid("--scan", options.scan);
  }
  const LoadedModel loaded = load_model(options.model, context);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  const UpperLimitResult result =
      upper_limit(loaded.model, data, limit_options, make_optimizer(options.optimizer));
  print_warnings(context, "upper-limit", result.warnings);
  write_result(context, options.output, upper_limit_json(result));
  if (!result.observed.value) {
    context.err << "muhat upper-limit: no observed limit: " << result.observed.reason
                << (options.widen_bounds ? "" : "; --widen-bounds looks beyond the bounds") << '\n';
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
        add_number(command, "--level", options.level, "The CLs at the limit: 0.05 for 95 % confidence");
        command.add_option("--test-stat", options.statistic, "The test statistic")
            ->check(CLI::IsMember({"t", "ttilde", "q", "qtilde"}))
            ->capture_default_str();
        add_number(command, "--rtol", options.relative_tolerance,
                   "Relative tolerance of limits found by search");
        command.add_option("--scan", options.scan,
                           "FIRST:LAST:POINTS: interpolate on this scan instead of searching");
        command.add_flag("--widen-bounds", options.widen_bounds,
                         "Raise the upper bound of the parameter of interest where the limit lies beyond it");
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
      },
      run_upper_limit);
}

} // namespace muhat::cli
