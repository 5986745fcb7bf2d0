#pragma once

/// The coordinates of a patch: numbers or text, one for each label of its patch set.

#include <muhat/core/near_matches.hpp>
#include <muhat/spec/write_json.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

namespace detail {

/// A number as the nearest double, and the digits of an integer that no double equals.
struct ExactNumber {
  double nearest = 0.0;
  std::string digits;

  friend bool operator==(const ExactNumber& left, const ExactNumber& right) {
    return left.nearest == right.nearest && left.digits == right.digits;
  }
  friend bool operator<(const ExactNumber& left, const ExactNumber& right) {
    return std::tie(left.nearest, left.digits) < std::tie(right.nearest, right.digits);
  }
};

template <class Number>
ExactNumber exact_number(Number number) {
  ExactNumber result{static_cast<double>(number), {}};
  if constexpr (std::is_integral_v<Number>) {
    // Doubles hold every integer up to 2^53 in size.
    if (std::abs(result.nearest) >= 9007199254740992.0) {
      std::array<char, 32> nearest{};
      std::snprintf(nearest.data(), nearest.size(), "%.0f", result.nearest);
      const std::string digits = std::to_string(number);
      result.digits = digits == nearest.data() ? std::string() : digits;
    }
  }
  return result;
}

} // namespace detail

/// A number or a text. 400 and 400.0 are the same value, 400 and "400" are not. Integers of up to 64 bits are
/// exact, larger ones the nearest double.
class PatchValue {
public:
  template <class Number,
            class = std::enable_if_t<std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool> &&
                                     !std::is_same_v<Number, char>>>
  PatchValue(Number number) : value_(detail::exact_number(number)) {}
  PatchValue(const char* text) : value_(std::string(text)) {}
  PatchValue(std::string text) : value_(std::move(text)) {}
  [[nodiscard]] bool is_number() const { return std::holds_alternative<detail::ExactNumber>(value_); }
  /// The number, or the double nearest to it; std::bad_variant_access where this is a text.
  [[nodiscard]] double number() const { return std::get<detail::ExactNumber>(value_).nearest; }
  /// The text; std::bad_variant_access where this is a number.
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(value_); }

  friend bool operator==(const PatchValue& left, const PatchValue& right) {
    return left.value_ == right.value_;
  }
  /// An order for containers: by number, but for integers beyond 2^53 with one nearest double.
  friend bool operator<(const PatchValue& left, const PatchValue& right) {
    return left.value_ < right.value_;
  }
  friend std::string to_string(const PatchValue& value);

private:
  std::variant<detail::ExactNumber, std::string> value_;
};

/// `400`, `0.5`, `"left"`.
[[nodiscard]] inline std::string to_string(const PatchValue& value) {
  if (!value.is_number()) {
    return in_quotes(value.text());
  }
  if (const std::string& digits = std::get<detail::ExactNumber>(value.value_).digits; !digits.empty()) {
    return digits;
  }
  std::string text = json_number_text(value.number());
  if (text.size() > 2 && text.substr(text.size() - 2) == ".0") {
    text.resize(text.size() - 2);
  }
  return text;
}

/// `(400, 50)`.
[[nodiscard]] inline std::string to_string(const std::vector<PatchValue>& values) {
  std::string text = "(";
  for (const PatchValue& value : values) {
    text += text.size() == 1 ? "" : ", ";
    text += to_string(value);
  }
  return text + ')';
}

} // namespace muhat
