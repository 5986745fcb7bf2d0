#pragma once

/// Names that occur twice where they must not, with suggestions for a repair
/// that the caller may apply as a JSON Patch.

#include <muhat/core/json_pointer.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/json_object.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/json_patch.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// One thing that has the name of an earlier one in the same list.
template <class Json = nlohmann::json>
struct Duplicate {
  /// "channel", "sample", "modifier", "observation", "measurement" or "parameter configuration".
  std::string kind;
  std::string name;
  std::string pointer;
  /// JSON pointer of the earlier one.
  std::string first;
  /// Whether the two are equal in content.
  bool identical = false;
  std::string suggestion;
  /// The suggestion as an operation of a JSON Patch.
  Json repair;
};

namespace detail {

template <class Json>
class DuplicateFinder {
public:
  std::vector<Duplicate<Json>> operator()(const Json& document) && {
    const Json& channels = list_of(document, "channels");
    search(channels, "/channels", "channel", true);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const std::string samples_pointer = pointer_to("channels", c, "samples");
      const Json& samples = list_of(channels[c], "samples");
      search(samples, samples_pointer, "sample", true);
      for (std::size_t s = 0; s < samples.size(); ++s) {
        search(list_of(samples[s], "modifiers"), samples_pointer + '/' + std::to_string(s) + "/modifiers",
               "modifier", true);
      }
    }
    search(list_of(document, "observations"), "/observations", "observation", false);
    const Json& measurements = list_of(document, "measurements");
    search(measurements, "/measurements", "measurement", true);
    for (std::size_t m = 0; m < measurements.size(); ++m) {
      if (measurements[m].is_object() && measurements[m].contains("config")) {
        search(list_of(measurements[m]["config"], "parameters"),
               pointer_to("measurements", m, "config", "parameters"), "parameter configuration", false);
      }
    }
    return std::move(duplicates_);
  }

private:
  /// A member that is an array, or an empty array: the document need not be valid.
  static const Json& list_of(const Json& object, const char* member) {
    static const Json none = Json::array();
    if (!object.is_object()) {
      return none;
    }
    const auto found = object.find(member);
    return found != object.end() && found->is_array() ? *found : none;
  }

  /// The name, with the type in the case of modifiers; nothing where there is none.
  static std::string key_of(const Json& entry) {
    std::string key;
    for (const char* member : {"name", "type"}) {
      if (entry.is_object() && entry.contains(member) && entry[member].is_string()) {
        key += text_of(entry, member) + '\0';
      }
    }
    return key;
  }

  void search(const Json& list, const std::string& pointer, const std::string& kind, bool can_be_renamed) {
    std::map<std::string, std::vector<std::size_t>> met;
    std::set<std::string> used;
    for (const Json& entry : list) {
      if (const std::string key = key_of(entry); !key.empty()) {
        used.insert(text_of(entry));
      }
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string key = key_of(list[i]);
      if (key.empty()) {
        continue;
      }
      std::vector<std::size_t>& earlier = met[key];
      if (!earlier.empty()) {
        const auto equal = std::find_if(earlier.begin(), earlier.end(),
                                        [&](std::size_t k) { return same_json(list[k], list[i]); });
        add(kind, pointer, equal == earlier.end() ? earlier.front() : *equal, i, list, can_be_renamed, used);
        if (equal != earlier.end()) {
          continue;
        }
      }
      earlier.push_back(i);
    }
  }

  void add(const std::string& kind, const std::string& pointer, std::size_t first, std::size_t index,
           const Json& list, bool can_be_renamed, std::set<std::string>& used) {
    Duplicate<Json> duplicate;
    duplicate.kind = kind;
    duplicate.name = text_of(list[index]);
    duplicate.pointer = pointer + '/' + std::to_string(index);
    duplicate.first = pointer + '/' + std::to_string(first);
    duplicate.identical = same_json(list[first], list[index]);
    if (!duplicate.identical && can_be_renamed) {
      std::string name = duplicate.name;
      for (int number = 2; used.count(name) != 0; ++number) {
        name = duplicate.name + '_' + std::to_string(number);
      }
      used.insert(name);
      duplicate.suggestion = "the two differ: rename this one, to " + in_quotes(name) + " say" +
                             (kind == "channel" ? ", and give it an observation" : "");
      duplicate.repair =
          json_object<Json>({{"op", "replace"}, {"path", duplicate.pointer + "/name"}, {"value", name}});
    } else {
      duplicate.suggestion = duplicate.identical
                                 ? "the two are equal: remove this one"
                                 : "the two differ: decide which is right and remove the other";
      duplicate.repair = json_object<Json>({{"op", "remove"}, {"path", duplicate.pointer}});
    }
    duplicates_.push_back(std::move(duplicate));
  }

  std::vector<Duplicate<Json>> duplicates_;
};

} // namespace detail

/// Finds names that occur twice in a document that need not be valid: channels, samples of a channel,
/// modifiers (name and type) of a sample, observations, measurements, and parameter configurations of a
/// measurement. Changes nothing. O(n log n) in the size of the document.
template <class Json>
[[nodiscard]] std::vector<Duplicate<Json>> find_duplicates(const Json& document) {
  return detail::DuplicateFinder<Json>()(document);
}

/// All suggestions as one JSON Patch, in an order in which the pointers stay right. It makes names unique;
/// whether the outcome is what was meant is for its reader to say.
template <class Json>
[[nodiscard]] Json repair_patch(const std::vector<Duplicate<Json>>& duplicates) {
  Json renames = Json::array();
  Json removals = Json::array();
  for (const Duplicate<Json>& duplicate : duplicates) {
    (duplicate.repair["op"] == "remove" ? removals : renames).push_back(duplicate.repair);
  }
  // From the innermost and last to the outermost and first, so that no removal moves a later one's target.
  auto& list = detail::elements(removals);
  const auto depth = [](const Json& operation) {
    const auto& path = detail::text_of(operation, "path");
    return std::count(path.begin(), path.end(), '/');
  };
  std::reverse(list.begin(), list.end());
  std::stable_sort(list.begin(), list.end(),
                   [&](const Json& l, const Json& r) { return depth(l) > depth(r); });
  for (Json& removal : list) {
    renames.push_back(std::move(removal));
  }
  return renames;
}

} // namespace muhat
