#pragma once

/// A patch set: the signals of a published search as JSON Patches to its
/// background-only workspace, found by name or by their place in the signal's
/// parameter space, with the digest of the workspace that they are for.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/workspace/digest.hpp>
#include <muhat/workspace/json_patch.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/parse_patch_set.hpp>
#include <muhat/workspace/patch_value.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// Immutable; copies share their content and may be used from several threads.
template <class Json = nlohmann::json>
class BasicPatchSet {
public:
  using patch_type = BasicPatch<Json>;

  /// Checks the document; SpecificationError lists everything that is wrong with it.
  explicit BasicPatchSet(const Json& document)
      : content_(std::make_shared<const detail::PatchSetContent<Json>>(detail::parse_patch_set(document))) {}

  [[nodiscard]] const std::string& version() const { return content_->version; }
  [[nodiscard]] const std::string& description() const { return content_->description; }
  /// Where it was published: "hepdata" -> "ins1234567".
  [[nodiscard]] const std::map<std::string, std::string>& references() const { return content_->references; }
  /// Digests of the background-only workspace.
  [[nodiscard]] const std::map<DigestAlgorithm, std::string>& digests() const { return content_->digests; }
  /// Names of the dimensions that the patches' values lie in.
  [[nodiscard]] const std::vector<std::string>& labels() const { return content_->labels; }
  /// The whole metadata object, with whatever else it holds.
  [[nodiscard]] const Json& metadata() const { return content_->metadata; }
  [[nodiscard]] const std::vector<patch_type>& patches() const { return content_->patches; }

  [[nodiscard]] std::size_t size() const { return patches().size(); }
  [[nodiscard]] auto begin() const { return patches().begin(); }
  [[nodiscard]] auto end() const { return patches().end(); }

  /// The patch of that name. Throws UnknownName with near matches. O(number of patches).
  [[nodiscard]] const patch_type& patch(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const patch_type& patch : patches()) {
      if (patch.name == name) {
        return patch;
      }
      names.emplace_back(patch.name);
    }
    throw UnknownName(unknown_name_message("patch", name, names));
  }

  /// The patch with these values, one for each label. Throws UnknownName. O(number of patches).
  [[nodiscard]] const patch_type& patch_at(const std::vector<PatchValue>& values) const {
    for (const patch_type& patch : patches()) {
      if (patch.values == values) {
        return patch;
      }
    }
    throw UnknownName("no patch with the values " + to_string(values) + " of the labels " +
                      quoted_list(labels()) + "; the patch \"" + patches().front().name + "\", say, has " +
                      to_string(patches().front().values));
  }

  /// Checks that every digest of the patch set is the document's. Throws PatchSetMismatch.
  void verify(const Json& document) const {
    for (const auto& [algorithm, expected] : digests()) {
      const std::string found = json_digest(document, algorithm);
      if (found != expected) {
        throw PatchSetMismatch("the patch set is not for this workspace: its " +
                               std::string(to_string(algorithm)) + " digest is " + found +
                               ", the patch set expects " + expected);
      }
    }
  }
  void verify(const BasicWorkspace<Json>& workspace) const { verify(workspace.document()); }

  /// The workspace with the patch of a name, or of values, applied. Checks the digest first
  /// unless `verify_first` is false. Throws UnknownName, PatchSetMismatch, PatchError and SpecificationError.
  [[nodiscard]] BasicWorkspace<Json> apply(BasicWorkspace<Json> workspace, std::string_view name,
                                           bool verify_first = true) const {
    return apply_patch(std::move(workspace), patch(name), verify_first);
  }
  [[nodiscard]] BasicWorkspace<Json> apply(BasicWorkspace<Json> workspace,
                                           const std::vector<PatchValue>& values,
                                           bool verify_first = true) const {
    return apply_patch(std::move(workspace), patch_at(values), verify_first);
  }

private:
  [[nodiscard]] BasicWorkspace<Json> apply_patch(BasicWorkspace<Json> workspace, const patch_type& chosen,
                                                 bool verify_first) const {
    if (verify_first) {
      verify(workspace);
    }
    Json document = detail::take_document(workspace);
    apply_json_patch(document, chosen.operations, "patch " + in_quotes(chosen.name));
    return BasicWorkspace<Json>(std::move(document), workspace.parse_options());
  }

  std::shared_ptr<const detail::PatchSetContent<Json>> content_;
};

using PatchSet = BasicPatchSet<>;
using Patch = BasicPatch<nlohmann::json>;

/// The patch set in a file. Throws ReadError and SpecificationError.
template <class Json = nlohmann::json>
[[nodiscard]] BasicPatchSet<Json> load_patch_set(const std::filesystem::path& path) {
  const Json document = load_json<Json>(path, {.keep_big_integers = true});
  return with_source(path.string(), [&] { return BasicPatchSet<Json>(document); });
}

} // namespace muhat
