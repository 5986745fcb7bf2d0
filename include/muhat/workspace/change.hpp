#pragma once

/// What an operation on a workspace did. Operations leave the workspace they are given as it is, so a
/// dry run is the operation with its changes read and its result dropped. Who is done with a workspace may
/// move it into an operation, which then works on its document without a copy.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/parse_options.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// One thing that an operation did.
struct Change {
  /// Where, as a JSON pointer into the workspace that was given.
  std::string pointer;
  /// What: `remove sample "fakes"`.
  std::string description;
};

using Changes = std::vector<Change>;

namespace detail {

/// The elements of a JSON array.
template <class Json>
typename Json::array_t& elements(Json& list) {
  return list.template get_ref<typename Json::array_t&>();
}
template <class Json>
const typename Json::array_t& elements(const Json& list) {
  return list.template get_ref<const typename Json::array_t&>();
}

/// A text member of an object, "name" if not said otherwise.
template <class Json>
const typename Json::string_t& text_of(const Json& object, const char* member = "name") {
  return object.find(member)->template get_ref<const typename Json::string_t&>();
}

/// Appends to `changes` if anybody wants them; the description is made by a function for that reason.
template <class MakeDescription>
void record(Changes* changes, const std::string& pointer, MakeDescription make_description) {
  if (changes != nullptr) {
    changes->push_back({pointer, make_description()});
  }
}

/// `/channels/1/samples/0`, ... from keys and indices.
template <class... Tokens>
std::string pointer_to(const Tokens&... tokens) {
  std::string pointer;
  (append_pointer_token(pointer, tokens), ...);
  return pointer;
}

inline bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether a scope has that name; an empty one is everything.
inline bool in_scope(const std::vector<std::string>& scope, std::string_view name) {
  return scope.empty() || contains(scope, name);
}

/// Throws UnknownName for the first name that is not known.
inline void require_known(std::string_view kind, const std::vector<std::string>& names,
                          const std::vector<std::string>& known) {
  for (const std::string& name : names) {
    if (!contains(known, name)) {
      throw UnknownName(unknown_name_message(kind, name, known));
    }
  }
}

/// The workspace of an edited document. What is invalid about it is the operation's fault.
template <class Json>
BasicWorkspace<Json> finish_operation(Json document, const ParseOptions& options,
                                      std::string_view operation) {
  try {
    return BasicWorkspace<Json>(std::move(document), options);
  } catch (const SpecificationError& error) {
    throw InvalidOperation("the outcome of " + std::string(operation) + " is no valid workspace; " +
                           error.what());
  }
}

} // namespace detail

} // namespace muhat
