#include <muhat/workspace/bins.hpp>

#include <support/catch.hpp>
#include <support/every_modifier_workspace.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>

#include <string>
#include <vector>

using muhat::Workspace;
using muhat::test::every_modifier_workspace;
using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

namespace {

/// Both channels with two bins, and a shapefactor and a staterror in both.
json shared_document() {
  json document = muhat::test::every_modifier_document();
  document["channels"][1]["samples"][0] =
      json::parse(R"({"name": "background", "data": [120.0, 80], "modifiers": [
        {"name": "free", "type": "shapefactor", "data": null},
        {"name": "stat", "type": "staterror", "data": [6.0, 5.0]}]})");
  json& modifiers = document["channels"][0]["samples"][1]["modifiers"];
  modifiers.push_back({{"name", "free"}, {"type", "shapefactor"}, {"data", nullptr}});
  modifiers[1]["name"] = "stat";
  document["channels"][0]["samples"][2]["modifiers"][1]["name"] = "stat";
  document["observations"][1]["data"] = {117, 82};
  document["measurements"][0]["config"]["parameters"].push_back(
      {{"name", "stat"}, {"inits", {1, 2, 3, 4}}, {"fixed", false}});
  document["measurements"][0]["config"]["parameters"].push_back({{"name", "free"}, {"inits", {5, 6}}});
  return document;
}

} // namespace

TEST_CASE("bins: a dropped bin goes everywhere") {
  muhat::Changes changes;
  const auto result = muhat::drop_bins(every_modifier_workspace(), {{"SR", {0}}}, &changes);
  json expected = muhat::test::every_modifier_document();
  json& samples = expected["channels"][0]["samples"];
  samples[0]["data"] = {4.25};
  samples[1]["data"] = {30.5};
  samples[1]["modifiers"][0]["data"] = {{"hi_data", {31.0}}, {"lo_data", {29.75}}};
  samples[1]["modifiers"][1]["data"] = {1.25};
  samples[2]["data"] = {1.0};
  samples[2]["modifiers"][0]["data"] = {0.25};
  samples[2]["modifiers"][1]["data"] = {0.3};
  expected["observations"][0]["data"] = {33};
  CHECK(result.document() == expected);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].pointer == "/channels/0");
  CHECK(changes[0].description == "drop bin 0 of channel \"SR\"");
}

TEST_CASE("bins: keeping some is dropping the others") {
  CHECK(muhat::keep_bins(every_modifier_workspace(), {{"SR", {1, 1}}}).document() ==
        muhat::drop_bins(every_modifier_workspace(), {{"SR", {0}}}).document());
  CHECK(muhat::keep_bins(every_modifier_workspace(), {{"SR", {1, 0}}}).document() ==
        every_modifier_workspace().document());
  CHECK(muhat::drop_bins(every_modifier_workspace(), {{"SR", {}}}).document() ==
        every_modifier_workspace().document());
}

TEST_CASE("bins: those to drop and those to keep are counted in the same workspace") {
  json document = muhat::test::two_bin_document();
  for (json& sample : document["channels"][0]["samples"]) {
    sample["data"] = {10, 20, 30};
  }
  document["channels"][0]["samples"][1]["modifiers"] = json::array();
  document["observations"][0]["data"] = {10, 20, 30};
  const Workspace three(document);
  const auto left = [&](const muhat::BinChoice& choice) {
    return muhat::choose_bins(three, choice).document()["observations"][0]["data"];
  };
  const std::string channel = "singlechannel";
  CHECK(left({.drop = {{channel, {0}}}, .keep = {{channel, {1}}}}) == json::array({20}));
  CHECK(left({.drop = {{channel, {0}}}, .keep = {{channel, {2}}}}) == json::array({30}));
  CHECK(left({.drop = {{channel, {1}}}}) == json({10, 30}));
  CHECK(mentions(message_of<muhat::InvalidArgument>([&] {
                   (void)left({.drop = {{channel, {0}}}, .keep = {{channel, {2, 0}}}});
                 }),
                 {"bin 0 of the channel \"singlechannel\"", "both to be kept and to be dropped"}));
}

TEST_CASE("bins: parameter configurations follow the components") {
  const Workspace shared(shared_document());
  const auto result = muhat::drop_bins(shared, {{"SR", {1}}, {"CR", {1}}});
  const json& parameters = result.document()["measurements"][0]["config"]["parameters"];
  // The staterror runs over CR, then SR.
  CHECK(parameters[2]["inits"] == json({1, 3}));
  CHECK(parameters[3]["inits"] == json::array({5}));
}

TEST_CASE("bins: channels that share a shapefactor must lose the same bins") {
  const Workspace shared(shared_document());
  CHECK(mentions(message_of<muhat::InvalidOperation>([&] {
                   (void)muhat::drop_bins(shared, {{"SR", {1}}});
                 }),
                 {"shapefactor \"free\"", "\"SR\"", "\"CR\""}));
}

TEST_CASE("bins: errors") {
  CHECK(mentions(message_of<muhat::UnknownName>([] {
                   (void)muhat::drop_bins(every_modifier_workspace(), {{"SRR", {0}}});
                 }),
                 {"did you mean \"SR\""}));
  CHECK(mentions(message_of<muhat::InvalidArgument>([] {
                   (void)muhat::drop_bins(every_modifier_workspace(), {{"SR", {2}}});
                 }),
                 {"\"SR\" has 2 bins", "no bin 2"}));
  CHECK(mentions(message_of<muhat::InvalidOperation>([] {
                   (void)muhat::drop_bins(every_modifier_workspace(), {{"CR", {0}}});
                 }),
                 {"no bin would remain in the channel \"CR\""}));
  CHECK_THROWS_AS(muhat::keep_bins(every_modifier_workspace(), {{"SR", {}}}), muhat::InvalidOperation);
}

TEST_CASE("bins: user-defined modifiers with arrays are cut, with objects are refused") {
  json document = muhat::test::two_bin_document();
  json& modifier = document["channels"][0]["samples"][0]["modifiers"][0];
  modifier = {{"name", "m"}, {"type", "mine"}, {"data", {1, 2}}};
  const muhat::ParseOptions options{.custom_modifier_types = {"mine"}};
  const auto drop = [&] { return muhat::drop_bins(Workspace(document, options), {{"singlechannel", {0}}}); };
  CHECK(drop().document()["channels"][0]["samples"][0]["modifiers"][0]["data"] == json::array({2}));
  modifier["data"] = {{"values", {1, 2}}};
  CHECK(mentions(message_of<muhat::InvalidOperation>([&] { (void)drop(); }), {"\"m\"", "\"mine\""}));
}
