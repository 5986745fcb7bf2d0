#pragma once

/// Everything muhat throws. `InputError` means that what was given cannot be
/// used (the tool exits with 2); `ComputationError` means that a computation
/// on valid input did not succeed (the tool exits with 1).

#include <muhat/core/printable_text.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// Base of all exceptions thrown by muhat. Control characters of a message stand as escapes, up to line
/// breaks.
class Error : public std::runtime_error {
public:
  explicit Error(std::string_view message) : std::runtime_error(printable_text(message, LineBreaks::keep)) {}
};

/// The input cannot be used.
class InputError : public Error {
public:
  using Error::Error;
};

/// A computation on valid input did not succeed.
class ComputationError : public Error {
public:
  using Error::Error;
};

/// One thing wrong with a document: where it stands, what stands there, what was expected.
struct Problem {
  /// JSON pointer (RFC 6901) into the document, "" for its root.
  std::string pointer;
  /// The offending value as compact JSON, shortened; empty where something is missing.
  std::string value;
  /// What is wrong, what was expected, and what to do.
  std::string message;
};

/// A document breaks the rules of its format. Carries every problem found.
class SpecificationError : public InputError {
public:
  /// `source` names the document: its file, or empty.
  explicit SpecificationError(std::vector<Problem> problems, std::string source = {})
      : InputError(describe(problems, source)), problems_(std::move(problems)), source_(std::move(source)) {}

  [[nodiscard]] const std::vector<Problem>& problems() const noexcept { return problems_; }
  [[nodiscard]] const std::string& source() const noexcept { return source_; }

private:
  static std::string describe(const std::vector<Problem>& problems, const std::string& source) {
    std::string text = source.empty() ? "" : source + ": ";
    text += "invalid specification: " + std::to_string(problems.size()) +
            (problems.size() == 1 ? " problem" : " problems");
    for (const Problem& problem : problems) {
      text += "\n  at \"" + problem.pointer + "\": " + problem.message;
      if (!problem.value.empty()) {
        text += " (found " + problem.value + ")";
      }
    }
    return text;
  }

  std::vector<Problem> problems_;
  std::string source_;
};

/// The text is not JSON, or a file cannot be read.
class ReadError : public InputError {
public:
  using InputError::InputError;
};

/// A JSON Patch does not apply.
class PatchError : public InputError {
public:
  using InputError::InputError;
};

/// A patch set is not for the workspace it was to be applied to: the digests differ.
class PatchSetMismatch : public InputError {
public:
  using InputError::InputError;
};

/// An operation on workspaces has no valid outcome: a combination in conflict, say.
class InvalidOperation : public InputError {
public:
  using InputError::InputError;
};

/// The specification is well-formed but describes no valid model.
class InvalidModel : public InputError {
public:
  using InputError::InputError;
};

/// Two modifier types that cannot share a parameter carry one name, or two parameters would.
class InvalidNameReuse : public InvalidModel {
public:
  using InvalidModel::InvalidModel;
};

/// No such measurement, channel, sample, modifier or parameter. The message lists near matches.
class UnknownName : public InputError {
public:
  using InputError::InputError;
};

/// A parameter, parameter of interest, start, bound or option has an unusable value.
class InvalidArgument : public InputError {
public:
  using InputError::InputError;
};

/// A fit ended without a certified minimum in a call that promises a number.
class FitFailed : public ComputationError {
public:
  using ComputationError::ComputationError;
};

/// The density does not exist at a point: the message names channel, bin,
/// negative samples and the modifiers that drive them.
class NegativeRate : public ComputationError {
public:
  using ComputationError::ComputationError;
};

} // namespace muhat
