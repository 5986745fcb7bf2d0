#include <muhat/report/write_file.hpp>

#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::run_tool;
using muhat::test::two_bins;

namespace {

/// `muhat toys` on the two-bin workspace.
muhat::test::ToolResult toys(const std::vector<std::string>& options) {
  std::vector<std::string> arguments{"toys"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return run_tool(arguments, two_bins);
}

/// The same into a file.
std::string toys_file(const muhat::test::TemporaryDirectory& directory, const std::string& name,
                      const std::vector<std::string>& options) {
  const std::string file = (directory / name).string();
  muhat::write_file(file, toys(options).out);
  return file;
}

} // namespace

TEST_CASE("toys: p-values and the toys themselves, the same for any number of threads") {
  const auto result = toys({"--ntoys", "60", "--seed", "7", "--threads", "1"});
  REQUIRE(result.code == 0);
  const nlohmann::json run = result.json();
  CHECK(run.at("ntoys") == nlohmann::json::array({60, 60}));
  CHECK(run.at("failed_toys") == nlohmann::json::array({0, 0}));
  CHECK(run.at("CLs_exp").size() == 5);
  CHECK(run.at("CLs_obs").get<double>() >= 0.0);
  CHECK(run.at("toys").at("seed") == 7);
  CHECK(run.at("toys").at("tested").at("statistics").size() == 60);
  CHECK(toys({"--ntoys", "60", "--seed", "7", "--threads", "3"}).out == result.out);
  CHECK(toys({"--ntoys", "60", "--seed", "8", "--threads", "3"}).out != result.out);
}

TEST_CASE("toys: two parts merged, or one continued, are the whole run to the bit") {
  const muhat::test::TemporaryDirectory directory;
  const std::string whole = toys({"--ntoys", "40"}).out;
  const std::string first = toys_file(directory, "first.json", {"--ntoys", "25"});
  const std::string second = toys_file(directory, "second.json", {"--ntoys", "15", "--first", "25"});
  CHECK(run_tool({"merge", first, second}).out == whole);
  CHECK(run_tool({"merge", second, first}).out == whole);
  CHECK(run_tool({"merge", first, second, first}).out == whole);
  CHECK(toys({"--ntoys", "40", "--continue", first}).out == whole);
  const auto merged = run_tool({"merge", first, "-"}, muhat::test::file_text(second));
  CHECK(merged.out == whole);
}

TEST_CASE("toys: what does not belong together is not merged or continued") {
  const muhat::test::TemporaryDirectory directory;
  const std::string one = toys_file(directory, "one.json", {"--ntoys", "5", "--seed", "1"});
  const std::string two = toys_file(directory, "two.json", {"--ntoys", "5", "--seed", "2"});
  const std::string half =
      toys_file(directory, "half.json", {"--ntoys", "5", "--seed", "1", "--test-poi", "0.5"});
  const auto seeds = run_tool({"merge", one, two});
  CHECK(seeds.code == 2);
  CHECK(mentions(seeds.err, {"muhat merge", "two.json", "the seed"}));
  CHECK(mentions(run_tool({"merge", one, half}).err, {"the tested value"}));
  CHECK(mentions(toys({"--ntoys", "6", "--continue", half}).err, {"the tested value"}));
  CHECK(mentions(toys({"--ntoys", "6", "--continue", one, "--seed", "2"}).err, {"the seed"}));
  CHECK(toys({"--ntoys", "6", "--continue", one}).code == 0);
}

TEST_CASE("toys: those of other data, another model or another fit are not mixed") {
  const muhat::test::TemporaryDirectory directory;
  const std::string one = toys_file(directory, "one.json", {"--ntoys", "5"});
  const auto other = [](const char* pointer, const nlohmann::json& value) {
    nlohmann::json workspace = nlohmann::json::parse(two_bins);
    workspace[nlohmann::json::json_pointer(pointer)] = value;
    return workspace.dump();
  };
  const auto refused = [&](const std::vector<std::string>& options, const std::string& workspace,
                           const std::string& setting) {
    std::vector<std::string> arguments{"toys", "--ntoys", "6", "--continue", one};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const auto result = run_tool(arguments, workspace);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(mentions(result.err, {"muhat toys", "one.json", "\"" + setting + "\"", "make anew"}));
  };
  refused({}, other("/observations/0/data/0", 60.0), "data");
  refused({}, other("/channels/0/samples/0/data/0", 13.0), "model");
  refused({}, other("/channels/0/samples/1/modifiers/0/data/0", 3.5), "data");
  refused({}, other("/measurements/0/name", "renamed"), "measurement");
  refused({"--optimizer", "trust-region"}, two_bins, "optimizer");
  refused({"--interpcode", "normsys=code1"}, two_bins, "interpcode");
  const std::string two = (directory / "two.json").string();
  muhat::write_file(
      two, run_tool({"toys", "--ntoys", "5", "--first", "5"}, other("/observations/0/data/0", 60.0)).out);
  const auto merged = run_tool({"merge", one, two});
  CHECK(merged.code == 2);
  CHECK(mentions(merged.err, {"muhat merge", "two.json", "\"data\""}));
  // The name of the only measurement says no more than none.
  const std::string name = nlohmann::json::parse(two_bins)["measurements"][0]["name"].get<std::string>();
  CHECK(toys({"--ntoys", "6", "--continue", one, "--measurement", name}).code == 0);
}

TEST_CASE("toys: a file that holds no toys is refused with pointers") {
  const auto refused = [](const std::string& text, std::initializer_list<std::string> parts) {
    const auto result = run_tool({"merge", "-"}, text);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK(mentions(result.err, parts));
  };
  refused("{}", {"toys", "missing"});
  refused(R"({"toys": []})", {"/toys"});
  nlohmann::json document = toys({"--ntoys", "3"}).json();
  const auto broken = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json copy = document;
    copy[nlohmann::json::json_pointer(pointer)] = value;
    return copy.dump();
  };
  refused(broken("/toys/seed", -1), {"/toys/seed"});
  refused(broken("/toys/test_stat", "chi2"), {"standard input", "/toys/test_stat", "chi2"});
  refused(broken("/toys/tested/numbers/1", 0), {"standard input", "/toys/tested/numbers/1", "ascend"});
  refused(broken("/toys/tested/numbers/1", 1.5), {"/toys/tested/numbers/1"});
  refused(broken("/toys/alternative/statistics/0", "x"), {"/toys/alternative/statistics/0"});
  refused(broken("/toys/tested/failed", nlohmann::json::parse(R"([{"number": 1}])")),
          {"/toys/tested/failed/0"});
  refused(broken("/toys/tested/numbers", nlohmann::json::array({1, 2})), {"/toys/tested", "2 numbers"});
  CHECK(run_tool({"merge"}).code == 2);
}

