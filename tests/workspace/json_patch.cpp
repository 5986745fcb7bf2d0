#include <muhat/spec/read_json.hpp>
#include <muhat/workspace/json_patch.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/zoo.hpp>

#include <string>
#include <utility>

using muhat::test::mentions;
using nlohmann::json;

namespace {

json patched(const char* document, const char* patch) {
  json result = json::parse(document);
  muhat::apply_json_patch(result, json::parse(patch));
  return result;
}

std::string patch_failure(const char* document, const char* patch) {
  return muhat::test::message_of<muhat::PatchError>([&] { (void)patched(document, patch); });
}

} // namespace

TEST_CASE("json_patch: the operations of RFC 6902") {
  CHECK(patched(R"({"a": 1})", R"([{"op": "add", "path": "/b", "value": [2]}])") ==
        json({{"a", 1}, {"b", {2}}}));
  CHECK(patched("[1, 2]", R"([{"op": "add", "path": "/1", "value": 9}])") == json({1, 9, 2}));
  CHECK(patched("[1, 2]", R"([{"op": "add", "path": "/-", "value": 9}])") == json({1, 2, 9}));
  CHECK(patched("[1, 2]", R"([{"op": "add", "path": "", "value": null}])") == json());
  CHECK(patched("[1, 2, 3]", R"([{"op": "remove", "path": "/1"}])") == json({1, 3}));
  CHECK(patched(R"({"a": {"b": 1, "c": 2}})", R"([{"op": "remove", "path": "/a/b"}])") ==
        json({{"a", {{"c", 2}}}}));
  CHECK(patched(R"({"a": 1})", R"([{"op": "replace", "path": "/a", "value": 2}])") == json({{"a", 2}}));
  CHECK(patched(R"({"a": [1], "b": {}})", R"([{"op": "move", "from": "/a", "path": "/b/c"}])") ==
        json({{"b", {{"c", {1}}}}}));
  CHECK(patched("[1, 2, 3]", R"([{"op": "move", "from": "/0", "path": "/2"}])") == json({2, 3, 1}));
  CHECK(patched(R"({"a": 1})", R"([{"op": "copy", "from": "/a", "path": "/b"}])") ==
        json({{"a", 1}, {"b", 1}}));
  CHECK(patched(R"({"a": {"x": 1, "y": [2.0]}})",
                R"([{"op": "test", "path": "/a", "value": {"y": [2], "x": 1}}])") ==
        json({{"a", {{"x", 1}, {"y", {2.0}}}}}));
  CHECK(patched(R"({"a/b": 1, "m~n": 2})", R"([{"op": "remove", "path": "/a~1b"}])") == json({{"m~n", 2}}));
  CHECK(patched("[0]",
                R"([{"op": "add", "path": "/1", "value": 1}, {"op": "add", "path": "/2", "value": 2}])") ==
        json({0, 1, 2}));
}

TEST_CASE("json_patch: a value may be copied out of the patched document itself") {
  CHECK(patched(R"([[1], 2])", R"([{"op": "copy", "from": "", "path": "/0/-"}])") ==
        json::parse("[[1, [[1], 2]], 2]"));
}

