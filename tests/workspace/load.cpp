#include <muhat/workspace/load.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/temporary_directory.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

namespace {

/// Files of a test, in a directory of its own.
struct Files : muhat::test::TemporaryDirectory {
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = *this / name;
    std::ofstream(path) << text;
    return path.string();
  }
};

json rename_channel(const char* name) {
  return json::array({{{"op", "replace"}, {"path", "/channels/0/name"}, {"value", name}},
                      {{"op", "replace"}, {"path", "/observations/0/name"}, {"value", name}}});
}

} // namespace

TEST_CASE("load: a workspace from a file and from a stream") {
  const Files files;
  const auto document = muhat::test::two_bin_document();
  const std::string path = files.write("workspace.json", document.dump());
  CHECK(muhat::load_workspace(path).document() == document);
  CHECK(muhat::load_json(path) == document);
  std::istringstream stream(document.dump());
  CHECK(muhat::load_workspace(stream).document() == document);
  CHECK(muhat::load_workspace<nlohmann::ordered_json>(path).measurement().name == "Measurement");
}

TEST_CASE("load: patches from files and documents apply in order, before the check") {
  const Files files;
  auto document = muhat::test::two_bin_document();
  document["channels"][0]["samples"].push_back("wrong until it is patched");
  const std::string path = files.write("workspace.json", document.dump());
  const json repair = json::array({{{"op", "remove"}, {"path", "/channels/0/samples/2"}}});
  const std::string first = files.write("first.json", rename_channel("SR1").dump());
  const auto workspace = muhat::load_workspace(path, {.patches = {repair, first, rename_channel("SR2")}});
  CHECK(workspace.channel_names() == std::vector<std::string>{"SR2"});
  CHECK_THROWS_AS(muhat::load_workspace(path, {.patches = {first}}), muhat::SpecificationError);
}

TEST_CASE("load: a file without end is not read for ever") {
  const Files files;
  const std::string file = files.write("ten.txt", "0123456789");
  CHECK(muhat::read_file(file, 10) == "0123456789");
  CHECK(mentions(message_of<muhat::ReadError>([&] { (void)muhat::read_file(file, 9); }),
                 {"ten.txt", "more than 9 bytes"}));
}

TEST_CASE("load: a file that is far too large is refused before memory is taken for it") {
  const Files files;
  const std::string file = files.write("huge.json", "");
  std::error_code error;
  std::filesystem::resize_file(file, std::uintmax_t{1} << 41, error);
  if (error) {
    WARN("no file of this size here");
    return;
  }
  CHECK(mentions(message_of<muhat::ReadError>([&] { (void)muhat::load_workspace(file); }),
                 {"huge.json", "more than 4294967296 bytes"}));
}

TEST_CASE("load: errors name the file") {
  const Files files;
  const std::string good = files.write("workspace.json", muhat::test::two_bin_document().dump());
  const auto failure = [](const std::string& path) {
    return message_of<muhat::ReadError>([&] { (void)muhat::load_workspace(path); });
  };
  CHECK(mentions(failure((files / "none.json").string()), {"none.json", "cannot open"}));
  CHECK(mentions(failure(files.path().string()), {"this is a directory"}));
  CHECK(mentions(failure(files.write("broken.json", "{\n\"a\":")), {"broken.json: line 2"}));
  CHECK(mentions(failure(files.write("empty.json", "")), {"empty.json", "empty"}));
  const std::string incomplete = files.write("incomplete.json", "{}");
  CHECK(mentions(message_of<muhat::SpecificationError>([&] { (void)muhat::load_workspace(incomplete); }),
                 {"incomplete.json: invalid specification: 4 problems"}));
  const std::string twice = files.write("twice.json", R"([{"op": "remove", "op": "add"}])");
  CHECK(mentions(
      message_of<muhat::SpecificationError>([&] { (void)muhat::load_workspace(good, {.patches = {twice}}); }),
      {"twice.json: invalid specification", "/0/op"}));
  const std::string patch = files.write("patch.json", R"([{"op": "remove", "path": "/nothing"}])");
  const auto patch_failure = [&](const muhat::PatchSource& source) {
    return message_of<muhat::PatchError>([&] {
      (void)muhat::load_workspace(good, {.patches = {json::array(), source}});
    });
  };
  CHECK(mentions(patch_failure(patch), {"patch.json: operation 0 (remove \"/nothing\")"}));
  CHECK(mentions(patch_failure(json::object()), {"patch 1", "array of operations"}));
  CHECK(mentions(message_of<muhat::ReadError>(
                     [&] { (void)muhat::load_workspace(good, {.patches = {"no-such-patch.json"}}); }),
                 {"no-such-patch.json", "cannot open"}));
}
