#pragma once

/// `muhat patchset apply|extract|inspect|verify`: the signals of a published
/// search, as patches to its background-only workspace.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/cli/surgery.hpp>
#include <muhat/report/table.hpp>
#include <muhat/spec/json_object.hpp>
#include <muhat/workspace/patch_set.hpp>
#include <muhat/workspace/workspace.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

/// What the four commands take; each uses a part of it.
struct PatchSetOptions {
  std::string background = std::string(standard_input);
  std::string patch_set = std::string(standard_input);
  std::string name;
  bool with_metadata = false;
  OutputOptions output;
};

namespace detail {

inline PatchSet read_patch_set(const PatchSetOptions& options, Context& context) {
  const nlohmann::json document = load_exact_document(options.patch_set, context);
  return with_source(source_name(options.patch_set), [&] { return PatchSet(document); });
}

} // namespace detail

/// Prints the patched workspace. Throws UnknownName, PatchSetMismatch, PatchError and SpecificationError.
inline ExitCode run_patchset_apply(const PatchSetOptions& options, Context& context) {
  check_output(options.output);
  require_one_standard_input({options.background, options.patch_set});
  const PatchSet patches = detail::read_patch_set(options, context);
  Workspace background = load_exact_workspace(options.background, context);
  write_result(context, options.output, patches.apply(std::move(background), options.name).document());
  return ExitCode::success;
}

/// Prints one patch, bare or with its own and the set's metadata.
inline ExitCode run_patchset_extract(const PatchSetOptions& options, Context& context) {
  check_output(options.output);
  const PatchSet patches = detail::read_patch_set(options, context);
  const Patch& patch = patches.patch(options.name);
  if (!options.with_metadata) {
    write_result(context, options.output, patch.operations);
    return ExitCode::success;
  }
  nlohmann::json metadata = patch.metadata;
  metadata.update(patches.metadata());
  write_result(context, options.output, json_object({{"metadata", metadata}, {"patch", patch.operations}}));
  return ExitCode::success;
}

/// Prints the patches' names and where they stand.
inline ExitCode run_patchset_inspect(const PatchSetOptions& options, Context& context) {
  check_output(options.output);
  const PatchSet patches = detail::read_patch_set(options, context);
  Table table{{"patch"}, {}};
  table.header.insert(table.header.end(), patches.labels().begin(), patches.labels().end());
  for (const Patch& patch : patches) {
    std::vector<std::string> row{patch.name};
    for (const PatchValue& value : patch.values) {
      row.push_back(to_string(value));
    }
    table.rows.push_back(std::move(row));
  }
  write_text(context, options.output, table_text(table));
  return ExitCode::success;
}

/// Says so when the digests match. Throws PatchSetMismatch when they do not.
inline ExitCode run_patchset_verify(const PatchSetOptions& options, Context& context) {
  check_output(options.output);
  require_one_standard_input({options.background, options.patch_set});
  const PatchSet patches = detail::read_patch_set(options, context);
  patches.verify(load_exact_document(options.background, context));
  write_text(context, options.output, "All digests match.\n");
  return ExitCode::success;
}

namespace detail {

inline void add_patch_set_arguments(CLI::App& command, PatchSetOptions& options, bool with_background) {
  if (with_background) {
    command
        .add_option("BACKGROUND_ONLY", options.background,
                    "The background-only workspace: a file, or - for "
                    "standard input")
        ->capture_default_str();
  }
  command.add_option("PATCHSET", options.patch_set, "The patch set: a file, or - for standard input")
      ->capture_default_str();
  add_output_options(command, options.output);
}

inline void add_patch_name(CLI::App& command, PatchSetOptions& options) {
  command.add_option("--name", options.name, "Name of the patch")->required();
}

} // namespace detail

inline void add_patchset_command(CLI::App& app, Selection& selection) {
  CLI::App* const group = app.add_subcommand("patchset", "Look into patch sets and apply their patches");
  group->require_subcommand(1);
  group->footer("Example:\n  muhat patchset inspect patchset.json");
  add_command<PatchSetOptions>(
      *group, selection,
      {"apply", "Verify a background-only workspace and apply a patch to it",
       "muhat patchset apply --name signal_600_150 BkgOnly.json patchset.json"},
      [](CLI::App& command, PatchSetOptions& options) {
        detail::add_patch_set_arguments(command, options, true);
        detail::add_patch_name(command, options);
      },
      run_patchset_apply);
  add_command<PatchSetOptions>(
      *group, selection,
      {"extract", "Print one patch as a JSON Patch",
       "muhat patchset extract --name signal_600_150 patchset.json"},
      [](CLI::App& command, PatchSetOptions& options) {
        detail::add_patch_set_arguments(command, options, false);
        detail::add_patch_name(command, options);
        command.add_flag("--with-metadata,!--without-metadata", options.with_metadata,
                         "Add the metadata of the patch and of the set");
      },
      run_patchset_extract);
  add_command<PatchSetOptions>(
      *group, selection,
      {"inspect", "List the patches and their values", "muhat patchset inspect patchset.json"},
      [](CLI::App& command, PatchSetOptions& options) {
        detail::add_patch_set_arguments(command, options, false);
      },
      run_patchset_inspect);
  add_command<PatchSetOptions>(
      *group, selection,
      {"verify", "Check that a patch set is for a background-only workspace",
       "muhat patchset verify BkgOnly.json patchset.json"},
      [](CLI::App& command, PatchSetOptions& options) {
        detail::add_patch_set_arguments(command, options, true);
      },
      run_patchset_verify);
}

} // namespace muhat::cli
