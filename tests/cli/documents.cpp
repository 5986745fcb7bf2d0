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

/// A patch set of two signals for the two-bin workspace, with its right digest.
nlohmann::json patch_set() {
  nlohmann::json document = nlohmann::json::parse(R"({
    "version": "1.0.0",
    "metadata": {"references": {"hepdata": "ins1234567"}, "digests": {}, "labels": ["mass"],
                 "description": "two signals"},
    "patches": [
      {"metadata": {"name": "light", "values": [100]},
       "patch": [{"op": "replace", "path": "/channels/0/samples/0/data", "value": [20.0, 1.5]}]},
      {"metadata": {"name": "heavy", "values": [400]},
       "patch": [{"op": "replace", "path": "/channels/0/samples/0/data", "value": [2.0, 9.0]}]}]
  })");
  document["metadata"]["digests"]["sha256"] =
      run_tool({"digest", "--json"}, two_bins).json().at("sha256").get<std::string>();
  return document;
}

/// The two-bin workspace and its patch set as files.
struct Files {
  muhat::test::TemporaryDirectory directory;
  std::string background = (directory / "background.json").string();
  std::string patches = (directory / "patchset.json").string();

  Files() {
    muhat::write_file(background, two_bins);
    muhat::write_file(patches, patch_set().dump());
  }
};

} // namespace

TEST_CASE("digest: lines or JSON, whatever the layout of the document") {
  // Python 3.11.7: hashlib.sha256(json.dumps({"a": [1, 2.0]}, sort_keys=True).encode()).hexdigest(), and md5.
  const std::string sha256 = "601b331fd761efadb181024d653f0f0795fc422956e3ddd1b912487901934894";
  const std::string md5 = "905005075818c2ac309d6ce5533e6831";
  const auto plain = run_tool({"digest"}, R"({"a":[1,2.0]})");
  CHECK(plain.code == 0);
  CHECK(plain.out == "sha256:" + sha256 + '\n');
  CHECK(run_tool({"digest", "-p"}, " { \"a\" : [ 1 , 2.0 ] } ").out == plain.out);
  CHECK(run_tool({"digest"}, R"({"a":[1,2]})").out != plain.out);
  const auto both = run_tool({"digest", "-a", "md5", "--algorithm", "sha256", "--json"}, R"({"a":[1,2.0]})");
  CHECK(both.json() == nlohmann::json{{"md5", md5}, {"sha256", sha256}});
}

TEST_CASE("digest: mistakes exit with 2") {
  const auto unknown = run_tool({"digest", "-a", "sha265"}, two_bins);
  CHECK(unknown.code == 2);
  CHECK(mentions(unknown.err, {"muhat digest", "did you mean \"sha256\""}));
  CHECK(run_tool({"digest", "--json", "--plaintext"}, two_bins).code == 2);
  CHECK(run_tool({"digest"}, "{").code == 2);
}

TEST_CASE("patchset: inspect lists names and values") {
  const Files files;
  const auto result = run_tool({"patchset", "inspect", files.patches});
  CHECK(result.code == 0);
  CHECK(result.out == "patch  mass\n-----  ----\nlight  100\nheavy  400\n");
  CHECK(run_tool({"patchset", "inspect"}, patch_set().dump()).out == result.out);
}

TEST_CASE("patchset: verify accepts the right workspace and explains a wrong one") {
  const Files files;
  const auto right = run_tool({"patchset", "verify", files.background, files.patches});
  CHECK(right.code == 0);
  CHECK(!right.out.empty());
  const auto wrong = run_tool({"patchset", "verify", "-", files.patches}, muhat::test::two_channels);
  CHECK(wrong.code == 2);
  CHECK(mentions(wrong.err, {"muhat patchset verify", "sha256"}));
  CHECK(mentions(run_tool({"patchset", "verify"}, two_bins).err, {"standard input"}));
}

TEST_CASE("patchset: apply prints the patched workspace, which goes into the next command") {
  const Files files;
  const auto patched = run_tool({"patchset", "apply", "--name", "heavy", files.background, files.patches});
  REQUIRE(patched.code == 0);
  nlohmann::json expected = nlohmann::json::parse(two_bins);
  expected["channels"][0]["samples"][0]["data"] = {2.0, 9.0};
  CHECK(patched.json() == expected);
  CHECK(run_tool({"cls"}, patched.out).code == 0);
  const auto unknown = run_tool({"patchset", "apply", "--name", "haevy", files.background, files.patches});
  CHECK(unknown.code == 2);
  CHECK(mentions(unknown.err, {"did you mean \"heavy\""}));
  CHECK(run_tool({"patchset", "apply", "--name", "heavy", "-", files.patches}, muhat::test::two_channels)
            .code == 2);
}

TEST_CASE("patchset: extract prints a patch that --patch takes, with metadata on demand") {
  const Files files;
  const auto bare = run_tool({"patchset", "extract", "--name", "light", files.patches});
  REQUIRE(bare.code == 0);
  CHECK(bare.json() == patch_set().at("patches")[0].at("patch"));
  CHECK(run_tool({"patchset", "extract", "--name", "light", "--without-metadata", files.patches}).out ==
        bare.out);
  const auto applied = run_tool({"patchset", "apply", "--name", "light", files.background, files.patches});
  CHECK(run_tool({"cls", "-p", "-", files.background}, bare.out).out == run_tool({"cls"}, applied.out).out);
  const nlohmann::json full =
      run_tool({"patchset", "extract", "--name", "light", "--with-metadata", files.patches}).json();
  CHECK(full.at("patch") == bare.json());
  CHECK(full.at("metadata").at("name") == "light");
  CHECK(full.at("metadata").at("labels") == nlohmann::json::array({"mass"}));
}

TEST_CASE("patchset: mistakes exit with 2") {
  const Files files;
  CHECK(run_tool({"patchset"}).code == 2);
  CHECK(run_tool({"patchset", "aply"}).code == 2);
  CHECK(run_tool({"patchset", "extract", files.patches}).code == 2);
  CHECK(mentions(run_tool({"patchset", "extract", "--name", "lihgt", files.patches}).err,
                 {"did you mean \"light\""}));
  CHECK(mentions(run_tool({"patchset", "inspect"}, "{}").err, {"patchset inspect"}));
}

TEST_CASE("completions: every command and option is in the script of every shell") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto result = run_tool({"completions", shell});
    CHECK(result.code == 0);
    CHECK(mentions(result.out, {"muhat completions " + shell, "evaluate", "patchset", "verify", "test-poi",
                                "with-metadata"}));
  }
  for (const std::string shell : {"bash", "zsh"}) {
    CHECK(mentions(run_tool({"completions", shell}).out,
                   {R"("combine --join") choices=("none" "outer" "left outer" "right outer") ;;)",
                    R"("completions "*) choices=("bash" "zsh" "fish") ;;)"}));
  }
  CHECK(mentions(run_tool({"completions", "fish"}).out,
                 {R"(-l join -x -a '\'none\' \'outer\' \'left outer\' \'right outer\'')"}));
  CHECK(run_tool({"completions"}).code == 2);
  CHECK(mentions(run_tool({"completions", "tcsh"}).err, {"fish"}));
}
