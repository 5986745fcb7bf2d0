#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/tolerances.hpp>
#include <support/tool.hpp>
#include <support/zoo.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::numbers;
using muhat::test::run_tool;
using muhat::test::several_minima;
using muhat::test::two_bins;

TEST_CASE("cls: the manual's first example") {
  const auto result = run_tool({"cls"}, two_bins);
  REQUIRE(result.code == 0);
  CHECK(result.err.empty());
  const nlohmann::json test = result.json();
  CHECK(test.size() == 2);
  CHECK(test.at("CLs_obs").get<double>() == Approx(0.0525155).margin(1e-5));
  const std::vector<double> expected = numbers(test.at("CLs_exp"));
  const std::vector<double> manual{0.0026064, 0.0138207, 0.0644552, 0.2352610, 0.5730418};
  REQUIRE(expected.size() == manual.size());
  for (std::size_t i = 0; i < manual.size(); ++i) {
    CHECK(expected[i] == Approx(manual[i]).margin(1e-5));
  }
}

TEST_CASE("cls: the tested value and the statistic are the caller's") {
  const double at_one = run_tool({"cls"}, two_bins).json().at("CLs_obs").get<double>();
  const double at_half = run_tool({"cls", "--test-poi", "0.5"}, two_bins).json().at("CLs_obs").get<double>();
  CHECK(at_half > at_one);
  const auto q = run_tool({"cls", "--test-stat", "q"}, two_bins);
  CHECK(q.code == 0);
  CHECK(mentions(q.err, {"warning", "bounded below at 0"}));
  CHECK(run_tool({"cls", "--test-stat", "qtilde"}, two_bins).json().at("CLs_obs").get<double>() == at_one);
}

TEST_CASE("cls: q0 gives p-values under their own names and always tests 0") {
  const auto result = run_tool({"cls", "--test-stat", "q0"}, two_bins);
  REQUIRE(result.code == 0);
  const nlohmann::json test = result.json();
  CHECK(test.size() == 2);
  CHECK(test.at("p0_obs").get<double>() == Approx(0.5).margin(1e-6));
  const std::vector<double> expected = numbers(test.at("p0_exp"));
  CHECK(expected.size() == 5);
  CHECK(std::all_of(expected.begin(), expected.end(), [](double p) { return p > 0.0 && p < 1.0; }));
  CHECK(run_tool({"cls", "--test-stat", "q0", "--test-poi", "7"}, two_bins).out == result.out);
}

TEST_CASE("cls: a tested value outside the bounds, and a missing parameter of interest, exit with 2") {
  const auto outside = run_tool({"cls", "--test-poi", "-1"}, two_bins);
  CHECK(outside.code == 2);
  CHECK(mentions(outside.err, {"muhat cls", "mu", "bounds"}));
  const auto undeclared = run_tool({"cls", "--measurement", "missing_signal"}, muhat::test::two_channels);
  CHECK(undeclared.code == 2);
  CHECK(mentions(undeclared.err, {"mu_missing", "undeclared"}));
}

TEST_CASE("cls: a fit without certificate exits with 1 and prints no number") {
  const auto result = run_tool({"cls", "--optconf", "maxiter=1"}, muhat::test::two_channels);
  CHECK(result.code == 1);
  CHECK(result.out.empty());
  CHECK(mentions(result.err, {"muhat cls", "no certified minimum"}));
}

TEST_CASE("cls: published likelihoods agree with their reference figures") {
  MUHAT_REQUIRE_ZOO();
  for (const muhat::test::ZooEntry& entry : muhat::test::zoo_entries()) {
    const muhat::test::Reference reference = entry.reference();
    // The reference follows one chain of minima; of staus it ends above the lowest one at mu = 0.
    const std::string explore = entry.name == "staus" ? "explore=off" : "explore=on";
    const auto result =
        run_tool({"cls", "--measurement", reference.measurement, "--test-stat", reference.test_stat,
                  "--optconf", explore, entry.workspace_path().string()});
    INFO(entry.name << ": " << result.err);
    REQUIRE(result.code == 0);
    const double observed = result.json().at("CLs_obs").get<double>();
    CHECK((observed >= 0.0 && observed <= 1.0));
    double nearest = std::numeric_limits<double>::infinity();
    bool known = false;
    for (const auto& [optimizer, figures] : reference.hypotest) {
      if (figures.cls_observed) {
        known = true;
        nearest = std::min(nearest, std::abs(observed / *figures.cls_observed - 1.0));
      }
    }
    CHECK((!known || nearest < muhat::test::tolerance::reference_cls));
  }
}

TEST_CASE("cls: a statistic that does not suit the bounds is a warning with toys, too") {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"cls", "--calctype", "toybased", "--ntoys", "20"},
                                             {"toys", "--ntoys", "20"},
                                             {"scan", "--scan", "0:2:3"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--test-stat", "q"});
    CHECK(mentions(run_tool(arguments, two_bins).err, {"warning", "bounded below at 0"}));
  }
}

TEST_CASE("cls: more starts on demand change nothing where there is one minimum") {
  const double one = run_tool({"cls"}, two_bins).json().at("CLs_obs").get<double>();
  for (const char* command : {"cls", "scan"}) {
    std::vector<std::string> arguments{command, "--optconf", "starts=5"};
    if (std::string(command) == "scan") {
      arguments.insert(arguments.end(), {"--scan", "1:2:2"});
    }
    const nlohmann::json result = run_tool(arguments, two_bins).json();
    const nlohmann::json& values = result.contains("points") ? result.at("points")[0] : result;
    CHECK(values.at("CLs_obs").get<double>() == Approx(one).margin(1e-6));
  }
}

TEST_CASE("cls: with more starts and without, a test has the lowest minima, and a warning says that there "
          "are others") {
  // Minimizations from the init alone end in the other basin.
  const auto cls = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"cls", "--test-poi", "3"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_tool(arguments, several_minima);
  };
  const auto many = cls({"--optconf", "starts=50"});
  CHECK(mentions(many.err, {"warning", "starts disagree"}));
  const double lowest = many.json().at("CLs_obs").get<double>();
  CHECK(lowest == Approx(0.1763).margin(5e-4));
  CHECK(cls({}).json().at("CLs_obs").get<double>() == Approx(lowest).margin(1e-5));
}

TEST_CASE("cls: fits of toys' data say when starts disagree, too") {
  for (const char* command : {"cls", "toys"}) {
    std::vector<std::string> arguments{command, "--ntoys", "20", "--optconf", "starts=20"};
    if (std::string(command) == "cls") {
      arguments.insert(arguments.end(), {"--calctype", "toybased"});
    }
    CHECK(mentions(run_tool(arguments, several_minima).err, {"warning", "starts disagree"}));
  }
}
