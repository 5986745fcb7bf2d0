#pragma once

/// A fast reader for valid JSON (RFC 8259): one pass over the bytes straight
/// into the document, numbers by std::from_chars. It only ever says "valid" or "I cannot tell": explaining
/// what is wrong is read_json's work, with nlohmann's parser. Two to three times as fast as that parser.

#include <muhat/core/utf8.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace muhat::detail {

/// Whether a JSON number that is not zero has a size of one or more. No text is too long, no exponent too
/// large, and the locale does not matter, as it does for std::strtod.
inline bool is_at_least_one(std::string_view number) {
  const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, mark);
  const std::size_t first = mantissa.find_first_of("123456789");
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  if (first == std::string_view::npos) {
    return false;
  }
  // The power of ten that the first digit other than 0 counts.
  const auto power = static_cast<std::ptrdiff_t>(point) - static_cast<std::ptrdiff_t>(first) -
                     static_cast<std::ptrdiff_t>(first < point);
  std::string_view digits = number.substr(std::min(mark + 1, number.size()));
  const bool negative = !digits.empty() && digits.front() == '-';
  digits.remove_prefix(!digits.empty() && (negative || digits.front() == '+') ? 1 : 0);
  std::ptrdiff_t exponent = 0;
  const auto error = std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec;
  if (error == std::errc::result_out_of_range) {
    return !negative;
  }
  return negative ? power >= exponent : exponent >= -power;
}

template <class Json>
class JsonScanner {
public:
  /// Whether `Json` has the usual number and string types.
  static constexpr bool suits = std::is_same_v<typename Json::string_t, std::string> &&
                                std::is_same_v<typename Json::number_float_t, double> &&
                                std::is_same_v<typename Json::number_integer_t, std::int64_t> &&
                                std::is_same_v<typename Json::number_unsigned_t, std::uint64_t>;

  JsonScanner(std::string_view text, std::size_t depth_limit, bool keep_big_integers)
      : p_(text.data()), end_(text.data() + text.size()), depth_limit_(depth_limit),
        keep_big_integers_(keep_big_integers) {}

