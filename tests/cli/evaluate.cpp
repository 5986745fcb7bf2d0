#include <muhat/report/write_file.hpp>

#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>
#include <support/tolerances.hpp>
#include <support/tool.hpp>
#include <support/zoo.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::numbers;
using muhat::test::run_tool;
using muhat::test::two_bins;

namespace {

/// `muhat evaluate --pars -` on the two-bin workspace, the points on standard input.
muhat::test::ToolResult evaluate(const std::string& points) {
  const muhat::test::TemporaryDirectory directory;
  const auto file = directory / "workspace.json";
  muhat::write_file(file, two_bins);
  return run_tool({"evaluate", "--pars", "-", file.string()}, points);
}

} // namespace

TEST_CASE("evaluate: without points the suggested start") {
  const auto result = run_tool({"evaluate"}, two_bins);
  REQUIRE(result.code == 0);
  const nlohmann::json evaluation = result.json();
  CHECK(evaluation.at("par_names") ==
        nlohmann::json::array({"mu", "uncorr_bkguncrt[0]", "uncorr_bkguncrt[1]"}));
  REQUIRE(evaluation.at("points").size() == 1);
  const nlohmann::json point = evaluation.at("points").front();
  CHECK(point.size() == 3);
  CHECK(numbers(point.at("expected_actualdata")) == std::vector<double>{62.0, 63.0});
  CHECK(numbers(point.at("expected_auxdata"))[0] == Approx(2500.0 / 9.0));
  const auto poisson = [](double n, double rate) { return n * std::log(rate) - rate - std::lgamma(n + 1.0); };
  const double logpdf = poisson(51.0, 62.0) + poisson(48.0, 63.0) + poisson(2500.0 / 9.0, 2500.0 / 9.0) +
                        poisson(2704.0 / 49.0, 2704.0 / 49.0);
  CHECK(point.at("logpdf").get<double>() == Approx(logpdf).epsilon(1e-12));
}

TEST_CASE("evaluate: one point or many, by order or by name, over the suggested values") {
  const auto main_data = [](const nlohmann::json& point) { return numbers(point.at("expected_actualdata")); };
  CHECK(main_data(evaluate("[0.5, 1.0, 2.0]").json().at("points").at(0)) == std::vector<double>{56.0, 109.5});
  CHECK(main_data(evaluate(R"({"mu": 0.5})").json().at("points").at(0)) == std::vector<double>{56.0, 57.5});
  CHECK(main_data(evaluate(R"({"mu": [0]})").json().at("points").at(0)) == std::vector<double>{50.0, 52.0});
  CHECK(main_data(evaluate("{}").json().at("points").at(0)) == std::vector<double>{62.0, 63.0});
  const nlohmann::json points =
      evaluate(R"([[0, 1, 1], {"uncorr_bkguncrt": [2, 0.5]}, {"uncorr_bkguncrt[1]": 3}])")
          .json()
          .at("points");
  REQUIRE(points.size() == 3);
  CHECK(main_data(points[0]) == std::vector<double>{50.0, 52.0});
  CHECK(main_data(points[1]) == std::vector<double>{112.0, 37.0});
  CHECK(main_data(points[2]) == std::vector<double>{62.0, 167.0});
  CHECK(evaluate("[]").json().at("points").empty());
}

TEST_CASE("evaluate: a density that does not exist is null with a reason and no failure") {
  const auto result = evaluate(R"([{"mu": -10}, {"mu": 1}])");
  CHECK(result.code == 0);
  const nlohmann::json points = result.json().at("points");
  CHECK(points[0].at("logpdf").is_null());
  CHECK(mentions(points[0].at("reason").get<std::string>(), {"singlechannel", "signal", "mu"}));
  CHECK(numbers(points[0].at("expected_actualdata"))[0] == -70.0);
  CHECK(points[1].at("logpdf").is_number());
  CHECK(!points[1].contains("reason"));
}

TEST_CASE("evaluate: events where none are expected have probability zero, and the reason names the bin") {
  const nlohmann::json point = evaluate(R"({"mu": 0, "uncorr_bkguncrt": [0, 1]})").json().at("points").at(0);
  CHECK(point.at("logpdf").is_null());
  CHECK(mentions(point.at("reason").get<std::string>(), {"singlechannel", "bin 0", "uncorr_bkguncrt[0]"}));
}

TEST_CASE("evaluate: mistakes in the points exit with 2 and a pointer") {
  const auto rejects = [](const std::string& points, std::initializer_list<std::string> parts) {
    const auto result = evaluate(points);
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(mentions(result.err, parts));
  };
  rejects("", {"standard input", "empty"});
  rejects("[1, 2", {"standard input"});
  rejects("7", {"standard input", "expected a point"});
  rejects("[1, 2]", {"3 parameters", "has 2"});
  rejects(R"([1, "one", 2])", {"/1", "expected a number", "one"});
  rejects(R"([[1, 1, 1], [1, null, 1]])", {"/1/1", "expected a number"});
  rejects(R"([{"mu": 1}, {"nu": 1}])", {"/1/nu", "did you mean \"mu\""});
  rejects(R"({"mu": true})", {"/mu", "true"});
  rejects(R"({"uncorr_bkguncrt": 1})", {"/uncorr_bkguncrt", "2 components"});
  rejects(R"({"uncorr_bkguncrt": [1]})", {"/uncorr_bkguncrt", "2 components", "found 1"});
  rejects(R"({"uncorr_bkguncrt": [1, 1], "uncorr_bkguncrt[1]": 2})", {"/uncorr_bkguncrt[1]", "given twice"});
  rejects(R"({"a": 1, "b": 2})", {"2 problems", "/a", "/b"});
  nlohmann::json many;
  for (int i = 0; i < 1500; ++i) {
    many["nu" + std::to_string(i)] = 1;
  }
  rejects(many.dump(), {"/nu0", "there are \"mu\"", "and 500 more problems"});
}

TEST_CASE("evaluate: published likelihoods agree with their reference figures") {
  MUHAT_REQUIRE_ZOO();
  for (const muhat::test::ZooEntry& entry : muhat::test::zoo_entries()) {
    const muhat::test::Reference reference = entry.reference();
    nlohmann::json points = nlohmann::json::array();
    for (const muhat::test::ReferencePoint& point : reference.points) {
      points.push_back(point.pars);
    }
    const auto result = run_tool(
        {"evaluate", "--pars", "-", "--measurement", reference.measurement, entry.workspace_path().string()},
        points.dump());
    INFO(entry.name << ": " << result.err);
    REQUIRE(result.code == 0);
    const nlohmann::json evaluation = result.json();
    CHECK(evaluation.at("par_names") == reference.par_names);
    for (std::size_t i = 0; i < reference.points.size(); ++i) {
      const nlohmann::json& point = evaluation.at("points").at(i);
      CHECK(point.at("logpdf").get<double>() ==
            Approx(reference.points[i].logpdf).epsilon(muhat::test::tolerance::reference_logpdf));
      const std::vector<double> expected = numbers(point.at("expected_actualdata"));
      REQUIRE(expected.size() == reference.points[i].expected_actualdata.size());
      for (std::size_t bin = 0; bin < expected.size(); ++bin) {
        CHECK(expected[bin] == Approx(reference.points[i].expected_actualdata[bin])
                                   .epsilon(muhat::test::tolerance::reference_expected));
      }
    }
  }
}
