#pragma once

/// What the commands that change a workspace share: reading one, and printing
/// either the new one or, on a dry run, the list of changes.

#include <muhat/cli/context.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/workspace.hpp>

#include <CLI/CLI.hpp>

#include <string>

namespace muhat::cli {

/// Where the outcome of an operation goes.
struct SurgeryOutput {
  OutputOptions output;
  bool dry_run = false;
};

inline void add_surgery_output(CLI::App& command, SurgeryOutput& options) {
  command.add_flag(
      "--dry-run", options.dry_run,
      "Print what would change, as lines of JSON pointer and description, instead of the workspace");
  add_output_options(command, options.output);
}

/// The workspace in a file, or in standard input for "-", with integers of any size as they are.
/// Throws ReadError and SpecificationError.
inline Workspace load_exact_workspace(const std::string& source, Context& context) {
  return make_workspace(load_exact_document(source, context), {}, source_name(source));
}

/// Calls `operate(changes)` for the new workspace and prints it; on a dry run prints the changes.
template <class Operate>
ExitCode run_surgery(const SurgeryOutput& options, Context& context, Operate operate) {
  Changes changes;
  const Workspace outcome = operate(options.dry_run ? &changes : nullptr);
  if (!options.dry_run) {
    write_result(context, options.output, outcome.document());
    return ExitCode::success;
  }
  std::string text;
  for (const Change& change : changes) {
    text += change.pointer + ": " + change.description + '\n';
  }
  write_text(context, options.output, text);
  return ExitCode::success;
}

} // namespace muhat::cli
