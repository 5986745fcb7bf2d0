#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

using muhat::test::mentions;
using muhat::test::run_tool;

TEST_CASE("inspect: the tables of a workspace") {
  const auto result = run_tool({"inspect"}, muhat::test::two_bins);
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  CHECK(result.out == "Summary\n"
                      "----------\n"
                      "channels    1\n"
                      "samples     2\n"
                      "parameters  2\n"
                      "modifiers   2\n"
                      "\n"
                      "channels       nbins\n"
                      "-------------  -----\n"
                      "singlechannel  2\n"
                      "\n"
                      "samples\n"
                      "----------\n"
                      "background\n"
                      "signal\n"
                      "\n"
                      "parameters       constraint              modifiers\n"
                      "---------------  ----------------------  ----------\n"
                      "mu               unconstrained           normfactor\n"
                      "uncorr_bkguncrt  constrained_by_poisson  shapesys\n"
                      "\n"
                      "measurement      poi  parameters\n"
                      "---------------  ---  ----------\n"
                      "(*) Measurement  mu   (none)\n");
}

TEST_CASE("inspect: the JSON of a workspace, sorted by name") {
  const auto result = run_tool({"inspect", "--json"}, muhat::test::two_channels);
  REQUIRE(result.code == 0);
  CHECK(result.json() == nlohmann::json::parse(R"({
    "channels": [["control_region", 1], ["signal_region", 2]],
    "samples": ["background", "signal"],
    "modifiers": {"mc_stat": "staterror", "mu": "normfactor", "scale": "normsys"},
    "parameters": [["mc_stat", "constrained_by_normal"], ["mu", "unconstrained"],
                   ["scale", "constrained_by_normal"]],
    "systematics": [["mc_stat", "constrained_by_normal", ["staterror"]], ["mu", "unconstrained", ["normfactor"]],
                    ["scale", "constrained_by_normal", ["histosys", "normsys"]]],
    "measurements": [["limit", "mu", ["mu"]], ["missing_signal", "mu_missing", []]]
  })"));
}

TEST_CASE("inspect: the chosen measurement is marked, an undeclared parameter of interest is no obstacle") {
  const auto result = run_tool({"inspect", "--measurement", "missing_signal"}, muhat::test::two_channels);
  CHECK(result.code == 0);
  CHECK(mentions(result.out, {"    limit", "(*) missing_signal", "mu_missing (undeclared)"}));
}

TEST_CASE("inspect: a file gets JSON") {
  const muhat::test::TemporaryDirectory directory;
  const auto file = directory / "summary.json";
  const auto result = run_tool({"inspect", "--output-file", file.string()}, muhat::test::two_bins);
  CHECK(result.code == 0);
  CHECK(result.out.empty());
  CHECK(muhat::test::file_text(file) == run_tool({"inspect", "--json"}, muhat::test::two_bins).out);
}
