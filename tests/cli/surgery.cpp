#include <muhat/report/write_file.hpp>

#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/temporary_directory.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::run_tool;
using muhat::test::two_bins;
using muhat::test::two_channels;

namespace {

/// Exit code 2, no output, and a message with `part`.
void rejects(const std::vector<std::string>& arguments, const std::string& input, const std::string& part) {
  muhat::test::check_rejected(arguments, input, {"muhat " + arguments.front(), part});
}

} // namespace

TEST_CASE("sort: sorted output, sorted again, is the same") {
  const auto sorted = run_tool({"sort"}, two_channels);
  REQUIRE(sorted.code == 0);
  CHECK(sorted.json().at("channels")[0].at("name") == "control_region");
  CHECK(run_tool({"sort", "-"}, sorted.out).out == sorted.out);
  CHECK(run_tool({"fit", "--value"}, sorted.out).out == run_tool({"fit", "--value"}, two_channels).out);
  rejects({"sort"}, "{}", "channels");
}

TEST_CASE("sort: numbers keep their digits and their types") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["observations"][0]["data"] = {51, 48.0};
  workspace["channels"][0]["samples"][0]["data"] = {0.1, 1e23};
  std::string text = workspace.dump();
  text.replace(text.find("51"), 2, "123456789012345678901234567890");
  const auto sorted = run_tool({"sort"}, text);
  REQUIRE(sorted.code == 0);
  CHECK(mentions(sorted.out, {"123456789012345678901234567890", "48.0", "1e+23"}));
}

TEST_CASE("rename: there and back is the same, and what belongs together follows") {
  const std::string plain = run_tool({"rename"}, two_channels).out;
  const auto renamed =
      run_tool({"rename", "-c", "signal_region", "SR", "--sample", "background", "bkg", "-m", "mu",
                "strength", "--modifier", "scale", "energy", "--measurement", "limit", "test", "-"},
               two_channels);
  REQUIRE(renamed.code == 0);
  const nlohmann::json workspace = renamed.json();
  CHECK(workspace.at("observations")[0].at("name") == "SR");
  CHECK(workspace.at("measurements")[0].at("name") == "test");
  CHECK(workspace.at("measurements")[0].at("config").at("poi") == "strength");
  CHECK(workspace.at("measurements")[0].at("config").at("parameters")[0].at("name") == "strength");
  const auto back = run_tool({"rename", "-c", "SR", "signal_region", "-s", "bkg", "background", "-m",
                              "strength", "mu", "-m", "energy", "scale", "--measurement", "test", "limit"},
                             renamed.out);
  CHECK(back.out == plain);
}

TEST_CASE("rename: regular expressions, a dry run, and mistakes") {
  const auto renamed = run_tool({"rename", "--regex", "-c", "(.*)_region", "$1"}, two_channels);
  REQUIRE(renamed.code == 0);
  CHECK(renamed.json().at("channels")[0].at("name") == "signal");
  const auto dry = run_tool({"rename", "--dry-run", "-m", "mu", "strength"}, two_channels);
  CHECK(dry.code == 0);
  CHECK(mentions(dry.out, {"/channels/0/samples/0/modifiers/0/name: ", "\"mu\" to \"strength\""}));
  rejects({"rename", "-m", "nu", "x"}, two_channels, "did you mean \"mu\"");
  rejects({"rename", "-c", "signal_region", "control_region"}, two_channels, "control_region");
  rejects({"rename", "--regex", "-c", "(", "x"}, two_channels, "regular expression");
  CHECK(run_tool({"rename", "-c", "signal_region"}, two_channels).code == 2);
}

TEST_CASE("prune: by name and by type, everywhere or in places") {
  const auto pruned = run_tool(
      {"prune", "-c", "control_region", "-t", "staterror", "--measurement", "missing_signal"}, two_channels);
  REQUIRE(pruned.code == 0);
  CHECK(pruned.json().at("channels").size() == 1);
  CHECK(pruned.json().at("observations").size() == 1);
  CHECK(pruned.json().at("measurements").size() == 1);
  CHECK(pruned.out.find("mc_stat") == std::string::npos);
  const auto narrow = run_tool({"prune", "-m", "scale", "--in-channel", "control_region"}, two_channels);
  REQUIRE(narrow.code == 0);
  CHECK(narrow.json().at("channels")[1].at("samples")[0].at("modifiers").empty());
  CHECK(narrow.json().at("channels")[0].at("samples")[1].at("modifiers").size() == 3);
  const auto sample = run_tool({"prune", "--sample", "signal", "--modifier", "mc_stat"}, two_channels);
  CHECK(sample.json().at("channels")[0].at("samples").size() == 1);
  CHECK(run_tool({"prune"}, two_channels).json() == nlohmann::json::parse(two_channels));
}

