#include <muhat/report/write_file.hpp>

#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>
#include <support/tool.hpp>
#include <support/zoo.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::run_tool;
using muhat::test::two_bins;

namespace {

/// A background-only workspace and signals of growing mass for it, as files.
struct Files {
  muhat::test::TemporaryDirectory directory;
  std::string background = (directory / "background.json").string();
  std::string patches = (directory / "patchset.json").string();
  std::string grid = (directory / "grid.json").string();

  explicit Files(bool with_broken = false, const std::string& workspace = two_bins) {
    muhat::write_file(background, workspace);
    nlohmann::json document = nlohmann::json::parse(R"({
      "version": "1.0.0",
      "metadata": {"references": {"hepdata": "ins1234567"}, "digests": {}, "labels": ["mass"],
                   "description": "signals"},
      "patches": []})");
    document["metadata"]["digests"]["sha256"] =
        run_tool({"digest", "--json"}, workspace).json().at("sha256").get<std::string>();
    for (int k = 1; k <= 6; ++k) {
      const bool broken = with_broken && k == 3;
      const nlohmann::json operation{{"op", "replace"},
                                     {"path", broken ? "/channels/5/name" : "/channels/0/samples/0/data"},
                                     {"value", {24.0 / k, 4.0 * k}}};
      document["patches"].push_back(
          {{"metadata", {{"name", "m" + std::to_string(100 * k)}, {"values", {100 * k}}}},
           {"patch", nlohmann::json::array({operation})}});
    }
    muhat::write_file(patches, document.dump());
  }

  [[nodiscard]] muhat::test::ToolResult run(const std::vector<std::string>& options) const {
    std::vector<std::string> arguments{"signal-grid", background, patches};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_tool(arguments);
  }
};

} // namespace

TEST_CASE("signal-grid: every signal has what cls and upper-limit find for it") {
  const Files files;
  const auto result = files.run({"--limits", "--threads", "1"});
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(files.run({"--limits", "--threads", "3"}).out == result.out);
  const nlohmann::json points = result.json().at("points");
  REQUIRE(points.size() == 6);
  CHECK(points[1].at("name") == "m200");
  CHECK(points[1].at("values") == nlohmann::json::array({200}));
  const std::string patched =
      run_tool({"patchset", "apply", "--name", "m200", files.background, files.patches}).out;
  CHECK(points[1].at("CLs_obs") == run_tool({"cls"}, patched).json().at("CLs_obs"));
  CHECK(points[1].at("CLs_exp") == run_tool({"cls"}, patched).json().at("CLs_exp"));
  const nlohmann::json limit = run_tool({"upper-limit"}, patched).json();
  CHECK(points[1].at("upper_limit_obs") == limit.at("upper_limit_obs"));
  CHECK(points[1].at("upper_limit_exp") == limit.at("upper_limit_exp"));
  const nlohmann::json tests = files.run({"--test-poi", "0.5", "--test-stat", "q0"}).json();
  CHECK(tests.at("points")[0].contains("p0_obs"));
  CHECK_FALSE(tests.at("points")[0].contains("upper_limit_obs"));
}

TEST_CASE("signal-grid: what is left of an interrupted run is continued to the same bits") {
  const Files files;
  const auto whole = files.run({"--limits"});
  for (const std::size_t kept : {0U, 2U, 6U}) {
    nlohmann::json part = whole.json();
    nlohmann::json& points = part.at("points");
    points.erase(points.begin() + static_cast<std::ptrdiff_t>(kept), points.end());
    muhat::write_file(files.grid, part.dump());
    const auto continued =
        files.run({"--limits", "--threads", "2", "--continue", files.grid, "--output-file", files.grid});
    CHECK(continued.code == 0);
    CHECK(muhat::test::file_text(files.grid) == whole.out);
  }
  // A measurement has one name, whether it was given or not.
  CHECK(files.run({"--limits", "--measurement", "Measurement", "--continue", files.grid}).out == whole.out);
  // What is there is not done again.
  nlohmann::json marked = whole.json();
  marked.at("points")[0]["CLs_obs"] = 7.0;
  muhat::write_file(files.grid, marked.dump());
  CHECK(files.run({"--limits", "--continue", files.grid}).json() == marked);
}

TEST_CASE("signal-grid: a signal that fails is listed with its reason, and tried again") {
  const Files files(true);
  const auto result = files.run({});
  CHECK(result.code == 1);
  CHECK(mentions(result.err, {"muhat signal-grid", "1 of 6 signals"}));
  const nlohmann::json points = result.json().at("points");
  REQUIRE(points.size() == 6);
  CHECK(mentions(points[2].at("reason").get<std::string>(), {"patch \"m300\"", "/channels/5/name"}));
  CHECK_FALSE(points[2].contains("CLs_obs"));
  CHECK(points[3].contains("CLs_obs"));
  muhat::write_file(files.grid, result.out);
  const auto again = files.run({"--continue", files.grid});
  CHECK(again.code == 1);
  CHECK(again.out == result.out);
}

