#pragma once

/// `muhat inspect`: what a workspace holds.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/report/inspect.hpp>

#include <CLI/CLI.hpp>

namespace muhat::cli {

struct InspectOptions {
  ModelArguments model;
  OutputOptions output;
  bool json = false;
};

/// A table to standard output; JSON with --json and into files.
inline ExitCode run_inspect(const InspectOptions& options, Context& context) {
  check_output(options.output);
  const LoadedModel loaded = load_model(options.model, context);
  const WorkspaceSummary summary =
      summarize(loaded.workspace.specification(), loaded.model, loaded.measurement_index);
  if (options.json || !options.output.file.empty()) {
    write_result(context, options.output, summary_json(summary));
  } else {
    write_text(context, options.output, summary_text(summary));
  }
  return ExitCode::success;
}

inline void add_inspect_command(CLI::App& app, Selection& selection) {
  add_command<InspectOptions>(
      app, selection,
      {"inspect", "Show channels, samples, parameters, modifiers and measurements",
       "muhat inspect workspace.json"},
      [](CLI::App& command, InspectOptions& options) {
        add_model_options(command, options.model);
        add_output_options(command, options.output);
        command.add_flag("--json", options.json, "Print JSON instead of tables; files always get JSON");
      },
      run_inspect);
}

} // namespace muhat::cli
