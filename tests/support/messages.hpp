#pragma once

/// What an expected exception says.

#include <initializer_list>
#include <string>

#include <support/catch.hpp>

namespace muhat::test {

/// The message of the `Expected` that `action` throws. Fails the test when it throws nothing or another type.
template <class Expected, class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

/// Whether `message` contains every one of `parts`; says which one it lacks.
inline bool mentions(const std::string& message, std::initializer_list<std::string> parts) {
  for (const std::string& part : parts) {
    if (message.find(part) == std::string::npos) {
      WARN("the message lacks \"" << part << "\": " << message);
      return false;
    }
  }
  return true;
}

} // namespace muhat::test
