#pragma once

/// The observed data of a workspace in the order of a model: events per bin over
/// the sorted channels, then the auxiliary data.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>

#include <algorithm>
#include <string>

namespace muhat {

/// Throws InvalidArgument for a channel of the model that has no observation of its length, or a negative
/// one.
template <WorkspaceLike W, class Scalar, class Modifiers>
[[nodiscard]] Vector observed_data(const W& workspace, const BasicModel<Scalar, Modifiers>& model,
                                   bool include_auxdata = true) {
  const Index size = model.nbins() + (include_auxdata ? model.nauxdata() : 0);
  Vector data(size);
  const auto& observations = workspace.specification().observations;
  for (const ChannelSummary& channel : model.channels()) {
    const auto found =
        std::find_if(observations.begin(), observations.end(),
                     [&channel](const auto& observation) { return observation.name == channel.name; });
    if (found == observations.end()) {
      throw InvalidArgument("channel \"" + channel.name +
                            "\" of the model has no observation in the workspace");
    }
    if (static_cast<Index>(found->data.size()) != channel.nbins) {
      throw InvalidArgument("the observation of channel \"" + channel.name + "\" has " +
                            std::to_string(found->data.size()) + " bins, the model has " +
                            std::to_string(channel.nbins));
    }
    for (Index b = 0; b < channel.nbins; ++b) {
      const double events = found->data[static_cast<std::size_t>(b)];
      if (!(events >= 0.0)) {
        throw InvalidArgument("the observation of " + bin_text(channel, b) + " (at \"/observations/" +
                              std::to_string(found - observations.begin()) + "/data/" + std::to_string(b) +
                              "\") is " + number_text(events) + " events; give a number >= 0");
      }
      data[channel.first_bin + b] = events;
    }
  }
  if (include_auxdata) {
    data.tail(model.nauxdata()) = model.auxdata();
  }
  return data;
}

} // namespace muhat
