#pragma once

/// Suggestions for misspelled names: candidates ordered by their optimal string
/// alignment distance (insertions, deletions, substitutions and swaps of
/// neighbors; Damerau 1964, Levenshtein 1966), upper and lower case being equal.

#include <muhat/core/printable_text.hpp>
#include <muhat/core/sort_stably.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

inline char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace detail

/// Number of single-character edits between two texts, ignoring the case of
/// ASCII letters. O(a.size() * b.size()).
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    previous[j] = j;
  }
  const auto same = [&](std::size_t i, std::size_t j) {
    return detail::lower_case(a[i - 1]) == detail::lower_case(b[j - 1]);
  };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = previous[j - 1] + (same(i, j) ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j)) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

/// The first `limit` bytes of a UTF-8 text, or up to three fewer: no character is cut in two.
[[nodiscard]] inline std::string_view first_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) {
    --limit;
  }
  return text.substr(0, limit);
}

/// At most `limit` candidates that look like `name`, nearest first, equally
/// near ones in their given order. A candidate looks alike when at most a third of
/// the longer text differs, or when one text contains the other (from three
/// characters on). Names of more than 200 characters have no near matches. Of very many or very long
/// candidates the last are compared by containment alone, so that a call takes some tens of milliseconds.
template <class Names>
[[nodiscard]] std::vector<std::string> near_matches(std::string_view name, const Names& candidates,
                                                    std::size_t limit = 3) {
  constexpr std::size_t longest = 200;
  std::size_t edits_left = 10'000'000;
  std::vector<std::pair<std::size_t, std::string_view>> alike;
  for (const auto& candidate : candidates) {
    const std::string_view text(candidate);
    if (text.size() > longest || name.size() > longest || text.empty()) {
      continue;
    }
    const std::size_t longer = std::max(text.size(), name.size());
    const std::size_t shorter = std::min(text.size(), name.size());
    const std::size_t allowed = std::max<std::size_t>(longer / 3, 1);
    const std::size_t edits = longer * shorter;
    if (longer - shorter <= allowed && edits <= edits_left) {
      edits_left -= edits;
      const std::size_t distance = edit_distance(name, text);
      if (distance <= allowed && distance < longer) {
        alike.emplace_back(distance, text);
        continue;
      }
    }
    if (shorter >= 3 &&
        (text.find(name) != std::string_view::npos || name.find(text) != std::string_view::npos)) {
      alike.emplace_back(longer, text);
    }
  }
  sort_stably(alike, [](const auto& l, const auto& r) { return l.first < r.first; });
  std::vector<std::string> matches;
  for (std::size_t i = 0; i < std::min(limit, alike.size()); ++i) {
    matches.emplace_back(alike[i].second);
  }
  return matches;
}

/// A name in double quotes, printable, cut off after about 100 bytes.
[[nodiscard]] inline std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 100;
  std::string text = "\"";
  text += printable_text(first_characters(name, longest));
  text += name.size() > longest ? "...\"" : "\"";
  return text;
}

/// Names in double quotes, separated by commas, at most `limit` of them
/// followed by the number of those left out.
template <class Names>
[[nodiscard]] std::string quoted_list(const Names& names, std::size_t limit = 8) {
  std::string text;
  std::size_t count = 0;
  for (const auto& name : names) {
    if (count < limit) {
      text += count == 0 ? "" : ", ";
      text += in_quotes(std::string_view(name));
    }
    ++count;
  }
  if (count > limit) {
    text += " and " + std::to_string(count - limit) + " more";
  }
  return text;
}

/// A clause that helps with an unknown name: the near matches, or else what
/// there is, each name once. `did you mean "a", "b"?`, `there are "x", "y" and 7 more`, or
/// `there are none`.
template <class Names>
[[nodiscard]] std::string suggestion(std::string_view name, const Names& candidates) {
  std::vector<std::string_view> unique;
  std::set<std::string_view> seen;
  for (const auto& candidate : candidates) {
    if (seen.insert(candidate).second) {
      unique.push_back(candidate);
    }
  }
  const std::vector<std::string> matches = near_matches(name, unique);
  if (!matches.empty()) {
    return "did you mean " + quoted_list(matches) + "?";
  }
  const std::string all = quoted_list(unique);
  return all.empty() ? "there are none" : "there are " + all;
}

/// The whole message: `no measurement named "Mesurement"; did you mean "Measurement"?`.
template <class Names>
[[nodiscard]] std::string unknown_name_message(std::string_view kind, std::string_view name,
                                               const Names& candidates) {
  return "no " + std::string(kind) + " named " + in_quotes(name) + "; " + suggestion(name, candidates);
}

} // namespace muhat
