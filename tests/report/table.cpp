#include <muhat/report/table.hpp>

#include <support/catch.hpp>

TEST_CASE("table: columns are as wide as their widest cell") {
  const muhat::Table table{{"name", "bins"}, {{"signal region", "3"}, {"CR", "12345"}}};
  CHECK(muhat::table_text(table) == "name           bins\n"
                                    "-------------  -----\n"
                                    "signal region  3\n"
                                    "CR             12345\n");
}

TEST_CASE("table: a letter of several bytes takes one column") {
  const muhat::Table table{{"a", "b"}, {{"\xc3\xa9t\xc3\xa9", "1"}, {"xyz", "2"}}};
  CHECK(muhat::table_text(table) == "a    b\n"
                                    "---  -\n"
                                    "\xc3\xa9t\xc3\xa9  1\n"
                                    "xyz  2\n");
}

TEST_CASE("table: control characters stand as escapes") {
  CHECK(muhat::table_text({{"samples"}, {{"a\nb"}, {"\x1b[0m"}}}) ==
        "samples\n---------\na\\u000ab\n\\u001b[0m\n");
}

TEST_CASE("table: without rows the header stands alone, a short row leaves its last cells empty") {
  CHECK(muhat::table_text({{"samples"}, {}}) == "samples\n-------\n");
  CHECK(muhat::table_text({{"a", "b"}, {{"1"}}}) == "a  b\n-  -\n1\n");
}

TEST_CASE("table: a column without title has no line under it") {
  CHECK(muhat::table_text({{"Summary", ""}, {{"channels", "12"}}}) == "Summary\n--------\nchannels  12\n");
}
