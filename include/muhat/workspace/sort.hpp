#pragma once

/// A workspace in a canonical order, so that equal workspaces print equally.

#include <muhat/workspace/change.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

namespace muhat {

namespace detail {

/// Sorts a list by `key(entry)`; equal keys keep their order.
template <class Json, class Key>
void sort_list(Json& list, const std::string& pointer, Changes* changes, Key key) {
  auto& entries = elements(list);
  const auto before = [&](const Json& l, const Json& r) { return key(l) < key(r); };
  if (!std::is_sorted(entries.begin(), entries.end(), before)) {
    record(changes, pointer, [] { return std::string("sort by name"); });
    std::stable_sort(entries.begin(), entries.end(), before);
  }
}

} // namespace detail

/// The same workspace with channels, samples, observations, measurements and parameter configurations sorted
/// by name and modifiers by name, then type (byte order). The meaning stays the same. O(n log n).
template <class Json>
[[nodiscard]] BasicWorkspace<Json> sorted(BasicWorkspace<Json> workspace, Changes* changes = nullptr) {
  using detail::pointer_to;
  const auto name = [](const Json& entry) -> const auto& {
    return detail::text_of(entry);
  };
  const auto name_and_type = [](const Json& entry) {
    return std::tie(detail::text_of(entry), detail::text_of(entry, "type"));
  };
  Json document = detail::take_document(workspace);
  // Lists are sorted from the inside out, so that the pointers of changes hold for the workspace that was
  // given.
  auto& channels = detail::elements(document["channels"]);
  for (std::size_t c = 0; c < channels.size(); ++c) {
    auto& samples = detail::elements(channels[c]["samples"]);
    for (std::size_t s = 0; s < samples.size(); ++s) {
      detail::sort_list(samples[s]["modifiers"], pointer_to("channels", c, "samples", s, "modifiers"),
                        changes, name_and_type);
    }
    detail::sort_list(channels[c]["samples"], pointer_to("channels", c, "samples"), changes, name);
  }
  detail::sort_list(document["channels"], pointer_to("channels"), changes, name);
  detail::sort_list(document["observations"], pointer_to("observations"), changes, name);
  auto& measurements = detail::elements(document["measurements"]);
  for (std::size_t m = 0; m < measurements.size(); ++m) {
    detail::sort_list(measurements[m]["config"]["parameters"],
                      pointer_to("measurements", m, "config", "parameters"), changes, name);
  }
  detail::sort_list(document["measurements"], pointer_to("measurements"), changes, name);
  return detail::finish_operation(std::move(document), workspace.parse_options(), "sorting");
}

} // namespace muhat
