#pragma once

/// An object of JSON from its members: `json_object({{"name", name}, {"data", data}})`.
///
/// The initializer lists of nlohmann_json do the same, but compile a set of templates anew for every length
/// of a string literal and guess from the contents whether they make an object or a list.

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <string>
#include <utility>

namespace muhat {

/// A key and its value.
template <class Json>
struct JsonMember {
  std::string key;
  /// Moved from when the object is made: an initializer list gives only const access.
  mutable Json value;
};

/// The object of these members, each key once; the last of equal keys wins.
template <class Json = nlohmann::json>
[[nodiscard]] Json json_object(std::initializer_list<JsonMember<Json>> members) {
  Json object = Json::object();
  for (const JsonMember<Json>& member : members) {
    object[member.key] = std::move(member.value);
  }
  return object;
}

} // namespace muhat
