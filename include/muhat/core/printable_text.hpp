#pragma once

/// Names from documents as messages and tables show them: control characters, which would move a terminal's
/// cursor or break a line in two, stand as JSON escapes (`\u001b`).

#include <string>
#include <string_view>

namespace muhat {

enum class LineBreaks { escape, keep };

/// Linear in the text's size.
[[nodiscard]] inline std::string printable_text(std::string_view text,
                                                LineBreaks line_breaks = LineBreaks::escape) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool is_control = code < 0x20 || code == 0x7f;
    if (!is_control || (c == '\n' && line_breaks == LineBreaks::keep)) {
      result += c;
    } else {
      result += "\\u00";
      result += digits[code >> 4U];
      result += digits[code & 0xfU];
    }
  }
  return result;
}

} // namespace muhat
