#pragma once

/// `muhat significance`: is there a signal at all?

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/inference/discovery.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/limits.hpp>

#include <CLI/CLI.hpp>

namespace muhat::cli {

struct SignificanceOptions {
  ModelArguments model;
  OptimizerChoice optimizer;
  OutputOptions output;
};

inline ExitCode run_significance(const SignificanceOptions& options, Context& context) {
  check_output(options.output);
  const LoadedModel loaded = load_model(options.model, context);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  const DiscoveryResult result =
      discovery(loaded.model, data, DiscoveryOptions{.fit = fit_options(options.optimizer)},
                make_optimizer(options.optimizer));
  print_warnings(context, "significance", result.test.warnings);
  write_result(context, options.output, discovery_json(result));
  return ExitCode::success;
}

inline void add_significance_command(CLI::App& app, Selection& selection) {
  add_command<SignificanceOptions>(
      app, selection,
      {"significance", "Test the absence of a signal: p0 and significance, observed and expected",
       "muhat significance workspace.json"},
      [](CLI::App& command, SignificanceOptions& options) {
        add_model_options(command, options.model);
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
      },
      run_significance);
}

} // namespace muhat::cli