TEST_CASE("signal-grid: limits beyond the bounds are null or found in wider bounds, as upper-limit does") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["measurements"][0]["config"]["parameters"] =
      nlohmann::json::parse(R"([{"name": "mu", "bounds": [[0.0, 1.0]]}])");
  const Files files(false, workspace.dump());
  std::vector<std::string> bounded{"upper-limit"};
  std::vector<std::string> widened{"upper-limit", "--widen-bounds"};
  for (const std::vector<std::string>& command : {bounded, widened}) {
    std::vector<std::string> options{"--limits"};
    options.insert(options.end(), command.begin() + 1, command.end());
    const auto result = files.run(options);
    INFO(result.err);
    std::size_t missing = 0;
    const nlohmann::json grid = result.json();
    for (const nlohmann::json& point : grid.at("points")) {
      const std::string name = point.at("name").get<std::string>();
      const auto alone = run_tool(
          command, run_tool({"patchset", "apply", "--name", name, files.background, files.patches}).out);
      CHECK(point.at("poi_bounds") == alone.json().at("poi_bounds"));
      CHECK(point.at("upper_limit_obs") == alone.json().at("upper_limit_obs"));
      CHECK((alone.code == 1) == point.at("upper_limit_obs").is_null());
      for (const nlohmann::json& warning : point.value("warnings", nlohmann::json::array())) {
        CHECK(mentions(alone.err, {warning.get<std::string>()}));
      }
      CHECK((alone.err.find("warning") == std::string::npos) == !point.contains("warnings"));
      if (alone.code == 1) {
        ++missing;
        CHECK(mentions(result.err, {"muhat signal-grid: no observed limit", name}));
      }
    }
    CHECK(result.code == (missing > 0 ? 1 : 0));
    CHECK((missing > 0) == (command.size() == 1));
    muhat::write_file(files.grid, result.out);
    options.insert(options.end(), {"--continue", files.grid});
    const auto again = files.run(options);
    CHECK(again.code == result.code);
    CHECK(again.out == result.out);
  }
}

TEST_CASE("signal-grid: mistakes exit with 2") {
  const Files files;
  const auto rejects = [&](const std::vector<std::string>& options,
                           std::initializer_list<std::string> parts) {
    const auto result = files.run(options);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(mentions(result.err, parts));
  };
  rejects({"--limits", "--level", "2"}, {"between 0 and 1"});
  rejects({"--limits", "--test-stat", "q0"}, {"q0"});
  rejects({"--measurement", "meas"}, {"meas"});
  rejects({"--interpcode", "normsys=code9"}, {"code9"});
  muhat::write_file(files.grid, files.run({}).out);
  rejects({"--continue", files.grid, "--test-poi", "2"}, {"grid.json", "another test_poi"});
  rejects({"--continue", files.grid, "--limits"}, {"another level", "none instead of 0.05"});
  nlohmann::json grid = files.run({}).json();
  REQUIRE(grid["settings"]["test_poi"].is_number_float());
  grid["settings"]["test_poi"] = 1;
  muhat::write_file(files.grid, grid.dump());
  CHECK(files.run({"--continue", files.grid}).code == 0);
  grid["points"].push_back(grid["points"][0]);
  muhat::write_file(files.grid, grid.dump());
  rejects({"--continue", files.grid}, {"grid.json", "/points/6/name", "m100", "twice"});
  grid["points"][6]["name"] = "m700";
  muhat::write_file(files.grid, grid.dump());
  rejects({"--continue", files.grid}, {"grid.json", "/points/6/name", "m700", "no such signal"});
  grid["points"].erase(6);
  grid["points"][1].erase("CLs_exp");
  grid["points"][2]["CLs_obs"] = nullptr;
  grid["points"][4]["CLs_exp"] = {0.1, 0.2};
  muhat::write_file(files.grid, grid.dump());
  rejects({"--continue", files.grid},
          {"/points/1", "CLs_exp", "/points/2/CLs_obs", "/points/4/CLs_exp", "five values"});
  muhat::write_file(files.grid, R"({"settings": [], "points": [{"nme": 1}]})");
  rejects({"--continue", files.grid}, {"/settings", "/points/0"});
  muhat::write_file(files.background, muhat::test::two_channels);
  rejects({}, {"digest"});
  CHECK(run_tool({"signal-grid"}, two_bins).code == 2);
}

TEST_CASE("signal-grid: published patch sets are tested") {
  MUHAT_REQUIRE_ZOO();
  for (const muhat::test::ZooEntry& entry : muhat::test::zoo_entries()) {
    const std::filesystem::path patches = entry.directory / "patchset.json";
    if (!std::filesystem::exists(patches)) {
      continue;
    }
    const auto result =
        run_tool({"signal-grid", (entry.directory / "BkgOnly.json").string(), patches.string()});
    INFO(entry.name << ": " << result.err);
    REQUIRE(result.code == 0);
    const nlohmann::json grid = result.json();
    for (const nlohmann::json& point : grid.at("points")) {
      CHECK(point.at("CLs_obs").is_number());
    }
  }
}
