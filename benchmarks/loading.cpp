#include "cases.hpp"

#include <muhat/spec/read_json.hpp>
#include <muhat/workspace/load.hpp>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace muhat::benchmark {

namespace {

void add_load(Measurements& measurements, const Subject& subject) {
  const std::string& text = subject.text;
  const auto add = [&](const char* what, std::vector<std::string> references, auto run) {
    measurements.add(
        {.group = "load", .subject = subject.name, .what = what, .references = std::move(references)},
        [text, run] { return [&text, run] { return run(text); }; });
  };
  add("nlohmann's parse", {},
      [](const std::string& json) { return static_cast<double>(nlohmann::json::parse(json).size()); });
  add("parse, check and build", {"nlohmann's parse"}, [](const std::string& json) {
    const Workspace workspace = make_workspace(read_json<nlohmann::json>(std::string_view(json)));
    return static_cast<double>(build_model(workspace).nparameters());
  });
}

/// Seconds for the compiler on a file that only includes one header.
void add_compilation(Measurements& measurements, const std::string& header) {
  const std::string file = (std::filesystem::temp_directory_path() / "muhat_include_time.cpp").string();
  const std::string command = std::string(MUHAT_BENCHMARK_COMPILER) + " -std=c++20 -O2 -c \"@" +
                              MUHAT_BENCHMARK_INCLUDES + "\" -o " + file + ".o " + file;
  measurements.add({.group = "compile",
                    .subject = "#include",
                    .what = header,
                    .references = {"nlohmann/json.hpp"},
                    .repetitions = 1,
                    .wall = true},
                   [file, command, header] {
                     std::ofstream(file) << "#include <" << header << ">\n";
                     return [command] { return static_cast<double>(std::system(command.c_str())); };
                   });
}

} // namespace

void add_loading_cases(Measurements& measurements, const std::vector<Subject>& subjects) {
  for (const Subject& subject : subjects) {
    add_load(measurements, subject);
  }
  for (const char* header : {"Eigen/Core", "nlohmann/json.hpp", "muhat/model/build.hpp", "muhat/muhat.hpp"}) {
    add_compilation(measurements, header);
  }
}

} // namespace muhat::benchmark
