#include <muhat/spec/write_json.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/rename.hpp>

#include <support/catch.hpp>
#include <support/every_modifier_workspace.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <string>
#include <vector>

using muhat::Workspace;
using muhat::test::every_modifier_workspace;
using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

namespace {

template <class Expected>
std::string rename_failure(const muhat::RenameOptions& options) {
  return message_of<Expected>([&] { (void)muhat::rename(every_modifier_workspace(), options); });
}

} // namespace

TEST_CASE("rename: names and everything that refers to them") {
  muhat::Changes changes;
  const auto renamed = muhat::rename(every_modifier_workspace(),
                                     {.channels = {{"SR", "signal_region"}},
                                      .samples = {{"background", "ttbar"}},
                                      .modifiers = {{"mu", "mu_SIG"}, {"k_top", "norm"}},
                                      .measurements = {{"top", "second"}}},
                                     &changes);
  json expected = muhat::test::every_modifier_document();
  expected["channels"][0]["name"] = expected["observations"][0]["name"] = "signal_region";
  expected["channels"][0]["samples"][1]["name"] = expected["channels"][1]["samples"][0]["name"] = "ttbar";
  expected["channels"][0]["samples"][0]["modifiers"][0]["name"] = "mu_SIG";
  expected["channels"][0]["samples"][1]["modifiers"][2]["name"] = "norm";
  expected["channels"][1]["samples"][0]["modifiers"][2]["name"] = "norm";
  expected["measurements"][0]["config"]["poi"] = "mu_SIG";
  expected["measurements"][0]["config"]["parameters"][1]["name"] = "norm";
  expected["measurements"][1]["config"]["poi"] = "norm";
  expected["measurements"][1]["config"]["parameters"][1]["name"] = "mu_SIG";
  expected["measurements"][1]["name"] = "second";
  CHECK(renamed.document() == expected);
  CHECK(changes.size() == 12);
  CHECK(changes[0].pointer == "/channels/0/samples/0/modifiers/0/name");
  CHECK(changes[0].description == "rename modifier \"mu\" to \"mu_SIG\"");
}

TEST_CASE("rename: there and back prints the same bytes") {
  const auto there =
      muhat::rename(every_modifier_workspace(), {.channels = {{"SR", "a/b"}}, .modifiers = {{"JES", "jes"}}});
  const auto back = muhat::rename(there, {.channels = {{"a/b", "SR"}}, .modifiers = {{"jes", "JES"}}});
  CHECK(muhat::json_text(there.document()) != muhat::json_text(every_modifier_workspace().document()));
  CHECK(muhat::json_text(back.document()) == muhat::json_text(every_modifier_workspace().document()));
}

TEST_CASE("rename: all names change at once") {
  const auto swapped = muhat::rename(every_modifier_workspace(), {.channels = {{"SR", "CR"}, {"CR", "SR"}}});
  CHECK(swapped.channel_names() == std::vector<std::string>{"CR", "SR"});
  CHECK(swapped.document()["observations"][0]["name"] == "CR");
}

TEST_CASE("rename: regular expressions") {
  const auto renamed = muhat::rename(
      every_modifier_workspace(), {.channels = {{"^(.)R$", "region_$1", true}},
                                   .modifiers = {{"stat_SR", "gamma_stat"}, {"^stat_(.*)$", "s_$1", true}}});
  CHECK(renamed.channel_names() == std::vector<std::string>{"region_S", "region_C"});
  CHECK(renamed.document()["channels"][0]["samples"][1]["modifiers"][1]["name"] == "gamma_stat");
  CHECK(mentions(rename_failure<muhat::UnknownName>({.samples = {{"^nothing", "x", true}}}),
                 {"no sample matches the pattern"}));
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.samples = {{"(", "x", true}}}),
                 {"no regular expression"}));
}

