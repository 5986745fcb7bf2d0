#include <muhat/cli/arguments.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/report/write_file.hpp>
#include <muhat/version.hpp>

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

TEST_CASE("usage: help, version and citation go to standard output and succeed") {
  const auto help = run_tool({"--help"});
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  CHECK(mentions(help.out, {"inspect", "fit", "cls", "evaluate", "Examples:"}));
  const auto version = run_tool({"--version"});
  CHECK(version.code == 0);
  CHECK(mentions(version.out, {std::string(muhat::version)}));
  for (const char* flag : {"--citation", "--cite"}) {
    const auto citation = run_tool({flag});
    CHECK(citation.code == 0);
    CHECK(mentions(citation.out, {"@software{muhat", "1007.1727"}));
  }
}

TEST_CASE("usage: every command explains itself with an example") {
  const std::string overview = run_tool({"--help"}).out;
  for (const std::string command :
       {"inspect", "fit", "cls", "upper-limit", "significance", "scan", "toys", "merge", "evaluate",
        "combine", "prune", "rename", "sort", "digest", "completions"}) {
    const auto help = run_tool({command, "--help"});
    CHECK(help.code == 0);
    CHECK(mentions(help.out, {"Example:", "muhat " + command, "--output-file"}));
    CHECK(mentions(overview, {"muhat " + command}));
  }
  for (const std::string command : {"apply", "extract", "inspect", "verify"}) {
    const auto help = run_tool({"patchset", command, "--help"});
    CHECK(help.code == 0);
    CHECK(mentions(help.out, {"Example:", "muhat patchset " + command, "--output-file"}));
  }
}

TEST_CASE("usage: mistakes in the command line exit with 2 and say what is wrong") {
  const auto rejects = [](const std::vector<std::string>& arguments, const std::string& part) {
    muhat::test::check_rejected(arguments, two_bins, {part});
  };
  rejects({}, "subcommand");
  rejects({"fti"}, "did you mean \"fit\"");
  rejects({"--no-such-option"}, "no option named \"--no-such-option\"");
  rejects({"--bogus", "fit"}, "no option named \"--bogus\"");
  rejects({"--versoin"}, "did you mean \"--version\"");
  rejects({"patchset"}, "subcommand");
  rejects({"fit", "--measurement", ""}, "the value is empty");
  rejects({"cls", "--output-file", ""}, "the value is empty");
  rejects({"upper-limit", "--scan="}, "--scan");
  rejects({"patchset", "aply"}, "did you mean \"apply\"");
  rejects({"patchset", "--bogus", "apply"}, "no option named \"--bogus\"");
  rejects({"fit", "--no-such-option"}, "--no-such-option");
  rejects({"fit", "-", "superfluous"}, "superfluous");
  rejects({"fit", "--measurement"}, "--measurement");
  rejects({"cls", "--test-poi", "one"}, "one");
  rejects({"cls", "--test-stat", "chi2"}, "chi2");
  rejects({"fit", "--optimizer", "minuit"}, "trust-region");
  rejects({"fit", "--optconf", "maxiter"}, "KEY=VALUE");
  rejects({"fit", "--optconf", "maxitre=10"}, "did you mean \"maxiter\"");
  rejects({"fit", "--optconf", "maxiter=0"}, "at least 1");
  rejects({"fit", "--optconf", "maxiter=1.5"}, "an integer");
  rejects({"cls", "--optconf", "starts=0"}, "at least 1");
  rejects({"cls", "--optconf", "explore=yes"}, "expected on or off, found \"yes\"");
  rejects({"fit", "--optconf", "tolerance=-1"}, "above 0");
  rejects({"fit", "--optconf", "tolerance=nan"}, "finite");
  rejects({"fit", "--interpcode", "code1"}, "TYPE=CODE");
  rejects({"fit", "--interpcode", "normsys=code0"}, "code1 and code4");
  rejects({"fit", "--interpcode", "normsys=code9"}, "code9");
  rejects({"fit", "--interpcode", "staterror=code4"}, "staterror");
  rejects({"fit", "--fix", "mu"}, "NAME=VALUE");
  rejects({"fit", "--fix", "mu=x"}, "--fix mu");
  rejects({"fit", "--fix", "mv=1"}, "did you mean \"mu\"");
  rejects({"fit", "--fix", "mu=11"}, "bounds");
  rejects({"fit", "--fix", "mu=1", "--fix", "mu=2"}, "fixed twice");
  rejects({"fit", "--measurement", "Mesurement"}, "did you mean \"Measurement\"");
  rejects({"fit", "no-such-file.json"}, "no-such-file.json");
  rejects({"fit", "-p", "no-such-patch.json"}, "no-such-patch.json");
  rejects({"fit", "-p", "-", "-"}, "standard input");
  rejects({"evaluate", "--pars", "-"}, "standard input");
  rejects({"fit", "--output-file", "no-such-directory/result.json"}, "no-such-directory");
  rejects({"fit", "--output-file", "."}, "directory");
}

