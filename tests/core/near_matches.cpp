#include <muhat/core/near_matches.hpp>

#include <support/catch.hpp>

#include <string>
#include <vector>

using Names = std::vector<std::string>;

TEST_CASE("near_matches: edit distance") {
  CHECK(muhat::edit_distance("", "") == 0);
  CHECK(muhat::edit_distance("", "abc") == 3);
  CHECK(muhat::edit_distance("kitten", "sitting") == 3);
  CHECK(muhat::edit_distance("abcd", "acbd") == 1);
  CHECK(muhat::edit_distance("MU_sig", "mu_SIG") == 0);
  CHECK(muhat::edit_distance("ca", "abc") == 3);
}

TEST_CASE("near_matches: the nearest come first and the list is short") {
  const Names names{"mu_Sig", "lumi", "mu_SIG2", "mu_SIGNAL", "JES", "mu_SIG"};
  CHECK(muhat::near_matches("mu_SIG", names) == Names{"mu_Sig", "mu_SIG", "mu_SIG2"});
  CHECK(muhat::near_matches("mu_sgi", names, 1) == Names{"mu_Sig"});
  CHECK(muhat::near_matches("luminosity", names) == Names{"lumi"});
  CHECK(muhat::near_matches("background", names).empty());
}

TEST_CASE("near_matches: short and huge names do not match everything") {
  CHECK(muhat::near_matches("a", Names{"b", "c"}).empty());
  CHECK(muhat::near_matches("", Names{"b", "mu"}).empty());
  CHECK(muhat::near_matches(std::string(100000, 'a'), Names{std::string(100001, 'a')}).empty());
}

TEST_CASE("near_matches: messages") {
  CHECK(muhat::suggestion("nu", std::vector<std::string>{"mu", "tau", "mu"}) == "did you mean \"mu\"?");
  CHECK(muhat::suggestion("xyz", std::vector<std::string>{"a", "b", "a"}) == "there are \"a\", \"b\"");
  CHECK(muhat::unknown_name_message("measurement", "Mesurement", Names{"Measurement", "other"}) ==
        "no measurement named \"Mesurement\"; did you mean \"Measurement\"?");
  CHECK(muhat::unknown_name_message("channel", "zz", Names{"SR", "CR"}) ==
        "no channel named \"zz\"; there are \"SR\", \"CR\"");
  CHECK(muhat::unknown_name_message("channel", "zz", Names{}) == "no channel named \"zz\"; there are none");
  CHECK(muhat::quoted_list(Names{"a", "b", "c"}, 2) == "\"a\", \"b\" and 1 more");
  CHECK(muhat::in_quotes(std::string(1000, 'x')).size() < 110);
}

TEST_CASE("near_matches: texts are cut between characters") {
  CHECK(muhat::first_characters("abc", 5) == "abc");
  CHECK(muhat::first_characters("abc", 2) == "ab");
  CHECK(muhat::first_characters("a\xc3\xa9", 2) == "a");
  CHECK(muhat::first_characters("a\xc3\xa9", 3) == "a\xc3\xa9");
  CHECK(muhat::first_characters("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 7) == "\xf0\x9f\x98\x80");
  CHECK(muhat::first_characters("\xf0\x9f\x98\x80", 3).empty());
  std::string name = "x";
  for (int i = 0; i < 80; ++i) {
    name += "\xc3\xa9";
  }
  const std::string quoted = muhat::in_quotes(name);
  CHECK(quoted == '"' + name.substr(0, 99) + "...\"");
}

TEST_CASE("near_matches: what very many long candidates cost is bounded") {
  const std::string name(190, 'a');
  std::string near = name;
  near[100] = 'b';
  Names names(1000, std::string(190, 'x'));
  names.push_back(near);
  CHECK(muhat::near_matches(name, names).empty());
  names.push_back(name + "2");
  CHECK(muhat::near_matches(name, names) == Names{name + "2"});
  names.insert(names.begin(), near);
  CHECK(muhat::near_matches(name, names) == Names{near, name + "2"});
}
