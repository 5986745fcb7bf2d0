#include <muhat/workspace/digest.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/sort.hpp>

#include <support/catch.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <string>
#include <vector>

using muhat::Workspace;
using nlohmann::json;

TEST_CASE("sort: every list is in order and nothing else changes") {
  const Workspace workspace(muhat::test::every_modifier_document());
  muhat::Changes changes;
  const Workspace result = muhat::sorted(workspace, &changes);
  const json& document = result.document();
  CHECK(result.channel_names() == std::vector<std::string>{"CR", "SR"});
  CHECK(document["observations"][0]["name"] == "CR");
  CHECK(document["observations"][0]["data"] == json({117}));
  std::vector<std::string> samples;
  for (const json& sample : document["channels"][1]["samples"]) {
    samples.push_back(sample["name"]);
  }
  CHECK(samples == std::vector<std::string>{"background", "fakes", "signal"});
  std::vector<std::string> modifiers;
  for (const json& modifier : document["channels"][1]["samples"][2]["modifiers"]) {
    modifiers.push_back(modifier["name"]);
  }
  CHECK(modifiers == std::vector<std::string>{"JES", "lumi", "mu"});
  CHECK(document["measurements"][0]["config"]["parameters"][0]["name"] == "k_top");
  std::vector<std::string> pointers;
  for (const auto& change : changes) {
    pointers.push_back(change.pointer);
  }
  CHECK(pointers == std::vector<std::string>{"/channels/0/samples/0/modifiers",
                                             "/channels/0/samples/1/modifiers", "/channels/0/samples",
                                             "/channels", "/observations",
                                             "/measurements/0/config/parameters"});
}

TEST_CASE("sort: modifiers of one name are ordered by type, names by bytes") {
  json document = muhat::test::two_bin_document();
  document["channels"][0]["samples"][1]["modifiers"] =
      json::parse(R"([{"name": "b", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}},
                      {"name": "b", "type": "histosys", "data": {"hi_data": [1, 2], "lo_data": [1, 2]}},
                      {"name": "B", "type": "normfactor", "data": null},
                      {"name": "a", "type": "normfactor", "data": null}])");
  const json sorted = muhat::sorted(Workspace(document)).document()["channels"][0]["samples"][0];
  std::string order;
  for (const json& modifier : sorted["modifiers"]) {
    order += modifier["name"].get<std::string>() + ':' + modifier["type"].get<std::string>() + ' ';
  }
  CHECK(order == "B:normfactor a:normfactor b:histosys b:normsys ");
}

TEST_CASE("sort: sorting twice changes nothing, whatever the order was") {
  json document = muhat::test::every_modifier_document();
  const auto once = muhat::sorted(Workspace(document));
  muhat::Changes changes;
  CHECK(muhat::json_text(muhat::sorted(once, &changes).document()) == muhat::json_text(once.document()));
  CHECK(changes.empty());
  std::reverse(document["channels"].begin(), document["channels"].end());
  std::reverse(document["measurements"].begin(), document["measurements"].end());
  for (json& channel : document["channels"]) {
    std::reverse(channel["samples"].begin(), channel["samples"].end());
  }
  CHECK(muhat::digest(muhat::sorted(Workspace(document))) == muhat::digest(once));
}

TEST_CASE("sort: published workspaces") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    const auto once = muhat::sorted(muhat::load_workspace(entry.workspace_path()));
    CHECK(muhat::sorted(once).document() == once.document());
  }
}
