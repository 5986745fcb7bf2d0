#pragma once

/// Regular expressions for names: matched on code points, and guarded, because the standard library's
/// matching may take time that is exponential in the length of a name and a piece of the stack for each
/// character.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace muhat::detail {

/// What one match may take. Matching recurses, so that the depth of its stack tells how deep it is.
class MatchBudget {
public:
  /// Throws std::regex_error once too many steps were taken or the stack has grown too much.
  void spend() {
    constexpr std::size_t most_steps = 10'000'000;
    constexpr std::uintptr_t deepest = std::uintptr_t{4} << 20U;
    const std::uintptr_t here = stack_place();
    const std::uintptr_t depth = here < start_ ? start_ - here : here - start_;
    if (++steps_ > most_steps || depth > deepest) {
      throw std::regex_error(std::regex_constants::error_complexity);
    }
  }

private:
  static std::uintptr_t stack_place() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

  std::uintptr_t start_ = stack_place();
  std::size_t steps_ = 0;
};

/// Walks through a text on a budget.
template <class Char>
class MatchIterator {
public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = Char;
  using difference_type = std::ptrdiff_t;
  using pointer = const Char*;
  using reference = const Char&;

  MatchIterator() = default;
  MatchIterator(const Char* place, MatchBudget& budget) : place_(place), budget_(&budget) {}

  reference operator*() const {
    budget_->spend();
    return *place_;
  }
  MatchIterator& operator++() {
    budget_->spend();
    ++place_;
    return *this;
  }
  MatchIterator operator++(int) {
    MatchIterator before = *this;
    ++*this;
    return before;
  }
  MatchIterator& operator--() {
    --place_;
    return *this;
  }
  MatchIterator operator--(int) {
    MatchIterator before = *this;
    --*this;
    return before;
  }
  friend bool operator==(const MatchIterator& left, const MatchIterator& right) {
    if (left.budget_ != nullptr) {
      left.budget_->spend();
    }
    return left.place_ == right.place_;
  }

private:
  const Char* place_ = nullptr;
  MatchBudget* budget_ = nullptr;
};

/// A regular expression (ECMAScript) that finds and replaces parts of names of one kind. A template so that
/// regular expressions are compiled only where something is renamed.
template <class Char = wchar_t>
class NamePattern {
  static_assert(sizeof(Char) >= sizeof(char32_t), "a character has to hold any code point");

public:
  /// Throws InvalidArgument for a text that is no regular expression, no UTF-8, or too long.
  NamePattern(std::string_view kind, std::string_view pattern)
      : kind_(kind), text_(pattern), pattern_(compiled(characters("pattern", pattern))) {}

  /// `name` with its matches replaced by `replacement`, where `$1` is the first group; nothing where there is
  /// no match. Throws InvalidArgument for texts that are no UTF-8, a name of more than 2000 characters, and
  /// where matching takes too long.
  [[nodiscard]] std::optional<std::string> replaced(std::string_view name,
                                                    std::string_view replacement) const {
    const Text text = characters(kind_, name);
    const Text format = characters("new name", replacement);
    MatchBudget budget;
    const MatchIterator<Char> first(text.data(), budget);
    const MatchIterator<Char> last(text.data() + text.size(), budget);
    try {
      if (!std::regex_search(first, last, pattern_)) {
        return std::nullopt;
      }
      Text result;
      std::regex_replace(std::back_inserter(result), first, last, pattern_, format);
      return encoded_utf8(result);
    } catch (const std::regex_error&) {
      throw InvalidArgument("the pattern " + in_quotes(text_) +
                            " takes too long, or too much memory, to be matched with the " + kind_ + ' ' +
                            in_quotes(name) + "; avoid repetitions inside repetitions, like (a+)+");
    }
  }

private:
  using Text = std::basic_string<Char>;

  /// Throws InvalidArgument for a text that is no UTF-8 or too long.
  Text characters(const std::string& what, std::string_view text) const {
    constexpr std::size_t longest = 2000;
    const std::optional<std::u32string> points = decoded_utf8(text);
    if (!points) {
      throw InvalidArgument("the " + what + ' ' + in_quotes(text) +
                            " is no UTF-8 text, which a pattern for a " + kind_ + " works on");
    }
    if (points->size() > longest) {
      throw InvalidArgument("the " + what + ' ' + in_quotes(text) + " has " + std::to_string(points->size()) +
                            " characters, too many for a pattern (" + std::to_string(longest) +
                            "): rename the " + kind_ + " by its whole name");
    }
    return Text(points->begin(), points->end());
  }

  std::basic_regex<Char> compiled(const Text& pattern) const {
    try {
      return std::basic_regex<Char>(pattern);
    } catch (const std::regex_error& error) {
      throw InvalidArgument("the pattern " + in_quotes(text_) + " for a " + kind_ +
                            " is no regular expression: " + error.what());
    }
  }

  std::string kind_;
  std::string text_;
  std::basic_regex<Char> pattern_;
};

} // namespace muhat::detail