TEST_CASE("toys: options stop a run early, and mistakes exit with 2") {
  const auto precise = toys({"--ntoys", "2000", "--cls-error", "0.5"});
  CHECK(precise.code == 0);
  CHECK(precise.json().at("ntoys")[0].get<int>() < 2000);
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"--ntoys", "0"},
                                             {"--ntoys", "-5"},
                                             {"--seed", "x"},
                                             {"--cls-error", "-1"},
                                             {"--time-budget", "-1"},
                                             {"--test-stat", "chi2"},
                                             {"--test-poi", "-1"},
                                             {"--continue", "missing"}}) {
    INFO(options.front() << ' ' << options.back());
    CHECK(toys(options).code == 2);
  }
}

TEST_CASE("toys: failed ones are a warning with their share and what they leave open") {
  const muhat::test::TemporaryDirectory directory;
  nlohmann::json document = toys({"--ntoys", "20"}).json();
  nlohmann::json& sample = document["toys"]["alternative"];
  sample["numbers"].erase(19);
  sample["statistics"].erase(19);
  sample["failed"].push_back({{"number", 19}, {"reason", "no certified minimum: stalled"}});
  const std::string file = (directory / "failed.json").string();
  muhat::write_file(file, document.dump());
  const auto merged = run_tool({"merge", file});
  CHECK(merged.code == 0);
  CHECK(
      mentions(merged.err, {"muhat merge: warning", "1 of 20 toys (5 %) of the alternative", "CLs", "from"}));
  const auto continued = toys({"--ntoys", "20", "--continue", file});
  CHECK(mentions(continued.err, {"muhat toys: warning", "1 of 20 toys (5 %) of the alternative"}));
  CHECK(toys({"--ntoys", "20"}).err.find("warning") == std::string::npos);
}

TEST_CASE("toys: a best fit at the upper bound is a warning") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["observations"][0]["data"] = {700.0, 650.0};
  CHECK(mentions(run_tool({"toys", "--ntoys", "3"}, workspace.dump()).err, {"warning", "upper bound 10"}));
  CHECK(mentions(run_tool({"cls", "--calctype", "toybased", "--ntoys", "3"}, workspace.dump()).err,
                 {"warning", "upper bound 10"}));
}

TEST_CASE("toys: numbers of toys that do not exist are refused") {
  const auto result = toys({"--ntoys", "10", "--first", "9223372036854775800"});
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  CHECK(mentions(result.err, {"9223372036854775800", "10 numbers", "lower"}));
  CHECK(toys({"--ntoys", "10", "--first", "9223372036854775798"}).code == 0);
}

TEST_CASE("toys: all five statistics, and a file gets the run") {
  const muhat::test::TemporaryDirectory directory;
  for (const std::string statistic : {"t", "ttilde", "q", "qtilde", "q0"}) {
    const std::string file = (directory / (statistic + ".json")).string();
    const auto result = toys({"--ntoys", "10", "--test-stat", statistic, "--output-file", file});
    CHECK(result.code == 0);
    CHECK(result.out.empty());
    const nlohmann::json run = nlohmann::json::parse(muhat::test::file_text(file));
    CHECK(run.at("toys").at("test_stat") == statistic);
    CHECK(run.contains(statistic == "q0" ? "p0_obs" : "CLs_obs"));
  }
}

TEST_CASE("cls: with toys, the p-values of the same run of toys") {
  const auto result = run_tool({"cls", "--calctype", "toybased", "--ntoys", "60", "--seed", "3"}, two_bins);
  REQUIRE(result.code == 0);
  nlohmann::json run = toys({"--ntoys", "60", "--seed", "3"}).json();
  run.erase("toys");
  CHECK(result.json() == run);
  CHECK(run_tool({"cls", "--calctype", "bayesian"}, two_bins).code == 2);
}
