#include <muhat/workspace/load.hpp>
#include <muhat/workspace/prune_small.hpp>

#include <support/catch.hpp>
#include <support/every_modifier_workspace.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

using muhat::Workspace;
using muhat::test::every_modifier_document_without;
using muhat::test::every_modifier_workspace;
using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

TEST_CASE("prune_small: normsys by their normalization") {
  muhat::Changes changes;
  const auto pruned = muhat::prune_small(every_modifier_workspace(), {.normalization = 0.06}, &changes);
  CHECK(pruned.document() == every_modifier_document_without({"/channels/1/samples/0/modifiers/0"}));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].pointer == "/channels/1/samples/0/modifiers/0");
  CHECK(mentions(changes[0].description, {"drop normsys \"JES\"", "\"background\"", "normalization 5 %"}));
  CHECK(muhat::prune_small(every_modifier_workspace(), {.normalization = 0.04}).document() ==
        every_modifier_workspace().document());
}

TEST_CASE("prune_small: a histosys needs both effects small") {
  // Of its sample: up 73/70.5, 42 73/(40 70.5) in shape; down 67.25/70.5.
  const char* histosys = "/channels/0/samples/1/modifiers/0";
  CHECK(muhat::prune_small(every_modifier_workspace(), {.normalization = 0.049, .shape = 0.03}).document() ==
        every_modifier_document_without({histosys}));
  CHECK(muhat::prune_small(every_modifier_workspace(), {.normalization = 0.049}).document() ==
        every_modifier_workspace().document());
  CHECK(muhat::prune_small(every_modifier_workspace(), {.shape = 0.03}).document() ==
        every_modifier_workspace().document());
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
  const auto one = muhat::prune_small(every_modifier_workspace(), {.staterror = 0.038}, &changes);
  json expected = muhat::test::every_modifier_document();
  expected["channels"][0]["samples"][1]["modifiers"][1]["data"][0] = 0.0;
  expected["channels"][0]["samples"][2]["modifiers"][1]["data"][0] = 0.0;
  CHECK(one.document() == expected);
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].pointer == "/channels/0/samples/1/modifiers/1/data/0");
  CHECK(mentions(changes[0].description, {"\"stat_SR\"", "channel \"SR\"", "3.7 %"}));
  const auto all = muhat::prune_small(every_modifier_workspace(), {.staterror = 0.05});
  CHECK(all.document() == every_modifier_document_without(
                              {"/channels/0/samples/2/modifiers/1", "/channels/0/samples/1/modifiers/1"}));
}

TEST_CASE("prune_small: configurations do not free the bins of a staterror that went") {
  const auto configured = [](const json& configuration) {
    json document = muhat::test::every_modifier_document();
    document["measurements"][0]["config"]["parameters"].push_back(configuration);
    return document;
  };
  const auto pruned = [](const json& document, muhat::Changes* changes = nullptr) {
    return muhat::prune_small(Workspace(document), {.staterror = 0.038}, changes)
        .document()["measurements"][0]["config"]["parameters"][2];
  };
  muhat::Changes changes;
  CHECK(pruned(configured({{"name", "stat_SR"}, {"fixed", false}, {"inits", {1.25, 1.5}}}), &changes) ==
        json({{"name", "stat_SR"}, {"inits", {1.0, 1.5}}}));
  REQUIRE(changes.size() == 4);
  CHECK(changes[2].pointer == "/measurements/0/config/parameters/2/fixed");
  CHECK(mentions(changes[2].description, {"remove \"fixed\": false"}));
  CHECK(changes[3].pointer == "/measurements/0/config/parameters/2/inits");
  const json fixed = {{"name", "stat_SR"}, {"fixed", true}, {"bounds", {{0, 2}, {0, 2}}}};
  CHECK(pruned(configured(fixed)) == fixed);

  const auto refusal = [&](const json& document) {
    return message_of<muhat::InvalidOperation>([&] { (void)pruned(document); });
  };
  CHECK(mentions(refusal(configured({{"name", "stat_SR"}, {"bounds", {{1.5, 2}, {0, 2}}}})),
                 {"bin 0", "\"SR\"", "/measurements/0/config/parameters/2/bounds/0", "[1.5,2]"}));
  // Three bins, of which the last has no uncertainty.
  json empty = configured({{"name", "stat_SR"}, {"fixed", false}});
  empty["channels"][0]["samples"] = {
      {{"name", "background"},
       {"data", {40, 30, 0}},
       {"modifiers", {{{"name", "stat_SR"}, {"type", "staterror"}, {"data", {0.1, 3, 0}}}}}}};
  empty["observations"][0]["data"] = {45, 33, 0};
  CHECK(mentions(refusal(empty), {"/measurements/0/config/parameters/2/fixed", "\"stat_SR\"", "bin 2"}));
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

TEST_CASE("prune_small: only in some channels and samples") {
  const muhat::EffectThresholds all{.normalization = 0.2, .shape = 1.0};
  const auto in = [&](std::vector<std::string> channels, std::vector<std::string> samples = {}) {
    muhat::EffectThresholds thresholds = all;
    thresholds.in_channels = std::move(channels);
    thresholds.in_samples = std::move(samples);
    return thresholds;
  };
  const auto pruned = [](const muhat::EffectThresholds& thresholds) {
    return muhat::prune_small(every_modifier_workspace(), thresholds).document();
  };
  const std::string signal = "/channels/0/samples/0/modifiers/2";
  const std::string background = "/channels/0/samples/1/modifiers/0";
  const std::string control = "/channels/1/samples/0/modifiers/0";
  CHECK(pruned(all) == every_modifier_document_without({control, background, signal}));
  CHECK(pruned(in({"CR"})) == every_modifier_document_without({control}));
  CHECK(pruned(in({"SR"}, {"signal"})) == every_modifier_document_without({signal}));
  CHECK(pruned(in({}, {"background"})) == every_modifier_document_without({control, background}));
  CHECK(
      muhat::prune_small(every_modifier_workspace(), {.staterror = 0.05, .in_channels = {"CR"}}).document() ==
      every_modifier_workspace().document());
  CHECK(mentions(message_of<muhat::UnknownName>([&] { (void)pruned(in({"SRR"})); }), {"\"SR\""}));
  CHECK(mentions(message_of<muhat::UnknownName>([&] { (void)pruned(in({"CR"}, {"fakes"})); }),
                 {"no sample named \"fakes\""}));
  CHECK(mentions(
      message_of<muhat::InvalidArgument>([&] { (void)pruned({.staterror = 0.05, .in_samples = {"fakes"}}); }),
      {"staterror", "\"fakes\""}));
}

TEST_CASE("prune_small: thresholds must be numbers from 0 up") {
  CHECK_THROWS_AS(muhat::prune_small(every_modifier_workspace(), {.shape = -0.1}), muhat::InvalidArgument);
  CHECK_THROWS_AS(muhat::prune_small(every_modifier_workspace(), {.staterror = std::nan("")}),
                  muhat::InvalidArgument);
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
