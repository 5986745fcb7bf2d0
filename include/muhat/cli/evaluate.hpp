#pragma once

/// `muhat evaluate`: expected data and log-density at given parameters.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/cli/points.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/evaluation.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace muhat::cli {

struct EvaluateOptions {
  ModelArguments model;
  OutputOptions output;
  /// File of points; empty for the suggested start.
  std::string points;
};

/// A density that does not exist is null with a reason, and no failure.
inline ExitCode run_evaluate(const EvaluateOptions& options, Context& context) {
  check_output(options.output);
  const LoadedModel loaded = load_model(options.model, context, options.points);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  std::vector<Vector> points{loaded.model.suggested_init()};
  if (!options.points.empty()) {
    const nlohmann::json document = load_document(options.points, context);
    points = with_source(source_name(options.points), [&] { return read_points(loaded.model, document); });
  }
  write_result(context, options.output, evaluation_json(loaded.model, data, points));
  return ExitCode::success;
}

inline void add_evaluate_command(CLI::App& app, Selection& selection) {
  add_command<EvaluateOptions>(
      app, selection,
      {"evaluate", "Expected data and log-density at given parameters",
       "echo '{\"mu\": 0.5}' | muhat evaluate --pars - workspace.json"},
      [](CLI::App& command, EvaluateOptions& options) {
        add_model_options(command, options.model);
        add_output_options(command, options.output);
        command.add_option(
            "--pars", options.points,
            "JSON file (- for standard input) with one point or an array of points: arrays in the "
            "order of the parameters, or objects {name: number or [numbers]} over the suggested "
            "values; the suggested start if not given");
      },
      run_evaluate);
}

} // namespace muhat::cli
