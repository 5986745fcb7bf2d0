#pragma once

/// Specification structs as a JSON document: the way back from parse_workspace.

#include <muhat/spec/json_object.hpp>
#include <muhat/spec/parse.hpp>
#include <muhat/spec/specification.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

namespace detail {

template <class Json>
Json modifier_json(const spec::Modifier& modifier) {
  Json data = nullptr;
  if (const auto* normsys = std::get_if<spec::NormSysData>(&modifier.data)) {
    data = json_object<Json>({{"hi", normsys->hi}, {"lo", normsys->lo}});
  } else if (const auto* histosys = std::get_if<spec::HistoSysData>(&modifier.data)) {
    data = json_object<Json>({{"hi_data", histosys->hi_data}, {"lo_data", histosys->lo_data}});
  } else if (const auto* bins = std::get_if<spec::BinData>(&modifier.data)) {
    data = Json(*bins);
  } else if (const auto* custom = std::get_if<spec::CustomData>(&modifier.data)) {
    data = Json::object();
    for (const auto& [name, numbers] : custom->numbers) {
      data[name] = numbers;
    }
    for (const auto& [name, strings] : custom->strings) {
      data[name] = strings;
    }
  }
  return json_object<Json>({{"name", modifier.name}, {"type", modifier.type}, {"data", std::move(data)}});
}

template <class Json>
Json channel_json(const spec::Channel& channel) {
  Json samples = Json::array();
  for (const spec::Sample& sample : channel.samples) {
    Json modifiers = Json::array();
    for (const spec::Modifier& modifier : sample.modifiers) {
      modifiers.push_back(modifier_json<Json>(modifier));
    }
    samples.push_back(json_object<Json>(
        {{"name", sample.name}, {"data", sample.data}, {"modifiers", std::move(modifiers)}}));
  }
  return json_object<Json>({{"name", channel.name}, {"samples", std::move(samples)}});
}

template <class Json>
Json parameter_json(const spec::Parameter& parameter) {
  Json object = json_object<Json>({{"name", parameter.name}});
  const auto put = [&object](const char* key, const auto& value) {
    if (value) {
      object[key] = *value;
    }
  };
  put("inits", parameter.inits);
  put("auxdata", parameter.auxdata);
  put("sigmas", parameter.sigmas);
  put("factors", parameter.factors);
  put("fixed", parameter.fixed);
  if (parameter.bounds) {
    Json bounds = Json::array();
    for (const auto& [lower, upper] : *parameter.bounds) {
      bounds.push_back(Json::array({lower, upper}));
    }
    object["bounds"] = std::move(bounds);
  }
  return object;
}

} // namespace detail

/// The document of a workspace; parse_workspace gives the same structs back. A lone number or string of a
/// user-defined modifier comes out as a list of one. Linear in the size of the specification.
template <class Json = nlohmann::json>
[[nodiscard]] Json specification_json(const spec::Workspace& workspace) {
  Json channels = Json::array();
  for (const spec::Channel& channel : workspace.channels) {
    channels.push_back(detail::channel_json<Json>(channel));
  }
  Json observations = Json::array();
  for (const spec::Observation& observation : workspace.observations) {
    observations.push_back(json_object<Json>({{"name", observation.name}, {"data", observation.data}}));
  }
  Json measurements = Json::array();
  for (const spec::Measurement& measurement : workspace.measurements) {
    Json parameters = Json::array();
    for (const spec::Parameter& parameter : measurement.parameters) {
      parameters.push_back(detail::parameter_json<Json>(parameter));
    }
    measurements.push_back(json_object<Json>(
        {{"name", measurement.name},
         {"config", json_object<Json>({{"poi", measurement.poi}, {"parameters", std::move(parameters)}})}}));
  }
  return json_object<Json>(
      {{"channels", std::move(channels)},
       {"observations", std::move(observations)},
       {"measurements", std::move(measurements)},
       {"version", workspace.version.empty() ? std::string(specification_version) : workspace.version}});
}

} // namespace muhat
