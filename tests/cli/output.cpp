#include <muhat/cli/output.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <sstream>
#include <string>

TEST_CASE("output: results so far that cannot be saved are a warning, once") {
  const muhat::test::TemporaryDirectory directory;
  const std::filesystem::path folder = directory / "folder";
  const std::filesystem::path file = folder / "result.json";
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  muhat::cli::Context context{in, out, err};
  muhat::cli::InterimOutput interim("toys", {file.string()}, context);
  REQUIRE(interim.wanted());
  interim.save(nlohmann::json{{"a", 1}});
  interim.save(nlohmann::json{{"a", 2}});
  const std::string warning = err.str();
  CHECK(muhat::test::mentions(warning, {"muhat toys: warning", "result.json"}));
  CHECK(warning.find("warning") == warning.rfind("warning"));
  std::filesystem::create_directory(folder);
  interim.save(nlohmann::json{{"a", 3}});
  CHECK(nlohmann::json::parse(muhat::test::file_text(file)).at("a") == 3);
  CHECK(err.str() == warning);
}

TEST_CASE("output: without a file there is nothing to save") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  muhat::cli::Context context{in, out, err};
  CHECK_FALSE(muhat::cli::InterimOutput("toys", {}, context).wanted());
  CHECK_FALSE(muhat::cli::InterimOutput("toys", {"/dev/null"}, context).wanted());
}
