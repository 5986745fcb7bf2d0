#pragma once

/// Following a part of a workspace back through operations that removed others.

#include <muhat/core/json_pointer.hpp>
#include <muhat/workspace/bins.hpp>
#include <muhat/workspace/change.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muhat::detail {

/// The place of the `n`-th of the bins that stay.
inline std::size_t place_of_kept(const std::vector<bool>& kept, std::size_t n) {
  std::size_t place = 0;
  for (std::size_t seen = 0; place < kept.size(); ++place) {
    seen += kept[place] ? 1 : 0;
    if (seen > n) {
      break;
    }
  }
  return place;
}

/// The place in `list` of the entry that has the name, and the type if any, of `entry`.
template <class Json>
std::optional<std::size_t> place_of_named(const Json& list, const Json& entry) {
  const auto same = [&](const Json& candidate, const char* member) {
    const auto value = entry.find(member);
    const auto other = candidate.find(member);
    return value == entry.end() ? other == candidate.end() : other != candidate.end() && *other == *value;
  };
  const auto& entries = elements(list);
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Json& candidate) {
    return same(candidate, "name") && same(candidate, "type");
  });
  return found == entries.end() ? std::nullopt
                                : std::optional(static_cast<std::size_t>(found - entries.begin()));
}

/// A pointer into `document`, what removals left of `original`, as a pointer into `original`. Entries of
/// lists are known by their names, bins by `kept`, the channels that lost some. O(entries) for each token.
template <class Json>
std::string original_pointer(const std::string& pointer, const Json& document, const Json& original,
                             const KeptBins& kept) {
  std::string result;
  std::string channel;
  const Json* here = &document;
  const Json* there = &original;
  const auto tokens = split_pointer(pointer).value_or(std::vector<std::string>());
  for (const std::string& token : tokens) {
    const auto index = here != nullptr && here->is_array() ? pointer_index(token) : std::nullopt;
    if (!index || *index >= here->size()) {
      append_pointer_token(result, std::string_view(token));
      here = here == nullptr || !here->contains(token) ? nullptr : &(*here)[token];
      there = there == nullptr || !there->contains(token) ? nullptr : &(*there)[token];
      continue;
    }
    std::size_t place = *index;
    const Json& entry = (*here)[*index];
    if (entry.is_object() && there != nullptr) {
      place = place_of_named(*there, entry).value_or(place);
      channel = channel.empty() ? text_of(entry) : channel;
    } else if (const auto bins = kept.find(channel); bins != kept.end() && tokens.front() == "channels") {
      place = place_of_kept(bins->second, place);
    }
    append_pointer_token(result, place);
    here = &entry;
    there = there != nullptr && place < there->size() ? &(*there)[place] : nullptr;
  }
  return result;
}

} // namespace muhat::detail
