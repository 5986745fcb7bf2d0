#include <muhat/core/printable_text.hpp>

#include <support/catch.hpp>

#include <string>

using muhat::LineBreaks;
using muhat::printable_text;

TEST_CASE("printable text: control characters stand as escapes, all else as it is") {
  CHECK(printable_text("") == "");
  CHECK(printable_text("mu \xc3\xa9 \"\\\" ~") == "mu \xc3\xa9 \"\\\" ~");
  CHECK(printable_text("a\x1b[31m\tb\x7f") == "a\\u001b[31m\\u0009b\\u007f");
  CHECK(printable_text(std::string("a\0b", 3)) == "a\\u0000b");
  CHECK(printable_text("a\xc2\x9b"
                       "31m\xc2\xa0\xc2") == "a\\u009b31m\xc2\xa0\xc2");
}

TEST_CASE("printable text: line breaks are kept where they are meant") {
  CHECK(printable_text("a\nb\r") == "a\\u000ab\\u000d");
  CHECK(printable_text("a\nb\r", LineBreaks::keep) == "a\nb\\u000d");
}
