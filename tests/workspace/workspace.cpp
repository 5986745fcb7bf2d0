#include <muhat/workspace/workspace.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>

#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::message_of;

TEST_CASE("workspace: holds the document and its structs") {
  const auto document = muhat::test::every_modifier_document();
  const muhat::Workspace workspace(document);
  CHECK(workspace.document() == document);
  CHECK(workspace.specification().channels.size() == 2);
  CHECK(workspace.channel_names() == std::vector<std::string>{"SR", "CR"});
  CHECK(workspace.measurement_names() == std::vector<std::string>{"nominal", "top"});
  const muhat::Workspace copy = workspace;
  CHECK(&copy.document() == &workspace.document());
}

TEST_CASE("workspace: measurements by name and by place") {
  const muhat::Workspace workspace(muhat::test::every_modifier_document());
  CHECK(workspace.measurement("top").poi == "k_top");
  CHECK(workspace.measurement().name == "nominal");
  CHECK(workspace.measurement(1).name == "top");
  CHECK(mentions(message_of<muhat::UnknownName>([&] { (void)workspace.measurement("nominel"); }),
                 {"no measurement named \"nominel\"", "did you mean \"nominal\"?"}));
  CHECK(mentions(message_of<muhat::UnknownName>([&] { (void)workspace.measurement(2); }),
                 {"no measurement 2", "has 2", "\"nominal\", \"top\""}));
}

TEST_CASE("workspace: a wrong document is refused") {
  auto document = muhat::test::two_bin_document();
  document.erase("version");
  CHECK_THROWS_AS(muhat::Workspace(document), muhat::SpecificationError);
}

TEST_CASE("workspace: user-defined modifier types stay allowed") {
  auto document = muhat::test::two_bin_document();
  document["channels"][0]["samples"][0]["modifiers"][0]["type"] = "morphing";
  CHECK_THROWS_AS(muhat::Workspace(document), muhat::SpecificationError);
  const muhat::Workspace workspace(document, {.custom_modifier_types = {"morphing"}});
  CHECK(workspace.parse_options().custom_modifier_types == std::vector<std::string>{"morphing"});
}
