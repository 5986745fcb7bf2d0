#pragma once

/// JSON text to a document, guarded: nesting is limited so that recursion over
/// a document is always safe, an object key that appears twice is an error
/// rather than a silent choice, and messages carry line and column. Valid text is
/// read by json_scanner.hpp; nlohmann's parser is asked only what is wrong with the rest.

#include <muhat/core/errors.hpp>
#include <muhat/core/json_pointer.hpp>
#include <muhat/spec/json_scanner.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <istream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

struct ReadOptions {
  /// Arrays and objects may nest this deep.
  std::size_t depth_limit = 512;
  /// Keep an integer beyond 64 bits, for which nlohmann's types have no room, as its digits in a
  /// binary value (JSON text has none otherwise), so that it prints as it was read.
  bool keep_big_integers = false;
};

namespace detail {

/// SAX handler that builds a document. `open_` holds the arrays and objects
/// that are not closed yet; a value never moves while it is open.
template <class Json>
class DocumentBuilder {
public:
  using string_t = typename Json::string_t;

  DocumentBuilder(Json& root, const ReadOptions& options) : root_(&root), options_(options) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(typename Json::number_integer_t value) { return put(value); }
  bool number_unsigned(typename Json::number_unsigned_t value) { return put(value); }
  bool number_float(typename Json::number_float_t value, const string_t& digits) {
    if (options_.keep_big_integers && digits.find_first_of(".eE") == string_t::npos) {
      return put(Json::binary(typename Json::binary_t::container_type(digits.begin(), digits.end())));
    }
    return put(value);
  }
  bool string(string_t& value) { return put(value); }
  bool binary(typename Json::binary_t& value) { return put(std::move(value)); }

  bool start_object(std::size_t) { return open(Json::value_t::object); }
  bool start_array(std::size_t) { return open(Json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(string_t& name) {
    auto& members = *open_.back()->template get_ptr<typename Json::object_t*>();
    const auto [member, is_new] = members.emplace(name, nullptr);
    if (!is_new) {
      member->second = nullptr;
      report_duplicate(name);
    }
    member_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const typename Json::exception& error) {
    position_ = position;
    message_ = error.what();
    return false;
  }

  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] std::vector<Problem>& problems() { return problems_; }

private:
  template <class Value>
  Json* put_value(Value&& value) {
    if (open_.empty()) {
      *root_ = Json(std::forward<Value>(value));
      return root_;
    }
    if (open_.back()->is_array()) {
      auto& elements = *open_.back()->template get_ptr<typename Json::array_t*>();
      elements.emplace_back(std::forward<Value>(value));
      return &elements.back();
    }
    *member_ = Json(std::forward<Value>(value));
    return member_;
  }

  template <class Value>
  bool put(Value&& value) {
    put_value(std::forward<Value>(value));
    return true;
  }

  bool open(typename Json::value_t type) {
    if (open_.size() >= options_.depth_limit) {
      too_deep_ = true;
      return false;
    }
    open_.push_back(put_value(type));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  void report_duplicate(const string_t& name) {
    constexpr std::size_t most = 100;
    if (problems_.size() >= most) {
      return;
    }
    std::string pointer;
    for (std::size_t level = 0; level + 1 < open_.size(); ++level) {
      if (open_[level]->is_array()) {
        append_pointer_token(pointer, open_[level]->size() - 1);
        continue;
      }
      for (const auto& [key, value] : *open_[level]->template get_ptr<typename Json::object_t*>()) {
        if (&value == open_[level + 1]) {
          append_pointer_token(pointer, key);
        }
      }
    }
    append_pointer_token(pointer, name);
    problems_.push_back(
        {pointer, "", "this key appears twice in its object; remove or rename one of the two"});
  }

  Json* root_;
  ReadOptions options_;
  std::vector<Json*> open_;
  Json* member_ = nullptr;
  bool too_deep_ = false;
  std::size_t position_ = 0;
  std::string message_;
  std::vector<Problem> problems_;
};

/// `line 3, column 14` of a byte offset; both count from 1, columns in bytes.
inline std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.find_last_of('\n');
  const std::size_t column = start == std::string_view::npos ? before.size() : before.size() - start - 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column + 1);
}

/// Offset of the bracket that nests deeper than `limit`.
inline std::size_t offset_of_depth(std::string_view text, std::size_t limit) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      }
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) {
        return i;
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return text.size();
}

