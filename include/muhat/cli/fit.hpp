#pragma once

/// `muhat fit`: the maximum likelihood fit.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/json.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

struct FitCommandOptions {
  ModelArguments model;
  OptimizerChoice optimizer;
  OutputOptions output;
  bool value = false;
  std::vector<std::string> fixed;
};

/// `NAME=VALUE` texts as parameters held at values. Throws InvalidArgument.
inline std::vector<std::pair<std::string, double>> parse_fixed(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, double>> fixed;
  for (const std::string& text : texts) {
    const auto [name, value] = parse_assignment("--fix", text);
    fixed.emplace_back(name, parse_number("--fix " + name, value));
  }
  return fixed;
}

/// Prints the fit, with or without certificate; without one the exit code is 1.
inline ExitCode run_fit(const FitCommandOptions& options, Context& context) {
  check_output(options.output);
  FitOptions wanted = fit_options(options.optimizer);
  wanted.fix = parse_fixed(options.fixed);
  const LoadedModel loaded = load_model(options.model, context);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  const FitResult result = fit(loaded.model, data, wanted, make_optimizer(options.optimizer));
  write_result(context, options.output, fit_json(loaded.model, result, options.value));
  for (const std::string& warning : result.warnings) {
    context.err << "muhat fit: warning: " << warning << '\n';
  }
  if (result.certified()) {
    return ExitCode::success;
  }
  context.err << "muhat fit: " << explain_failure(result) << '\n';
  return ExitCode::computation_failed;
}

inline void add_fit_command(CLI::App& app, Selection& selection) {
  add_command<FitCommandOptions>(
      app, selection, {"fit", "Fit the model to the observed data", "muhat fit --value workspace.json"},
      [](CLI::App& command, FitCommandOptions& options) {
        add_model_options(command, options.model);
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
        command.add_flag("--value", options.value, "Print -2 log L at the minimum as well");
        add_repeatable(
            command, "--fix", options.fixed,
            "NAME=VALUE: hold a parameter, or all components of one, at a value; may be given several "
            "times");
      },
      run_fit);
}

} // namespace muhat::cli
