#include <muhat/core/errors.hpp>
#include <muhat/report/write_file.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>

#include <filesystem>
#include <string>

namespace fs = std::filesystem;

TEST_CASE("write_file: a new file holds the text and nothing else stays behind") {
  const muhat::test::TemporaryDirectory directory;
  muhat::write_file(directory / "result.json", "{}\n");
  CHECK(muhat::test::file_text(directory / "result.json") == "{}\n");
  CHECK(directory.count() == 1);
}

TEST_CASE("write_file: an existing file is replaced and keeps its permissions") {
  const muhat::test::TemporaryDirectory directory;
  const fs::path file = directory / "result.json";
  muhat::write_file(file, "a much longer text than the second one");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  muhat::write_file(file, "short");
  CHECK(muhat::test::file_text(file) == "short");
  CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(directory.count() == 1);
}

TEST_CASE("write_file: an unfinished file of somebody else is left alone") {
  const muhat::test::TemporaryDirectory directory;
  muhat::write_file(directory / "result.json.part0", "theirs");
  muhat::write_file(directory / "result.json", "mine");
  CHECK(muhat::test::file_text(directory / "result.json.part0") == "theirs");
  CHECK(muhat::test::file_text(directory / "result.json") == "mine");
}

TEST_CASE("write_file: a symbolic link stays a link, and the file it names is replaced") {
  const muhat::test::TemporaryDirectory directory;
  muhat::write_file(directory / "target.json", "old");
  fs::create_symlink("target.json", directory / "link.json");
  muhat::write_file(directory / "link.json", "new");
  CHECK(fs::is_symlink(directory / "link.json"));
  CHECK(muhat::test::file_text(directory / "target.json") == "new");
}

TEST_CASE("write_file: a symbolic link to a file that does not exist stays, and the file is made") {
  const muhat::test::TemporaryDirectory directory;
  fs::create_symlink("second.json", directory / "first.json");
  fs::create_symlink("target.json", directory / "second.json");
  muhat::write_file(directory / "first.json", "new");
  CHECK(fs::is_symlink(directory / "first.json"));
  CHECK(fs::is_symlink(directory / "second.json"));
  CHECK(muhat::test::file_text(directory / "target.json") == "new");
  fs::create_symlink("circle.json", directory / "circle.json");
  CHECK_THROWS_AS(muhat::write_file(directory / "circle.json", "new"), muhat::InvalidArgument);
}

TEST_CASE("write_file: whether a file can be made is known beforehand, and nothing stays behind") {
  const muhat::test::TemporaryDirectory directory;
  CHECK_NOTHROW(muhat::require_writable(directory / "result.json"));
  CHECK(directory.count() == 0);
  CHECK_THROWS_AS(muhat::require_writable(directory / "nowhere" / "result.json"), muhat::InvalidArgument);
  fs::create_symlink("nowhere/result.json", directory / "link.json");
  CHECK_THROWS_AS(muhat::require_writable(directory / "link.json"), muhat::InvalidArgument);
}

TEST_CASE("write_file: where no file can be made, the error names it") {
  const muhat::test::TemporaryDirectory directory;
  const std::string message = muhat::test::message_of<muhat::InvalidArgument>(
      [&] { muhat::write_file(directory / "nowhere" / "result.json", "{}"); });
  CHECK(muhat::test::mentions(message, {"nowhere", "result.json"}));
}

TEST_CASE("write_file: a full device is a failed computation, not a half-written success") {
  if (!fs::exists("/dev/full")) {
    MUHAT_SKIP("there is no /dev/full");
  }
  CHECK_THROWS_AS(muhat::write_file("/dev/full", std::string(100000, 'x')), muhat::ComputationError);
}
