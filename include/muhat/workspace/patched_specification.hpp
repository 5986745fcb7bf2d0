#pragma once

/// A workspace with a patch applied, as a specification alone: thousands of signals on one published
/// background. A patch that touches some channels and nothing else, as those of patch sets do, is
/// applied to a copy of these channels; only they are checked again.

#include <muhat/core/errors.hpp>
#include <muhat/core/json_pointer.hpp>
#include <muhat/spec/parse.hpp>
#include <muhat/spec/specification.hpp>
#include <muhat/workspace/json_patch.hpp>
#include <muhat/workspace/measurements.hpp>
#include <muhat/workspace/workspace.hpp>

#include <cstddef>
#include <optional>
#include <set>
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

/// The channel inside which an operation acts; nothing for any other operation, or a malformed one.
template <class Json>
std::optional<std::size_t> touched_channel(const Json& operation) {
  if (!operation.is_object() || !operation.contains("op") || !operation.contains("path") ||
      !operation.at("op").is_string() || !operation.at("path").is_string()) {
    return std::nullopt;
  }
  const auto& name = operation.at("op").template get_ref<const std::string&>();
  if (name != "add" && name != "replace" && name != "remove" && name != "test") {
    return std::nullopt;
  }
  const auto path = split_pointer(operation.at("path").template get_ref<const std::string&>());
  if (!path || path->size() < 3 || path->front() != "channels") {
    return std::nullopt;
  }
  return pointer_index((*path)[1]);
}

/// The channels that a patch touches; nothing where it may touch more than channels that are there.
template <class Json>
std::optional<std::set<std::size_t>> touched_channels(const Json& operations, std::size_t count) {
  if (!operations.is_array()) {
    return std::nullopt;
  }
  std::set<std::size_t> touched;
  for (const Json& operation : operations) {
    const std::optional<std::size_t> channel = touched_channel(operation);
    if (!channel || *channel >= count) {
      return std::nullopt;
    }
    touched.insert(*channel);
  }
  return touched;
}

/// The patched specification by way of the touched channels; nothing where that is not possible, or
/// something is wrong, so that who asks has to take the long way.
template <class Json>
std::optional<spec::Workspace> patch_channels(const BasicWorkspace<Json>& workspace, const Json& operations) {
  const spec::Workspace& before = workspace.specification();
  const auto touched = touched_channels(operations, before.channels.size());
  if (!touched) {
    return std::nullopt;
  }
  // Channels keep their places, so that the patch's pointers fit.
  const Json& channels = workspace.document().at("channels");
  Json places = Json::array();
  for (std::size_t c = 0; c < before.channels.size(); ++c) {
    places.push_back(touched->count(c) > 0 ? channels[c] : Json());
  }
  Json document = Json::object();
  document["channels"] = std::move(places);
  try {
    apply_json_patch(document, operations);
  } catch (const PatchError&) {
    return std::nullopt;
  }
  spec::Workspace after = before;
  ProblemList problems;
  for (const std::size_t c : *touched) {
    spec::Channel channel;
    const std::size_t nbins =
        read_channel(document["channels"][c], DocumentPath(), problems, workspace.parse_options(), channel);
    const bool same_place =
        channel.name == before.channels[c].name && nbins == before.channels[c].samples.front().data.size();
    if (problems.count() > 0 || !same_place) {
      return std::nullopt;
    }
    after.channels[c] = std::move(channel);
  }
  return after;
}

} // namespace detail

/// The specification of `workspace` after the operations of a JSON Patch, `source` being its name in
/// errors: the same as that of a patched and checked copy, and the same errors, PatchError and
/// SpecificationError. Linear in the size of the touched channels and of the specification; in that of the
/// document for patches that touch more than the inside of channels.
template <class Json>
[[nodiscard]] PatchedSpecification patched_specification(const BasicWorkspace<Json>& workspace,
                                                         const Json& operations,
                                                         const std::string& source = "patch") {
  if (std::optional<spec::Workspace> patched = detail::patch_channels(workspace, operations)) {
    return PatchedSpecification(std::move(*patched));
  }
  Json document = workspace.document();
  apply_json_patch(document, operations, source);
  return PatchedSpecification(parse_workspace(document, workspace.parse_options()));
}

} // namespace muhat
