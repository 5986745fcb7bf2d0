#pragma once

/// The one place that turns a JSON document into text.
///
/// Floats are printed with the shortest digits that read back to the same
/// double, in the form of Python's `repr` (an exponent where the decimal
/// exponent is < -4 or >= 16, otherwise always with a fraction), so that a
/// document's text, and with it its digest, is the one that Python's `json`
/// module would write with `ensure_ascii=False`. JSON knows no NaN or infinity:
/// they are written as `null`, and who makes the document adds the reason. A
/// binary value holds the digits of an integer that no type has room for
/// (ReadOptions::keep_big_integers), written as they are.

#include <nlohmann/json_fwd.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// How `json_text` lays out a document.
struct JsonFormat {
  /// Spaces per level; negative: everything on one line, separated by ", " and ": ".
  int indent = 4;
  /// Sort the keys of every object by code point, whatever order the document keeps.
  bool sort_keys = false;
};

/// Appends the shortest text that reads back as `value`, in Python's form: 1.0, 0.1, 1e-05, 1e+16.
/// "null" where the value is not finite.
inline void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  // `-d.ddde+xx`: the digits, then an exponent of at least two digits.
  char buffer[32];
  const char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const char* first = buffer;
  if (*first == '-') {
    out += *first++;
  }
  const char* const mark = std::find(first, end, 'e');
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  if (exponent < -4 || exponent >= 16) {
    out.append(first, end);
    return;
  }
  // The decimal point of the scientific form goes; it stands behind the first digit, if anywhere.
  char digits[20];
  char* digits_end = digits;
  for (const char* c = first; c != mark; ++c) {
    if (*c != '.') {
      *digits_end++ = *c;
    }
  }
  const auto count = static_cast<std::size_t>(digits_end - digits);
  const std::size_t whole = exponent < 0 ? 0 : static_cast<std::size_t>(exponent) + 1;
  if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits, count);
  } else if (count <= whole) {
    out.append(digits, count).append(whole - count, '0').append(".0");
  } else {
    out.append(digits, whole).append(1, '.').append(digits + whole, count - whole);
  }
}

/// `append_number` as a text of its own.
inline std::string json_number_text(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

namespace detail {

inline void write_json_string(std::string& text, std::string_view value) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  text += '"';
  for (const char character : value) {
    const auto code = static_cast<unsigned char>(character);
    switch (character) {
    case '"':
      text += "\\\"";
      break;
    case '\\':
      text += "\\\\";
      break;
    case '\b':
      text += "\\b";
      break;
    case '\t':
      text += "\\t";
      break;
    case '\n':
      text += "\\n";
      break;
    case '\f':
      text += "\\f";
      break;
    case '\r':
      text += "\\r";
      break;
    default:
      if (code < 0x20) {
        text += "\\u00";
        text += hexadecimal[code >> 4];
        text += hexadecimal[code & 15];
      } else {
        text += character;
      }
    }
  }
  text += '"';
}

template <class Json>
class JsonWriter {
public:
  explicit JsonWriter(JsonFormat format) : format_(format) {}

  std::string operator()(const Json& document) && {
    write(document, 0);
    return std::move(text_);
  }

private:
  void write(const Json& value, int level) {
    if (value.is_object()) {
      write_object(value, level);
    } else if (value.is_array()) {
      write_array(value, level);
    } else if (value.is_string()) {
      write_json_string(text_, value.template get_ref<const typename Json::string_t&>());
    } else if (value.is_number_float()) {
      append_number(text_, static_cast<double>(value.template get<typename Json::number_float_t>()));
    } else if (value.is_number_unsigned()) {
      write_integer(value.template get<typename Json::number_unsigned_t>());
    } else if (value.is_number_integer()) {
      write_integer(value.template get<typename Json::number_integer_t>());
    } else if (value.is_binary()) {
      const auto& digits = value.get_binary();
      text_.append(digits.begin(), digits.end());
    } else if (value.is_boolean()) {
      text_ += value.template get<bool>() ? "true" : "false";
    } else {
      text_ += "null";
    }
  }

  void write_array(const Json& array, int level) {
    if (array.empty()) {
      text_ += "[]";
      return;
    }
    text_ += '[';
    bool first = true;
    for (const Json& item : array) {
      separate(first, level + 1);
      write(item, level + 1);
    }
    close(']', level);
  }

  void write_object(const Json& object, int level) {
    if (object.empty()) {
      text_ += "{}";
      return;
    }
    std::vector<typename Json::const_iterator> members;
    members.reserve(object.size());
    for (auto member = object.begin(); member != object.end(); ++member) {
      members.push_back(member);
    }
    if (format_.sort_keys) {
      std::sort(members.begin(), members.end(),
                [](const auto& a, const auto& b) { return a.key() < b.key(); });
    }
    text_ += '{';
    bool first = true;
    for (const auto& member : members) {
      separate(first, level + 1);
      write_json_string(text_, member.key());
      text_ += ": ";
      write(member.value(), level + 1);
    }
    close('}', level);
  }

  template <class Integer>
  void write_integer(Integer value) {
    char buffer[24];
    text_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }

  void separate(bool& first, int level) {
    if (!first) {
      text_ += format_.indent < 0 ? ", " : ",";
    }
    first = false;
    new_line(level);
  }

  void close(char bracket, int level) {
    new_line(level);
    text_ += bracket;
  }

  void new_line(int level) {
    if (format_.indent >= 0) {
      text_ += '\n';
      text_.append(static_cast<std::size_t>(level) * static_cast<std::size_t>(format_.indent), ' ');
    }
  }

  JsonFormat format_;
  std::string text_;
};

} // namespace detail

/// The text of a document, without a newline at its end. Linear in its size.
template <class Json>
std::string json_text(const Json& document, JsonFormat format = {}) {
  return detail::JsonWriter<Json>(format)(document);
}

} // namespace muhat
