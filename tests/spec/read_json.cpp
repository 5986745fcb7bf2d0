#include <muhat/spec/read_json.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/zoo.hpp>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

using muhat::test::mentions;
using nlohmann::json;

namespace {

std::string message_of(const std::string& text, const muhat::ReadOptions& options = {}) {
  return muhat::test::message_of<muhat::ReadError>([&] { (void)muhat::read_json(text, options); });
}

} // namespace

TEST_CASE("read_json: reads what nlohmann reads") {
  for (const char* text :
       {"null", "true", "-3", "18446744073709551615", "1.5e-7", "\"a\\u00e9\\n\"", "[]", "{}",
        R"({"a": [1, {"b": [[], {}, null]}], "c": {"d": -0.0}})", "\xef\xbb\xbf[1]", "  [1, 2]\n"}) {
    INFO(text);
    CHECK(muhat::read_json(text) == json::parse(text));
    CHECK(muhat::read_json<nlohmann::ordered_json>(text) == nlohmann::ordered_json::parse(text));
  }
}

TEST_CASE("read_json: numbers keep their kind") {
  const json numbers = muhat::read_json("[1, -1, 1.0, 123456789012345678901234567890]");
  CHECK(numbers[0].is_number_unsigned());
  CHECK(numbers[1].is_number_integer());
  CHECK(numbers[2].is_number_float());
  CHECK(numbers[3].is_number_float());
  CHECK(numbers[3].get<double>() == 123456789012345678901234567890.0);
}

TEST_CASE("read_json: ordered_json keeps the order of keys") {
  CHECK(muhat::read_json<nlohmann::ordered_json>(R"({"z": 1, "a": 2})").dump() == R"({"z":1,"a":2})");
}

TEST_CASE("read_json: streams") {
  std::istringstream stream(R"({"a": 1})");
  CHECK(muhat::read_json(stream).at("a") == 1);
  std::istringstream empty;
  CHECK_THROWS_AS(muhat::read_json(empty), muhat::ReadError);
}

TEST_CASE("read_json: messages have line and column") {
  CHECK(mentions(message_of("[1,\n 2,\n tru]"), {"line 3, column 5"}));
  CHECK(mentions(message_of("{\n\"a\": 1e400}"), {"line 2, column 10: number overflow"}));
  CHECK(mentions(message_of(std::string("{\"a\":\0}", 7)), {"column 6", "NUL byte"}));
}

TEST_CASE("read_json: hints are for what stands where the text goes wrong") {
  for (const char* text : {"[NaN]", "[nan]", "[1, -Infinity]", "[inf]", "[-nan]", R"([1, "x" nan])", "nan"}) {
    INFO(text);
    CHECK(mentions(message_of(text), {"replace it by a finite number"}));
  }
  for (const char* text : {"{'a': 1}", R"({"a": 'b'})"}) {
    INFO(text);
    CHECK(mentions(message_of(text), {"double quotes"}));
  }
  for (const char* text : {R"({"info" 1})", R"({"nano" 1})", R"({"don't" 1})", R"(["nan)", "[1, infinite]",
                           "[\"nan\n\"]", R"(["\inf"])", R"(["don\'t"])", "[nano]"}) {
    INFO(text);
    const std::string message = message_of(text);
    CHECK(message.find("finite number") == std::string::npos);
    CHECK(message.find("double quotes") == std::string::npos);
  }
}

TEST_CASE("read_json: nothing may follow the document, not even behind a NUL byte") {
  for (const std::string_view rest :
       {std::string_view("\0", 1), std::string_view("\0 {", 3), std::string_view("\0{}", 3)}) {
    CHECK(mentions(message_of(std::string("{\"a\": 1}\n") + std::string(rest)),
                   {"line 2, column 1", "NUL byte"}));
  }
}

TEST_CASE("read_json: the depth limit counts arrays and objects") {
  CHECK_NOTHROW(muhat::read_json("[[[]]]", {.depth_limit = 3}));
  CHECK(mentions(message_of("[[\n[[]]]]", {.depth_limit = 3}), {"line 2, column 2"}));
  CHECK(mentions(message_of(R"({"a]": [{"\"[": [[]]}]})", {.depth_limit = 4}), {"line 1, column 18"}));
  CHECK_NOTHROW(muhat::read_json(std::string(512, '[') + std::string(512, ']')));
}

TEST_CASE("read_json: duplicate keys are listed with their pointers") {
  try {
    (void)muhat::read_json(R"({"x": {"a/b": [0, {"k": 1, "k": 2}]}, "y": 1, "y": {"z": 1, "z": 2}})");
    FAIL("accepted");
  } catch (const muhat::SpecificationError& error) {
    REQUIRE(error.problems().size() == 3);
    CHECK(error.problems()[0].pointer == "/x/a~1b/1/k");
    CHECK(error.problems()[1].pointer == "/y");
    CHECK(error.problems()[2].pointer == "/y/z");
  }
}

TEST_CASE("read_json: published files read as nlohmann reads them") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    std::ifstream stream(entry.workspace_path());
    CHECK(muhat::read_json(stream) == entry.document("workspace.json"));
  }
}
