#pragma once

/// JSON pointers (RFC 6901) as text: `/channels/0/name`, where `~` is written
/// `~0` and `/` is written `~1` inside a token.

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// Appends `/` and the escaped object key to a pointer.
inline void append_pointer_token(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

/// Appends `/` and an array index to a pointer.
inline void append_pointer_token(std::string& pointer, std::size_t index) {
  pointer += '/';
  pointer += std::to_string(index);
}

/// The unescaped tokens of a pointer; nothing where the text is no pointer
/// (it does not start with `/`, or has a `~` that is not `~0` or `~1`). The
/// empty pointer, the whole document, has no tokens.
[[nodiscard]] inline std::optional<std::vector<std::string>> split_pointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) {
    return tokens;
  }
  if (pointer.front() != '/') {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      tokens.emplace_back();
    } else if (c != '~') {
      tokens.back() += c;
    } else if (i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
      tokens.back() += pointer[++i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return tokens;
}

/// The array index that a token means: digits without a leading zero.
[[nodiscard]] inline std::optional<std::size_t> pointer_index(std::string_view token) {
  std::size_t index = 0;
  const char* const end = token.data() + token.size();
  const auto [rest, error] = std::from_chars(token.data(), end, index);
  if (token.empty() || error != std::errc() || rest != end || (token.size() > 1 && token.front() == '0')) {
    return std::nullopt;
  }
  return index;
}

} // namespace muhat
