#pragma once

/// The coordinates of a patch: numbers or text, one for each label of its patch set.

#include <muhat/core/near_matches.hpp>
#include <muhat/spec/write_json.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

/// A number or a text. 400 and 400.0 are the same value, 400 and "400" are not.
class PatchValue {
public:
  template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
  PatchValue(Number number) : value_(static_cast<double>(number)) {}
  PatchValue(const char* text) : value_(std::string(text)) {}
  PatchValue(std::string text) : value_(std::move(text)) {}

  [[nodiscard]] bool is_number() const { return std::holds_alternative<double>(value_); }
  /// The number; std::bad_variant_access where this is a text.
  [[nodiscard]] double number() const { return std::get<double>(value_); }
  /// The text; std::bad_variant_access where this is a number.
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(value_); }

  friend bool operator==(const PatchValue& left, const PatchValue& right) {
    return left.value_ == right.value_;
  }
  friend bool operator<(const PatchValue& left, const PatchValue& right) {
    return left.value_ < right.value_;
  }

private:
  std::variant<double, std::string> value_;
};

/// `400`, `0.5`, `"left"`.
[[nodiscard]] inline std::string to_string(const PatchValue& value) {
  if (!value.is_number()) {
    return in_quotes(value.text());
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
