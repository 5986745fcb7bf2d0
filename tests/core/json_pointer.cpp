#include <muhat/core/json_pointer.hpp>

#include <support/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using Tokens = std::vector<std::string>;

TEST_CASE("json_pointer: tokens are escaped and come back") {
  std::string pointer;
  for (const std::string_view key : {"channels", "a/b", "m~n", "~1", ""}) {
    muhat::append_pointer_token(pointer, key);
  }
  muhat::append_pointer_token(pointer, std::size_t{12});
  CHECK(pointer == "/channels/a~1b/m~0n/~01//12");
  CHECK(muhat::split_pointer(pointer) == Tokens{"channels", "a/b", "m~n", "~1", "", "12"});
}

TEST_CASE("json_pointer: what is no pointer") {
  CHECK(muhat::split_pointer("") == Tokens{});
  CHECK(muhat::split_pointer("/") == Tokens{""});
  CHECK_FALSE(muhat::split_pointer("channels").has_value());
  CHECK_FALSE(muhat::split_pointer("/a~").has_value());
  CHECK_FALSE(muhat::split_pointer("/a~2").has_value());
}

TEST_CASE("json_pointer: array indices") {
  CHECK(muhat::pointer_index("0") == 0U);
  CHECK(muhat::pointer_index("120") == 120U);
  for (const std::string_view token : {"", "-", "-1", "01", "1.0", "1 ", "99999999999999999999999"}) {
    INFO(token);
    CHECK_FALSE(muhat::pointer_index(token).has_value());
  }
}