TEST_CASE("json_patch: what does not apply names operation, path and reason") {
  const char* document = R"({"channels": [{"name": "SR", "samples": []}], "version": "1.0.0"})";
  CHECK(mentions(patch_failure(document, R"({"op": "add"})"), {"patch", "array of operations", "an object"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "test", "path": "/version", "value": "1.0.0"}, 3])"),
                 {"operation 1", "expected an object"}));
  CHECK(mentions(patch_failure(document, R"([{"path": "/a", "value": 1}])"),
                 {"operation 0", "no member \"op\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "add", "path": 3, "value": 1}])"),
                 {"\"path\" must be a string"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "ad", "path": "/a", "value": 1}])"),
                 {"no such operation", "\"add\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "add", "path": "/a"}])"), {"no member \"value\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "move", "path": "/a"}])"), {"no member \"from\""}));
  CHECK(
      mentions(patch_failure(document, R"([{"op": "add", "path": "a", "value": 1}])"), {"no JSON pointer"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "add", "path": "/chanels/0/samples/0", "value": 1}])"),
                 {"add \"/chanels/0/samples/0\"", "no member \"chanels\"", "did you mean \"channels\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "add", "path": "/channels/7/samples/0", "value": 1}])"),
                 {"the array at \"/channels\" has 1 elements", "\"7\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "add", "path": "/channels/0/samples/1", "value": 1}])"),
                 {"the array has 0 elements", "\"1\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "add", "path": "/version/x", "value": 1}])"),
                 {"is a string, neither object nor array"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "remove", "path": "/channels/-"}])"),
                 {"no element \"-\""}));
  CHECK(
      mentions(patch_failure(document, R"([{"op": "remove", "path": "/version/0"}])"), {"has no elements"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "remove", "path": ""}])"), {"whole document"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "replace", "path": "/observations", "value": []}])"),
                 {"no member \"observations\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "move", "from": "/channels", "path": "/channels/0/x"}])"),
                 {"into itself"}));
  CHECK(mentions(patch_failure(document, R"([{"op": "test", "path": "/version", "value": "2.0.0"}])"),
                 {"the test failed", "\"2.0.0\"", "\"1.0.0\""}));
  CHECK(mentions(patch_failure(document, R"([{"op": "test", "path": "/channels/0/name", "value": null}])"),
                 {"the test failed"}));
  std::string long_path = "/x";
  for (int i = 0; i < 120; ++i) {
    long_path += "\xc3\xa9";
  }
  const json patch = json::array({{{"op", "remove"}, {"path", long_path}}});
  CHECK_NOTHROW(json(patch_failure(document, patch.dump().c_str())).dump());
}

TEST_CASE("json_patch: a document may not come to nest deeper than the stack allows") {
  const std::string nested = std::string(512, '[') + std::string(512, ']');
  CHECK_NOTHROW(patched("{}", ("[{\"op\": \"add\", \"path\": \"\", \"value\": " + nested + "}]").c_str()));
  const std::string reason = "nest deeper than 512 levels";
  CHECK(mentions(
      patch_failure("{}", ("[{\"op\": \"add\", \"path\": \"/x\", \"value\": [" + nested + "]}]").c_str()),
      {"operation 0 (add \"/x\")", reason}));
  CHECK(mentions(
      patch_failure(R"({"x": [0]})",
                    ("[{\"op\": \"replace\", \"path\": \"/x/0\", \"value\": " + nested + "}]").c_str()),
      {"operation 0 (replace \"/x/0\")", reason}));
  // Each copy into the innermost array doubles the depth.
  json document = json::parse(R"({"x": []})");
  json patch = json::array();
  std::string innermost = "/x";
  for (int i = 0; i < 20; ++i) {
    patch.push_back({{"op", "copy"}, {"from", "/x"}, {"path", innermost + "/-"}});
    if (innermost.size() < 4000) {
      const std::string below = innermost.substr(2);
      innermost += "/0" + below;
    }
  }
  const std::string message =
      muhat::test::message_of<muhat::PatchError>([&] { muhat::apply_json_patch(document, patch); });
  CHECK(mentions(message, {"operation 9 (copy", reason}));
}

TEST_CASE("json_patch: copies that double a document end before memory does") {
  json document = json::parse(R"({"x": []})");
  const json patch(33, json{{"op", "copy"}, {"from", "/x"}, {"path", "/x/-"}});
  const std::string message =
      muhat::test::message_of<muhat::PatchError>([&] { muhat::apply_json_patch(document, patch); });
  CHECK(mentions(message, {"(copy \"/x/-\")", "copy more than"}));
  json text = json{{"x", json::array({std::string(100000, 'a')})}};
  CHECK_THROWS_AS(muhat::apply_json_patch(text, patch), muhat::PatchError);
  json small = json::parse(R"({"x": [1]})");
  const json harmless(100, json{{"op", "copy"}, {"from", "/x/0"}, {"path", "/x/-"}});
  muhat::apply_json_patch(small, harmless);
  CHECK(small["x"].size() == 101);
}

