#include <muhat/workspace/digest.hpp>
#include <muhat/workspace/load.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <filesystem>
#include <sstream>
#include <string>

using muhat::DigestAlgorithm;
using nlohmann::json;

TEST_CASE("digest: a thousand hard documents have the digests that Python gives them") {
  const json table = muhat::load_json(std::filesystem::path(MUHAT_TEST_DIRECTORY) / "digests.json",
                                      {.keep_big_integers = true});
  INFO("documents and digests by Python " << table["python"]);
  REQUIRE(table["rows"].size() == 1000);
  for (const json& row : table["rows"]) {
    const std::string text = muhat::json_text(row[0], {.indent = -1});
    INFO(text);
    CHECK(muhat::json_digest(row[0]) == row[1]);
    CHECK(muhat::json_digest(row[0], DigestAlgorithm::md5).substr(0, 8) == row[2]);
    CHECK(muhat::json_text_digest(text) == row[1]);
  }
}

TEST_CASE("digest: the layout and the order of keys do not matter") {
  CHECK(muhat::json_text_digest(R"({"b": [1, 2.0], "a": null})") ==
        muhat::json_text_digest("{\n \"a\":null,\"b\":[1,2e0]\n}"));
  CHECK(muhat::json_text_digest("[1]") != muhat::json_text_digest("[1.0]"));
  CHECK(muhat::json_digest(nlohmann::ordered_json::parse(R"({"b": 1, "a": 2})")) ==
        muhat::json_digest(json::parse(R"({"a": 2, "b": 1})")));
}

TEST_CASE("digest: a workspace keeps the digits of integers beyond 64 bits") {
  json document = muhat::test::two_bin_document();
  document["observations"][0]["data"][0] = "HUGE";
  std::string text = document.dump();
  text.replace(text.find("\"HUGE\""), 6, "100000000000000000000000000000001");
  std::istringstream stream(text);
  const auto workspace = muhat::load_workspace(stream);
  CHECK(workspace.specification().observations[0].data[0] == 1e32);
  CHECK(muhat::digest(workspace) == muhat::json_text_digest(text));
}

TEST_CASE("digest: algorithms by name") {
  CHECK(muhat::digest_algorithm("md5") == DigestAlgorithm::md5);
  CHECK(muhat::digest_algorithm("sha256") == DigestAlgorithm::sha256);
  CHECK(muhat::to_string(DigestAlgorithm::md5) == "md5");
  CHECK(muhat::test::mentions(
      muhat::test::message_of<muhat::UnknownName>([] { (void)muhat::digest_algorithm("sha265"); }),
      {"sha265", "did you mean \"sha256\""}));
}
