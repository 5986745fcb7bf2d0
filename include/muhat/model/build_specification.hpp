#pragma once

/// The way back from a model and data to a specification, so that toys, Asimov
/// data or changed starts can be stored and read again as a workspace:
///
///     const auto stored = muhat::build_specification(specification, model, data, {.name = "toy"});
///     const muhat::Workspace workspace(muhat::specification_json(stored));

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/model/model.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

struct BuildSpecificationOptions {
  /// Of the measurement.
  std::string name = "measurement";
};

namespace detail {

/// The first entry of this name, or the end.
template <class Entries>
[[nodiscard]] auto find_named(const Entries& entries, const std::string& name) {
  return std::find_if(entries.begin(), entries.end(),
                      [&name](const auto& candidate) { return candidate.name == name; });
}

/// Throws InvalidArgument unless the two are the same channels, in any order, each with as many bins.
inline void require_same_channels(const std::vector<spec::Channel>& channels,
                                  const std::vector<ChannelSummary>& built) {
  const std::string advice =
      "; the model was built from another specification, give the one it was built from";
  for (const spec::Channel& channel : channels) {
    const auto summary = find_named(built, channel.name);
    if (summary == built.end()) {
      throw InvalidArgument("the model has no channel " + in_quotes(channel.name) + advice);
    }
    for (const spec::Sample& sample : channel.samples) {
      if (static_cast<Index>(sample.data.size()) != summary->nbins) {
        throw InvalidArgument("sample " + in_quotes(sample.name) + " of channel " + in_quotes(channel.name) +
                              " has " + std::to_string(sample.data.size()) +
                              " bins in the specification, the channel has " +
                              std::to_string(summary->nbins) + " in the model" + advice);
      }
    }
  }
  for (const ChannelSummary& summary : built) {
    if (find_named(channels, summary.name) == channels.end()) {
      throw InvalidArgument("the specification has no channel " + in_quotes(summary.name) +
                            ", which the model has" + advice);
    }
  }
}

} // namespace detail

/// A specification with the channels (and what is configured of the parameters) of `specification`, which
/// `model` was built from, the first `model.nbins()` entries of `data` as observations, and one measurement
/// with the model's POI and the suggested starts and bounds of every parameter. Auxiliary data are the
/// model's, not those of `data`. Throws InvalidArgument when the data are too few or the channels are not the
/// model's, by name and number of bins. Linear in size, times the number of channels.
template <class Scalar, class Modifiers>
[[nodiscard]] spec::Workspace
build_specification(const spec::Model& specification, const BasicModel<Scalar, Modifiers>& model,
                    const Vector& data, const BuildSpecificationOptions& options = {}) {
  if (data.size() < model.nbins()) {
    throw InvalidArgument("the data have " + std::to_string(data.size()) + " entries, the model has " +
                          std::to_string(model.nbins()) + " bins");
  }
  detail::require_same_channels(specification.channels, model.channels());
  spec::Workspace workspace;
  workspace.version = "1.0.0";
  workspace.channels = specification.channels;
  for (const spec::Channel& channel : specification.channels) {
    const ChannelSummary& summary = *detail::find_named(model.channels(), channel.name);
    const auto bins = data.segment(summary.first_bin, summary.nbins);
    workspace.observations.push_back({channel.name, std::vector<double>(bins.begin(), bins.end())});
  }
  spec::Measurement measurement;
  measurement.name = options.name;
  measurement.poi = model.poi_name();
  for (const ParameterSet& set : model.parameter_sets()) {
    const auto configured = detail::find_named(specification.parameters, set.name);
    spec::Parameter parameter;
    if (configured != specification.parameters.end()) {
      parameter = *configured;
    }
    parameter.name = set.name;
    parameter.inits = set.inits;
    parameter.bounds = set.bounds;
    measurement.parameters.push_back(std::move(parameter));
  }
  workspace.measurements.push_back(std::move(measurement));
  return workspace;
}

} // namespace muhat
