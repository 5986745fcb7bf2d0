#include <muhat/spec/json_scanner.hpp>
#include <muhat/spec/read_json.hpp>

#include <support/catch.hpp>
#include <support/zoo.hpp>

#include <algorithm>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

using nlohmann::json;

namespace {

bool scan(std::string_view text, json& out, std::size_t depth = 512) {
  return muhat::detail::JsonScanner<json>(text, depth, false)(out);
}

/// Whether the scanner and nlohmann's parser agree on a text.
bool agree(const std::string& text) {
  json scanned;
  const json parsed = json::parse(text, nullptr, false);
  if (!scan(text, scanned)) {
    return parsed.is_discarded();
  }
  return !parsed.is_discarded() && scanned == parsed && scanned.dump() == parsed.dump();
}

} // namespace

TEST_CASE("json_scanner: takes what is valid") {
  for (const char* text : {"null",
                           " true ",
                           "false",
                           "0",
                           "-0",
                           "-0.0",
                           "12",
                           "-7",
                           "1.5",
                           "1e5",
                           "1E+5",
                           "2.5e-3",
                           "18446744073709551615",
                           "18446744073709551616",
                           "-9223372036854775808",
                           "-9223372036854775809",
                           "1e-400",
                           "5e-324",
                           "\"\"",
                           "[]",
                           "{}",
                           "[[[]]]",
                           "[1,2,\t3\r\n]",
                           R"({"a":{"b":[{}]},"c":null})",
                           R"("\"\\\/\b\f\n\r\t")",
                           R"("\u0041\u00e9\u4e2d\ud83d\ude00\uFFFF\u0000")",
                           "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"",
                           "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
                           "\xef\xbb\xbf[1]"}) {
    INFO(text);
    json out;
    CHECK(scan(text, out));
    CHECK(agree(text));
  }
}

TEST_CASE("json_scanner: leaves the rest to others") {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "truE",
                           "+1",
                           "01",
                           "-",
                           "-a",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "0x1",
                           "1e999",
                           "-1e999",
                           "NaN",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[1 2]",
                           "{",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:2}",
                           "\"",
                           "\"a",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\u-123\"",
                           R"("\ud83d")",
                           R"("\ud83dx")",
                           R"("\ud83d\u0041")",
                           R"("\ude00")",
                           "\"\n\"",
                           "\"\x80\"",
                           "\"\xc1\x80\"",
                           "\"\xe0\x80\x80\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"",
                           "\"\xf0\x80\x80\x80\"",
                           "\"\xe4\xb8\"",
                           "[] []",
                           "1 2",
                           "]",
                           "\xef\xbb"}) {
    INFO(text);
    json out;
    CHECK_FALSE(scan(text, out));
    CHECK(agree(text));
  }
  json out;
  CHECK_FALSE(scan(std::string_view("[1]\0", 4), out));
  CHECK_FALSE(scan(R"({"a": 1, "a": 1})", out));
}

TEST_CASE("json_scanner: the depth limit") {
  json out;
  CHECK(scan("[[{}]]", out, 3));
  CHECK_FALSE(scan("[[{}]]", out, 2));
  CHECK_FALSE(scan("{\"a\":{\"b\":{}}}", out, 2));
  CHECK_FALSE(scan(std::string(1000000, '['), out));
}

TEST_CASE("json_scanner: damaged texts are judged as nlohmann judges them") {
  const std::string good =
      R"({"name": "SR \u00e9\ud83d\ude00 )"
      "\xc3\xa9\xe4\xb8\xad"
      R"(", "data": [1, -2.5e-3, 0.1, 1E5, true, false, null, {"x": [[], {}]}], "y\\": "\n\""})";
  REQUIRE(agree(good));
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  static constexpr std::string_view pieces = "{}[]:,\"\\ue0123456789+-.dDfaltrns \n\x01\x80\xc3\xed\xf4";
  std::size_t valid = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      switch (below(3)) {
      case 0:
        text[at] = pieces[below(pieces.size())];
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      default:
        text.insert(at, 1, pieces[below(pieces.size())]);
      }
    }
    INFO(text);
    json out;
    // Where a key appears twice, nlohmann takes the last one and the scanner refuses.
    const bool accepted = scan(text, out);
    valid += accepted ? 1 : 0;
    if (!accepted && json::accept(text)) {
      CHECK_THROWS_AS(muhat::read_json(text), muhat::SpecificationError);
    } else {
      REQUIRE(agree(text));
    }
  }
  CHECK(valid > 1000);
}

TEST_CASE("json_scanner: numbers read as the correctly rounded double") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value = 0.0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) {
      continue;
    }
    char text[64];
    std::snprintf(text, sizeof text, "%.*e", static_cast<int>(random() % 20), value);
    INFO(text);
    json out;
    const double expected = std::strtod(text, nullptr);
    REQUIRE(scan(text, out) == std::isfinite(expected));
    if (std::isfinite(expected)) {
      REQUIRE(out.get<double>() == expected);
    }
  }
}

TEST_CASE("json_scanner: published files") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    std::ifstream stream(entry.workspace_path());
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    json out;
    REQUIRE(scan(text, out));
    CHECK(out == json::parse(text));
  }
}

TEST_CASE("json_scanner: beyond the range of double, size alone tells a zero from an error") {
  using muhat::detail::is_at_least_one;
  for (const char* text : {"1", "-1", "9.5", "10", "0.1e1", "0.01e2", "100e-2", "1.5e400", "-1.5E+400",
                           "1e99999999999999999999", "0.00001e5"}) {
    INFO(text);
    CHECK(is_at_least_one(text));
  }
  for (const char* text : {"0.1", "-0.99", "1e-1", "10e-2", "99e-2", "1.5e-400", "-1.5E-400", "0.001e2",
                           "1e-99999999999999999999", "0", "-0.0", "0e99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(is_at_least_one(text));
  }
  const std::string zeros(400, '0');
  CHECK(is_at_least_one('1' + zeros + "e-400"));
  CHECK_FALSE(is_at_least_one('1' + zeros + "e-401"));
  CHECK(is_at_least_one("0." + zeros + "1e401"));
  CHECK_FALSE(is_at_least_one("0." + zeros + "1e400"));
  json out;
  CHECK(scan('1' + zeros + "e-400", out));
  CHECK(out == 1.0);
  CHECK(scan("-1.5e-400", out));
  CHECK(std::signbit(out.get<double>()));
  CHECK(scan("0e99999999999999999999", out));
  CHECK(out == 0.0);
  CHECK_FALSE(scan("1.5e400", out));
}

TEST_CASE("json_scanner: the locale's decimal point does not matter") {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"}) {
    if (std::setlocale(LC_NUMERIC, name) != nullptr) {
      break;
    }
  }
  json out;
  CHECK_FALSE(scan("1.5e400", out));
  CHECK(scan("1.5e-400", out));
  CHECK(out == 0.0);
  CHECK(scan("1.5", out));
  CHECK(out == 1.5);
  std::setlocale(LC_NUMERIC, before.c_str());
}
