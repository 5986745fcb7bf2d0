#pragma once

/// A workspace: the JSON document of a likelihood with its data and its
/// measurements, checked, beside the same as plain structs.

#include <muhat/core/errors.hpp>
#include <muhat/spec/parse.hpp>
#include <muhat/spec/specification.hpp>
#include <muhat/workspace/measurements.hpp>

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

template <class Json>
class BasicWorkspace;

namespace detail {

/// The document of a workspace that is about to go: moved out of it when no other copy shares it, copied
/// otherwise. The specification stays.
template <class Json>
Json take_document(BasicWorkspace<Json>& workspace) {
  if (workspace.content_.use_count() != 1) {
    return workspace.document();
  }
  // Another thread may have dropped its copy just now: what it read before that comes first.
  std::atomic_thread_fence(std::memory_order_acquire);
  return std::move(workspace.content_->document);
}

} // namespace detail

/// Immutable; copies share one document and may be used from several threads.
/// `Json` is any nlohmann::basic_json; with `ordered_json` the document keeps the order of its keys.
template <class Json = nlohmann::json>
class BasicWorkspace {
public:
  using json_type = Json;

  /// Checks the document; SpecificationError lists everything that is wrong with it.
  explicit BasicWorkspace(Json document, ParseOptions options = {}) {
    spec::Workspace specification = parse_workspace(document, options);
    content_ =
        std::make_shared<Content>(Content{std::move(document), std::move(specification), std::move(options)});
  }

  [[nodiscard]] const Json& document() const noexcept { return content_->document; }
  [[nodiscard]] const spec::Workspace& specification() const noexcept { return content_->specification; }
  /// What the document was checked with.
  [[nodiscard]] const ParseOptions& parse_options() const noexcept { return content_->options; }

  [[nodiscard]] std::vector<std::string> measurement_names() const {
    return names_of(specification().measurements);
  }
  [[nodiscard]] std::vector<std::string> channel_names() const { return names_of(specification().channels); }

  /// The measurement of that name; UnknownName lists near matches.
  [[nodiscard]] const spec::Measurement& measurement(std::string_view name) const {
    return find_measurement(specification(), name);
  }

  /// The measurement at a place in the document; UnknownName where there are fewer.
  [[nodiscard]] const spec::Measurement& measurement(std::size_t index = 0) const {
    return find_measurement(specification(), index);
  }

private:
  struct Content {
    Json document;
    spec::Workspace specification;
    ParseOptions options;
  };

  friend Json detail::take_document<Json>(BasicWorkspace& workspace);

  std::shared_ptr<Content> content_;
};

/// The everyday workspace; keys print sorted.
using Workspace = BasicWorkspace<>;

} // namespace muhat
