#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::run_tool;
using muhat::test::two_bins;

namespace {

double cls_at(double mu, const std::string& workspace) {
  return run_tool({"cls", "--test-poi", std::to_string(mu)}, workspace).json().at("CLs_obs").get<double>();
}

} // namespace

TEST_CASE("upper-limit: CLs is at the level there, and the expected limits ascend") {
  const auto result = run_tool({"upper-limit"}, two_bins);
  REQUIRE(result.code == 0);
  const nlohmann::json limit = result.json();
  CHECK(limit.at("level") == 0.05);
  CHECK(limit.at("test_stat") == "qtilde");
  CHECK(limit.at("poi") == "mu");
  CHECK(limit.at("poi_bounds") == nlohmann::json::array({0.0, 10.0}));
  CHECK(cls_at(limit.at("upper_limit_obs").get<double>(), two_bins) == Approx(0.05).margin(1e-4));
  const auto expected = limit.at("upper_limit_exp").get<std::vector<double>>();
  REQUIRE(expected.size() == 5);
  CHECK(std::is_sorted(expected.begin(), expected.end()));
  CHECK(!limit.contains("reasons"));
}

TEST_CASE("upper-limit: another level, and interpolation on a scan") {
  const nlohmann::json limit = run_tool({"upper-limit", "--level", "0.1"}, two_bins).json();
  CHECK(cls_at(limit.at("upper_limit_obs").get<double>(), two_bins) == Approx(0.1).margin(1e-4));
  const nlohmann::json scanned = run_tool({"upper-limit", "--scan", "0:5:501"}, two_bins).json();
  const nlohmann::json searched = run_tool({"upper-limit", "--rtol", "1e-6"}, two_bins).json();
  CHECK(scanned.at("upper_limit_obs").get<double>() ==
        Approx(searched.at("upper_limit_obs").get<double>()).epsilon(1e-4));
  CHECK(scanned.at("evaluations") == 501);
}

TEST_CASE("upper-limit: a limit beyond the bounds is null with a reason, or found in wider bounds") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["measurements"][0]["config"]["parameters"] =
      nlohmann::json::parse(R"([{"name": "mu", "inits": [0.25], "bounds": [[0.0, 0.5]]}])");
  const auto bounded = run_tool({"upper-limit"}, workspace.dump());
  CHECK(bounded.code == 1);
  CHECK(mentions(bounded.err, {"muhat upper-limit", "upper bound", "--widen-bounds"}));
  CHECK(bounded.json().at("upper_limit_obs").is_null());
  CHECK(mentions(bounded.json().at("reasons").at("upper_limit_obs").get<std::string>(), {"upper bound"}));
  const auto widened = run_tool({"upper-limit", "--widen-bounds"}, workspace.dump());
  CHECK(widened.code == 0);
  CHECK(mentions(widened.err, {"warning", "upper bound of mu was raised"}));
  const double expected = run_tool({"upper-limit"}, two_bins).json().at("upper_limit_obs").get<double>();
  CHECK(widened.json().at("upper_limit_obs").get<double>() == Approx(expected).epsilon(2e-4));
  const auto scanned = run_tool({"upper-limit", "--widen-bounds", "--scan", "0:3:301"}, workspace.dump());
  CHECK(scanned.code == 0);
  CHECK(mentions(scanned.err, {"warning", "upper bound of mu was raised to 3 "}));
  CHECK(scanned.json().at("poi_bounds")[1] == 3.0);
  CHECK(scanned.json().at("upper_limit_obs").get<double>() == Approx(expected).epsilon(1e-3));
  // Where the scan is too short, wider bounds do not help.
  const auto too_short = run_tool({"upper-limit", "--scan", "0:0.5:3"}, workspace.dump());
  CHECK(too_short.code == 1);
  CHECK(too_short.err.find("--widen-bounds") == std::string::npos);
}

TEST_CASE("upper-limit: with toys, the same for any number of threads, with uncertainties") {
  const std::vector<std::string> arguments{"upper-limit", "--calctype", "toybased", "--ntoys",  "60",
                                           "--seed",      "3",          "--scan",   "0.5:2.5:3"};
  const auto with_threads = [&](const std::string& threads) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--threads", threads});
    return run_tool(all, two_bins);
  };
  const auto result = with_threads("1");
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(with_threads("3").out == result.out);
  const nlohmann::json limit = result.json();
  const double exact = run_tool({"upper-limit"}, two_bins).json().at("upper_limit_obs").get<double>();
  const double error = limit.at("upper_limit_obs_error").get<double>();
  CHECK(error > 0.0);
  CHECK(std::abs(limit.at("upper_limit_obs").get<double>() - exact) < 4.0 * error + 0.1);
  CHECK(limit.at("upper_limit_exp_error").size() == 5);
  CHECK(limit.at("ntoys") == 360);
  CHECK(limit.at("failed_toys") == 0);
  CHECK(limit.at("evaluations") == 3);
  CHECK_FALSE(run_tool({"upper-limit"}, two_bins).json().contains("ntoys"));
}

