#include <muhat/core/utf8.hpp>

#include <support/catch.hpp>

#include <string>

using muhat::decoded_utf8;
using muhat::encoded_utf8;

TEST_CASE("utf8: code points and back") {
  const std::string text =
      std::string("a\0", 2) + "\x7f\xc2\x80\xc3\xa9\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
  const auto points = decoded_utf8(text);
  REQUIRE(points.has_value());
  CHECK(*points == std::u32string{'a', 0, 0x7f, 0x80, 0xe9, 0x800, 0xffff, 0x10000, 0x10ffff});
  CHECK(encoded_utf8(*points) == text);
  CHECK(decoded_utf8("").value().empty());
}

TEST_CASE("utf8: what is none") {
  // A lone follower, a short sequence, an overlong one, a surrogate, and one beyond the last code point.
  for (const char* text :
       {"a\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    INFO(text);
    CHECK(!decoded_utf8(text).has_value());
  }
}
