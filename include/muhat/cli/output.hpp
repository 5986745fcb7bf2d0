#pragma once

/// Where a command's result goes: standard output, or a file.

#include <muhat/cli/context.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/report/write_file.hpp>
#include <muhat/spec/write_json.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace muhat::cli {

/// `--output-file`.
struct OutputOptions {
  std::string file;
};

inline void add_output_options(CLI::App& command, OutputOptions& options) {
  command.add_option("--output-file", options.file,
                     "Write the result to this file (complete or not at all) instead of standard output");
}

/// Fails before a long computation where its result could not be kept.
/// Throws InvalidArgument where no file can be made in the directory of the output file.
inline void check_output(const OutputOptions& options) {
  if (options.file.empty()) {
    return;
  }
  const std::filesystem::path directory = std::filesystem::path(options.file).parent_path();
  std::error_code ignored;
  if (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    throw InvalidArgument("--output-file: there is no directory \"" + directory.string() +
                          "\"; make it first");
  }
  if (std::filesystem::is_directory(options.file, ignored)) {
    throw InvalidArgument("--output-file: \"" + options.file + "\" is a directory; name a file");
  }
  require_writable(options.file);
}

/// Throws ComputationError where standard output did not take everything.
inline void flush_output(Context& context) {
  context.out.flush();
  if (!context.out) {
    throw ComputationError("writing to standard output failed");
  }
}

/// Writes `text`, as it is, to where `options` say.
inline void write_text(Context& context, const OutputOptions& options, std::string_view text) {
  if (!options.file.empty()) {
    write_file(options.file, text);
    return;
  }
  context.out.write(text.data(), static_cast<std::streamsize>(text.size()));
  flush_output(context);
}

/// Writes a document as indented JSON with a newline at its end.
template <class Json>
void write_result(Context& context, const OutputOptions& options, const Json& result) {
  write_text(context, options, json_text(result) + '\n');
}

} // namespace muhat::cli
