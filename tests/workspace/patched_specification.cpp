#include <muhat/workspace/patched_specification.hpp>

#include <muhat/workspace/patch_set.hpp>
#include <muhat/workspace/specification_json.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// The specification by the long way: patch a copy of the whole document and check it.
nlohmann::json whole(const Workspace& workspace, const nlohmann::json& operations) {
  nlohmann::json document = workspace.document();
  apply_json_patch(document, operations, "signal");
  return specification_json(parse_workspace(document, workspace.parse_options()));
}

nlohmann::json patched(const Workspace& workspace, const nlohmann::json& operations) {
  return specification_json(patched_specification(workspace, operations, "signal").specification());
}

nlohmann::json operation(const char* op, const char* path, const char* value = "null") {
  nlohmann::json result{{"op", op}, {"path", path}};
  if (std::string(op) != "remove") {
    result["value"] = nlohmann::json::parse(value);
  }
  return result;
}

nlohmann::json list(std::initializer_list<nlohmann::json> operations) {
  nlohmann::json result = nlohmann::json::array();
  for (const nlohmann::json& operation : operations) {
    result.push_back(operation);
  }
  return result;
}

const char* const new_sample = R"({"name": "new", "data": [1.0, 2.0],
  "modifiers": [{"name": "mu", "type": "normfactor", "data": null}]})";

} // namespace

TEST_CASE("patches of whole samples and all others give what the whole document gives") {
  const Workspace workspace(every_modifier_document());
  const nlohmann::json copy{
      {"op", "copy"}, {"from", "/channels/0/samples/1/data"}, {"path", "/channels/0/samples/0/data"}};
  const std::vector<nlohmann::json> patches{
      list({}),
      list({operation("add", "/channels/0/samples/0", new_sample)}),
      list({operation("add", "/channels/0/samples/-", new_sample),
            operation("remove", "/channels/0/samples/0")}),
      list({operation("replace", "/channels/1/samples/0/data/0", "99.5")}),
      list({operation("test", "/channels/1/name", "\"CR\""),
            operation("remove", "/channels/0/samples/1/modifiers/2")}),
      list({operation("replace", "/observations/0/data", "[1.0, 2.0]")}),
      list({operation("replace", "/channels/1/name", "\"CR2\""),
            operation("replace", "/observations/1/name", "\"CR2\"")}),
      list({copy}),
      list({operation("remove", "/measurements/1")})};
  for (const nlohmann::json& patch : patches) {
    INFO(patch.dump());
    CHECK(patched(workspace, patch) == whole(workspace, patch));
  }
  CHECK(muhat::detail::patch_samples(workspace, patches[1]).has_value());
  CHECK(muhat::detail::patch_samples(workspace, patches[2]).has_value());
  CHECK_FALSE(muhat::detail::patch_samples(workspace, patches[3]).has_value());
}

TEST_CASE("a wrong patch has the errors of the long way") {
  const Workspace workspace(every_modifier_document());
  const auto same_error = [&](const nlohmann::json& patch, auto kind) {
    INFO(patch.dump());
    using Kind = decltype(kind);
    const std::string message = message_of<Kind>([&] { (void)whole(workspace, patch); });
    CHECK_FALSE(message.empty());
    CHECK(message_of<Kind>([&] { (void)patched(workspace, patch); }) == message);
  };
  const PatchError patch_error("");
  const SpecificationError specification_error({});
  same_error(operation("remove", "/channels"), patch_error);
  same_error(list({operation("remove", "/channels/0/samples/9")}), patch_error);
  same_error(list({operation("remove", "/channels/0/samples/-")}), patch_error);
  same_error(list({operation("add", "/channels/0/samples/4", new_sample)}), patch_error);
  same_error(list({operation("add", "/channels/00/samples/0", new_sample)}), patch_error);
  same_error(list({{{"op", "add"}, {"path", "/channels/0/samples/0"}}}), patch_error);
  same_error(list({operation("add", "/channels/9/samples/0", new_sample)}), patch_error);
  same_error(list({operation("test", "/channels/0/name", "\"other\"")}), patch_error);
  same_error(list({operation("move", "/channels/0/name", "1")}), patch_error);
  same_error(list({operation("add", "/channels/1/samples/0", new_sample)}), specification_error);
  same_error(list({operation("replace", "/channels/0/name", "\"CR\"")}), specification_error);
  same_error(list({operation("remove", "/channels/1/samples/0")}), specification_error);
  same_error(list({operation("add", "/channels/0/samples/0", new_sample),
                   operation("add", "/channels/0/samples/-", new_sample)}),
             specification_error);
  same_error(list({operation("replace", "/channels/0/samples", "[]")}), specification_error);
  same_error(list({operation("add", "/channels/0/samples/0", R"({"name": "new", "data": [1.0, "x"]})")}),
             specification_error);
}

TEST_CASE("a patched specification has the measurements of a workspace") {
  const PatchedSpecification patched =
      patched_specification(Workspace(every_modifier_document()), nlohmann::json::array());
  CHECK(patched.measurement().name == "nominal");
  CHECK(patched.measurement("top").poi == "k_top");
  CHECK(mentions(message_of<UnknownName>([&] { (void)patched.measurement("tpo"); }), {"top"}));
  CHECK(mentions(message_of<UnknownName>([&] { (void)patched.measurement(2); }), {"has 2"}));
}

TEST_CASE("published signals take the short way to the same specification") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    if (!std::filesystem::exists(entry.directory / "patchset.json")) {
      continue;
    }
    CAPTURE(entry.name);
    const Workspace background = load_workspace(entry.directory / "BkgOnly.json");
    const PatchSet patches = load_patch_set(entry.directory / "patchset.json");
    for (const std::size_t k : {std::size_t{0}, patches.size() - 1}) {
      const nlohmann::json& operations = patches.patches()[k].operations;
      CHECK(muhat::detail::patch_samples(background, operations).has_value());
      CHECK(patched(background, operations) == whole(background, operations));
    }
  }
}
