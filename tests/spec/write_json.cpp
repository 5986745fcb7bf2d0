#include <muhat/spec/write_json.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>

using nlohmann::json;
using nlohmann::ordered_json;

TEST_CASE("write_json: numbers look as Python prints them") {
  // repr() of Python 3.11.
  CHECK(muhat::json_number_text(1.0) == "1.0");
  CHECK(muhat::json_number_text(-0.0) == "-0.0");
  CHECK(muhat::json_number_text(0.1) == "0.1");
  CHECK(muhat::json_number_text(0.0001) == "0.0001");
  CHECK(muhat::json_number_text(0.00001) == "1e-05");
  CHECK(muhat::json_number_text(123456.75) == "123456.75");
  CHECK(muhat::json_number_text(9999999999999998.0) == "9999999999999998.0");
  CHECK(muhat::json_number_text(1e16) == "1e+16");
  CHECK(muhat::json_number_text(1e22) == "1e+22");
  CHECK(muhat::json_number_text(1e23) == "1e+23");
  CHECK(muhat::json_number_text(1.5e300) == "1.5e+300");
  CHECK(muhat::json_number_text(5e-324) == "5e-324");
  CHECK(muhat::json_number_text(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(muhat::json_number_text(-2.5e-7) == "-2.5e-07");
  CHECK(muhat::json_number_text(100.0) == "100.0");
}

TEST_CASE("write_json: every double reads back to the same bits") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value = 0.0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) {
      REQUIRE(json::parse(muhat::json_number_text(value)).get<double>() == value);
    }
  }
}

TEST_CASE("write_json: what is not finite becomes null") {
  CHECK(muhat::json_text(json{std::numeric_limits<double>::quiet_NaN()}, {.indent = -1}) == "[null]");
  CHECK(muhat::json_text(json{std::numeric_limits<double>::infinity()}, {.indent = -1}) == "[null]");
}

TEST_CASE("write_json: integers keep their digits and their type") {
  const json document = {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(),
                         0, 2.0};
  CHECK(muhat::json_text(document, {.indent = -1}) == "[-9223372036854775808, 18446744073709551615, 0, 2.0]");
}

TEST_CASE("write_json: strings escape what JSON demands and keep the rest") {
  const json document = "quote \" slash \\ / \b\t\n\f\r \x01\x1f \x7f \xc3\xa9";
  CHECK(muhat::json_text(document) == R"("quote \" slash \\ / \b\t\n\f\r \u0001\u001f )"
                                      "\x7f \xc3\xa9\"");
}

TEST_CASE("write_json: the layout on one line and over several") {
  const json document = {
      {"b", json::array({1, 2})}, {"a", json::object()}, {"c", json::array()}, {"d", nullptr}};
  CHECK(muhat::json_text(document, {.indent = -1}) == R"({"a": {}, "b": [1, 2], "c": [], "d": null})");
  CHECK(muhat::json_text(document, {.indent = 2}) == "{\n"
                                                     "  \"a\": {},\n"
                                                     "  \"b\": [\n"
                                                     "    1,\n"
                                                     "    2\n"
                                                     "  ],\n"
                                                     "  \"c\": [],\n"
                                                     "  \"d\": null\n"
                                                     "}");
}

TEST_CASE("write_json: keys keep the document's order or are sorted by code point") {
  const ordered_json document = {{"\xc3\xa9", 1}, {"z", true}, {"B", false}};
  CHECK(muhat::json_text(document, {.indent = -1}) == "{\"\xc3\xa9\": 1, \"z\": true, \"B\": false}");
  CHECK(muhat::json_text(document, {.indent = -1, .sort_keys = true}) ==
        "{\"B\": false, \"z\": true, \"\xc3\xa9\": 1}");
}
