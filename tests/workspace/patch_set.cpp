#include <muhat/workspace/patch_set.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <string>
#include <vector>

using muhat::PatchSet;
using muhat::PatchValue;
using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

namespace {

json patch_set_document() {
  json document = json::parse(R"({
    "version": "1.0.0",
    "metadata": {"references": {"hepdata": "ins1234567"}, "labels": ["m1", "side"], "description": "signals",
                 "digests": {}, "analysis": "other fields are welcome"},
    "patches": [
      {"metadata": {"name": "signal_400", "values": [400, "left"], "xsec": 0.5}, "patch": [
        {"op": "replace", "path": "/channels/0/samples/0/data", "value": [4.0, 5.0]}]},
      {"metadata": {"name": "signal_500", "values": [500.0, "right"]}, "patch": [
        {"op": "remove", "path": "/channels/0/samples/7"}]}]
  })");
  document["metadata"]["digests"]["sha256"] = muhat::json_digest(muhat::test::two_bin_document());
  return document;
}

struct Broken {
  const char* name;
  const char* patch;
  const char* pointer;
  const char* fragment;
};

} // namespace

TEST_CASE("patch_set: values are exact, also where doubles hold no integer") {
  json document = patch_set_document();
  document["patches"][0]["metadata"]["values"][0] = 9007199254740993;
  document["patches"][1]["metadata"]["values"] = {9007199254740992, "left"};
  const PatchSet patches(document);
  CHECK(patches.patch_at({9007199254740993, "left"}).name == "signal_400");
  CHECK(patches.patch_at({9007199254740992.0, "left"}).name == "signal_500");
  CHECK(to_string(patches.patches()[0].values) == "(9007199254740993, \"left\")");

  CHECK(PatchValue(9007199254740994) == PatchValue(9007199254740994.0));
  CHECK(PatchValue(-9007199254740993) < PatchValue(-9007199254740991));
  CHECK_FALSE(PatchValue(18446744073709551615U) == PatchValue(18446744073709551614U));
  CHECK(PatchValue(-5) == PatchValue(-5.0));
}

TEST_CASE("patch_set: metadata") {
  const PatchSet patches(patch_set_document());
  CHECK(patches.version() == "1.0.0");
  CHECK(patches.description() == "signals");
  CHECK(patches.references().at("hepdata") == "ins1234567");
  CHECK(patches.labels() == std::vector<std::string>{"m1", "side"});
  CHECK(patches.digests().at(muhat::DigestAlgorithm::sha256).size() == 64);
  CHECK(patches.metadata().at("analysis") == "other fields are welcome");
  CHECK(patches.size() == 2);
  std::vector<std::string> names;
  for (const muhat::Patch& patch : patches) {
    names.push_back(patch.name);
  }
  CHECK(names == std::vector<std::string>{"signal_400", "signal_500"});
  CHECK(patches.patches()[0].metadata.at("xsec") == 0.5);
}

TEST_CASE("patch_set: patches by name and by values") {
  const PatchSet patches(patch_set_document());
  CHECK(patches.patch("signal_500").values == std::vector<PatchValue>{500, "right"});
  CHECK(patches.patch_at({400.0, "left"}).name == "signal_400");
  CHECK(mentions(message_of<muhat::UnknownName>([&] { (void)patches.patch("signal_40"); }),
                 {"no patch named", "did you mean \"signal_400\""}));
  CHECK(mentions(message_of<muhat::UnknownName>([&] {
                   (void)patches.patch_at({400, "right"});
                 }),
                 {"no patch with the values (400, \"right\")", "\"m1\", \"side\""}));
  CHECK(mentions(message_of<muhat::UnknownName>([&] {
                   (void)patches.patch_at({"400", "left"});
                 }),
                 {"(\"400\", \"left\")"}));
}

TEST_CASE("patch_set: apply verifies, patches and checks") {
  const PatchSet patches(patch_set_document());
  const muhat::Workspace workspace(muhat::test::two_bin_document());
  CHECK_NOTHROW(patches.verify(workspace));
  const auto patched = patches.apply(workspace, "signal_400");
  CHECK(patched.specification().channels[0].samples[0].data == std::vector<double>{4.0, 5.0});
  CHECK(workspace.specification().channels[0].samples[0].data == std::vector<double>{12.0, 11.0});
  CHECK(patches.apply(workspace, std::vector<PatchValue>{400, "left"}).document() == patched.document());
  CHECK(patches.apply(workspace, {400, "left"}).document() == patched.document());
  CHECK(mentions(message_of<muhat::PatchError>([&] { (void)patches.apply(workspace, "signal_500"); }),
                 {"patch \"signal_500\": operation 0", "/channels/0/samples/7", "has 2 elements"}));
  CHECK(mentions(message_of<muhat::PatchSetMismatch>([&] { (void)patches.apply(patched, "signal_400"); }),
                 {"not for this workspace", "sha256", muhat::digest(patched), muhat::digest(workspace)}));
  CHECK_NOTHROW(patches.apply(patched, "signal_400", false));
}

TEST_CASE("patch_set: every digest counts") {
  json document = patch_set_document();
  document["metadata"]["digests"]["md5"] =
      muhat::json_digest(muhat::test::two_bin_document(), muhat::DigestAlgorithm::md5);
  CHECK_NOTHROW(PatchSet(document).verify(muhat::test::two_bin_document()));
  document["metadata"]["digests"]["md5"] = std::string(32, '0');
  CHECK_THROWS_AS(PatchSet(document).verify(muhat::test::two_bin_document()), muhat::PatchSetMismatch);
}

