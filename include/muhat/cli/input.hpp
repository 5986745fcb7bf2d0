#pragma once

/// Reading what a command works on: JSON documents from files or standard input.

#include <muhat/cli/context.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/spec/read_json.hpp>
#include <muhat/workspace/load.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace muhat::cli {

/// The name that stands for standard input.
inline constexpr std::string_view standard_input = "-";

/// What messages call an input: its file, or "standard input".
inline std::string source_name(const std::string& source) {
  return source == standard_input ? "standard input" : source;
}

/// Everything that is left in a stream, in large pieces. Throws ReadError where reading fails or never ends.
inline std::string read_all(std::istream& stream) {
  std::string text;
  std::array<char, 1 << 16> piece;
  while (stream.read(piece.data(), piece.size()) || stream.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    require_readable_size(text.size(), largest_document, "standard input");
  }
  if (stream.bad()) {
    throw ReadError("standard input: reading failed");
  }
  return text;
}

/// The JSON document in a file, or in standard input for "-". Throws ReadError that names its source, and
/// SpecificationError for keys that appear twice.
inline nlohmann::json load_document(const std::string& source, Context& context,
                                    const ReadOptions& options = {}) {
  if (source != standard_input) {
    return load_json(source, options);
  }
  const std::string text = read_all(context.in);
  return with_source(source_name(source), [&] { return read_json(std::string_view(text), options); });
}

/// The same for a document that will be written again, or hashed: integers of any size keep their digits.
inline nlohmann::json load_exact_document(const std::string& source, Context& context) {
  return load_document(source, context, {.keep_big_integers = true});
}

/// Throws InvalidArgument where two inputs would share standard input.
inline void require_one_standard_input(const std::vector<std::string>& sources) {
  if (std::count(sources.begin(), sources.end(), standard_input) > 1) {
    throw InvalidArgument("standard input can be read only once; name a file for all inputs but one");
  }
}

} // namespace muhat::cli
