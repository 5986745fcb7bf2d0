#include <muhat/workspace/duplicates.hpp>
#include <muhat/workspace/workspace.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>

#include <string>

using muhat::test::mentions;
using nlohmann::json;

TEST_CASE("duplicates: a valid document has none") {
  CHECK(muhat::find_duplicates(muhat::test::every_modifier_document()).empty());
  CHECK(muhat::find_duplicates(json::parse("[1, {}]")).empty());
  CHECK(muhat::find_duplicates(
            json::parse(R"({"channels": [1, {"samples": {}}], "measurements": [3, {"config": 1}]})"))
            .empty());
}

TEST_CASE("duplicates: equal ones are to be removed, others renamed") {
  json document = muhat::test::every_modifier_document();
  json& samples = document["channels"][0]["samples"];
  samples.push_back(samples[0]);
  samples[1]["name"] = "fakes";
  samples[0]["modifiers"].push_back(samples[0]["modifiers"][1]);
  const auto duplicates = muhat::find_duplicates(document);
  REQUIRE(duplicates.size() == 3);
  CHECK(duplicates[0].kind == "sample");
  CHECK(duplicates[0].name == "fakes");
  CHECK(duplicates[0].pointer == "/channels/0/samples/2");
  CHECK(duplicates[0].first == "/channels/0/samples/1");
  CHECK_FALSE(duplicates[0].identical);
  CHECK(mentions(duplicates[0].suggestion, {"differ", "\"fakes_2\""}));
  // Not equal to the first, because that has a modifier twice.
  CHECK(duplicates[1].name == "signal");
  CHECK(duplicates[2].kind == "modifier");
  CHECK(duplicates[2].pointer == "/channels/0/samples/0/modifiers/3");
  CHECK(duplicates[2].identical);
  CHECK(mentions(duplicates[2].suggestion, {"remove"}));
}

TEST_CASE("duplicates: each is compared with every earlier one of its name") {
  json document = muhat::test::every_modifier_document();
  json& samples = document["channels"][0]["samples"];
  json other = samples[0];
  other["data"][0] = 7.0;
  samples.push_back(other);
  samples.push_back(other);
  const auto duplicates = muhat::find_duplicates(document);
  REQUIRE(duplicates.size() == 2);
  CHECK_FALSE(duplicates[0].identical);
  CHECK(duplicates[1].identical);
  CHECK(duplicates[1].first == duplicates[0].pointer);
  CHECK(mentions(duplicates[1].suggestion, {"remove"}));
}

TEST_CASE("duplicates: the suggestions make a document valid") {
  json document = muhat::test::every_modifier_document();
  document["observations"].push_back(document["observations"][0]);
  document["observations"].push_back(document["observations"][1]);
  document["measurements"].push_back(document["measurements"][0]);
  document["measurements"][2]["config"]["poi"] = "k_top";
  json& parameters = document["measurements"][1]["config"]["parameters"];
  parameters.push_back(parameters[0]);
  parameters.push_back(parameters[1]);
  json& samples = document["channels"][0]["samples"];
  samples.push_back(samples[2]);
  samples.push_back(samples[2]);
  samples.push_back(samples[2]);
  samples[5]["data"][0] = 7.0;
  samples[2]["modifiers"].push_back(samples[2]["modifiers"][1]);
  samples[3]["modifiers"].push_back(samples[3]["modifiers"][1]);
  CHECK_THROWS_AS(muhat::Workspace(document), muhat::SpecificationError);
  const auto duplicates = muhat::find_duplicates(document);
  CHECK(duplicates.size() == 10);
  muhat::apply_json_patch(document, muhat::repair_patch(duplicates));
  CHECK(muhat::find_duplicates(document).empty());
  CHECK_NOTHROW(muhat::Workspace(document));
  CHECK(document["measurements"][2]["name"] == "nominal_2");
}
