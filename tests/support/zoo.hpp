#pragma once

/// The zoo: published likelihoods with reference figures, outside the repository.
/// The environment variable MUHAT_ZOO names the directory; each entry is a folder
/// with `workspace.json` and `reference.json`. A test case that needs it begins
/// with MUHAT_REQUIRE_ZOO() and is reported as skipped without it.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <muhat/spec/parse.hpp>
#include <muhat/spec/specification.hpp>

#include <support/catch.hpp>

namespace muhat::test {

/// Expected events and log-density at one parameter point.
struct ReferencePoint {
  std::vector<double> pars, expected_actualdata, expected_auxdata;
  double logpdf = 0.0;
};

/// CLs at mu = 1 as an optimizer of the reference found it; absent where it has no number.
struct ReferenceHypotest {
  std::optional<double> cls_observed;
  std::vector<std::optional<double>> cls_expected;
};

/// What `reference.json` says of a likelihood.
struct Reference {
  std::string measurement, poi;
  std::vector<std::string> par_names, channels, samples;
  std::vector<double> suggested_init, auxdata, data;
  std::vector<std::pair<double, double>> suggested_bounds;
  std::vector<bool> suggested_fixed;
  std::vector<ReferencePoint> points;
  /// Lowest twice_nll known: "free", and with the POI fixed "mu0", "mu1".
  std::map<std::string, double> best_known;
  /// Test statistic of the hypothesis test, "q" or "qtilde", and its outcome by optimizer ("scipy",
  /// "minuit").
  std::string test_stat;
  std::map<std::string, ReferenceHypotest> hypotest;
};

struct ZooEntry {
  std::string name;
  std::filesystem::path directory;

  [[nodiscard]] std::filesystem::path workspace_path() const { return directory / "workspace.json"; }

  [[nodiscard]] nlohmann::json document(const std::string& file) const {
    std::ifstream stream(directory / file);
    if (!stream) {
      throw std::runtime_error("cannot read " + (directory / file).string());
    }
    return nlohmann::json::parse(stream);
  }

  [[nodiscard]] spec::Workspace workspace() const { return parse_workspace(document("workspace.json")); }

  [[nodiscard]] Reference reference() const;
};

namespace detail {

inline std::optional<double> number(const nlohmann::json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

inline ReferenceHypotest hypotest(const nlohmann::json& json) {
  ReferenceHypotest result;
  result.cls_observed = number(json.value("CLs_obs", nlohmann::json()));
  for (const nlohmann::json& expected : json.value("CLs_exp", nlohmann::json::array())) {
    result.cls_expected.push_back(number(expected));
  }
  return result;
}

} // namespace detail

inline Reference ZooEntry::reference() const {
  const nlohmann::json json = document("reference.json");
  Reference result;
  json.at("measurement").get_to(result.measurement);
  json.at("poi").get_to(result.poi);
  json.at("par_names").get_to(result.par_names);
  json.at("channels").get_to(result.channels);
  json.at("samples").get_to(result.samples);
  json.at("suggested_init").get_to(result.suggested_init);
  json.at("suggested_bounds").get_to(result.suggested_bounds);
  json.at("suggested_fixed").get_to(result.suggested_fixed);
  json.at("auxdata").get_to(result.auxdata);
  json.at("data").get_to(result.data);
  for (const nlohmann::json& point : json.at("points")) {
    result.points.push_back({point.at("pars").get<std::vector<double>>(),
                             point.at("expected_actualdata").get<std::vector<double>>(),
                             point.at("expected_auxdata").get<std::vector<double>>(),
                             point.at("logpdf").get<double>()});
  }
  for (const auto& [fit, minimum] : json.at("best_known").items()) {
    result.best_known[fit] = minimum.at("twice_nll").get<double>();
  }
  const nlohmann::json& hypotest = json.at("hypotest");
  hypotest.at("test_stat").get_to(result.test_stat);
  for (const char* optimizer : {"scipy", "minuit"}) {
    if (hypotest.contains(optimizer)) {
      result.hypotest[optimizer] = detail::hypotest(hypotest.at(optimizer));
    }
  }
  return result;
}

/// The measurement that the reference used.
inline const spec::Measurement& measurement_of(const spec::Workspace& workspace, const Reference& reference) {
  const auto found = std::find_if(workspace.measurements.begin(), workspace.measurements.end(),
                                  [&](const auto& m) { return m.name == reference.measurement; });
  if (found == workspace.measurements.end()) {
    throw std::runtime_error("no measurement " + reference.measurement);
  }
  return *found;
}

/// All entries, sorted by name; empty without MUHAT_ZOO.
inline std::vector<ZooEntry> zoo_entries() {
  std::vector<ZooEntry> entries;
  const char* directory = std::getenv("MUHAT_ZOO");
  if (directory == nullptr || !std::filesystem::is_directory(directory)) {
    return entries;
  }
  for (const auto& item : std::filesystem::directory_iterator(directory)) {
    if (std::filesystem::exists(item.path() / "reference.json")) {
      entries.push_back({item.path().filename().string(), item.path()});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

} // namespace muhat::test

/// Skips the running test case, with the reason, when no zoo is at hand.
#define MUHAT_REQUIRE_ZOO()                                                                                  \
  do {                                                                                                       \
    if (muhat::test::zoo_entries().empty()) {                                                                \
      MUHAT_SKIP("MUHAT_ZOO names no directory of published likelihoods with reference.json");               \
    }                                                                                                        \
  } while (false)
