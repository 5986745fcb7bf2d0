#pragma once

/// Workspaces and JSON documents from files and streams, with JSON Patches
/// (RFC 6902) applied in order to the whole document before it is checked.

#include <muhat/core/errors.hpp>
#include <muhat/spec/parse_options.hpp>
#include <muhat/spec/read_json.hpp>
#include <muhat/workspace/json_patch.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

/// The largest document that is read, in bytes: no likelihood comes near it, endless devices go beyond.
inline constexpr std::size_t largest_document = std::size_t{1} << 32;

/// Throws ReadError for a text of more than `limit` bytes.
inline void require_readable_size(std::uintmax_t size, std::size_t limit, const std::string& source) {
  if (size > limit) {
    throw ReadError(source + ": more than " + std::to_string(limit) +
                    " bytes, which is too long for a document; check that it is the right file");
  }
}

/// Reads a whole file of at most `limit` bytes. Throws ReadError that names it.
[[nodiscard]] inline std::string read_file(const std::filesystem::path& path,
                                           std::size_t limit = largest_document) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw ReadError(path.string() + ": this is a directory, expected a file");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw ReadError(path.string() + ": cannot open the file; check that it exists and may be read");
  }
  // One more byte than a regular file has, so that one read finds its end; pipes go on in chunks.
  constexpr std::uintmax_t least = std::uintmax_t{1} << 16;
  std::uintmax_t size_hint = std::filesystem::file_size(path, ignored);
  size_hint = ignored ? 0 : size_hint;
  require_readable_size(size_hint, limit, path.string());
  const auto chunk = static_cast<std::size_t>(std::max(size_hint + 1, least));
  std::string text;
  do {
    const std::size_t size = text.size();
    text.resize(size + chunk);
    stream.read(text.data() + size, static_cast<std::streamsize>(chunk));
    text.resize(size + static_cast<std::size_t>(stream.gcount()));
    require_readable_size(text.size(), limit, path.string());
  } while (stream);
  if (stream.bad()) {
    throw ReadError(path.string() + ": reading the file failed");
  }
  return text;
}

/// What `read()` returns; its ReadError and SpecificationError say where the text came from.
template <class Read>
[[nodiscard]] auto with_source(const std::string& source, Read read) {
  try {
    return read();
  } catch (const ReadError& error) {
    throw ReadError(source + ": " + error.what());
  } catch (const SpecificationError& error) {
    throw SpecificationError(error.problems(), error.source().empty() ? source : error.source());
  }
}

/// A JSON document from a file. Throws ReadError that names the file, and
/// SpecificationError for keys that appear twice.
template <class Json = nlohmann::json>
[[nodiscard]] Json load_json(const std::filesystem::path& path, const ReadOptions& options = {}) {
  const std::string text = read_file(path);
  return with_source(path.string(), [&] { return read_json<Json>(std::string_view(text), options); });
}

/// A JSON Patch, or the file that holds one.
template <class Json = nlohmann::json>
class BasicPatchSource {
public:
  BasicPatchSource(const char* path) : source_(std::filesystem::path(path)) {}
  BasicPatchSource(const std::string& path) : source_(std::filesystem::path(path)) {}
  BasicPatchSource(std::filesystem::path path) : source_(std::move(path)) {}
  BasicPatchSource(Json patch) : source_(std::move(patch)) {}

  /// Applies the patch; `index` names one that has no file.
  void apply(Json& document, std::size_t index) const {
    if (const auto* path = std::get_if<std::filesystem::path>(&source_)) {
      apply_json_patch(document, load_json<Json>(*path, {.keep_big_integers = true}), path->string());
    } else {
      apply_json_patch(document, std::get<Json>(source_), "patch " + std::to_string(index));
    }
  }

private:
  std::variant<std::filesystem::path, Json> source_;
};

using PatchSource = BasicPatchSource<>;

template <class Json = nlohmann::json>
struct BasicLoadOptions {
  /// Applied in this order to the whole document.
  std::vector<BasicPatchSource<Json>> patches = {};
  /// Names of user-defined modifier types.
  std::vector<std::string> custom_modifier_types = {};
};

using LoadOptions = BasicLoadOptions<>;

/// Patches a document and checks the outcome; `source` names the document in errors. Throws PatchError and
/// SpecificationError.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> make_workspace(Json document, const BasicLoadOptions<Json>& options = {},
                                                  const std::string& source = {}) {
  for (std::size_t i = 0; i < options.patches.size(); ++i) {
    options.patches[i].apply(document, i);
  }
  return with_source(source, [&] {
    return BasicWorkspace<Json>(std::move(document),
                                {.custom_modifier_types = options.custom_modifier_types});
  });
}

/// The workspace in a file. Throws ReadError, PatchError and SpecificationError.
/// Linear in the size of the file.
template <class Json = nlohmann::json>
[[nodiscard]] BasicWorkspace<Json> load_workspace(const std::filesystem::path& path,
                                                  const BasicLoadOptions<Json>& options = {}) {
  return make_workspace<Json>(load_json<Json>(path, {.keep_big_integers = true}), options, path.string());
}

/// The workspace that a stream holds up to its end. Throws like the function for files.
template <class Json = nlohmann::json>
[[nodiscard]] BasicWorkspace<Json> load_workspace(std::istream& stream,
                                                  const BasicLoadOptions<Json>& options = {}) {
  return make_workspace<Json>(read_json<Json>(stream, {.keep_big_integers = true}), options);
}

} // namespace muhat
