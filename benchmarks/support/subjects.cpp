#include <support/subjects.hpp>

#include <muhat/report/json.hpp>
#include <muhat/spec/write_json.hpp>
#include <muhat/workspace/load.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace muhat::benchmark {

namespace {

nlohmann::json modifier_json(const spec::Modifier& modifier) {
  nlohmann::json json = {{"name", modifier.name}, {"type", modifier.type}, {"data", nullptr}};
  if (const auto* normsys = std::get_if<spec::NormSysData>(&modifier.data)) {
    json["data"] = {{"hi", normsys->hi}, {"lo", normsys->lo}};
  } else if (const auto* histosys = std::get_if<spec::HistoSysData>(&modifier.data)) {
    json["data"] = {{"hi_data", histosys->hi_data}, {"lo_data", histosys->lo_data}};
  } else if (const auto* bins = std::get_if<spec::BinData>(&modifier.data)) {
    json["data"] = *bins;
  }
  return json;
}

/// The samples that the parameter of interest scales, with the yields they have.
SignalHypothesis find_signal(const spec::Workspace& workspace, const std::string& poi) {
  SignalHypothesis signal;
  for (const spec::Channel& channel : workspace.channels) {
    for (const spec::Sample& sample : channel.samples) {
      const auto scaled = [&poi](const spec::Modifier& m) { return m.name == poi && m.type == "normfactor"; };
      if (std::any_of(sample.modifiers.begin(), sample.modifiers.end(), scaled)) {
        signal.push_back({channel.name, sample.name, sample.data});
      }
    }
  }
  return signal;
}

Subject make_subject(std::string name, std::string text) {
  const Workspace workspace = make_workspace(read_json<nlohmann::json>(std::string_view(text)));
  Model model = build_model(workspace);
  Vector data = muhat::observed_data(workspace, model);
  SignalHypothesis signal = find_signal(workspace.specification(), model.poi_name());
  return {std::move(name), std::move(text), std::move(model), std::move(data), std::move(signal)};
}

} // namespace

std::string workspace_text(const GeneratedModel& generated) {
  auto channels = nlohmann::json::array();
  for (const spec::Channel& channel : generated.channels) {
    auto samples = nlohmann::json::array();
    for (const spec::Sample& sample : channel.samples) {
      auto modifiers = nlohmann::json::array();
      for (const spec::Modifier& modifier : sample.modifiers) {
        modifiers.push_back(modifier_json(modifier));
      }
      samples.push_back({{"name", sample.name}, {"data", sample.data}, {"modifiers", std::move(modifiers)}});
    }
    channels.push_back({{"name", channel.name}, {"samples", std::move(samples)}});
  }
  auto observations = nlohmann::json::array();
  for (const spec::Observation& observation : generated.observations) {
    observations.push_back({{"name", observation.name}, {"data", observation.data}});
  }
  const nlohmann::json measurement = {
      {"name", generated.measurement.name},
      {"config", {{"poi", generated.measurement.poi}, {"parameters", nlohmann::json::array()}}}};
  return json_text(nlohmann::json{{"channels", std::move(channels)},
                                  {"observations", std::move(observations)},
                                  {"measurements", nlohmann::json::array({measurement})},
                                  {"version", "1.0.0"}});
}

std::vector<Subject> make_subjects() {
  const std::pair<const char*, ModelSizes> generated[] = {
      {"small", {.channels = 3, .bins = 4, .samples = 4, .normsys = 20, .histosys = 20}},
      {"medium", {.channels = 8, .bins = 15, .samples = 6, .normsys = 80, .histosys = 80}},
      {"large", {.channels = 50, .bins = 40, .samples = 6, .normsys = 300, .histosys = 300, .density = 0.1}}};
  std::vector<Subject> subjects;
  for (const auto& [name, sizes] : generated) {
    subjects.push_back(make_subject(name, workspace_text(generate_model(sizes))));
  }
  const char* zoo = std::getenv("MUHAT_ZOO");
  std::vector<std::filesystem::path> folders;
  if (zoo != nullptr && std::filesystem::is_directory(zoo)) {
    for (const auto& entry : std::filesystem::directory_iterator(zoo)) {
      if (std::filesystem::exists(entry.path() / "workspace.json")) {
        folders.push_back(entry.path());
      }
    }
  }
  std::sort(folders.begin(), folders.end());
  for (const std::filesystem::path& folder : folders) {
    subjects.push_back(make_subject(folder.filename().string(), read_file(folder / "workspace.json")));
  }
  return subjects;
}

} // namespace muhat::benchmark
