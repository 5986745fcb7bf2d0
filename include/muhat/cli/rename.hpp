#pragma once

/// `muhat rename`: new names for channels, samples, modifiers and measurements.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/surgery.hpp>
#include <muhat/workspace/rename.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

/// Old and new names as typed.
using NamePairs = std::vector<std::pair<std::string, std::string>>;

struct RenameCommandOptions {
  std::string workspace = std::string(standard_input);
  NamePairs channels;
  NamePairs samples;
  NamePairs modifiers;
  NamePairs measurements;
  bool regex = false;
  SurgeryOutput output;
};

inline ExitCode run_rename(const RenameCommandOptions& options, Context& context) {
  check_output(options.output.output);
  const auto changes_of = [&](const NamePairs& pairs) {
    std::vector<NameChange> changes;
    for (const auto& [from, to] : pairs) {
      changes.push_back({from, to, options.regex});
    }
    return changes;
  };
  const RenameOptions rename_options{.channels = changes_of(options.channels),
                                     .samples = changes_of(options.samples),
                                     .modifiers = changes_of(options.modifiers),
                                     .measurements = changes_of(options.measurements)};
  Workspace workspace = load_exact_workspace(options.workspace, context);
  return run_surgery(options.output, context,
                     [&](Changes* changes) { return rename(std::move(workspace), rename_options, changes); });
}

inline void add_rename_command(CLI::App& app, Selection& selection) {
  add_command<RenameCommandOptions>(
      app, selection,
      {"rename", "Rename channels, samples, modifiers and measurements",
       "muhat rename --channel SR signal_region --modifier mu mu_SIG workspace.json"},
      [](CLI::App& command, RenameCommandOptions& options) {
        const auto add = [&](const char* names, NamePairs& pairs, const std::string& what) {
          add_repeatable(command, names, pairs,
                         "Old and new name of a " + what + "; may be given several times")
              ->type_name("OLD NEW");
        };
        add_workspace_argument(command, options.workspace);
        add("-c,--channel", options.channels, "channel");
        add("-s,--sample", options.samples, "sample");
        add("-m,--modifier", options.modifiers, "modifier");
        add("--measurement", options.measurements, "measurement");
        command.add_flag(
            "--regex", options.regex,
            "Old names are regular expressions (ECMAScript); $1 in a new one is the first group");
        add_surgery_output(command, options.output);
      },
      run_rename);
}

} // namespace muhat::cli
