#pragma once

/// JSON Patch (RFC 6902): a list of operations `add`, `remove`, `replace`,
/// `move`, `copy` and `test`, applied in order to a document. Unlike nlohmann's
/// own `patch`, the document is patched in place: copied are the values that the
/// patch brings along and what `copy` names, and `move` copies nothing. An error
/// names the operation and the part of the pointer that does not exist.

#include <muhat/core/errors.hpp>
#include <muhat/core/json_pointer.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/checked_value.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// Whether two documents are equal in content: the order of keys does not
/// matter (it does to `ordered_json`'s own comparison), and 1 equals 1.0. An
/// integer beyond 64 bits that was kept as its digits equals the number it stands for.
template <class Json>
[[nodiscard]] bool same_json(const Json& left, const Json& right) {
  if (left.is_object() && right.is_object()) {
    if (left.size() != right.size()) {
      return false;
    }
    // Members mostly stand in the same order: look for one by name only where they do not.
    auto next = right.begin();
    for (const auto& [key, value] : left.template get_ref<const typename Json::object_t&>()) {
      const auto other = next.key() == key ? next : right.find(key);
      if (other == right.end() || !same_json(value, *other)) {
        return false;
      }
      ++next;
    }
    return true;
  }
  if (left.is_array() && right.is_array()) {
    if (left.size() != right.size()) {
      return false;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (!same_json(left[i], right[i])) {
        return false;
      }
    }
    return true;
  }
  if (left.is_binary() != right.is_binary() && detail::has_number(left) && detail::has_number(right)) {
    return detail::number_value(left) == detail::number_value(right);
  }
  return left == right;
}

namespace detail {

/// How deep a value nests (0 for one that holds no others) and about how much memory it takes: one for
/// each value and for each 64 bytes of text.
struct JsonExtent {
  std::size_t depth = 0;
  std::size_t weight = 0;
};

/// The extent of a value, found without recursion, as the value may be deeper than the stack.
template <class Json>
JsonExtent json_extent(const Json& value) {
  constexpr std::size_t bytes_per_unit = 64;
  JsonExtent extent;
  std::vector<std::pair<const Json*, std::size_t>> waiting{{&value, 0}};
  while (!waiting.empty()) {
    const auto [current, depth] = waiting.back();
    waiting.pop_back();
    extent.depth = std::max(extent.depth, depth);
    extent.weight += 1;
    if (current->is_string()) {
      extent.weight += current->template get_ref<const typename Json::string_t&>().size() / bytes_per_unit;
    } else if (current->is_object()) {
      for (const auto& [key, member] : current->template get_ref<const typename Json::object_t&>()) {
        extent.weight += key.size() / bytes_per_unit;
        waiting.emplace_back(&member, depth + 1);
      }
    } else if (current->is_array()) {
      for (const Json& element : *current) {
        waiting.emplace_back(&element, depth + 1);
      }
    }
  }
  return extent;
}

/// Applies the operations of one patch to a document. Copies double what they
/// copy, so that a few lines could ask for more than the stack or the memory
/// holds: nesting is limited, and so is what all copies take together. What moves
/// to a deeper place has to be gone through for its depth, which counts likewise.
template <class Json>
class JsonPatcher {
public:
  static constexpr std::size_t deepest = 512;

  JsonPatcher(Json& document, std::string_view source) : document_(document), source_(source) {}

  void apply(const Json& patch) {
    effort_left_.reset();
    if (!patch.is_array()) {
      throw PatchError(std::string(source_) + ": a JSON Patch is an array of operations, not " +
                       std::string(type_phrase(patch)) + ' ' + shortened(patch));
    }
    for (index_ = 0; index_ < patch.size(); ++index_) {
      apply_operation(patch[index_]);
    }
  }

private:
  /// The array or object that holds a location, and the last token.
  struct Location {
    Json* parent = nullptr;
    std::string token;
  };

  void apply_operation(const Json& operation) {
    label_.clear();
    if (!operation.is_object()) {
      fail("expected an object, not " + std::string(type_phrase(operation)) + ' ' + shortened(operation));
    }
    const std::string op = text_member(operation, "op");
    const std::string path = text_member(operation, "path");
    label_ = " (" + op + " \"" + std::string(first_characters(path, 200)) + "\")";
    if (op == "add") {
      add(path, Json(member(operation, "value")));
    } else if (op == "remove") {
      (void)take(path);
    } else if (op == "replace") {
      const Json& value = member(operation, "value");
      Json& place = find(path);
      check_depth(tokens(path).size(), value);
      place = value;
    } else if (op == "copy") {
      const Json& original = find(text_member(operation, "from"));
      count_effort(original);
      add(path, Json(original));
    } else if (op == "move") {
      move(text_member(operation, "from"), path);
    } else if (op == "test") {
      test(find(path), member(operation, "value"));
    } else {
      static constexpr std::array<std::string_view, 6> names{"add",  "remove", "replace",
                                                             "move", "copy",   "test"};
      fail("no such operation; " + suggestion(op, names));
    }
  }

  const Json& member(const Json& operation, const char* name) const {
    const auto found = operation.find(name);
    if (found == operation.end()) {
      fail("the operation has no member \"" + std::string(name) + "\"");
    }
    return *found;
  }

  std::string text_member(const Json& operation, const char* name) const {
    const Json& value = member(operation, name);
    if (!value.is_string()) {
      fail("the member \"" + std::string(name) + "\" must be a string, not " + shortened(value));
    }
    return value.template get<std::string>();
  }

  std::vector<std::string> tokens(std::string_view pointer) const {
    auto result = split_pointer(pointer);
    if (!result) {
      fail(in_quotes(pointer) +
           " is no JSON pointer: it starts with / and writes ~ as ~0, / in a name as ~1");
    }
    return std::move(*result);
  }