TEST_CASE("usage: every command knows its options' near matches") {
  const std::vector<std::vector<std::string>> commands{{"inspect"},
                                                       {"fit"},
                                                       {"cls"},
                                                       {"upper-limit"},
                                                       {"significance"},
                                                       {"scan"},
                                                       {"signal-grid"},
                                                       {"toys"},
                                                       {"merge"},
                                                       {"evaluate"},
                                                       {"combine"},
                                                       {"prune"},
                                                       {"rename"},
                                                       {"sort"},
                                                       {"digest"},
                                                       {"completions"},
                                                       {"patchset", "apply"},
                                                       {"patchset", "extract"},
                                                       {"patchset", "inspect"},
                                                       {"patchset", "verify"}};
  for (std::vector<std::string> arguments : commands) {
    arguments.insert(arguments.end(), {"--output-flie", "result.json"});
    INFO(arguments.front());
    muhat::test::check_rejected(arguments, two_bins,
                                {"no option named \"--output-flie\"", "did you mean \"--output-file\""});
  }
}

TEST_CASE("usage: every command that takes a measurement knows its near matches") {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"inspect"},
                                                  {"fit"},
                                                  {"cls"},
                                                  {"upper-limit"},
                                                  {"significance"},
                                                  {"scan", "--scan", "0:1:2"},
                                                  {"toys", "--ntoys", "2"},
                                                  {"evaluate"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--measurement", "Mesurement"});
    INFO(command.front());
    muhat::test::check_rejected(arguments, two_bins,
                                {"muhat " + command.front(), "did you mean \"Measurement\""});
  }
}

TEST_CASE("usage: every number of the command line is read whole, finite and in range") {
  const std::vector<std::vector<std::string>> numbers{
      {"cls", "--test-poi"},        {"toys", "--test-poi"},
      {"toys", "--cls-error"},      {"toys", "--time-budget"},
      {"upper-limit", "--level"},   {"upper-limit", "--rtol"},
      {"prune", "--min-shape"},     {"prune", "--min-normalization"},
      {"prune", "--min-staterror"}, {"toys", "--ntoys"},
      {"toys", "--seed"},           {"toys", "--first"},
      {"toys", "--threads"},        {"scan", "--threads"}};
  for (const std::vector<std::string>& option : numbers) {
    for (const std::string text : {"", "nan", "inf", "0x10", "1 ", "1e999", "x"}) {
      const auto result = run_tool({option[0], option[1], text}, two_bins);
      INFO(option[0] << ' ' << option[1] << " \"" << text << "\": " << result.err);
      CHECK(result.code == 2);
      CHECK(result.out.empty());
      CHECK(mentions(result.err, {option[1]}));
    }
  }
  for (const std::string option : {"--ntoys", "--seed", "--first", "--threads"}) {
    CHECK(run_tool({"toys", option, "-1"}, two_bins).code == 2);
    CHECK(run_tool({"toys", option, "1.5"}, two_bins).code == 2);
  }
  CHECK(run_tool({"toys", "--threads", "100000"}, two_bins).code == 2);
  CHECK(run_tool({"cls", "--test-poi", "+0.5"}, two_bins).out ==
        run_tool({"cls", "--test-poi", "0.5"}, two_bins).out);
}

TEST_CASE("usage: the workspace is a file, a dash or nothing") {
  const muhat::test::TemporaryDirectory directory;
  const std::string file = (directory / "workspace.json").string();
  muhat::write_file(file, two_bins);
  const std::string from_file = run_tool({"fit", file}).out;
  CHECK(!from_file.empty());
  CHECK(run_tool({"fit", "-"}, two_bins).out == from_file);
  CHECK(run_tool({"fit"}, two_bins).out == from_file);
  CHECK(run_tool({"fit", "-p", "-", file}, "[]").out == from_file);
}