TEST_CASE("patch_set: values may be integers beyond 64 bits") {
  std::string text =
      patch_set_document()
          .patch(json::array({{{"op", "replace"}, {"path", "/patches/0/metadata/values/0"}, {"value", 7}}}))
          .dump();
  text.replace(text.find("[7,"), 3, "[123456789012345678901234567890,");
  const PatchSet patches(muhat::read_json(text, {.keep_big_integers = true}));
  CHECK(patches.patches()[0].values[0] == 123456789012345678901234567890.0);
}

TEST_CASE("patch_set: broken patch sets are refused with their pointer") {
  const std::vector<Broken> table{
      {"a list", R"({"op": "replace", "path": "", "value": []})", "", "expected a patch set"},
      {"no version", R"({"op": "remove", "path": "/version"})", "", "\"version\""},
      {"other version", R"({"op": "replace", "path": "/version", "value": "0.1"})", "/version", "1.0.0"},
      {"unknown field", R"({"op": "add", "path": "/name", "value": 1})", "/name", "no such field"},
      {"no metadata", R"({"op": "remove", "path": "/metadata"})", "", "\"metadata\""},
      {"no references", R"({"op": "remove", "path": "/metadata/references"})", "/metadata", "\"references\""},
      {"no hepdata", R"({"op": "remove", "path": "/metadata/references/hepdata"})", "/metadata/references",
       "\"hepdata\""},
      {"bad hepdata", R"({"op": "replace", "path": "/metadata/references/hepdata", "value": "ins12"})",
       "/metadata/references/hepdata", "\"ins\" and seven digits"},
      {"no digests", R"({"op": "replace", "path": "/metadata/digests", "value": {}})", "/metadata/digests",
       "at least one of"},
      {"short digest", R"({"op": "replace", "path": "/metadata/digests/sha256", "value": "abc"})",
       "/metadata/digests/sha256", "64 hexadecimal digits"},
      {"unknown digest", R"({"op": "add", "path": "/metadata/digests/sha1", "value": "abc"})",
       "/metadata/digests/sha1", "no such field"},
      {"no labels", R"({"op": "replace", "path": "/metadata/labels", "value": []})", "/metadata/labels",
       "at least one"},
      {"bad label", R"({"op": "replace", "path": "/metadata/labels/0", "value": "m 1"})",
       "/metadata/labels/0", "letters, digits and underscores"},
      {"no description", R"({"op": "remove", "path": "/metadata/description"})", "/metadata",
       "\"description\""},
      {"no patches", R"({"op": "replace", "path": "/patches", "value": []})", "/patches", "at least one"},
      {"patch without metadata", R"({"op": "remove", "path": "/patches/1/metadata"})", "/patches/1",
       "\"metadata\""},
      {"patch without operations", R"({"op": "remove", "path": "/patches/1/patch"})", "/patches/1",
       "\"patch\""},
      {"operations as object", R"({"op": "replace", "path": "/patches/1/patch", "value": {}})",
       "/patches/1/patch", "array of operations"},
      {"bad name", R"({"op": "replace", "path": "/patches/0/metadata/name", "value": "a-b"})",
       "/patches/0/metadata/name", "letters, digits and underscores"},
      {"name twice", R"({"op": "replace", "path": "/patches/1/metadata/name", "value": "signal_400"})",
       "/patches/1/metadata/name", "patch 0 has this name"},
      {"values twice", R"({"op": "replace", "path": "/patches/1/metadata/values", "value": [400.0, "left"]})",
       "/patches/1/metadata/values", "patch 0 has these values"},
      {"too few values", R"({"op": "replace", "path": "/patches/1/metadata/values", "value": [1]})",
       "/patches/1/metadata/values", "one value per label"},
      {"bad value", R"({"op": "replace", "path": "/patches/1/metadata/values/0", "value": null})",
       "/patches/1/metadata/values/0", "a number or a string"},
  };
  for (const Broken& broken : table) {
    DYNAMIC_SECTION(broken.name) {
      const json document = patch_set_document().patch(json::array({json::parse(broken.patch)}));
      try {
        (void)PatchSet(document);
        FAIL("accepted");
      } catch (const muhat::SpecificationError& error) {
        REQUIRE(error.problems().size() == 1);
        CHECK(error.problems()[0].pointer == broken.pointer);
        CHECK(mentions(error.problems()[0].message, {broken.fragment}));
      }
    }
  }
}

TEST_CASE("patch_set: published patch sets verify and apply") {
  MUHAT_REQUIRE_ZOO();
  std::size_t count = 0;
  for (const auto& entry : muhat::test::zoo_entries()) {
    if (!std::filesystem::exists(entry.directory / "patchset.json")) {
      continue;
    }
    INFO(entry.name);
    ++count;
    const auto patches = muhat::load_patch_set(entry.directory / "patchset.json");
    const auto background = muhat::load_workspace(entry.directory / "BkgOnly.json");
    CHECK_NOTHROW(patches.verify(background));
    for (const auto& patch : patches) {
      CHECK_NOTHROW(patches.apply(background, patch.values, false));
    }
  }
  CHECK(count > 0);
}