  /// The existing element `token` of `parent`, which stands at `pointer`.
  Json& step(Json& parent, const std::string& token, const std::string& pointer) const {
    if (parent.is_object()) {
      const auto found = parent.find(token);
      if (found == parent.end()) {
        fail("the object at \"" + pointer + "\" has no member " + in_quotes(token) + "; " +
             suggestion(token, keys(parent)));
      }
      return *found;
    }
    if (!parent.is_array()) {
      fail("there is " + std::string(type_phrase(parent)) + " at \"" + pointer + "\", which has no elements");
    }
    const auto index = pointer_index(token);
    if (!index || *index >= parent.size()) {
      fail("the array at \"" + pointer + "\" has " + std::to_string(parent.size()) +
           " elements, no element " + in_quotes(token));
    }
    return parent[*index];
  }

  static std::vector<std::string> keys(const Json& object) {
    std::vector<std::string> names;
    for (const auto& entry : object.template get_ref<const typename Json::object_t&>()) {
      names.push_back(entry.first);
    }
    return names;
  }

  Json& walk(const std::vector<std::string>& path, std::size_t count) const {
    Json* value = &document_;
    std::string pointer;
    for (std::size_t i = 0; i < count; ++i) {
      value = &step(*value, path[i], pointer);
      append_pointer_token(pointer, std::string_view(path[i]));
    }
    return *value;
  }

  Json& find(std::string_view pointer) const {
    const std::vector<std::string> path = tokens(pointer);
    return walk(path, path.size());
  }

  void add(std::string_view pointer, Json value) const {
    check_depth(tokens(pointer).size(), value);
    put(pointer, std::move(value));
  }

  void put(std::string_view pointer, Json value) const {
    const std::vector<std::string> path = tokens(pointer);
    if (path.empty()) {
      document_ = std::move(value);
      return;
    }
    Json& parent = walk(path, path.size() - 1);
    const std::string& token = path.back();
    if (parent.is_object()) {
      parent[token] = std::move(value);
      return;
    }
    if (!parent.is_array()) {
      fail("the place to add to is " + std::string(type_phrase(parent)) + ", neither object nor array");
    }
    const auto index = token == "-" ? std::optional(parent.size()) : pointer_index(token);
    if (!index || *index > parent.size()) {
      fail("the array has " + std::to_string(parent.size()) + " elements; add at one of 0 to " +
           std::to_string(parent.size()) + " or at \"-\", not at " + in_quotes(token));
    }
    // Not Json::insert, which copies what it is to move.
    auto& elements = parent.template get_ref<typename Json::array_t&>();
    elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  }

  /// Refuses to put `value` at a place below `level` others where it would nest too deep.
  void check_depth(std::size_t level, const Json& value) const {
    if (level + json_extent(value).depth > deepest) {
      fail("the document would nest deeper than " + std::to_string(deepest) + " levels");
    }
  }

  /// Takes going through `value` off what the patch may copy and go through, which is known once
  /// there is something to count.
  void count_effort(const Json& value) {
    constexpr std::size_t always = 1000000;
    constexpr std::size_t times_the_document = 10;
    if (!effort_left_) {
      effort_left_ = always + times_the_document * json_extent(document_).weight;
    }
    const std::size_t weight = json_extent(value).weight;
    if (weight > *effort_left_) {
      fail("the patch would copy more than " + std::to_string(times_the_document) +
           " times the document's values and " + std::to_string(always) +
           " more, or move as much to deeper places; write what it copies or moves into the document, or "
           "split the patch");
    }
    *effort_left_ -= weight;
  }

  /// Removes a value from the document.
  Json take(std::string_view pointer) const {
    const std::vector<std::string> path = tokens(pointer);
    if (path.empty()) {
      fail("the whole document cannot be removed");
    }
    Json& parent = walk(path, path.size() - 1);
    Json& place = walk(path, path.size());
    Json value = std::move(place);
    if (parent.is_object()) {
      parent.erase(path.back());
    } else {
      parent.erase(static_cast<std::size_t>(&place - &parent.front()));
    }
    return value;
  }

  void move(const std::string& from, const std::string& path) {
    const Json& value = find(from);
    if (from == path) {
      return;
    }
    if (path.substr(0, from.size() + 1) == from + '/') {
      fail("a value cannot be moved into itself");
    }
    // What moves up or aside nests no deeper than before.
    const std::size_t level = tokens(path).size();
    if (level > tokens(from).size()) {
      count_effort(value);
      check_depth(level, value);
    }
    put(path, take(from));
  }

  void test(const Json& found, const Json& expected) const {
    if (!same_json(found, expected)) {
      fail("the test failed: expected " + shortened(expected) + ", found " + shortened(found));
    }
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw PatchError(std::string(source_) + ": operation " + std::to_string(index_) + label_ + ": " + reason);
  }

  Json& document_;
  std::string_view source_;
  std::size_t index_ = 0;
  std::string label_;
  std::optional<std::size_t> effort_left_;
};

} // namespace detail

/// Applies a JSON Patch in place. Throws PatchError, which begins with
/// `source` (the patch's file name, say) and names the operation by its index,
/// its path and what does not fit; the document is then partly patched. A
/// document may not come to nest deeper than 512 levels, and all that is copied
/// or moved to deeper places may together take ten times the document and a million
/// values more. O(size of the patch + values copied and moved to deeper places +
/// elements shifted in arrays and objects).
template <class Json>
void apply_json_patch(Json& document, const Json& patch, std::string_view source = "patch") {
  detail::JsonPatcher<Json>(document, source).apply(patch);
}

} // namespace muhat