  /// Reads the whole text; false where it is not certainly valid, and then `out` is of no use. Recursion is
  /// bounded by the depth limit.
  bool operator()(Json& out) {
    if (std::string_view(p_, static_cast<std::size_t>(end_ - p_)).substr(0, 3) == "\xef\xbb\xbf") {
      p_ += 3;
    }
    skip_blanks();
    if (!read_value(out, 0)) {
      return false;
    }
    skip_blanks();
    return p_ == end_;
  }

private:
  void skip_blanks() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) {
      ++p_;
    }
  }

  /// Skips blanks and the character, if it is there.
  bool accept(char c) {
    skip_blanks();
    if (p_ == end_ || *p_ != c) {
      return false;
    }
    ++p_;
    return true;
  }

  bool read_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - p_) < word.size() || std::string_view(p_, word.size()) != word) {
      return false;
    }
    p_ += word.size();
    return true;
  }

  bool read_value(Json& out, std::size_t depth) {
    if (p_ == end_) {
      return false;
    }
    switch (*p_) {
    case '{':
      return depth < depth_limit_ && read_object(out, depth + 1);
    case '[':
      return depth < depth_limit_ && read_array(out, depth + 1);
    case '"': {
      std::string text;
      if (!read_string(text)) {
        return false;
      }
      out = std::move(text);
      return true;
    }
    case 't':
      out = true;
      return read_word("true");
    case 'f':
      out = false;
      return read_word("false");
    case 'n':
      out = nullptr;
      return read_word("null");
    default:
      return read_number(out);
    }
  }

  bool read_array(Json& out, std::size_t depth) {
    ++p_;
    out = Json::array();
    auto& list = out.template get_ref<typename Json::array_t&>();
    if (accept(']')) {
      return true;
    }
    do {
      skip_blanks();
      if (!read_value(list.emplace_back(), depth)) {
        return false;
      }
    } while (accept(','));
    return accept(']');
  }

  bool read_object(Json& out, std::size_t depth) {
    ++p_;
    out = Json::object();
    auto& members = out.template get_ref<typename Json::object_t&>();
    if (accept('}')) {
      return true;
    }
    do {
      std::string key;
      skip_blanks();
      if (p_ == end_ || *p_ != '"' || !read_string(key) || !accept(':')) {
        return false;
      }
      const auto [member, is_new] = members.emplace(std::move(key), nullptr);
      skip_blanks();
      if (!is_new || !read_value(member->second, depth)) {
        return false;
      }
    } while (accept(','));
    return accept('}');
  }

  bool read_string(std::string& out) {
    ++p_;
    const char* run = p_;
    while (p_ != end_) {
      const auto byte = static_cast<unsigned char>(*p_);
      if (byte == '"') {
        out.append(run, p_);
        ++p_;
        return true;
      }
      if (byte == '\\') {
        out.append(run, p_);
        if (!read_escape(out)) {
          return false;
        }
        run = p_;
      } else if (byte >= 0x80) {
        const std::size_t length = utf8_length(p_, end_);
        if (length == 0) {
          return false;
        }
        p_ += length;
      } else if (byte < 0x20) {
        return false;
      } else {
        ++p_;
      }
    }
    return false;
  }

  bool read_escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++p_;
    if (p_ == end_) {
      return false;
    }
    const char letter = *p_++;
    if (letter != 'u') {
      const std::size_t index = letters.find(letter);
      if (index == std::string_view::npos) {
        return false;
      }
      out += meanings[index];
      return true;
    }
    std::uint32_t code = 0;
    if (!read_code_unit(code)) {
      return false;
    }
    if (code >= 0xD800 && code < 0xDC00) {
      std::uint32_t low = 0;
      if (!read_word("\\u") || !read_code_unit(low) || low < 0xDC00 || low > 0xDFFF) {
        return false;
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return false;
    }
    append_utf8(out, code);
    return true;
  }

  /// Four hexadecimal digits.
  bool read_code_unit(std::uint32_t& code) {
    if (end_ - p_ < 4) {
      return false;
    }
    const auto [rest, error] = std::from_chars(p_, p_ + 4, code, 16);
    const bool good = error == std::errc() && rest == p_ + 4;
    p_ += 4;
    return good;
  }

  bool skip_digits() {
    const char* const start = p_;
    while (p_ != end_ && *p_ >= '0' && *p_ <= '9') {
      ++p_;
    }
    return p_ != start;
  }

  bool read_number(Json& out) {
    const char* const start = p_;
    const bool negative = *p_ == '-';
    p_ += negative ? 1 : 0;
    const char* const digits = p_;
    if (!skip_digits() || (*digits == '0' && p_ - digits > 1)) {
      return false;
    }
    bool whole = true;
    if (p_ != end_ && *p_ == '.') {
      whole = false;
      ++p_;
      if (!skip_digits()) {
        return false;
      }
    }
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
      whole = false;
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) {
        ++p_;
      }
      if (!skip_digits()) {
        return false;
      }
    }
    return whole ? read_integer(start, negative, out) : read_float(start, out);
  }

  bool read_integer(const char* start, bool negative, Json& out) {
    if (negative) {
      std::int64_t value = 0;
      if (std::from_chars(start, p_, value).ec == std::errc()) {
        out = value;
        return true;
      }
    } else {
      std::uint64_t value = 0;
      if (std::from_chars(start, p_, value).ec == std::errc()) {
        out = value;
        return true;
      }
    }
    if (!keep_big_integers_) {
      return read_float(start, out);
    }
    out = Json::binary(typename Json::binary_t::container_type(start, p_));
    return true;
  }

  bool read_float(const char* start, Json& out) {
    double value = 0.0;
    if (std::from_chars(start, p_, value).ec == std::errc()) {
      out = value;
      return true;
    }
    // Beyond the range of double: too small is a zero, too large is not for this reader to explain.
    if (is_at_least_one({start, static_cast<std::size_t>(p_ - start)})) {
      return false;
    }
    out = *start == '-' ? -0.0 : 0.0;
    return true;
  }

  const char* p_;
  const char* end_;
  std::size_t depth_limit_;
  bool keep_big_integers_;
};

} // namespace muhat::detail
