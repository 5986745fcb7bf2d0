#pragma once

/// Checking a JSON document value by value: where a value stands, what was
/// expected, and a list of everything that is wrong. Nothing is allocated for
/// values that are right.

#include <muhat/core/errors.hpp>
#include <muhat/core/json_pointer.hpp>
#include <muhat/core/near_matches.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat::detail {

/// Where a value stands in its document: a list of tokens that lives on the
/// stack of the functions that walk the document.
class DocumentPath {
public:
  DocumentPath() = default;

  [[nodiscard]] DocumentPath at(std::string_view key) const { return DocumentPath(this, key, 0, true); }
  [[nodiscard]] DocumentPath at(std::size_t index) const { return DocumentPath(this, {}, index, false); }

  /// The JSON pointer, made on demand.
  [[nodiscard]] std::string pointer() const {
    if (parent_ == nullptr) {
      return "";
    }
    std::string text = parent_->pointer();
    if (is_key_) {
      append_pointer_token(text, key_);
    } else {
      append_pointer_token(text, index_);
    }
    return text;
  }

private:
  DocumentPath(const DocumentPath* parent, std::string_view key, std::size_t index, bool is_key)
      : parent_(parent), key_(key), index_(index), is_key_(is_key) {}

  const DocumentPath* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool is_key_ = false;
};

/// Whether a value is a number; a binary value holds the digits of an integer beyond 64 bits.
template <class Json>
[[nodiscard]] bool has_number(const Json& value) {
  return value.is_number() || value.is_binary();
}

/// The value of a number; a binary value holds the digits of an integer beyond 64 bits.
template <class Json>
[[nodiscard]] double number_value(const Json& value) {
  if (!value.is_binary()) {
    return value.template get<double>();
  }
  const auto& digits = value.get_binary();
  return std::strtod(std::string(digits.begin(), digits.end()).c_str(), nullptr);
}

/// Writes compact JSON until `limit` characters are reached.
template <class Json>
void write_shortened(std::string& text, const Json& value, std::size_t limit) {
  if (text.size() > limit) {
    return;
  }
  if (value.is_array() || value.is_object()) {
    text += value.is_array() ? '[' : '{';
    bool first = true;
    for (const auto& member : value.items()) {
      text += first ? "" : ",";
      first = false;
      if (value.is_object()) {
        write_shortened(text, Json(member.key()), limit);
        text += ':';
      }
      write_shortened(text, member.value(), limit);
      if (text.size() > limit) {
        return;
      }
    }
    text += value.is_array() ? ']' : '}';
  } else if (value.is_number_float() && !std::isfinite(value.template get<double>())) {
    const auto number = value.template get<double>();
    text += std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  } else if (value.is_string()) {
    const auto& whole = value.template get_ref<const typename Json::string_t&>();
    text += Json(first_characters(whole, limit)).dump(-1, ' ', false, Json::error_handler_t::replace);
  } else if (value.is_binary()) {
    const auto& digits = value.get_binary();
    text.append(digits.begin(), digits.end());
  } else {
    text += value.dump();
  }
}

/// Compact JSON of a value, cut off after about `limit` bytes.
template <class Json>
[[nodiscard]] std::string shortened(const Json& value, std::size_t limit = 60) {
  std::string text;
  write_shortened(text, value, limit);
  if (text.size() > limit) {
    text.resize(first_characters(text, limit).size());
    text += "...";
  }
  return text;
}

/// Collects problems, the first `most` of them in full and the first `most_suggestions` unknown names with
/// what may have been meant: finding that takes far longer than finding the problem.
class ProblemList {
public:
  static constexpr std::size_t most = 1000;
  static constexpr std::size_t most_suggestions = 20;

  void add(const DocumentPath& path, std::string value, std::string message) {
    if (problems_.size() < most) {
      problems_.push_back({path.pointer(), std::move(value), std::move(message)});
    }
    ++count_;
  }

  /// Adds the problem of an unknown name; `candidates()` returns the names that there are.
  template <class MakeCandidates>
  void add_unknown(const DocumentPath& path, std::string value, std::string message, std::string_view name,
                   MakeCandidates candidates) {
    if (problems_.size() < most && suggestions_ < most_suggestions) {
      ++suggestions_;
      message += "; " + suggestion(name, candidates());
    }
    add(path, std::move(value), std::move(message));
  }

  [[nodiscard]] std::size_t count() const { return count_; }

  /// Throws SpecificationError if there is any problem.
  void raise() {
    if (count_ > problems_.size()) {
      problems_.push_back({"", "", "and " + std::to_string(count_ - problems_.size()) + " more problems"});
    }
    if (count_ > 0) {
      throw SpecificationError(std::move(problems_));
    }
  }

private:
  std::vector<Problem> problems_;
  std::size_t count_ = 0;
  std::size_t suggestions_ = 0;
};

