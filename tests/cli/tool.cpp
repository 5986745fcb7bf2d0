#include <muhat/cli/run.hpp>

#include <support/tool.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace muhat::test {

ToolResult run_tool(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<const char*> argv{"muhat"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int code = cli::run(static_cast<int>(argv.size()), argv.data(), in, out, err);
  return {code, out.str(), err.str()};
}

std::vector<std::string> tool_optimizers() {
  return cli::optimizer_names();
}

} // namespace muhat::test