/// The part of nlohmann's message that says what is wrong, kept short: a token
/// may be as long as the file, and its bytes need not be UTF-8.
inline std::string condensed_message(std::string_view message) {
  if (const std::size_t bracket = message.find("] "); bracket != std::string_view::npos) {
    message.remove_prefix(bracket + 2);
  }
  if (message.substr(0, 11) == "parse error") {
    if (const std::size_t colon = message.find(": "); colon != std::string_view::npos) {
      message.remove_prefix(colon + 2);
    }
  }
  constexpr std::size_t longest = 200;
  constexpr std::size_t tail = 60;
  std::string text(message);
  if (text.size() > longest) {
    text.replace(longest - tail, text.size() - longest, " ... ");
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      c = '?';
    }
  }
  return text;
}

/// The word of letters that starts at `offset`, or one before it: nlohmann's parser goes as far as `n`, of
/// which it expects a null. Empty where the text before goes on into it.
inline std::string_view word_at(std::string_view text, std::size_t offset) {
  const auto is_letter = [&](std::size_t i) {
    return (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z');
  };
  std::size_t start = std::min(offset, text.size());
  start -= start > 0 && text[start - 1] == 'n' ? 1 : 0;
  if (start > 0 && (is_letter(start - 1) || text[start - 1] == '"')) {
    return {};
  }
  std::size_t end = start;
  while (end < text.size() && is_letter(end)) {
    ++end;
  }
  return text.substr(start, end - start);
}

/// Advice for mistakes that a bare syntax error does not explain.
inline std::string syntax_hint(std::string_view text, std::size_t offset) {
  if (text.size() >= 2 &&
      ((text[0] == '\xff' && text[1] == '\xfe') || (text[0] == '\xfe' && text[1] == '\xff'))) {
    return "; the text looks like UTF-16: convert it to UTF-8";
  }
  if (offset < text.size() && text[offset] == '\0') {
    return "; there is a NUL byte: the file is damaged, or in an encoding other than UTF-8";
  }
  if (offset > 0 && offset <= text.size() && text[offset - 1] == '\\') {
    return ""; // an escape that a string cannot have
  }
  const std::string_view found = word_at(text, offset);
  for (const std::string_view word : {"NaN", "nan", "Infinity", "inf"}) {
    if (found == word) {
      return "; JSON has no NaN or infinity: replace it by a finite number";
    }
  }
  if (offset < text.size() && text[offset] == '\'') {
    return "; JSON strings stand in double quotes";
  }
  return "";
}

} // namespace detail

namespace detail {

/// The fast way, for text that is certainly valid. Its recursion takes some hundred bytes a level, so it is
/// not for depth limits far above the default.
template <class Json>
bool scan_json(std::string_view text, const ReadOptions& options, Json& document) {
  constexpr std::size_t deepest = 4096;
  if constexpr (JsonScanner<Json>::suits) {
    return options.depth_limit <= deepest &&
           JsonScanner<Json>(text, options.depth_limit, options.keep_big_integers)(document);
  }
  return false;
}

} // namespace detail

/// Reads one JSON document (UTF-8, with or without byte order mark).
/// Throws ReadError with line and column for text that is not JSON, is empty, nests too deep or has a
/// number beyond the range of double; SpecificationError with the JSON pointers of
/// keys that appear twice. Integers beyond 64 bits become doubles unless they are to be kept.
/// Linear in the size of the text.
template <class Json = nlohmann::json>
[[nodiscard]] Json read_json(std::string_view text, const ReadOptions& options = {}) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    throw ReadError("the text is empty: expected a JSON document");
  }
  Json document;
  if (detail::scan_json(text, options, document)) {
    return document;
  }
  detail::DocumentBuilder<Json> builder(document, options);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    if (builder.too_deep()) {
      throw ReadError(detail::line_and_column(text, detail::offset_of_depth(text, options.depth_limit)) +
                      ": arrays and objects nest deeper than " + std::to_string(options.depth_limit) +
                      " levels");
    }
    const std::size_t offset = builder.position() == 0 ? 0 : builder.position() - 1;
    throw ReadError(detail::line_and_column(text, offset) + ": " +
                    detail::condensed_message(builder.message()) + detail::syntax_hint(text, offset));
  }
  // nlohmann's parser takes a NUL byte for the end of the text.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw ReadError(detail::line_and_column(text, nul) + ": text behind the end of the document" +
                    detail::syntax_hint(text, nul));
  }
  if (!builder.problems().empty()) {
    throw SpecificationError(std::move(builder.problems()));
  }
  return document;
}

/// Reads a stream to its end as one JSON document; ReadError also when the stream fails.
template <class Json = nlohmann::json>
[[nodiscard]] Json read_json(std::istream& stream, const ReadOptions& options = {}) {
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) {
    throw ReadError("the stream failed while it was read");
  }
  return read_json<Json>(std::string_view(text), options);
}

} // namespace muhat