/// "an object", "a number", ... of a JSON value.
template <class Json>
[[nodiscard]] std::string_view type_phrase(const Json& value) {
  if (value.is_object()) {
    return "an object";
  }
  if (value.is_array()) {
    return "an array";
  }
  if (value.is_string()) {
    return "a string";
  }
  if (value.is_boolean()) {
    return "a boolean";
  }
  if (has_number(value)) {
    return "a number";
  }
  return value.is_null() ? "null" : "a value that is not JSON";
}

template <class Json>
void add_type_problem(const Json& value, const DocumentPath& path, ProblemList& problems,
                      std::string_view expected) {
  problems.add(path, shortened(value),
               "expected " + std::string(expected) + ", not " + std::string(type_phrase(value)));
}

/// A member that an object may have.
struct FieldRule {
  std::string_view name;
  bool required = true;
};

/// The members of an object in the order of the rules, null pointers for those
/// that are absent. Unknown and missing members are problems unless
/// `allow_unknown`. `what` names the object: "a channel".
template <class Json, std::size_t N>
[[nodiscard]] std::array<const Json*, N>
read_fields(const Json& value, const DocumentPath& path, ProblemList& problems, std::string_view what,
            const std::array<FieldRule, N>& rules, bool allow_unknown = false) {
  std::array<const Json*, N> found{};
  if (!value.is_object()) {
    add_type_problem(value, path, problems, std::string(what) + " (an object)");
    return found;
  }
  for (const auto& [key, member] : value.template get_ref<const typename Json::object_t&>()) {
    std::size_t i = 0;
    while (i < N && rules[i].name != std::string_view(key)) {
      ++i;
    }
    if (i < N) {
      found[i] = &member;
    } else if (!allow_unknown) {
      const auto names = [&rules] {
        std::array<std::string_view, N> all;
        for (std::size_t k = 0; k < N; ++k) {
          all[k] = rules[k].name;
        }
        return all;
      };
      problems.add_unknown(path.at(std::string_view(key)), shortened(member),
                           std::string(what) + " has no such field: correct or remove it", key, names);
    }
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (rules[i].required && found[i] == nullptr) {
      problems.add(path, "",
                   "the required field \"" + std::string(rules[i].name) + "\" of " + std::string(what) +
                       " is missing; add it");
    }
  }
  return found;
}

/// Copies a string; false (and a problem) when the value is none.
template <class Json>
bool read_string(const Json& value, const DocumentPath& path, ProblemList& problems, std::string& out) {
  if (!value.is_string()) {
    add_type_problem(value, path, problems, "a string");
    return false;
  }
  out = value.template get_ref<const typename Json::string_t&>();
  return true;
}

/// Copies a finite number.
template <class Json>
bool read_number(const Json& value, const DocumentPath& path, ProblemList& problems, double& out) {
  if (!has_number(value)) {
    add_type_problem(value, path, problems, "a number");
    return false;
  }
  out = number_value(value);
  if (!std::isfinite(out)) {
    problems.add(path, shortened(value), "expected a finite number, not NaN or infinity");
    return false;
  }
  return true;
}

/// The elements of an array, null (and a problem) when the value is none or is too short.
template <class Json>
[[nodiscard]] const typename Json::array_t* read_array(const Json& value, const DocumentPath& path,
                                                       ProblemList& problems, std::string_view of_what,
                                                       bool allow_empty = true) {
  const auto* elements = value.template get_ptr<const typename Json::array_t*>();
  if (elements == nullptr) {
    add_type_problem(value, path, problems, "an array of " + std::string(of_what));
  } else if (elements->empty() && !allow_empty) {
    problems.add(path, "[]", "expected at least one entry in the array of " + std::string(of_what));
    return nullptr;
  }
  return elements;
}

/// Copies a non-empty array of finite numbers; false when something is wrong with it.
template <class Json>
bool read_numbers(const Json& value, const DocumentPath& path, ProblemList& problems,
                  std::vector<double>& out) {
  const auto* elements = read_array(value, path, problems, "numbers", false);
  if (elements == nullptr) {
    return false;
  }
  out.resize(elements->size());
  bool good = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    good = read_number((*elements)[i], path.at(i), problems, out[i]) && good;
  }
  return good;
}

/// Copies numbers that must be as many as `size`; `whose` says what sets the number: "the sample's data".
template <class Json>
bool read_numbers_of_size(const Json& value, const DocumentPath& path, ProblemList& problems,
                          std::size_t size, std::string_view whose, std::vector<double>& out) {
  if (!read_numbers(value, path, problems, out)) {
    return false;
  }
  if (out.size() != size) {
    problems.add(path, shortened(value),
                 "has " + std::to_string(out.size()) + " bins, but " + std::string(whose) + " has " +
                     std::to_string(size) + "; give one number per bin");
    return false;
  }
  return true;
}

} // namespace muhat::detail
