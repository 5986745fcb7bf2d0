#pragma once

/// What a workspace holds, at a glance: channels, samples, parameters with
/// their constraints and modifiers, measurements with their parameters of interest.

#include <muhat/model/constraint_term.hpp>
#include <muhat/report/table.hpp>
#include <muhat/spec/json_object.hpp>
#include <muhat/spec/specification.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// One parameter set.
struct ParameterSummary {
  std::string name;
  /// "unconstrained", "constrained_by_normal" or "constrained_by_poisson".
  std::string constraint;
  /// The types of the modifiers that use it.
  std::vector<std::string> modifier_types;
};

struct MeasurementSummary {
  std::string name;
  std::string poi;
  /// Whether a modifier declares the parameter of interest.
  bool poi_declared = false;
  /// Whether the model was built for this measurement.
  bool selected = false;
  /// Names of the parameters that it configures.
  std::vector<std::string> parameters;
};

/// A workspace's content, channels and samples and parameters sorted by name.
struct WorkspaceSummary {
  /// Names and numbers of bins.
  std::vector<std::pair<std::string, std::size_t>> channels;
  std::vector<std::string> samples;
  std::vector<ParameterSummary> parameters;
  /// In the order of the document.
  std::vector<MeasurementSummary> measurements;
};

/// Summarizes a workspace and the model built from it for the measurement number `selected`.
template <class AnyModel>
WorkspaceSummary summarize(const spec::Workspace& workspace, const AnyModel& model, std::size_t selected) {
  WorkspaceSummary summary;
  for (const auto& channel : model.channels()) {
    summary.channels.emplace_back(channel.name, static_cast<std::size_t>(channel.nbins));
  }
  summary.samples.assign(model.samples().begin(), model.samples().end());
  std::set<std::string> declared(model.par_names().begin(), model.par_names().end());
  for (const auto& set : model.parameter_sets()) {
    const std::string constraint = set.constraint == Constraint::none
                                       ? std::string("unconstrained")
                                       : "constrained_by_" + std::string(to_string(set.constraint));
    summary.parameters.push_back({set.name, constraint, set.types});
    declared.insert(set.name);
  }
  std::sort(summary.parameters.begin(), summary.parameters.end(),
            [](const ParameterSummary& a, const ParameterSummary& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < workspace.measurements.size(); ++i) {
    const spec::Measurement& measurement = workspace.measurements[i];
    MeasurementSummary entry{.name = measurement.name,
                             .poi = measurement.poi,
                             .poi_declared = false,
                             .selected = i == selected,
                             .parameters = {}};
    entry.poi_declared = declared.count(measurement.poi) > 0;
    for (const spec::Parameter& parameter : measurement.parameters) {
      entry.parameters.push_back(parameter.name);
    }
    summary.measurements.push_back(std::move(entry));
  }
  return summary;
}

/// The summary with pyhf's keys. `modifiers` maps a name to its last type; `systematics` has all types.
inline nlohmann::json summary_json(const WorkspaceSummary& summary) {
  using nlohmann::json;
  json result = json_object({{"channels", json::array()},
                             {"samples", summary.samples},
                             {"modifiers", json::object()},
                             {"parameters", json::array()},
                             {"systematics", json::array()},
                             {"measurements", json::array()}});
  for (const auto& [name, nbins] : summary.channels) {
    result["channels"].push_back(json::array({name, nbins}));
  }
  for (const ParameterSummary& parameter : summary.parameters) {
    if (!parameter.modifier_types.empty()) {
      result["modifiers"][parameter.name] = parameter.modifier_types.back();
    }
    result["parameters"].push_back(json::array({parameter.name, parameter.constraint}));
    result["systematics"].push_back(
        json::array({parameter.name, parameter.constraint, parameter.modifier_types}));
  }
  for (const MeasurementSummary& measurement : summary.measurements) {
    result["measurements"].push_back(
        json::array({measurement.name, measurement.poi, measurement.parameters}));
  }
  return result;
}

namespace detail {

inline std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ",") + word;
  }
  return text;
}

} // namespace detail

/// The summary as tables, separated by blank lines. (*) marks the selected measurement.
inline std::string summary_text(const WorkspaceSummary& summary) {
  Table counts{{"Summary", ""}, {}};
  counts.rows = {{"channels", std::to_string(summary.channels.size())},
                 {"samples", std::to_string(summary.samples.size())},
                 {"parameters", std::to_string(summary.parameters.size())},
                 {"modifiers", std::to_string(summary.parameters.size())}};
  Table channels{{"channels", "nbins"}, {}};
  for (const auto& [name, nbins] : summary.channels) {
    channels.rows.push_back({name, std::to_string(nbins)});
  }
  Table samples{{"samples"}, {}};
  for (const std::string& name : summary.samples) {
    samples.rows.push_back({name});
  }
  Table parameters{{"parameters", "constraint", "modifiers"}, {}};
  for (const ParameterSummary& parameter : summary.parameters) {
    parameters.rows.push_back(
        {parameter.name, parameter.constraint, detail::joined(parameter.modifier_types)});
  }
  Table measurements{{"measurement", "poi", "parameters"}, {}};
  for (const MeasurementSummary& measurement : summary.measurements) {
    const std::string poi = measurement.poi.empty()    ? "(none)"
                            : measurement.poi_declared ? measurement.poi
                                                       : measurement.poi + " (undeclared)";
    measurements.rows.push_back(
        {(measurement.selected ? "(*) " : "    ") + measurement.name, poi,
         measurement.parameters.empty() ? "(none)" : detail::joined(measurement.parameters)});
  }
  std::string text;
  for (const Table* table : {&counts, &channels, &samples, &parameters, &measurements}) {
    text += (text.empty() ? "" : "\n") + table_text(*table);
  }
  return text;
}

} // namespace muhat
