#include <muhat/workspace/specification_json.hpp>

#include <support/catch.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

using nlohmann::json;

TEST_CASE("specification_json: gives the document back") {
  for (json document : {muhat::test::two_bin_document(), muhat::test::every_modifier_document()}) {
    CHECK(muhat::specification_json(muhat::parse_workspace(document)) == document);
    document["measurements"][0]["config"]["parameters"].push_back(
        {{"name", "uncorr_bkguncrt"}, {"factors", {2.0, 3.0}}, {"fixed", false}});
    CHECK(muhat::specification_json(muhat::parse_workspace(document)) == document);
  }
}

TEST_CASE("specification_json: user-defined modifiers") {
  json document = muhat::test::two_bin_document();
  json& modifiers = document["channels"][0]["samples"][0]["modifiers"];
  modifiers.push_back({{"name", "a"}, {"type", "mine"}, {"data", {{"x", {1.0, 2.0}}, {"with", {"theta"}}}}});
  modifiers.push_back({{"name", "b"}, {"type", "mine"}, {"data", {1.0}}});
  modifiers.push_back({{"name", "c"}, {"type", "mine"}, {"data", nullptr}});
  const muhat::ParseOptions options{.custom_modifier_types = {"mine"}};
  CHECK(muhat::specification_json(muhat::parse_workspace(document, options)) == document);
}

TEST_CASE("specification_json: keeps the order of ordered_json's insertions") {
  const auto document = muhat::specification_json<nlohmann::ordered_json>(
      muhat::parse_workspace(muhat::test::two_bin_document()));
  CHECK(document.begin().key() == "channels");
  CHECK(document["version"] == "1.0.0");
}

TEST_CASE("specification_json: published workspaces") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    const json document = entry.document("workspace.json");
    CHECK(muhat::specification_json(muhat::parse_workspace(document)) == document);
  }
}
