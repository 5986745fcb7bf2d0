#pragma once

/// Where a command's result goes: standard output, or a file.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/report/write_file.hpp>
#include <muhat/spec/write_json.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace muhat::cli {

/// `--output-file`.
struct OutputOptions {
  std::string file;
};

inline void add_output_options(CLI::App& command, OutputOptions& options) {
  add_text(command, "--output-file", options.file,
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

/// Keeps a computation's results so far in its output file, where that is a regular one: a pipe or a device
/// gets the end result alone. A disk that is full for a while costs no results: where writing fails, the run
/// goes on, and the first failure is a warning.
class InterimOutput {
public:
  /// `context` outlives this.
  InterimOutput(std::string command, const OutputOptions& options, Context& context)
      : command_(std::move(command)), context_(&context),
        file_(options.file.empty() || muhat::detail::is_special_file(options.file) ? "" : options.file) {}

  [[nodiscard]] bool wanted() const noexcept { return !file_.empty(); }

  /// Writes the document anew, complete at any time.
  template <class Json>
  void save(const Json& result) {
    try {
      write_file(file_, json_text(result) + '\n');
    } catch (const Error& error) {
      if (!warned_) {
        context_->err << "muhat " << command_ << ": warning: results so far are not saved: " << error.what()
                      << '\n';
        warned_ = true;
      }
    }
  }

private:
  std::string command_;
  Context* context_;
  std::string file_;
  bool warned_ = false;
};

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
