#pragma once

/// `muhat combine`: two workspaces joined into one.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/surgery.hpp>
#include <muhat/workspace/combine.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace muhat::cli {

struct CombineCommandOptions {
  std::string left = std::string(standard_input);
  std::string right = std::string(standard_input);
  std::string join = "none";
  bool merge_channels = false;
  SurgeryOutput output;
};

inline ExitCode run_combine(const CombineCommandOptions& options, Context& context) {
  check_output(options.output.output);
  require_one_standard_input({options.left, options.right});
  const CombineOptions combine_options{.join = join_of_name(options.join),
                                       .merge_channels = options.merge_channels};
  const Workspace left = load_exact_workspace(options.left, context);
  const Workspace right = load_exact_workspace(options.right, context);
  return run_surgery(options.output, context,
                     [&](Changes* changes) { return combine(left, right, combine_options, changes); });
}

inline void add_combine_command(CLI::App& app, Selection& selection) {
  add_command<CombineCommandOptions>(
      app, selection,
      {"combine", "Combine two workspaces into one", "muhat combine --join outer first.json second.json"},
      [](CLI::App& command, CombineCommandOptions& options) {
        command
            .add_option("WORKSPACE_ONE", options.left, "The left workspace: a file, or - for standard input")
            ->capture_default_str();
        command
            .add_option("WORKSPACE_TWO", options.right,
                        "The right workspace: a file, or - for standard input")
            ->capture_default_str();
        command.add_option("-j,--join", options.join, "What happens to what both have")
            ->check(CLI::IsMember(std::vector<std::string>(join_names.begin(), join_names.end())))
            ->capture_default_str();
        command.add_flag("--merge-channels,!--no-merge-channels", options.merge_channels,
                         "Unite the samples of channels that both have; not with the join \"none\"");
        add_surgery_output(command, options.output);
      },
      run_combine);
}

} // namespace muhat::cli
