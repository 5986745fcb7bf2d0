#include <muhat/workspace/bins.hpp>
#include <muhat/workspace/original_pointer.hpp>
#include <muhat/workspace/prune.hpp>

#include <support/catch.hpp>
#include <support/small_workspaces.hpp>

#include <string>

using muhat::Workspace;
using muhat::detail::original_pointer;
using nlohmann::json;

TEST_CASE("original_pointer: entries are known by name and type") {
  const Workspace given(muhat::test::every_modifier_document());
  const auto left = muhat::prune(given, {.channels = {"SR"}, .measurements = {"nominal"}});
  const auto original = [&](const std::string& pointer) {
    return original_pointer(pointer, left.document(), given.document(), {});
  };
  CHECK(original("/channels/0") == "/channels/1");
  CHECK(original("/channels/0/samples/0/modifiers/1") == "/channels/1/samples/0/modifiers/1");
  CHECK(original("/observations/0/data/0") == "/observations/1/data/0");
  CHECK(original("/measurements/0/config/parameters/1/inits/0") ==
        "/measurements/1/config/parameters/1/inits/0");
  CHECK(original("").empty());

  json two_scales = muhat::test::every_modifier_document();
  json& modifiers = two_scales["channels"][0]["samples"][1]["modifiers"];
  const json normsys = {{"name", "JES"}, {"type", "normsys"}, {"data", {{"hi", 1}, {"lo", 1}}}};
  modifiers.insert(modifiers.begin(), normsys);
  CHECK(original_pointer("/channels/0/samples/1/modifiers/0", given.document(), two_scales, {}) ==
        "/channels/0/samples/1/modifiers/1");
}

TEST_CASE("original_pointer: bins that are left are counted among all") {
  const Workspace given(muhat::test::every_modifier_document());
  const auto left = muhat::drop_bins(given, {{"SR", {0}}});
  const auto original = [&](const std::string& pointer) {
    return original_pointer(pointer, left.document(), given.document(), {{"SR", {false, true}}});
  };
  CHECK(original("/channels/0/samples/1/data/0") == "/channels/0/samples/1/data/1");
  CHECK(original("/channels/1/samples/0/data/0") == "/channels/1/samples/0/data/0");
}
