#pragma once

/// `muhat sort`: a workspace in a canonical order.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/surgery.hpp>
#include <muhat/workspace/sort.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <utility>

namespace muhat::cli {

struct SortOptions {
  std::string workspace = std::string(standard_input);
  SurgeryOutput output;
};

inline ExitCode run_sort(const SortOptions& options, Context& context) {
  check_output(options.output.output);
  Workspace workspace = load_exact_workspace(options.workspace, context);
  return run_surgery(options.output, context,
                     [&](Changes* changes) { return sorted(std::move(workspace), changes); });
}

inline void add_sort_command(CLI::App& app, Selection& selection) {
  add_command<SortOptions>(
      app, selection,
      {"sort", "Print the workspace with channels, samples, modifiers and measurements sorted",
       "muhat sort workspace.json"},
      [](CLI::App& command, SortOptions& options) {
        add_workspace_argument(command, options.workspace);
        add_surgery_output(command, options.output);
      },
      run_sort);
}

} // namespace muhat::cli
