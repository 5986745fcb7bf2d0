#pragma once

/// The way back from a model and data to a specification, so that toys, Asimov
/// data or changed starts can be stored and read again as a workspace:
///
///     const auto stored = muhat::build_specification(specification, model, data, {.name = "toy"});
///     const muhat::Workspace workspace(muhat::specification_json(stored));

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
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

/// A specification with the channels (and what is configured of the parameters) of `specification`, which
/// `model` was built from, the first `model.nbins()` entries of `data` as observations, and one measurement
/// with the model's POI and the suggested starts and bounds of every parameter. Auxiliary data are the
/// model's, not those of `data`. Throws InvalidArgument when the data are too few or the channels are not the
/// model's. Linear in size.
template <class Scalar, class Modifiers>
[[nodiscard]] spec::Workspace
build_specification(const spec::Model& specification, const BasicModel<Scalar, Modifiers>& model,
                    const Vector& data, const BuildSpecificationOptions& options = {}) {
  if (data.size() < model.nbins()) {
    throw InvalidArgument("the data have " + std::to_string(data.size()) + " entries, the model has " +
                          std::to_string(model.nbins()) + " bins");
  }
  spec::Workspace workspace;
  workspace.version = "1.0.0";
  workspace.channels = specification.channels;
  for (const spec::Channel& channel : specification.channels) {
    const auto summary =
        std::find_if(model.channels().begin(), model.channels().end(),
                     [&](const ChannelSummary& candidate) { return candidate.name == channel.name; });
    if (summary == model.channels().end()) {
      throw InvalidArgument("the model has no channel \"" + channel.name +
                            "\": it was built from another one");
    }
    const auto bins = data.segment(summary->first_bin, summary->nbins);
    workspace.observations.push_back({channel.name, std::vector<double>(bins.begin(), bins.end())});
  }
  spec::Measurement measurement;
  measurement.name = options.name;
  measurement.poi = model.poi_name();
  for (const ParameterSet& set : model.parameter_sets()) {
    const auto configured =
        std::find_if(specification.parameters.begin(), specification.parameters.end(),
                     [&](const spec::Parameter& candidate) { return candidate.name == set.name; });
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
