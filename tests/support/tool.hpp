#pragma once

/// Running the command line tool inside the test's own process.

#include <initializer_list>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace muhat::test {

struct ToolResult {
  int code = 0;
  std::string out;
  std::string err;

  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out); }
};

/// `muhat <arguments>` with `input` as standard input. Defined in tests/cli/tool.cpp, so that the whole
/// tool is compiled once for all tests.
ToolResult run_tool(const std::vector<std::string>& arguments, const std::string& input = {});

/// Checks that `muhat <arguments>` exits with 2, prints nothing, and says every one of `parts`.
void check_rejected(const std::vector<std::string>& arguments, const std::string& input,
                    std::initializer_list<std::string> parts);

/// A JSON array of numbers.
inline std::vector<double> numbers(const nlohmann::json& list) {
  return list.get<std::vector<double>>();
}

/// What `--optimizer` takes in this build.
std::vector<std::string> tool_optimizers();

} // namespace muhat::test
