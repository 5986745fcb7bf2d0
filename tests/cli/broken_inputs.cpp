#include <support/broken_inputs.hpp>
#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/tool.hpp>

#include <string>
#include <vector>

TEST_CASE("broken inputs: every kind exits with 2, names the place and prints no result") {
  const std::vector<muhat::test::BrokenInput> inputs = muhat::test::broken_inputs();
  REQUIRE(inputs.size() >= 60);
  for (const muhat::test::BrokenInput& input : inputs) {
    const auto result = muhat::test::run_tool({"fit"}, input.text);
    INFO(input.name << ": " << result.err);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(muhat::test::mentions(result.err, {"muhat fit", input.fragment}));
    if (input.readable) {
      CHECK(muhat::test::mentions(result.err, {"at \"" + input.pointer + "\""}));
    }
  }
}

TEST_CASE("broken inputs: every command refuses them alike") {
  for (const std::string command : {"inspect", "fit", "cls", "evaluate"}) {
    CHECK(muhat::test::run_tool({command}, "").code == 2);
    CHECK(muhat::test::run_tool({command}, "{\"channels\": ").code == 2);
    CHECK(muhat::test::run_tool({command}, "[]").code == 2);
    CHECK(muhat::test::run_tool({command}, std::string(100000, '[')).code == 2);
  }
}
