#pragma once

/// UTF-8 (RFC 3629) to code points and back.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muhat {

/// Appends a code point below 0x110000 as UTF-8.
inline void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// Length of the well-formed UTF-8 sequence of two to four bytes at `p`, 0 where there is none.
[[nodiscard]] inline std::size_t utf8_length(const char* p, const char* end) {
  const auto byte = [p](std::size_t i) { return static_cast<unsigned char>(p[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const auto available = static_cast<std::size_t>(end - p);
  const unsigned first = byte(0);
  if (first >= 0xC2 && first <= 0xDF) {
    return available >= 2 && follows(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return available >= 3 && follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return available >= 4 && follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// The code points of a text; nothing where it is no UTF-8. Linear in its size.
[[nodiscard]] inline std::optional<std::u32string> decoded_utf8(std::string_view text) {
  std::u32string points;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const auto first = static_cast<unsigned char>(*p);
    const std::size_t length = first < 0x80 ? 1 : utf8_length(p, end);
    if (length == 0) {
      return std::nullopt;
    }
    // The first byte of a longer sequence keeps its last 7 - length bits.
    std::uint32_t code = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      code = code << 6U | (static_cast<unsigned char>(p[i]) & 0x3FU);
    }
    points += static_cast<char32_t>(code);
    p += length;
  }
  return points;
}

/// Code points as UTF-8. Linear in their number.
template <class CodePoints>
[[nodiscard]] std::string encoded_utf8(const CodePoints& points) {
  std::string text;
  for (const auto code : points) {
    append_utf8(text, static_cast<std::uint32_t>(code));
  }
  return text;
}

} // namespace muhat
