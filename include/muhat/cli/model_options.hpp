#pragma once

/// The options that say which model a command works on: WORKSPACE, patches,
/// measurement and interpolation codes; and loading it.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/interpolation/codes.hpp>
#include <muhat/model/model.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/workspace.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

/// WORKSPACE and what is done to it before a model is built, as typed.
struct ModelArguments {
  std::string workspace = std::string(standard_input);
  std::string measurement;
  std::vector<std::string> patches;
  std::vector<std::string> interpolation_codes;
};

/// A workspace and the model of one of its measurements.
struct LoadedModel {
  Workspace workspace;
  Model model;
  std::size_t measurement_index = 0;
};

inline void add_workspace_argument(CLI::App& command, std::string& workspace) {
  command.add_option("WORKSPACE", workspace, "The workspace: a file, or - for standard input")
      ->capture_default_str();
}

/// Which model is built of a workspace.
inline void add_measurement_options(CLI::App& command, ModelArguments& arguments) {
  add_text(command, "--measurement", arguments.measurement,
           "Name of the measurement; the first if not given");
  add_repeatable(
      command, "--interpcode", arguments.interpolation_codes,
      "TYPE=CODE: the interpolation code of normsys (code1, code4) or histosys (code0, code2, code4p); "
      "may be given several times");
}

inline void add_model_options(CLI::App& command, ModelArguments& arguments) {
  add_workspace_argument(command, arguments.workspace);
  add_measurement_options(command, arguments);
  add_repeatable(command, "-p,--patch", arguments.patches,
                 "A JSON Patch file to apply to the workspace first; may be given several times");
}

/// Throws InvalidArgument, listing what is valid, for an unknown type or code.
inline InterpolationCodes parse_interpolation_codes(const std::vector<std::string>& texts) {
  InterpolationCodes codes;
  for (const std::string& text : texts) {
    const auto [type, code] = parse_assignment("--interpcode", text, "TYPE=CODE");
    set_interpolation_code(codes, type, code);
  }
  return codes;
}

/// The patched, checked workspace. `other_input` names a further source the command reads.
/// Throws InvalidArgument, ReadError, PatchError and SpecificationError.
inline Workspace load_patched_workspace(const ModelArguments& arguments, Context& context,
                                        const std::string& other_input = {}) {
  std::vector<std::string> sources = arguments.patches;
  sources.push_back(arguments.workspace);
  sources.push_back(other_input);
  require_one_standard_input(sources);
  // A patch may test or copy an integer of any size, so that both sides keep its digits.
  nlohmann::json document = arguments.patches.empty() ? load_document(arguments.workspace, context)
                                                      : load_exact_document(arguments.workspace, context);
  LoadOptions options;
  for (const std::string& patch : arguments.patches) {
    if (patch == standard_input) {
      options.patches.emplace_back(load_exact_document(patch, context));
    } else {
      options.patches.emplace_back(patch);
    }
  }
  return make_workspace(std::move(document), options, source_name(arguments.workspace));
}

/// The place of the wanted measurement, the first if none is named, in the workspace.
inline std::size_t measurement_index(const Workspace& workspace, const ModelArguments& arguments) {
  const std::vector<std::string> names = workspace.measurement_names();
  const auto named = std::find(names.begin(), names.end(), arguments.measurement);
  return named == names.end() ? 0 : static_cast<std::size_t>(named - names.begin());
}

/// The workspace and its model. Throws also UnknownName for a measurement that is not there, and
/// InvalidModel.
inline LoadedModel load_model(const ModelArguments& arguments, Context& context,
                              const std::string& other_input = {}) {
  const InterpolationCodes codes = parse_interpolation_codes(arguments.interpolation_codes);
  Workspace workspace = load_patched_workspace(arguments, context, other_input);
  const std::size_t index = measurement_index(workspace, arguments);
  Model model =
      build_model(workspace, ModelOptions{.measurement = arguments.measurement, .interpolation = codes});
  return {std::move(workspace), std::move(model), index};
}

} // namespace muhat::cli
