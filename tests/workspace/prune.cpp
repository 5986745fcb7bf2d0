#include <muhat/workspace/digest.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/patch_set.hpp>
#include <muhat/workspace/prune.hpp>

#include <support/catch.hpp>
#include <support/every_modifier_workspace.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using muhat::Workspace;
using muhat::test::every_modifier_document_without;
using muhat::test::every_modifier_workspace;
using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

namespace {

using Names = std::vector<std::string>;

template <class Expected>
std::string prune_failure(const muhat::PruneOptions& options) {
  return message_of<Expected>([&] { (void)muhat::prune(every_modifier_workspace(), options); });
}

} // namespace

TEST_CASE("prune: a channel goes with its observation") {
  muhat::Changes changes;
  const auto pruned = muhat::prune(every_modifier_workspace(), {.channels = {"CR"}}, &changes);
  CHECK(pruned.document() == every_modifier_document_without({"/channels/1", "/observations/1"}));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].pointer == "/channels/1");
  CHECK(changes[0].description == "remove channel \"CR\"");
  CHECK(changes[1].pointer == "/observations/1");
}

TEST_CASE("prune: samples, and samples of some channels only") {
  CHECK(muhat::prune(every_modifier_workspace(), {.samples = {"signal", "fakes"}}).document() ==
        every_modifier_document_without({"/channels/0/samples/2", "/channels/0/samples/0"}));
  CHECK(muhat::prune(every_modifier_workspace(), {.samples = {"background"}, .in_channels = {"SR"}})
            .document() == every_modifier_document_without({"/channels/0/samples/1"}));
}

TEST_CASE("prune: modifiers go with their configuration") {
  muhat::Changes changes;
  const auto pruned = muhat::prune(every_modifier_workspace(), {.modifiers = {"k_top"}}, &changes);
  CHECK(pruned.document() == every_modifier_document_without({"/channels/0/samples/1/modifiers/2",
                                                              "/channels/1/samples/0/modifiers/2",
                                                              "/measurements/0/config/parameters/1"}));
  CHECK(pruned.measurement("top").poi == "k_top");
  REQUIRE(changes.size() == 3);
  CHECK(changes[2].pointer == "/measurements/0/config/parameters/1");
}

TEST_CASE("prune: a name of two types goes in both") {
  CHECK(muhat::prune(every_modifier_workspace(), {.modifiers = {"JES"}}).document() ==
        every_modifier_document_without({"/channels/0/samples/0/modifiers/2",
                                         "/channels/0/samples/1/modifiers/0",
                                         "/channels/1/samples/0/modifiers/0"}));
}

TEST_CASE("prune: modifier types keep the configuration") {
  CHECK(muhat::prune(every_modifier_workspace(), {.modifier_types = {"lumi", "staterror"}}).document() ==
        every_modifier_document_without({"/channels/0/samples/0/modifiers/1",
                                         "/channels/0/samples/1/modifiers/1",
                                         "/channels/0/samples/2/modifiers/1"}));
}

TEST_CASE("prune: a modifier in some channels and samples only") {
  CHECK(
      muhat::prune(every_modifier_workspace(), {.modifiers = {"k_top"}, .in_channels = {"CR"}}).document() ==
      every_modifier_document_without({"/channels/1/samples/0/modifiers/2"}));
  CHECK(muhat::prune(every_modifier_workspace(), {.modifiers = {"stat_SR"}, .in_samples = {"fakes"}})
            .document() == every_modifier_document_without({"/channels/0/samples/2/modifiers/1"}));
  CHECK(muhat::prune(every_modifier_workspace(),
                     {.modifier_types = {"normsys"}, .in_channels = {"SR"}, .in_samples = {"signal"}})
            .document() == every_modifier_document_without({"/channels/0/samples/0/modifiers/2"}));
}

TEST_CASE("prune: measurements") {
  CHECK(muhat::prune(every_modifier_workspace(), {.measurements = {"nominal"}}).document() ==
        every_modifier_document_without({"/measurements/0"}));
}

TEST_CASE("prune: configurations with an entry per bin follow the channels that are left") {
  json document = muhat::test::every_modifier_document();
  document["channels"][1]["samples"][0]["modifiers"].push_back(
      {{"name", "stat_SR"}, {"type", "staterror"}, {"data", {6.0}}});
  // The set runs over the sorted channels: CR (one bin), then SR (two bins).
  document["measurements"][0]["config"]["parameters"].push_back(
      {{"name", "stat_SR"}, {"inits", {1, 1.5, 2}}, {"bounds", {{0, 3}, {0, 4}, {0, 5}}}, {"sigmas", {0.1}}});
  const auto kept = [&](const muhat::PruneOptions& options) {
    return muhat::prune(Workspace(document), options)
        .document()["measurements"][0]["config"]["parameters"][2];
  };
  CHECK(kept({.channels = {"CR"}}) ==
        json({{"name", "stat_SR"}, {"inits", {1.5, 2}}, {"bounds", {{0, 4}, {0, 5}}}, {"sigmas", {0.1}}}));
  CHECK(
      kept({.channels = {"SR"}}) ==
      json(
          {{"name", "stat_SR"}, {"inits", {1}}, {"bounds", json::array({json({0, 3})})}, {"sigmas", {0.1}}}));
  CHECK(kept({.modifiers = {"stat_SR"}, .in_channels = {"CR"}})["inits"] == json({1.5, 2}));
  CHECK(kept({.modifiers = {"mu"}})["inits"] == json({1, 1.5, 2}));
}

