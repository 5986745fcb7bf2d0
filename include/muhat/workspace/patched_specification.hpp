#pragma once

/// A workspace with a patch applied, as a specification alone: thousands of signals on one published
/// background. A patch that adds and removes whole samples, as those of published patch sets do, is
/// applied to the checked specification; only the new samples are checked.

#include <muhat/core/errors.hpp>
#include <muhat/core/json_pointer.hpp>
#include <muhat/spec/parse.hpp>
#include <muhat/spec/specification.hpp>
#include <muhat/workspace/json_patch.hpp>
#include <muhat/workspace/measurements.hpp>
#include <muhat/workspace/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// What a model is built from: a workspace's content without its document. Immutable.
class PatchedSpecification {
public:
  explicit PatchedSpecification(spec::Workspace specification) : specification_(std::move(specification)) {}

  [[nodiscard]] const spec::Workspace& specification() const noexcept { return specification_; }
  /// Throw UnknownName as those of BasicWorkspace.
  [[nodiscard]] const spec::Measurement& measurement(std::string_view name) const {
    return find_measurement(specification_, name);
  }
  [[nodiscard]] const spec::Measurement& measurement(std::size_t index = 0) const {
    return find_measurement(specification_, index);
  }

private:
  spec::Workspace specification_;
};

namespace detail {

/// The place `/channels/<channel>/samples/<sample>` of a whole sample; `-` is the one after the last.
struct SamplePlace {
  std::size_t channel = 0;
  std::optional<std::size_t> sample = {};
};

inline std::optional<SamplePlace> sample_place(const std::string& pointer) {
  const auto path = split_pointer(pointer);
  if (!path || path->size() != 4 || (*path)[0] != "channels" || (*path)[2] != "samples") {
    return std::nullopt;
  }
  const std::optional<std::size_t> channel = pointer_index((*path)[1]);
  const std::optional<std::size_t> sample = pointer_index((*path)[3]);
  if (!channel || (!sample && (*path)[3] != "-")) {
    return std::nullopt;
  }
  return SamplePlace{*channel, sample};
}

/// Does an operation that adds or removes a whole sample to a specification. False, with `channels` half
/// changed, for any other and where something is wrong.
template <class Json>
bool patch_sample(std::vector<spec::Channel>& channels, const Json& operation, const ParseOptions& options) {
  if (!operation.is_object() || !operation.contains("op") || !operation.contains("path") ||
      !operation.at("op").is_string() || !operation.at("path").is_string()) {
    return false;
  }
  const auto& kind = operation.at("op").template get_ref<const std::string&>();
  const auto place = sample_place(operation.at("path").template get_ref<const std::string&>());
  if (!place || place->channel >= channels.size()) {
    return false;
  }
  std::vector<spec::Sample>& samples = channels[place->channel].samples;
  const std::size_t index = place->sample.value_or(samples.size());
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::min(index, samples.size()));
  if (kind == "remove" && index < samples.size() && samples.size() > 1) {
    samples.erase(at);
    return true;
  }
  if (kind != "add" || index > samples.size() || !operation.contains("value")) {
    return false;
  }
  spec::Sample sample;
  ProblemList problems;
  std::size_t nbins = samples.front().data.size();
  read_sample(operation.at("value"), DocumentPath(), problems, options, nbins, sample);
  const bool is_new = std::none_of(samples.begin(), samples.end(),
                                   [&](const spec::Sample& other) { return other.name == sample.name; });
  if (problems.count() > 0 || !is_new) {
    return false;
  }
  samples.insert(at, std::move(sample));
  return true;
}

/// The patched specification where the patch adds and removes whole samples; nothing for any other patch and
/// where something is wrong, so that who asks has to take the long way.
template <class Json>
std::optional<spec::Workspace> patch_samples(const BasicWorkspace<Json>& workspace, const Json& operations) {
  if (!operations.is_array()) {
    return std::nullopt;
  }
  spec::Workspace patched = workspace.specification();
  for (const Json& operation : operations) {
    if (!patch_sample(patched.channels, operation, workspace.parse_options())) {
      return std::nullopt;
    }
  }
  return patched;
}

} // namespace detail

/// The specification of `workspace` after the operations of a JSON Patch, `source` being its name in
/// errors: the same as that of a patched and checked copy, and the same errors, PatchError and
/// SpecificationError. Linear in the size of the specification; for patches that do more than add and remove
/// whole samples in that of the document, which is copied and checked.
template <class Json>
[[nodiscard]] PatchedSpecification patched_specification(const BasicWorkspace<Json>& workspace,
                                                         const Json& operations,
                                                         const std::string& source = "patch") {
  if (std::optional<spec::Workspace> patched = detail::patch_samples(workspace, operations)) {
    return PatchedSpecification(std::move(*patched));
  }
  Json document = workspace.document();
  apply_json_patch(document, operations, source);
  return PatchedSpecification(parse_workspace(document, workspace.parse_options()));
}

} // namespace muhat
