#pragma once

/// Numbers in messages: the shortest text that reads back as the same double.

#include <charconv>
#include <string>

namespace muhat {

/// "0.1", "1e-300", "-5", "nan", "inf".
[[nodiscard]] inline std::string number_text(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

} // namespace muhat
