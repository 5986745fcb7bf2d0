#pragma once

/// Digests that identify a JSON document whatever its layout: sha256 or md5 of
/// the text with keys sorted by code point and the separators ", " and ": ",
/// which is what Python's `json.dumps(obj, sort_keys=True, ensure_ascii=False)`
/// writes. Published patch sets carry such a digest of the workspace they are for.

#include <muhat/core/errors.hpp>
#include <muhat/core/hash.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/read_json.hpp>
#include <muhat/spec/write_json.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace muhat {

enum class DigestAlgorithm { sha256, md5 };

[[nodiscard]] inline std::string_view to_string(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::md5 ? "md5" : "sha256";
}

/// The algorithm of that name. Throws UnknownName.
[[nodiscard]] inline DigestAlgorithm digest_algorithm(std::string_view name) {
  static constexpr std::array<std::string_view, 2> names{"sha256", "md5"};
  if (name == names[0]) {
    return DigestAlgorithm::sha256;
  }
  if (name == names[1]) {
    return DigestAlgorithm::md5;
  }
  throw UnknownName(unknown_name_message("digest algorithm", name, names));
}

/// The digest of a document, in lower-case hexadecimal digits. Linear in its size.
template <class Json>
[[nodiscard]] std::string json_digest(const Json& document,
                                      DigestAlgorithm algorithm = DigestAlgorithm::sha256) {
  const std::string text = json_text(document, {.indent = -1, .sort_keys = true});
  return algorithm == DigestAlgorithm::md5 ? md5(text) : sha256(text);
}

/// The digest of a workspace's document.
template <class Json>
[[nodiscard]] std::string digest(const BasicWorkspace<Json>& workspace,
                                 DigestAlgorithm algorithm = DigestAlgorithm::sha256) {
  return json_digest(workspace.document(), algorithm);
}

/// The digest of a JSON document given as text. Integers beyond 64 bits keep
/// their digits. Throws like read_json.
[[nodiscard]] inline std::string json_text_digest(std::string_view text,
                                                  DigestAlgorithm algorithm = DigestAlgorithm::sha256) {
  return json_digest(read_json<nlohmann::json>(text, {.keep_big_integers = true}), algorithm);
}

} // namespace muhat
