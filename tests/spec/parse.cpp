#include <muhat/spec/parse.hpp>
#include <muhat/spec/read_json.hpp>

#include <support/broken_inputs.hpp>
#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <variant>
#include <vector>

using muhat::test::mentions;
using nlohmann::json;

namespace {

std::vector<muhat::Problem> problems_of(const json& document, const muhat::ParseOptions& options = {}) {
  try {
    (void)muhat::parse_workspace(document, options);
  } catch (const muhat::SpecificationError& error) {
    return error.problems();
  }
  return {};
}

} // namespace

TEST_CASE("parse: every broken document is refused with its pointer and reason") {
  const auto inputs = muhat::test::broken_inputs();
  REQUIRE(inputs.size() >= 60);
  for (const auto& input : inputs) {
    DYNAMIC_SECTION(input.name) {
      if (!input.readable) {
        try {
          (void)muhat::read_json(input.text);
          FAIL("the text was read");
        } catch (const muhat::ReadError& error) {
          INFO(error.what());
          CHECK(mentions(error.what(), {input.fragment}));
          CHECK(std::string(error.what()).size() < 400);
        }
        continue;
      }
      try {
        (void)muhat::parse_workspace(muhat::read_json(input.text));
        FAIL("the document was accepted");
      } catch (const muhat::SpecificationError& error) {
        INFO(error.what());
        REQUIRE(error.problems().size() == 1);
        const muhat::Problem& problem = error.problems().front();
        CHECK(problem.pointer == input.pointer);
        CHECK(mentions(problem.message, {input.fragment}));
        CHECK(problem.value.size() < 100);
        CHECK(mentions(error.what(), {"\"" + input.pointer + "\""}));
      }
    }
  }
}

TEST_CASE("parse: the structs hold what the document says") {
  const auto workspace = muhat::parse_workspace(muhat::test::every_modifier_document());
  REQUIRE(workspace.channels.size() == 2);
  CHECK(workspace.version == "1.0.0");
  const auto& channel = workspace.channels[0];
  CHECK(channel.name == "SR");
  REQUIRE(channel.samples.size() == 3);
  CHECK(channel.samples[1].data == std::vector<double>{40, 30.5});
  const auto& signal = channel.samples[0].modifiers;
  REQUIRE(signal.size() == 3);
  CHECK(signal[0].type == "normfactor");
  CHECK(std::holds_alternative<muhat::spec::NoData>(signal[0].data));
  const auto& normsys = std::get<muhat::spec::NormSysData>(signal[2].data);
  CHECK(normsys.hi == 1.1);
  CHECK(normsys.lo == 0.92);
  const auto& background = channel.samples[1].modifiers;
  const auto& histosys = std::get<muhat::spec::HistoSysData>(background[0].data);
  CHECK(histosys.hi_data == std::vector<double>{42.0, 31.0});
  CHECK(histosys.lo_data == std::vector<double>{37.5, 29.75});
  CHECK(std::get<muhat::spec::BinData>(background[1].data) == std::vector<double>{1.5, 1.25});
  CHECK(workspace.observations[1].name == "CR");
  CHECK(workspace.observations[1].data == std::vector<double>{117});
  REQUIRE(workspace.measurements.size() == 2);
  const auto& measurement = workspace.measurements[0];
  CHECK(measurement.poi == "mu");
  REQUIRE(measurement.parameters.size() == 2);
  CHECK(measurement.parameters[0].sigmas == std::vector<double>{0.017});
  CHECK(measurement.parameters[0].auxdata == std::vector<double>{1.0});
  CHECK(measurement.parameters[0].bounds == std::vector<std::pair<double, double>>{{0.9, 1.1}});
  CHECK_FALSE(measurement.parameters[0].fixed.has_value());
  CHECK_FALSE(measurement.parameters[0].factors.has_value());
  CHECK(workspace.measurements[1].parameters[1].fixed == true);
}

TEST_CASE("parse: any basic_json and any order of keys will do") {
  const auto text = muhat::test::every_modifier_document().dump();
  const auto ordered = muhat::read_json<nlohmann::ordered_json>(text);
  CHECK(muhat::parse_workspace(ordered).channels[1].samples[0].modifiers[1].type == "shapefactor");
}

TEST_CASE("parse: all problems are reported at once") {
  json document = muhat::test::every_modifier_document();
  document["version"] = 2;
  document["extra"] = nullptr;
  document["channels"][0]["samples"][0]["data"][0] = "many";
  document["channels"][0]["samples"][1]["modifiers"][1]["data"] = {1.0};
  document["channels"][1]["samples"][0]["modifiers"][0]["type"] = "normsis";
  document["observations"][0]["data"] = {1, 2, 3};
  document["observations"][1]["name"] = "CRx";
  document["measurements"][0]["config"]["parameters"][0].erase("name");
  document["measurements"][0]["config"]["poi"] = 3;
  const auto problems = problems_of(document);
  std::vector<std::string> pointers;
  for (const auto& problem : problems) {
    pointers.push_back(problem.pointer);
  }
  for (const char* pointer :
       {"/version", "/extra", "/channels/0/samples/0/data/0", "/channels/0/samples/1/modifiers/1/data",
        "/channels/1/samples/0/modifiers/0/type", "/observations/0/data", "/observations/1/name",
        "/channels/1/name", "/measurements/0/config/parameters/0", "/measurements/0/config/poi"}) {
    INFO(pointer);
    CHECK(std::count(pointers.begin(), pointers.end(), pointer) == 1);
  }
  CHECK(problems.size() == 10);
}

TEST_CASE("parse: the list of problems is bounded") {
  json document = muhat::test::two_bin_document();
  document["channels"][0]["samples"][0]["data"] = json(std::vector<std::string>(5000, "x"));
  const auto problems = problems_of(document);
  REQUIRE(problems.size() == 1001);
  CHECK(mentions(problems.back().message, {"and 4000 more problems"}));
}