TEST_CASE("json_patch: a move copies nothing") {
  json document = json::parse(R"({"a": {"x": [1, 2, 3]}, "b": [[], 0], "c": 4})");
  const json* element = &document["a"]["x"][0];
  muhat::apply_json_patch(document, json::parse(R"([{"op": "move", "from": "/a/x", "path": "/b/0/0"},
                                                    {"op": "move", "from": "/b/0/0", "path": "/a"}])"));
  CHECK(document == json::parse(R"({"a": [1, 2, 3], "b": [[], 0], "c": 4})"));
  CHECK(&document["a"][0] == element);
  CHECK(patched(R"({"a": {"b": {"c": 1}}})", R"([{"op": "move", "from": "/a/b", "path": "/a"}])") ==
        json::parse(R"({"a": {"c": 1}})"));
  CHECK(patched("[1, 2]", R"([{"op": "move", "from": "/1", "path": "/1"}])") == json({1, 2}));
}

TEST_CASE("json_patch: what cannot move stays where it is") {
  const json original = json::parse(R"({"a": {"x": [1]}, "b": 2})");
  const std::string deep = []() {
    std::string path = "/d";
    for (int i = 0; i < 511; ++i) {
      path += "/0";
    }
    return path;
  }();
  for (const auto& [from, path] : {std::pair<std::string, std::string>{"/a", "/a/x/0"},
                                   {"", "/b"},
                                   {"", "b"},
                                   {"/a", "b"},
                                   {"/a", deep}}) {
    CAPTURE(from, path);
    json document = original;
    const json patch = json::array({{{"op", "move"}, {"from", from}, {"path", path}}});
    CHECK_THROWS_AS(muhat::apply_json_patch(document, patch), muhat::PatchError);
    CHECK(document == original);
  }
}

TEST_CASE("json_patch: moves aside are free, moves to deeper places count like copies") {
  json document{{"a", json(100000, 0)}, {"c", json::object()}};
  json patch = json::array();
  for (int i = 0; i < 30; ++i) {
    patch.push_back({{"op", "move"}, {"from", "/a"}, {"path", "/b"}});
    patch.push_back({{"op", "move"}, {"from", "/b"}, {"path", "/a"}});
  }
  muhat::apply_json_patch(document, patch);
  CHECK(document["a"].size() == 100000);
  patch = json::array();
  for (int i = 0; i < 30; ++i) {
    patch.push_back({{"op", "move"}, {"from", "/a"}, {"path", "/c/a"}});
    patch.push_back({{"op", "move"}, {"from", "/c/a"}, {"path", "/a"}});
  }
  const std::string message =
      muhat::test::message_of<muhat::PatchError>([&] { muhat::apply_json_patch(document, patch); });
  CHECK(mentions(message, {"(move \"/c/a\")", "move as much to deeper places", "split the patch"}));
  CHECK(document["a"].size() == 100000);
}

TEST_CASE("json_patch: equality in content") {
  using ordered = nlohmann::ordered_json;
  CHECK(
      muhat::same_json(ordered::parse(R"({"a": 1, "b": [{}]})"), ordered::parse(R"({"b": [{}], "a": 1.0})")));
  CHECK_FALSE(muhat::same_json(json::parse("[1, 2]"), json::parse("[2, 1]")));
  CHECK_FALSE(muhat::same_json(json::parse("[1]"), json::parse("[1, 1]")));
  CHECK_FALSE(muhat::same_json(json::parse(R"({"a": 1})"), json::parse(R"({"b": 1})")));
  CHECK_FALSE(muhat::same_json(json::parse("{}"), json::parse("[]")));
  const json digits = muhat::read_json("[100000000000000000000000]", {.keep_big_integers = true});
  REQUIRE(digits[0].is_binary());
  CHECK(muhat::same_json(digits, json::parse("[1e23]")));
  CHECK(muhat::same_json(json::parse("[1e23]"), digits));
  CHECK_FALSE(muhat::same_json(digits, json::parse("[1e22]")));
  CHECK_FALSE(muhat::same_json(digits, json::parse("[null]")));
}

TEST_CASE("json_patch: published patches give what nlohmann's own patch gives") {
  MUHAT_REQUIRE_ZOO();
  for (const auto& entry : muhat::test::zoo_entries()) {
    if (!std::filesystem::exists(entry.directory / "patchset.json")) {
      continue;
    }
    const json background = entry.document("BkgOnly.json");
    const json patch = entry.document("patchset.json")["patches"][3]["patch"];
    json document = background;
    muhat::apply_json_patch(document, patch);
    CHECK(document == background.patch(patch));
  }
}
