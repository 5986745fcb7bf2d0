#pragma once

/// Names from documents as messages and tables show them: control characters, which would move a terminal's
/// cursor or break a line in two, stand as JSON escapes (`\u001b`).

#include <cstddef>
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
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    auto code = static_cast<unsigned char>(c);
    // U+0080 to U+009F in UTF-8.
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const bool is_late_control = code == 0xc2 && next >= 0x80 && next < 0xa0;
    const bool is_control = code < 0x20 || code == 0x7f || is_late_control;
    if (is_late_control) {
      code = static_cast<unsigned char>(next);
      ++i;
    }
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