TEST_CASE("parse: long values are shortened and keep whole characters") {
  json document = muhat::test::two_bin_document();
  std::string long_name;
  for (int i = 0; i < 1000; ++i) {
    long_name += "\xc3\xa9";
  }
  document["version"] = long_name;
  const auto problems = problems_of(document);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].value.size() < 70);
  CHECK_NOTHROW(json(problems[0].value).dump());
}

TEST_CASE("parse: values that no JSON text can hold are refused too") {
  json document = muhat::test::two_bin_document();
  document["channels"][0]["samples"][0]["data"][0] = std::numeric_limits<double>::quiet_NaN();
  document["observations"][0]["data"][1] = -std::numeric_limits<double>::infinity();
  const auto problems = problems_of(document);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].pointer == "/channels/0/samples/0/data/0");
  CHECK(problems[0].value == "NaN");
  CHECK(problems[1].pointer == "/observations/0/data/1");
  CHECK(problems[1].value == "-Infinity");
}

TEST_CASE("parse: pointers escape the characters that pointers use") {
  json document = muhat::test::two_bin_document();
  document["a/b~c"] = 1;
  const auto problems = problems_of(document);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].pointer == "/a~1b~0c");
}

TEST_CASE("parse: negative yields and uncertainties and an empty POI are allowed") {
  json document = muhat::test::two_bin_document();
  document["channels"][0]["samples"][0]["data"][0] = -0.5;
  document["channels"][0]["samples"][1]["modifiers"][0]["data"][0] = -1.0;
  document["observations"][0]["data"][0] = 10.5;
  document["measurements"][0]["config"]["poi"] = "";
  CHECK(problems_of(document).empty());
}

TEST_CASE("parse: user-defined modifier types") {
  json document = muhat::test::two_bin_document();
  json& modifier = document["channels"][0]["samples"][0]["modifiers"][0];
  modifier["type"] = "morphing";
  const muhat::ParseOptions options{.custom_modifier_types = {"morphing"}};
  const auto parsed = [&] {
    return muhat::parse_workspace(document, options).channels[0].samples[0].modifiers[0];
  };
  SECTION("are unknown unless they are named") {
    REQUIRE(problems_of(document).size() == 1);
    CHECK(mentions(problems_of(document)[0].message, {"unknown modifier type"}));
  }
  SECTION("may have no data") {
    CHECK(std::holds_alternative<muhat::spec::NoData>(parsed().data));
  }
  SECTION("may have bins") {
    modifier["data"] = {1.5, 2, 3};
    CHECK(std::get<muhat::spec::BinData>(parsed().data) == std::vector<double>{1.5, 2, 3});
  }
  SECTION("may have an object of numbers and strings") {
    modifier["data"] = {{"scale", 2}, {"grid", {1, 2.5}}, {"with", "theta"}, {"names", {"a", "b"}}};
    const auto data = std::get<muhat::spec::CustomData>(parsed().data);
    CHECK(data.numbers.at("scale") == std::vector<double>{2});
    CHECK(data.numbers.at("grid") == std::vector<double>{1, 2.5});
    CHECK(data.strings.at("with") == std::vector<std::string>{"theta"});
    CHECK(data.strings.at("names") == std::vector<std::string>{"a", "b"});
  }
  SECTION("may have integers beyond 64 bits") {
    modifier["data"] = {
        {"scale", muhat::read_json("123456789012345678901234567890", {.keep_big_integers = true})}};
    REQUIRE(modifier["data"]["scale"].is_binary());
    CHECK(std::get<muhat::spec::CustomData>(parsed().data).numbers.at("scale") ==
          std::vector<double>{123456789012345678901234567890.0});
  }
  SECTION("have nothing else") {
    modifier["data"] = {{"scale", {{"deep", 1}}}};
    const auto problems = problems_of(document, options);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].pointer == "/channels/0/samples/0/modifiers/0/data/scale");
  }
}

TEST_CASE("parse: a model alone") {
  const json whole = muhat::test::every_modifier_document();
  json document{{"channels", whole["channels"]}};
  CHECK(muhat::parse_model(document).channels.size() == 2);
  document["parameters"] = whole["measurements"][0]["config"]["parameters"];
  CHECK(muhat::parse_model(document).parameters.size() == 2);
  document["observations"] = whole["observations"];
  CHECK_THROWS_AS(muhat::parse_model(document), muhat::SpecificationError);
  CHECK_THROWS_AS(muhat::parse_model(json::object()), muhat::SpecificationError);
}

TEST_CASE("parse: published files have no problems") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    INFO(entry.name);
    CHECK(problems_of(entry.document("workspace.json")).empty());
    if (std::filesystem::exists(entry.directory / "BkgOnly.json")) {
      CHECK(problems_of(entry.document("BkgOnly.json")).empty());
    }
  }
}

TEST_CASE("parse: of many unknown names the first have suggestions") {
  json document = muhat::test::two_bin_document();
  for (int i = 0; i < 2000; ++i) {
    document["observations"].push_back({{"name", "other" + std::to_string(i)}, {"data", {1.0, 1.0}}});
    document["extra" + std::to_string(i)] = nullptr;
  }
  const auto problems = problems_of(document);
  REQUIRE(problems.size() == 1001);
  CHECK(mentions(problems[0].message, {"no such field", "there are"}));
  CHECK(std::count_if(problems.begin(), problems.end(), [](const muhat::Problem& problem) {
          return problem.message.find("there are") != std::string::npos;
        }) == 20);
  CHECK(mentions(problems.back().message, {"and 3000 more problems"}));
}