TEST_CASE("rename: patterns and names that lead nowhere are refused") {
  const std::string long_name(200'000, 'a');
  json document = muhat::test::every_modifier_document();
  document["channels"][0]["samples"][0]["modifiers"].push_back(
      {{"name", long_name}, {"type", "normsys"}, {"data", {{"hi", 1.1}, {"lo", 0.9}}}});
  const Workspace deep(document);
  CHECK(mentions(message_of<muhat::InvalidArgument>([&] {
                   (void)muhat::rename(deep, {.modifiers = {{".*", "x", true}}});
                 }),
                 {"200000 characters", "too many for a pattern"}));
  CHECK(muhat::rename(deep, {.modifiers = {{long_name, "a"}}}).document() != document);
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.channels = {{"SR", ""}}}),
                 {"new name of the channel \"SR\" is empty"}));
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.channels = {{"^SR$", "", true}}}),
                 {"new name of the channel \"SR\" is empty"}));
}

TEST_CASE("rename: patterns that would take for ever, or all of the stack, are refused") {
  json document = muhat::test::every_modifier_document();
  document["channels"][0]["name"] = document["observations"][0]["name"] = std::string(36, 'a') + 'b';
  document["channels"][1]["name"] = document["observations"][1]["name"] = std::string(2000, 'c');
  const auto refusal = [&](const std::string& pattern) {
    return message_of<muhat::InvalidArgument>([&] {
      (void)muhat::rename(Workspace(document), {.channels = {{pattern, "x", true}}});
    });
  };
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + 'c' + std::string(depth, ')') + '*';
  };
  CHECK(mentions(refusal("(a+)+$"), {"\"(a+)+$\" takes too long", "channel \"aaa", "like (a+)+"}));
  CHECK(mentions(refusal(nested(500)), {"too much memory", "channel \"ccc"}));
  CHECK(mentions(refusal(nested(50'000)), {"pattern \"(((", "100002 characters", "too many"}));
  CHECK_NOTHROW(muhat::rename(Workspace(document), {.channels = {{"^.*b$", "x", true}}}));
}

TEST_CASE("rename: patterns match characters, not bytes") {
  json document = muhat::test::every_modifier_document();
  document["channels"][0]["name"] = document["observations"][0]["name"] = "\xc3\xa9\xf0\x9f\x98\x80"
                                                                          "a";
  const auto renamed = [&](const char* pattern, const char* to) {
    return muhat::rename(Workspace(document), {.channels = {{pattern, to, true}}}).channel_names().front();
  };
  CHECK(renamed("^.", "x") == "x\xf0\x9f\x98\x80"
                              "a");
  CHECK(renamed("[\xc3\xa9\xc3\xb1]", "e") == "e\xf0\x9f\x98\x80"
                                              "a");
  CHECK(renamed("^.(.)a", "\xc3\xb1$1") == "\xc3\xb1\xf0\x9f\x98\x80");
}

TEST_CASE("rename: what is no UTF-8 is refused") {
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.samples = {{"signal", "\xff\xfe"}}}),
                 {"sample \"signal\"", "no UTF-8"}));
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.samples = {{"signal", "\xff", true}}}),
                 {"new name", "no UTF-8"}));
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.samples = {{"\xc3", "a", true}}}),
                 {"pattern", "no UTF-8"}));
}

TEST_CASE("rename: a modifier may take another's name and share its parameter") {
  const auto renamed =
      muhat::rename(every_modifier_workspace(), {.modifiers = {{"k_top", "mu"}}, .measurements = {}});
  CHECK(renamed.measurement("top").poi == "mu");
}

