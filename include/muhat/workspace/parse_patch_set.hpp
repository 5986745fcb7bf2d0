#pragma once

/// The rules of a patch set's document: fields, patterns, labels, and names and values that
/// are unique.

#include <muhat/core/near_matches.hpp>
#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/parse.hpp>
#include <muhat/workspace/digest.hpp>
#include <muhat/workspace/patch_value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// One patch of a patch set.
template <class Json>
struct BasicPatch {
  std::string name;
  /// One value for each label of the patch set.
  std::vector<PatchValue> values;
  /// The whole metadata object, with whatever else it holds.
  Json metadata;
  /// The operations (RFC 6902).
  Json operations;
};

namespace detail {

/// What a patch set's document says.
template <class Json>
struct PatchSetContent {
  std::string version;
  std::string description;
  std::map<std::string, std::string> references;
  std::map<DigestAlgorithm, std::string> digests;
  std::vector<std::string> labels;
  Json metadata;
  std::vector<BasicPatch<Json>> patches;
};

inline bool all_of(std::string_view text, bool (*accept)(char)) {
  return std::all_of(text.begin(), text.end(), accept);
}
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A name or label: letters, digits and underscores.
template <class Json>
bool read_word(const Json& value, const DocumentPath& path, ProblemList& problems, std::string& out) {
  if (!read_string(value, path, problems, out)) {
    return false;
  }
  if (out.empty() || !all_of(out, is_word)) {
    problems.add(path, shortened(value), "expected letters, digits and underscores only");
    return false;
  }
  return true;
}

template <class Json>
void read_references(const Json& value, const DocumentPath& path, ProblemList& problems,
                     std::map<std::string, std::string>& references) {
  static constexpr std::array<FieldRule, 1> rules{{{"hepdata"}}};
  const auto [hepdata] = read_fields(value, path, problems, "the references of a patch set", rules);
  std::string text;
  if (hepdata == nullptr || !read_string(*hepdata, path.at("hepdata"), problems, text)) {
    return;
  }
  if (text.size() != 10 || text.substr(0, 3) != "ins" ||
      !all_of(std::string_view(text).substr(3), is_digit)) {
    problems.add(path.at("hepdata"), shortened(*hepdata), "expected \"ins\" and seven digits");
  }
  references["hepdata"] = std::move(text);
}

template <class Json>
void read_digests(const Json& value, const DocumentPath& path, ProblemList& problems,
                  std::map<DigestAlgorithm, std::string>& digests) {
  static constexpr std::array<FieldRule, 2> rules{{{"md5", false}, {"sha256", false}}};
  const auto found = read_fields(value, path, problems, "the digests of a patch set", rules);
  if (value.is_object() && value.empty()) {
    problems.add(path, "{}", "expected at least one of \"md5\" and \"sha256\"");
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string text;
    const DocumentPath digest_path = path.at(rules[i].name);
    if (found[i] == nullptr || !read_string(*found[i], digest_path, problems, text)) {
      continue;
    }
    const std::size_t length = i == 0 ? 32 : 64;
    if (text.size() != length || !all_of(text, is_hexadecimal)) {
      problems.add(digest_path, shortened(*found[i]),
                   "expected " + std::to_string(length) + " hexadecimal digits");
    }
    std::transform(text.begin(), text.end(), text.begin(), lower_case);
    digests[i == 0 ? DigestAlgorithm::md5 : DigestAlgorithm::sha256] = std::move(text);
  }
}

template <class Json>
void read_labels(const Json& value, const DocumentPath& path, ProblemList& problems,
                 std::vector<std::string>& labels) {
  if (const auto* list = read_array(value, path, problems, "labels", false)) {
    labels.resize(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_word((*list)[i], path.at(i), problems, labels[i]);
    }
  }
}

template <class Json>
void read_patch_set_metadata(const Json& value, const DocumentPath& path, ProblemList& problems,
                             PatchSetContent<Json>& content) {
  static constexpr std::array<FieldRule, 4> rules{{{"references"}, {"digests"}, {"labels"}, {"description"}}};
  const auto [references, digests, labels, description] =
      read_fields(value, path, problems, "the metadata of a patch set", rules, true);
  if (references != nullptr) {
    read_references(*references, path.at("references"), problems, content.references);
  }
  if (digests != nullptr) {
    read_digests(*digests, path.at("digests"), problems, content.digests);
  }
  if (labels != nullptr) {
    read_labels(*labels, path.at("labels"), problems, content.labels);
  }
  if (description != nullptr) {
    read_string(*description, path.at("description"), problems, content.description);
  }
  content.metadata = value;
}

template <class Json>
void read_patch_values(const Json& value, const DocumentPath& path, ProblemList& problems,
                       std::size_t label_count, std::vector<PatchValue>& values) {
  const auto* list = read_array(value, path, problems, "numbers and strings", false);
  if (list == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    if (entry.is_string()) {
      values.emplace_back(entry.template get<std::string>());
    } else if (has_number(entry)) {
      double number = 0.0;
      read_number(entry, path.at(i), problems, number);
      if (entry.is_number_unsigned()) {
        values.emplace_back(entry.template get<std::uint64_t>());
      } else if (entry.is_number_integer()) {
        values.emplace_back(entry.template get<std::int64_t>());
      } else {
        values.emplace_back(number);
      }
    } else {
      add_type_problem(entry, path.at(i), problems, "a number or a string");
    }
  }
  if (label_count > 0 && list->size() != label_count) {
    problems.add(path, shortened(value),
                 "the patch set has " + std::to_string(label_count) + " labels, the patch " +
                     std::to_string(list->size()) + " values; give one value per label");
  }
}

template <class Json>
void read_patch(const Json& value, const DocumentPath& path, ProblemList& problems, std::size_t label_count,
                BasicPatch<Json>& patch) {
  static constexpr std::array<FieldRule, 2> rules{{{"metadata"}, {"patch"}}};
  static constexpr std::array<FieldRule, 2> metadata_rules{{{"name"}, {"values"}}};
  const auto [metadata, operations] = read_fields(value, path, problems, "a patch", rules);
  if (operations != nullptr) {
    if (read_array(*operations, path.at("patch"), problems, "operations (RFC 6902)") != nullptr) {
      patch.operations = *operations;
    }
  }
  if (metadata == nullptr) {
    return;
  }
  const DocumentPath metadata_path = path.at("metadata");
  const auto [name, values] =
      read_fields(*metadata, metadata_path, problems, "the metadata of a patch", metadata_rules, true);
  if (name != nullptr) {
    read_word(*name, metadata_path.at("name"), problems, patch.name);
  }
  if (values != nullptr) {
    read_patch_values(*values, metadata_path.at("values"), problems, label_count, patch.values);
  }
  patch.metadata = *metadata;
}

/// Names and values identify a patch, so neither may occur twice.
template <class Json>
void check_unique_patches(const std::vector<BasicPatch<Json>>& patches, const DocumentPath& path,
                          ProblemList& problems) {
  std::map<std::string_view, std::size_t> names;
  std::map<std::vector<PatchValue>, std::size_t> values;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    const BasicPatch<Json>& patch = patches[i];
    const auto [same_name, new_name] = names.emplace(patch.name, i);
    if (!new_name && !patch.name.empty()) {
      problems.add(path.at(i).at("metadata").at("name"), in_quotes(patch.name),
                   "patch " + std::to_string(same_name->second) + " has this name; names must be unique");
    }
    const auto [same_values, new_values] = values.emplace(patch.values, i);
    if (!new_values && !patch.values.empty()) {
      problems.add(path.at(i).at("metadata").at("values"), to_string(patch.values),
                   "patch " + std::to_string(same_values->second) +
                       " has these values; values must be unique");
    }
  }
}

/// Checks and converts; throws SpecificationError with all problems.
template <class Json>
PatchSetContent<Json> parse_patch_set(const Json& document) {
  static constexpr std::array<FieldRule, 3> rules{{{"metadata"}, {"patches"}, {"version"}}};
  ProblemList problems;
  const DocumentPath root;
  const auto [metadata, patches, version] = read_fields(document, root, problems, "a patch set", rules);
  PatchSetContent<Json> content;
  if (metadata != nullptr) {
    read_patch_set_metadata(*metadata, root.at("metadata"), problems, content);
  }
  if (version != nullptr) {
    read_version(*version, root.at("version"), problems, content.version);
  }
  if (patches != nullptr) {
    const DocumentPath list_path = root.at("patches");
    if (const auto* list = read_array(*patches, list_path, problems, "patches", false)) {
      content.patches.resize(list->size());
      for (std::size_t i = 0; i < list->size(); ++i) {
        read_patch((*list)[i], list_path.at(i), problems, content.labels.size(), content.patches[i]);
      }
      check_unique_patches(content.patches, list_path, problems);
    }
  }
  problems.raise();
  return content;
}

} // namespace detail

} // namespace muhat
