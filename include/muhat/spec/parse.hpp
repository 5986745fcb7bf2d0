#pragma once

/// JSON to specification structs, checked field by field against the
/// HistFactory JSON format 1.0.0 (pyhf's; arXiv:2211.15838). A document with
/// many mistakes reports them all.

#include <muhat/core/errors.hpp>
#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/parse_channel.hpp>
#include <muhat/spec/parse_measurement.hpp>
#include <muhat/spec/parse_options.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace muhat {

/// The version of the format that is read.
inline constexpr std::string_view specification_version = "1.0.0";

namespace detail {

template <class Json>
void read_observations(const Json& value, const DocumentPath& path, ProblemList& problems,
                       std::vector<spec::Observation>& observations) {
  static constexpr std::array<FieldRule, 2> rules{{{"data"}, {"name"}}};
  const auto* list = read_array(value, path, problems, "observations", false);
  if (list == nullptr) {
    return;
  }
  observations.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const DocumentPath entry_path = path.at(i);
    const auto [data, name] = read_fields((*list)[i], entry_path, problems, "an observation", rules);
    if (name != nullptr) {
      read_string(*name, entry_path.at("name"), problems, observations[i].name);
    }
    if (data != nullptr) {
      read_numbers(*data, entry_path.at("data"), problems, observations[i].data);
    }
  }
  check_unique_names(observations, path, problems, "observation");
}

/// Each channel has one observation of its length, and each observation a channel.
template <class Json>
void check_observations(const spec::Workspace& workspace, const std::vector<std::size_t>& nbins,
                        const Json& list, const DocumentPath& root, ProblemList& problems) {
  std::vector<std::string_view> names;
  std::unordered_map<std::string_view, std::size_t> channels;
  for (std::size_t c = 0; c < workspace.channels.size(); ++c) {
    names.emplace_back(workspace.channels[c].name);
    channels.emplace(names.back(), c);
  }
  const DocumentPath list_path = root.at("observations");
  std::vector<bool> observed(names.size(), false);
  for (std::size_t i = 0; i < workspace.observations.size(); ++i) {
    const spec::Observation& observation = workspace.observations[i];
    const auto channel = channels.find(observation.name);
    if (channel == channels.end()) {
      problems.add_unknown(
          list_path.at(i).at("name"), in_quotes(observation.name),
          "no channel has the name of this observation: correct or remove it",
          observation.name, [&names]() -> const auto& { return names; });
      continue;
    }
    const std::size_t c = channel->second;
    observed[c] = true;
    if (!observation.data.empty() && nbins[c] != 0 && observation.data.size() != nbins[c]) {
      problems.add(list_path.at(i).at("data"), shortened(list[i]["data"]),
                   "has " + std::to_string(observation.data.size()) + " bins, but the channel " +
                       in_quotes(observation.name) + " has " + std::to_string(nbins[c]) +
                       "; give one number per bin");
    }
  }
  for (std::size_t c = 0; c < names.size(); ++c) {
    const bool is_first_of_name = channels.at(names[c]) == c;
    if (is_first_of_name && !observed[c]) {
      problems.add(root.at("channels").at(c).at("name"), in_quotes(names[c]),
                   "the channel has no observation; add an entry of this name with " +
                       std::to_string(nbins[c]) + " numbers to \"observations\"");
    }
  }
}

/// Whether every entry has a name that could be read.
template <class Entry>
bool all_named(const std::vector<Entry>& entries) {
  return std::none_of(entries.begin(), entries.end(), [](const Entry& entry) { return entry.name.empty(); });
}

template <class Json>
void read_version(const Json& value, const DocumentPath& path, ProblemList& problems, std::string& version) {
  if (read_string(value, path, problems, version) && version != specification_version) {
    problems.add(path, shortened(value),
                 "this version of the format is not known; expected \"" + std::string(specification_version) +
                     '"');
  }
}

} // namespace detail

/// Checks a whole workspace and converts it. All problems are collected (the
/// first thousand in full) and thrown as one SpecificationError. Names may be
/// any text, yields and uncertainties any finite number. Linear in the size of the document.
template <class Json>
[[nodiscard]] spec::Workspace parse_workspace(const Json& document, const ParseOptions& options = {}) {
  static constexpr std::array<detail::FieldRule, 4> rules{
      {{"channels"}, {"measurements"}, {"observations"}, {"version"}}};
  detail::ProblemList problems;
  const detail::DocumentPath root;
  const auto [channels, measurements, observations, version] =
      detail::read_fields(document, root, problems, "a workspace", rules);
  spec::Workspace workspace;
  std::vector<std::size_t> nbins;
  if (channels != nullptr) {
    detail::read_channels(*channels, root.at("channels"), problems, options, workspace.channels, nbins);
  }
  if (measurements != nullptr) {
    detail::read_measurements(*measurements, root.at("measurements"), problems, workspace.measurements);
  }
  if (observations != nullptr) {
    detail::read_observations(*observations, root.at("observations"), problems, workspace.observations);
  }
  if (version != nullptr) {
    detail::read_version(*version, root.at("version"), problems, workspace.version);
  }
  const bool names_readable = problems.count() == 0 || (detail::all_named(workspace.channels) &&
                                                        detail::all_named(workspace.observations));
  if (!workspace.channels.empty() && !workspace.observations.empty() && names_readable) {
    detail::check_observations(workspace, nbins, *observations, root, problems);
  }
  problems.raise();
  return workspace;
}

/// Checks a model alone, `{channels, [parameters]}`, and converts it. Throws like parse_workspace.
template <class Json>
[[nodiscard]] spec::Model parse_model(const Json& document, const ParseOptions& options = {}) {
  static constexpr std::array<detail::FieldRule, 2> rules{{{"channels"}, {"parameters", false}}};
  detail::ProblemList problems;
  const detail::DocumentPath root;
  const auto [channels, parameters] = detail::read_fields(document, root, problems, "a model", rules);
  spec::Model model;
  std::vector<std::size_t> nbins;
  if (channels != nullptr) {
    detail::read_channels(*channels, root.at("channels"), problems, options, model.channels, nbins);
  }
  if (parameters != nullptr) {
    detail::read_parameters(*parameters, root.at("parameters"), problems, model.parameters);
  }
  problems.raise();
  return model;
}

} // namespace muhat