TEST_CASE("rename: modifiers whose types may not share a parameter stay apart") {
  CHECK(mentions(rename_failure<muhat::InvalidOperation>({.modifiers = {{"JES", "mu"}}}),
                 {"normfactor \"mu\"", "normsys \"JES\"", "share the parameter \"mu\""}));
  CHECK(mentions(
      rename_failure<muhat::InvalidOperation>({.modifiers = {{"stat_SR", "x"}, {"fake_shape", "x"}}}),
      {"\"stat_SR\"", "\"fake_shape\"", "share the parameter \"x\""}));
  json document = muhat::test::every_modifier_document();
  document["channels"][1]["samples"][0]["modifiers"].push_back(
      {{"name", "top_shape"}, {"type", "shapesys"}, {"data", {1.0}}});
  CHECK_THROWS_AS(muhat::rename(Workspace(document), {.modifiers = {{"top_shape", "fake_shape"}}}),
                  muhat::InvalidOperation);
  CHECK_NOTHROW(muhat::rename(every_modifier_workspace(), {.modifiers = {{"mu", "k_top"}, {"k_top", "mu"}}}));
}

TEST_CASE("rename: an outcome that has no model is refused") {
  json document = muhat::test::every_modifier_document();
  json& background = document["channels"][1]["samples"][0]["modifiers"];
  background.push_back({{"name", "stat_CR"}, {"type", "staterror"}, {"data", {2.0}}});
  document["channels"][0]["samples"][2]["modifiers"].erase(1);
  document["channels"][0]["samples"][0]["modifiers"].push_back(
      {{"name", "signal_shape"}, {"type", "shapefactor"}, {"data", nullptr}});
  const auto refusal = [](const json& given, const muhat::RenameOptions& options) {
    return message_of<muhat::InvalidOperation>([&] { (void)muhat::rename(Workspace(given), options); });
  };
  CHECK(mentions(refusal(document, {.modifiers = {{"signal_shape", "free"}}}),
                 {"shapefactor \"free\"", "equally many bins", "\"SR\" has 2, \"CR\" has 1"}));
  const muhat::RenameOptions one_staterror{.modifiers = {{"stat_CR", "stat_SR"}}};
  CHECK_NOTHROW(muhat::rename(Workspace(document), one_staterror));
  json configured = document;
  configured["measurements"][0]["config"]["parameters"].push_back({{"name", "stat_SR"}, {"inits", {1, 1}}});
  CHECK(mentions(refusal(configured, one_staterror),
                 {"parameter \"stat_SR\" 3 components", "measurement \"nominal\"", "has 2 inits"}));
  document["channels"][1]["samples"][0]["name"] = "top";
  CHECK(mentions(refusal(document, one_staterror),
                 {"staterror \"stat_CR\"", "\"background\" would carry it in \"SR\", \"top\" in \"CR\""}));
}

TEST_CASE("rename: errors") {
  CHECK(mentions(rename_failure<muhat::UnknownName>({.samples = {{"signel", "x"}}}),
                 {"did you mean \"signal\""}));
  CHECK(mentions(rename_failure<muhat::UnknownName>({.measurements = {{"none", "x"}}}), {"no measurement"}));
  CHECK(mentions(rename_failure<muhat::InvalidArgument>({.samples = {{"signal", "x"}, {"signal", "y"}}}),
                 {"\"signal\" is renamed twice"}));
  CHECK(mentions(rename_failure<muhat::InvalidOperation>({.samples = {{"signal", "fakes"}}}),
                 {"renaming", "/channels/0/samples/2/name", "another sample"}));
  CHECK(mentions(rename_failure<muhat::InvalidOperation>({.channels = {{"SR", "CR"}}}), {"another channel"}));
  CHECK(mentions(rename_failure<muhat::InvalidOperation>({.modifiers = {{"lumi", "luminosity"}}}),
                 {"must be named \"lumi\""}));
}

TEST_CASE("rename: published workspaces come back byte for byte") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    INFO(entry.name);
    const auto original = muhat::load_workspace(entry.workspace_path());
    const auto there =
        muhat::rename(original, {.channels = {{"^", "x_", true}}, .samples = {{"$", "_x", true}}});
    const auto back = muhat::rename(there, {.channels = {{"^x_", "", true}}, .samples = {{"_x$", "", true}}});
    CHECK(there.document() != original.document());
    CHECK(muhat::json_text(back.document()) == muhat::json_text(original.document()));
  }
}