TEST_CASE("prune: bins, and what has next to no effect") {
  const auto dropped = run_tool({"prune", "--drop-bin", "signal_region=0"}, two_channels);
  REQUIRE(dropped.code == 0);
  CHECK(dropped.json().at("observations")[0].at("data") == nlohmann::json::array({61.0}));
  const auto kept = run_tool({"prune", "--keep-bin", "signal_region=1"}, two_channels);
  CHECK(kept.out == dropped.out);
  CHECK(run_tool({"prune", "--drop-bin", "signal_region=0", "--keep-bin", "signal_region=1"}, two_channels)
            .out == dropped.out);
  const auto small = run_tool({"prune", "--min-normalization", "0.15"}, two_channels);
  REQUIRE(small.code == 0);
  CHECK(small.json().at("channels")[1].at("samples")[0].at("modifiers").size() == 1);
  CHECK(small.json().at("channels")[0].at("samples")[1].at("modifiers").size() < 3);
  const auto dry = run_tool({"prune", "--min-staterror", "0.5", "--dry-run"}, two_channels);
  CHECK(dry.code == 0);
  CHECK(mentions(dry.out, {"mc_stat"}));
}

TEST_CASE("prune: what has next to no effect, only in places") {
  const auto narrow =
      run_tool({"prune", "--min-normalization", "0.3", "--in-channel", "control_region"}, two_channels);
  REQUIRE(narrow.code == 0);
  CHECK(narrow.json().at("channels")[1].at("samples")[0].at("modifiers").empty());
  CHECK(narrow.json().at("channels")[0] == nlohmann::json::parse(two_channels).at("channels")[0]);
  rejects({"prune", "--min-staterror", "0.5", "--in-sample", "background"}, two_channels, "all its samples");
  rejects({"prune", "--drop-bin", "signal_region=0", "--in-channel", "control_region"}, two_channels,
          "--in-channel");
}

TEST_CASE("prune: a dry run points into the workspace that was given, whatever went before") {
  nlohmann::json document = nlohmann::json::parse(two_channels);
  document["channels"].insert(document["channels"].begin(), document["channels"][1]);
  document["channels"][0]["name"] = "another_region";
  document["observations"].push_back({{"name", "another_region"}, {"data", {103.0}}});
  document["channels"][1]["samples"][0]["data"] = {5.0, 10.0, 7.0};
  document["observations"][0]["data"] = {55.0, 61.0, 50.0};
  nlohmann::json& background = document["channels"][1]["samples"][1];
  background["data"] = {50.0, 60.0, 40.0};
  background["modifiers"][1]["data"] = {{"hi_data", {53.0, 58.0, 41.0}}, {"lo_data", {48.0, 61.0, 39.0}}};
  background["modifiers"][2]["data"] = {2.0, 3.0, 0.1};
  const auto dry = run_tool({"prune", "-c", "another_region", "-s", "signal", "--in-channel", "signal_region",
                             "--drop-bin", "signal_region=0", "--min-staterror", "0.01",
                             "--min-normalization", "0.3", "--dry-run"},
                            document.dump());
  REQUIRE(dry.code == 0);
  CHECK(mentions(dry.out, {"/channels/1: drop bin 0 of channel \"signal_region\"",
                           "/channels/1/samples/1/modifiers/0: drop normsys \"scale\"",
                           "/channels/1/samples/1/modifiers/2/data/2: set the uncertainty"}));
}

TEST_CASE("prune: mistakes exit with 2 and near matches") {
  rejects({"prune", "-c", "signal_regoin"}, two_channels, "did you mean \"signal_region\"");
  rejects({"prune", "-s", "backgruond"}, two_channels, "did you mean \"background\"");
  rejects({"prune", "-m", "scael"}, two_channels, "did you mean \"scale\"");
  rejects({"prune", "-t", "normsis"}, two_channels, "did you mean \"normsys\"");
  rejects({"prune", "--measurement", "limits"}, two_channels, "did you mean \"limit\"");
  rejects({"prune", "-s", "background"}, two_channels, "control_region");
  rejects({"prune", "--drop-bin", "signal_region=2"}, two_channels, "2");
  rejects({"prune", "--drop-bin", "signal_region=first"}, two_channels, "an integer");
  rejects({"prune", "--min-shape", "-1"}, two_channels, "threshold");
}

TEST_CASE("combine: a workspace split by channels and joined again") {
  const muhat::test::TemporaryDirectory directory;
  const std::string left = (directory / "left.json").string();
  const std::string right = (directory / "right.json").string();
  muhat::write_file(left, run_tool({"prune", "-c", "control_region"}, two_channels).out);
  muhat::write_file(right, run_tool({"prune", "-c", "signal_region"}, two_channels).out);
  const auto combined = run_tool({"combine", "--join", "left outer", left, right});
  REQUIRE(combined.code == 0);
  CHECK(run_tool({"sort"}, combined.out).out == run_tool({"sort"}, two_channels).out);
  CHECK(run_tool({"combine", "-j", "left outer", left}, muhat::test::file_text(right)).out == combined.out);
  rejects({"combine", left, right}, "", "limit");
  rejects({"combine", left, left}, "", "signal_region");
  rejects({"combine", "--merge-channels", left, right}, "", "merge");
  rejects({"combine"}, two_bins, "standard input");
  CHECK(run_tool({"combine", "--join", "inner", left, right}).code == 2);
  CHECK(run_tool({"combine", "-j", "outer", "--merge-channels", left, left}).code == 0);
  const auto dry = run_tool({"combine", "-j", "left outer", "--dry-run", left, right});
  CHECK(mentions(dry.out, {"add channel \"control_region\""}));
}
