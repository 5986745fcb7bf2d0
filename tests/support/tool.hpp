#pragma once

/// Running the command line tool inside the test's own process.

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

/// What `--optimizer` takes in this build.
std::vector<std::string> tool_optimizers();

} // namespace muhat::test