TEST_CASE("upper-limit: mistakes exit with 2") {
  const auto rejects = [](const std::vector<std::string>& options, const std::string& part) {
    std::vector<std::string> arguments{"upper-limit"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    muhat::test::check_rejected(arguments, two_bins, {part});
  };
  rejects({"--level", "1.5"}, "between 0 and 1");
  rejects({"--rtol", "0"}, "tolerance");
  rejects({"--test-stat", "q0"}, "q0");
  rejects({"--scan", "0:5"}, "FIRST:LAST:POINTS");
  rejects({"--scan", "5:0:11"}, "FIRST below LAST");
  rejects({"--scan", "0:5:1"}, "2 to");
  rejects({"--scan", "0:five:11"}, "five");
  rejects({"--scan", "0:50:11"}, "bounds");
  rejects({"--calctype", "toybased", "--scan", "0:50:11"}, "bounds");
  rejects({"--calctype", "toybased", "--ntoys", "0"}, "--ntoys");
  rejects({"--calctype", "bayesian"}, "bayesian");
  CHECK(run_tool({"upper-limit", "--measurement", "missing_signal"}, muhat::test::two_channels).code == 2);
}

TEST_CASE("significance: p0 and Z belong together, and agree with cls") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["observations"][0]["data"] = {70.0, 65.0};
  const auto result = run_tool({"significance"}, workspace.dump());
  REQUIRE(result.code == 0);
  const nlohmann::json discovery = result.json();
  const double p0 = discovery.at("p0_obs").get<double>();
  const double significance = discovery.at("significance_obs").get<double>();
  CHECK(significance > 1.0);
  CHECK(p0 == Approx(0.5 * std::erfc(significance / std::sqrt(2.0))).epsilon(1e-9));
  const nlohmann::json test = run_tool({"cls", "--test-stat", "q0"}, workspace.dump()).json();
  CHECK(test.at("p0_obs").get<double>() == p0);
  CHECK(test.at("p0_exp") == discovery.at("p0_exp"));
  const auto expected = discovery.at("significance_exp").get<std::vector<double>>();
  REQUIRE(expected.size() == 5);
  for (std::size_t i = 0; i + 1 < expected.size(); ++i) {
    CHECK(expected[i] - expected[i + 1] == Approx(1.0));
  }
}

TEST_CASE("significance: a best fit at the upper bound is a warning, in upper-limit, too") {
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["observations"][0]["data"] = {700.0, 650.0};
  for (const char* command : {"significance", "upper-limit", "cls"}) {
    const auto result = run_tool({command}, workspace.dump());
    CHECK(mentions(result.err, {"warning", "best fit of mu", "upper bound 10"}));
  }
}

TEST_CASE("significance: of p-values too small for a number the logarithm is given") {
  const auto document = [](double signal) {
    return nlohmann::json::parse(R"({"channels": [{"name": "SR", "samples": [
      {"name": "s", "data": [1.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": null}]},
      {"name": "b", "data": [100.0], "modifiers": []}]}],
      "observations": [{"name": "SR", "data": [100.0]}],
      "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}], "version": "1.0.0"})")
        .patch(nlohmann::json::array(
            {{{"op", "replace"}, {"path", "/channels/0/samples/0/data/0"}, {"value", signal}},
             {{"op", "replace"}, {"path", "/observations/0/data/0"}, {"value", 100.0 + signal}}}))
        .dump();
  };
  const nlohmann::json small = run_tool({"significance"}, document(5000.0)).json();
  CHECK(small.at("p0_obs") == 0.0);
  const double z = small.at("significance_obs").get<double>();
  // Phi(-z) by Mills' ratio.
  const double expected = (-0.5 * z * z - std::log(z * std::sqrt(2.0 * 3.14159265358979))) / std::log(10.0);
  CHECK(small.at("log10_p0_obs").get<double>() == Approx(expected).epsilon(1e-6));
  CHECK(small.at("log10_p0_exp").size() == 5);
  CHECK(small.at("log10_p0_exp")[2].get<double>() == Approx(expected).epsilon(1e-4));
  const nlohmann::json test = run_tool({"cls", "--test-stat", "q0"}, document(5000.0)).json();
  CHECK(test.at("log10_p0_obs") == small.at("log10_p0_obs"));
  const nlohmann::json large = run_tool({"significance"}, document(50.0)).json();
  CHECK(large.at("p0_obs").get<double>() > 0.0);
  CHECK_FALSE(large.contains("log10_p0_obs"));
  CHECK_FALSE(large.contains("log10_p0_exp"));
  const nlohmann::json excluded = run_tool({"cls", "--test-poi", "10"}, document(500.0)).json();
  CHECK(excluded.at("log10_CLs_exp")[0].get<double>() < -300.0);
}

TEST_CASE("significance: without a parameter of interest the exit code is 2") {
  const auto result =
      run_tool({"significance", "--measurement", "missing_signal"}, muhat::test::two_channels);
  CHECK(result.code == 2);
  CHECK(mentions(result.err, {"mu_missing"}));
}
