#include <muhat/cli/run.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/tool.hpp>

#include <initializer_list>
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

void check_rejected(const std::vector<std::string>& arguments, const std::string& input,
                    std::initializer_list<std::string> parts) {
  const ToolResult result = run_tool(arguments, input);
  INFO(result.err);
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  CHECK(mentions(result.err, parts));
}

std::vector<std::string> tool_optimizers() {
  return cli::optimizer_names();
}

} // namespace muhat::test
