#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::run_tool;
using muhat::test::several_minima;
using muhat::test::two_bins;

TEST_CASE("scan: CLs at every point is what cls gives there, on any number of threads") {
  const auto result = run_tool({"scan", "--scan", "0:2:5", "--threads", "1"}, two_bins);
  REQUIRE(result.code == 0);
  const nlohmann::json scan = result.json();
  CHECK(scan.at("poi") == "mu");
  CHECK(scan.at("test_stat") == "qtilde");
  REQUIRE(scan.at("points").size() == 5);
  CHECK(scan.at("points")[3].at("mu") == 1.5);
  const nlohmann::json test = run_tool({"cls"}, two_bins).json();
  CHECK(scan.at("points")[2].at("CLs_obs").get<double>() ==
        Approx(test.at("CLs_obs").get<double>()).epsilon(1e-5));
  CHECK(scan.at("points")[2].at("CLs_exp")[4].get<double>() ==
        Approx(test.at("CLs_exp")[4].get<double>()).epsilon(1e-5));
  CHECK(run_tool({"scan", "--scan", "0:2:5", "--threads", "3"}, two_bins).out == result.out);
}

TEST_CASE("scan: profiles along one parameter and two") {
  const nlohmann::json line = run_tool({"scan", "--profile", "mu=0:1:3"}, two_bins).json();
  CHECK(line.at("parameters") == nlohmann::json::array({"mu"}));
  REQUIRE(line.at("points").size() == 3);
  const double free = run_tool({"fit", "--value"}, two_bins).json().at("twice_nll").get<double>();
  const double held =
      run_tool({"fit", "--value", "--fix", "mu=1"}, two_bins).json().at("twice_nll").get<double>();
  CHECK(line.at("twice_nll").get<double>() == Approx(free).margin(1e-6));
  CHECK(line.at("points")[2].at("delta_twice_nll").get<double>() == Approx(held - free).margin(1e-6));
  const nlohmann::json plane =
      run_tool({"scan", "--profile", "mu=0:1:2", "--profile", "uncorr_bkguncrt[0]=0.9:1.1:3"}, two_bins)
          .json();
  REQUIRE(plane.at("points").size() == 6);
  CHECK(plane.at("points")[1].at("values")[0] == 0.0);
  CHECK(plane.at("points")[5].at("values")[1] == 1.1);
}

TEST_CASE("scan: points without a certified fit are null, and the others are kept") {
  const auto result = run_tool({"scan", "--optconf", "maxiter=2", "--scan", "0:2:21"}, two_bins);
  INFO(result.err);
  CHECK(result.code == 1);
  CHECK(mentions(result.err, {"muhat scan", "of 21 points", "reason"}));
  const nlohmann::json points = result.json().at("points");
  REQUIRE(points.size() == 21);
  for (const nlohmann::json& point : points) {
    CHECK(point.at("CLs_obs").is_null() == point.contains("reason"));
  }
}

TEST_CASE("scan: a fixed parameter is not profiled") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["measurements"][0]["config"]["parameters"] =
      nlohmann::json::parse(R"([{"name": "mu", "fixed": true, "inits": [0.0]}])");
  muhat::test::check_rejected({"scan", "--profile", "mu=0:1:3"}, workspace.dump(), {"\"mu\"", "fixed"});
}

TEST_CASE("scan: mistakes exit with 2") {
  const auto rejects = [](const std::vector<std::string>& options, const std::string& part) {
    std::vector<std::string> arguments{"scan"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    muhat::test::check_rejected(arguments, two_bins, {part});
  };
  rejects({}, "--scan");
  rejects({"--scan", "0:1:2", "--profile", "mu=0:1:2"}, "either");
  rejects({"--scan", "0:1"}, "FIRST:LAST:POINTS");
  rejects({"--scan", "0:100:5"}, "bounds");
  rejects({"--profile", "mu"}, "NAME=FIRST:LAST:POINTS");
  rejects({"--profile", "nu=0:1:2"}, "mu");
  rejects({"--profile", "mu=0:100:2"}, "bounds");
  rejects({"--profile", "mu=0:1:2", "--profile", "mu=0:1:2", "--profile", "mu=0:1:2"}, "3");
  rejects({"--test-stat", "q0", "--scan", "0:1:2"}, "q0");
  rejects({"--scan", "0:1:1000001"}, "1000000");
  rejects({"--profile", "mu=0:1:1000000", "--profile", "uncorr_bkguncrt[0]=0.9:1.1:1000000"},
          "1000000 x 1000000");
}

TEST_CASE("scan: points whose starts disagree have warnings, and standard error says how many") {
  for (const std::vector<std::string>& what :
       std::vector<std::vector<std::string>>{{"--scan", "0:3:13"}, {"--profile", "mu=0:3:13"}}) {
    std::vector<std::string> arguments{"scan"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    const auto result = run_tool(arguments, several_minima);
    CHECK(result.code == 0);
    const nlohmann::json points = result.json().at("points");
    std::size_t with_warnings = 0;
    for (const nlohmann::json& point : points) {
      with_warnings += point.contains("warnings") ? 1 : 0;
    }
    CHECK(with_warnings > 0);
    CHECK(mentions(result.err,
                   {"warning", std::to_string(with_warnings) + " of 13 points", "starts disagree"}));
  }
}
