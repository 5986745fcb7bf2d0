#include <muhat/workspace/load.hpp>
#include <muhat/workspace/prune_small.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <cmath>
#include <string>
#include <vector>

using muhat::Workspace;
using muhat::test::mentions;
using nlohmann::json;

namespace {

Workspace workspace() {
  return Workspace(muhat::test::every_modifier_document());
}

json without(const std::vector<std::string>& pointers) {
  json patch = json::array();
  for (const std::string& pointer : pointers) {
    patch.push_back({{"op", "remove"}, {"path", pointer}});
  }
  return muhat::test::every_modifier_document().patch(patch);
}

} // namespace

TEST_CASE("prune_small: normsys by their normalization") {
  muhat::Changes changes;
  const auto pruned = muhat::prune_small(workspace(), {.normalization = 0.06}, &changes);
  CHECK(pruned.document() == without({"/channels/1/samples/0/modifiers/0"}));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].pointer == "/channels/1/samples/0/modifiers/0");
  CHECK(mentions(changes[0].description, {"drop normsys \"JES\"", "\"background\"", "normalization 5 %"}));
  CHECK(muhat::prune_small(workspace(), {.normalization = 0.04}).document() == workspace().document());
}

TEST_CASE("prune_small: a histosys needs both effects small") {
  // Of its sample: up 73/70.5, 42 73/(40 70.5) in shape; down 67.25/70.5.
  const char* histosys = "/channels/0/samples/1/modifiers/0";
  CHECK(muhat::prune_small(workspace(), {.normalization = 0.049, .shape = 0.03}).document() ==
        without({histosys}));
  CHECK(muhat::prune_small(workspace(), {.normalization = 0.049}).document() == workspace().document());
  CHECK(muhat::prune_small(workspace(), {.shape = 0.03}).document() == workspace().document());
}

TEST_CASE("prune_small: what does nothing goes with any threshold") {
  json document = muhat::test::every_modifier_document();
  document["channels"][0]["samples"][1]["modifiers"][0]["data"] = {{"hi_data", {40, 30.5}},
                                                                   {"lo_data", {40, 30.5}}};
  const auto pruned = muhat::prune_small(Workspace(document), {.shape = 0.0});
  CHECK(pruned.specification().channels[0].samples[1].modifiers.size() == 2);
}

TEST_CASE("prune_small: staterror bin by bin") {
  // delta is 0.03696 in bin 0 and 0.04081 in bin 1.
  muhat::Changes changes;
  const auto one = muhat::prune_small(workspace(), {.staterror = 0.038}, &changes);
  json expected = muhat::test::every_modifier_document();
  expected["channels"][0]["samples"][1]["modifiers"][1]["data"][0] = 0.0;
  expected["channels"][0]["samples"][2]["modifiers"][1]["data"][0] = 0.0;
  CHECK(one.document() == expected);
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].pointer == "/channels/0/samples/1/modifiers/1/data/0");
  CHECK(mentions(changes[0].description, {"stat_SR", "bin 0", "3.7 %"}));
  const auto all = muhat::prune_small(workspace(), {.staterror = 0.05});
  CHECK(all.document() ==
        without({"/channels/0/samples/2/modifiers/1", "/channels/0/samples/1/modifiers/1"}));
}

TEST_CASE("prune_small: parameters that nothing carries lose their configuration") {
  json document = muhat::test::every_modifier_document();
  document["measurements"][0]["config"]["parameters"].push_back({{"name", "stat_SR"}, {"inits", {1, 1}}});
  document["measurements"][0]["config"]["parameters"].push_back({{"name", "JES"}, {"inits", {0}}});
  const auto pruned = muhat::prune_small(Workspace(document), {.normalization = 0.06, .staterror = 0.05});
  const json& parameters = pruned.document()["measurements"][0]["config"]["parameters"];
  REQUIRE(parameters.size() == 3);
  CHECK(parameters[2]["name"] == "JES");
}

TEST_CASE("prune_small: thresholds must be numbers from 0 up") {
  CHECK_THROWS_AS(muhat::prune_small(workspace(), {.shape = -0.1}), muhat::InvalidArgument);
  CHECK_THROWS_AS(muhat::prune_small(workspace(), {.staterror = std::nan("")}), muhat::InvalidArgument);
}

TEST_CASE("prune_small: published workspaces lose what does nothing") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    const auto workspace = muhat::load_workspace(entry.workspace_path());
    muhat::Changes nothing;
    const auto pruned = muhat::prune_small(workspace, {.normalization = 0.0, .shape = 0.0}, &nothing);
    CHECK(muhat::prune_small(pruned, {.normalization = 0.0, .shape = 0.0}).document() == pruned.document());
    if (entry.name == "staus") {
      // 1679 histosys, of which few change anything.
      CHECK(nothing.size() > 1500);
    }
  }
}
