#pragma once

/// Reading the values of options: numbers and NAME=VALUE pairs.

#include <muhat/core/errors.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace muhat::cli {

/// `NAME=VALUE`, split.
struct Assignment {
  std::string name;
  std::string value;
};

/// Splits at the last `=`, as names may hold one. `form` says in messages what the two parts are. Throws
/// InvalidArgument where one is missing.
inline Assignment parse_assignment(std::string_view option, std::string_view text,
                                   std::string_view form = "NAME=VALUE") {
  const std::size_t mark = text.rfind('=');
  if (mark == std::string_view::npos || mark == 0 || mark + 1 == text.size()) {
    throw InvalidArgument(std::string(option) + ": expected " + std::string(form) + ", found \"" +
                          std::string(text) + "\"");
  }
  return {std::string(text.substr(0, mark)), std::string(text.substr(mark + 1))};
}

/// The whole of `text` as a finite number. Throws InvalidArgument that names `what`.
template <class Number = double>
Number parse_number(std::string_view what, std::string_view text) {
  Number number{};
  const bool sign = text.size() > 1 && text[0] == '+' && text[1] != '-';
  const char* const begin = text.data() + (sign ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  bool valid = error == std::errc{} && rest == end;
  if constexpr (std::is_floating_point_v<Number>) {
    valid = valid && std::isfinite(number);
  }
  if (!valid) {
    throw InvalidArgument(std::string(what) + ": expected " +
                          (std::is_integral_v<Number> ? "an integer in range" : "a finite number") +
                          ", found \"" + std::string(text) + "\"");
  }
  return number;
}

} // namespace muhat::cli