TEST_CASE("usage: an output file gets the result and standard output nothing") {
  const muhat::test::TemporaryDirectory directory;
  for (const std::string command : {"fit", "cls", "evaluate"}) {
    const std::string file = (directory / (command + ".json")).string();
    const auto result = run_tool({command, "--output-file", file}, two_bins);
    CHECK(result.code == 0);
    CHECK(result.out.empty());
    CHECK(muhat::test::file_text(file) == run_tool({command}, two_bins).out);
  }
  CHECK(directory.count() == 3);
}

TEST_CASE("usage: a failed command leaves no output file") {
  const muhat::test::TemporaryDirectory directory;
  const auto result = run_tool({"fit", "--output-file", (directory / "fit.json").string()}, "{}");
  CHECK(result.code == 2);
  CHECK(directory.count() == 0);
}

TEST_CASE("usage: patches apply in their order, and may come after or before the workspace") {
  const muhat::test::TemporaryDirectory directory;
  const std::string first = (directory / "first.json").string();
  const std::string second = (directory / "second.json").string();
  const std::string workspace = (directory / "workspace.json").string();
  muhat::write_file(workspace, two_bins);
  muhat::write_file(first, R"([{"op": "add", "path": "/observations/0/data/0", "value": 60},
                              {"op": "remove", "path": "/observations/0/data/1"}])");
  muhat::write_file(second, R"([{"op": "test", "path": "/observations/0/data", "value": [60, 48.0]},
                               {"op": "replace", "path": "/observations/0/data/1", "value": 57}])");
  const auto patched = run_tool({"evaluate", "-p", first, "--patch", second, workspace});
  REQUIRE(patched.code == 0);
  CHECK(run_tool({"evaluate", workspace, "-p", first, "-p", second}).out == patched.out);
  CHECK(patched.out != run_tool({"evaluate", workspace}).out);
  const auto swapped = run_tool({"evaluate", "-p", second, "-p", first, workspace});
  CHECK(swapped.code == 2);
  CHECK(mentions(swapped.err, {"second.json", "/observations/0/data"}));
}

TEST_CASE("usage: integers beyond 64 bits are numbers like others in messages and patches") {
  const muhat::test::TemporaryDirectory directory;
  const std::string patch = (directory / "patch.json").string();
  const std::string digits = "100000000000000000000000";
  muhat::write_file(patch, R"([{"op": "test", "path": "/observations/0/data/0", "value": )" + digits + "}]");
  nlohmann::json workspace = nlohmann::json::parse(two_bins);
  workspace["observations"][0]["data"][0] = 1e23;
  CHECK(run_tool({"evaluate", "-p", patch}, workspace.dump()).code == 0);
  workspace["observations"][0]["data"][0] = 1e22;
  const auto other = run_tool({"evaluate", "-p", patch}, workspace.dump());
  CHECK(other.code == 2);
  CHECK(mentions(other.err, {"expected " + digits, "found 1e+22"}));
  muhat::write_file(patch, R"([{"op": "replace", "path": "/channels/0/name", "value": )" + digits + "}]");
  const auto named = run_tool({"evaluate", "-p", patch}, two_bins);
  CHECK(named.code == 2);
  CHECK(mentions(named.err, {"/channels/0/name", digits, "expected a string, not a number"}));
}

TEST_CASE("arguments: numbers are read whole and finite") {
  CHECK(muhat::cli::parse_number("x", "-1.5e3") == -1500.0);
  CHECK(muhat::cli::parse_number("x", "+2") == 2.0);
  CHECK(muhat::cli::parse_number<int>("x", "12") == 12);
  for (const char* text : {"", "+", "+-1", "1 ", " 1", "1,5", "0x10", "inf", "nan", "1e999"}) {
    CHECK_THROWS_AS(muhat::cli::parse_number("x", text), muhat::InvalidArgument);
  }
  CHECK_THROWS_AS(muhat::cli::parse_number<int>("x", "99999999999"), muhat::InvalidArgument);
}

TEST_CASE("arguments: an assignment is split at its last equals sign") {
  const auto [name, value] = muhat::cli::parse_assignment("--fix", "a=b=1");
  CHECK(name == "a=b");
  CHECK(value == "1");
}
