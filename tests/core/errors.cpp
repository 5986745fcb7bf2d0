#include <muhat/core/errors.hpp>

#include <support/catch.hpp>

#include <string>
#include <type_traits>

using namespace muhat;

TEST_CASE("a specification error lists every problem with pointer, value and advice", "[errors]") {
  const SpecificationError error(
      {{"/channels/0/name", "3", "expected a string"}, {"", "", "expected \"version\""}});
  CHECK(error.problems().size() == 2);
  CHECK(std::string(error.what()) == "invalid specification: 2 problems\n"
                                     "  at \"/channels/0/name\": expected a string (found 3)\n"
                                     "  at \"\": expected \"version\"");
}

TEST_CASE("a specification error names its document", "[errors]") {
  const SpecificationError error({{"/version", "", "is missing"}}, "workspace.json");
  CHECK(error.source() == "workspace.json");
  CHECK(std::string(error.what()) ==
        "workspace.json: invalid specification: 1 problem\n  at \"/version\": is missing");
}

TEST_CASE("a single problem is not put in the plural", "[errors]") {
  const SpecificationError error({{"/version", "\"2\"", "expected \"1.0.0\""}});
  CHECK(std::string(error.what()) ==
        "invalid specification: 1 problem\n  at \"/version\": expected \"1.0.0\" (found \"2\")");
}

TEST_CASE("control characters of names do not reach the terminal", "[errors]") {
  CHECK(std::string(InvalidModel("channel \"a\x1b[2J\"\nline").what()) == "channel \"a\\u001b[2J\"\nline");
}

TEST_CASE("unusable input and failed computations have separate bases", "[errors]") {
  STATIC_REQUIRE(std::is_base_of_v<InputError, SpecificationError>);
  STATIC_REQUIRE(std::is_base_of_v<InputError, ReadError>);
  STATIC_REQUIRE(std::is_base_of_v<InputError, PatchError>);
  STATIC_REQUIRE(std::is_base_of_v<InputError, UnknownName>);
  STATIC_REQUIRE(std::is_base_of_v<InputError, InvalidArgument>);
  STATIC_REQUIRE(std::is_base_of_v<InvalidModel, InvalidNameReuse>);
  STATIC_REQUIRE(std::is_base_of_v<ComputationError, FitFailed>);
  STATIC_REQUIRE(std::is_base_of_v<ComputationError, NegativeRate>);
  STATIC_REQUIRE_FALSE(std::is_base_of_v<InputError, ComputationError>);
  STATIC_REQUIRE_FALSE(std::is_base_of_v<ComputationError, InputError>);
}