TEST_CASE("prune: a workspace that is moved in lends its document, one that is shared stays as it was") {
  Workspace alone = every_modifier_workspace();
  const void* const channels = &alone.document().at("channels");
  const auto pruned = muhat::prune(std::move(alone), {.samples = {"fakes"}});
  CHECK(&pruned.document().at("channels") == channels);
  Workspace mine = every_modifier_workspace();
  const Workspace shared = mine;
  CHECK(muhat::prune(std::move(mine), {.samples = {"fakes"}}).document() == pruned.document());
  CHECK(shared.document() == muhat::test::every_modifier_document());
}

TEST_CASE("prune: unknown names are errors with near matches") {
  CHECK(mentions(prune_failure<muhat::UnknownName>({.channels = {"SR", "CRs"}}),
                 {"no channel named \"CRs\"", "did you mean \"CR\""}));
  CHECK(mentions(prune_failure<muhat::UnknownName>({.samples = {"Signal"}}), {"did you mean \"signal\""}));
  CHECK(mentions(prune_failure<muhat::UnknownName>({.modifiers = {"k_tpo"}}), {"did you mean \"k_top\""}));
  CHECK(mentions(prune_failure<muhat::UnknownName>({.measurements = {"nominel"}}),
                 {"did you mean \"nominal\""}));
  CHECK(mentions(prune_failure<muhat::UnknownName>({.modifier_types = {"normsis"}}),
                 {"did you mean \"normsys\""}));
  CHECK(mentions(prune_failure<muhat::UnknownName>({.modifiers = {"mu"}, .in_channels = {"CR"}}),
                 {"in the given channels", "\"mu\""}));
  CHECK(
      mentions(prune_failure<muhat::UnknownName>({.modifiers = {"mu"}, .in_channels = {"XR"}}), {"\"XR\""}));
  CHECK(mentions(prune_failure<muhat::UnknownName>({.samples = {"fakes"}, .in_channels = {"CR"}}),
                 {"\"fakes\""}));
}

TEST_CASE("prune: something must remain") {
  CHECK(
      mentions(prune_failure<muhat::InvalidOperation>({.channels = {"SR", "CR"}}), {"nothing", "channels"}));
  CHECK(mentions(prune_failure<muhat::InvalidOperation>({.measurements = {"nominal", "top"}}),
                 {"measurements"}));
  CHECK(mentions(prune_failure<muhat::InvalidOperation>({.samples = {"background"}}),
                 {"no sample would remain in the channel \"CR\""}));
  CHECK_NOTHROW(muhat::prune(every_modifier_workspace(), {.channels = {"CR"}, .samples = {"background"}}));
}

TEST_CASE("prune: what is not touched keeps its kind of number, its bits and its order") {
  const auto ordered = muhat::BasicWorkspace<nlohmann::ordered_json>(
      nlohmann::ordered_json::parse(R"({"version": "1.0.0", "observations": [{"data": [1, 2.0], "name": "c"}],
        "channels": [{"samples": [{"data": [0.1, 1e-320], "name": "s", "modifiers": []},
                                  {"name": "t", "data": [1, 2], "modifiers": []}], "name": "c"}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}]})"));
  CHECK(muhat::json_text(muhat::prune(ordered, {.samples = {"t"}}).document(), {.indent = -1}) ==
        R"({"version": "1.0.0", "observations": [{"data": [1, 2.0], "name": "c"}], )"
        R"("channels": [{"samples": [{"data": [0.1, 1e-320], "name": "s", "modifiers": []}], "name": "c"}], )"
        R"("measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}]})");
}

TEST_CASE("prune: pointers of changes hold for the workspace that was given") {
  json document = muhat::test::every_modifier_document();
  document["measurements"][1]["config"]["parameters"].push_back({{"name", "JES"}, {"inits", {0}}});
  muhat::Changes changes;
  (void)muhat::prune(Workspace(document), {.modifiers = {"JES"}, .measurements = {"nominal"}}, &changes);
  const auto removed = std::find_if(changes.begin(), changes.end(), [](const muhat::Change& change) {
    return change.description.find("configuration") != std::string::npos;
  });
  REQUIRE(removed != changes.end());
  CHECK(removed->pointer == "/measurements/1/config/parameters/2");
}

TEST_CASE("prune: removing everything that a published patch added restores the digest") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    if (!std::filesystem::exists(entry.directory / "patchset.json")) {
      continue;
    }
    INFO(entry.name);
    const auto background = muhat::load_workspace(entry.directory / "BkgOnly.json");
    const auto patches = muhat::load_patch_set(entry.directory / "patchset.json");
    const auto& patch = patches.patches().front();
    const auto patched = patches.apply(background, patch.name);
    REQUIRE(muhat::digest(patched) != muhat::digest(background));
    muhat::PruneOptions added;
    for (const json& operation : patch.operations) {
      const std::string name = operation["value"]["name"];
      if (added.samples.empty() || added.samples.back() != name) {
        added.samples.push_back(name);
      }
    }
    CHECK_NOTHROW(patches.verify(muhat::prune(patched, added)));
  }
}
