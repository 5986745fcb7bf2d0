#pragma once

/// `muhat digest`: what identifies a workspace, whatever its layout.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/workspace/digest.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace muhat::cli {

struct DigestOptions {
  std::string workspace = std::string(standard_input);
  OutputOptions output;
  std::vector<std::string> algorithms;
  bool json = false;
  bool plaintext = false;
};

/// `algorithm:digest`, one a line, or a JSON object.
inline ExitCode run_digest(const DigestOptions& options, Context& context) {
  check_output(options.output);
  const std::vector<std::string> names =
      options.algorithms.empty() ? std::vector<std::string>{"sha256"} : options.algorithms;
  std::vector<DigestAlgorithm> algorithms;
  for (const std::string& name : names) {
    algorithms.push_back(digest_algorithm(name));
  }
  const nlohmann::json document = load_exact_document(options.workspace, context);
  nlohmann::json digests = nlohmann::json::object();
  std::string lines;
  for (const DigestAlgorithm algorithm : algorithms) {
    const std::string name(to_string(algorithm));
    const std::string digest = json_digest(document, algorithm);
    digests[name] = digest;
    lines += name + ':' + digest + '\n';
  }
  if (options.json) {
    write_result(context, options.output, digests);
  } else {
    write_text(context, options.output, lines);
  }
  return ExitCode::success;
}

inline void add_digest_command(CLI::App& app, Selection& selection) {
  add_command<DigestOptions>(
      app, selection,
      {"digest", "Print a digest that does not depend on layout or order of keys",
       "muhat digest --algorithm sha256 --algorithm md5 workspace.json"},
      [](CLI::App& command, DigestOptions& options) {
        add_workspace_argument(command, options.workspace);
        add_repeatable(command, "-a,--algorithm", options.algorithms,
                       "sha256 (the default) or md5; may be given several times");
        CLI::Option* const json = command.add_flag("-j,--json", options.json, "Print a JSON object");
        command.add_flag("-p,--plaintext", options.plaintext, "Print lines algorithm:digest (the default)")
            ->excludes(json);
        add_output_options(command, options.output);
      },
      run_digest);
}

} // namespace muhat::cli
