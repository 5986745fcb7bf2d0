#pragma once

/// The names in a specification, and the components of parameters that come per bin.

#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace muhat {

/// Every kind of name, each list sorted and without repetition.
struct ComponentNames {
  std::vector<std::string> channels;
  std::vector<std::string> samples;
  std::vector<std::string> modifiers;
  std::vector<std::string> modifier_types;
  std::vector<std::string> measurements;
};

/// The names in the channels for which `in_channel(name)`, and there in the samples for which
/// `in_sample(name)`.
template <class InChannel, class InSample>
[[nodiscard]] ComponentNames component_names(const spec::Workspace& workspace, InChannel in_channel,
                                             InSample in_sample) {
  std::set<std::string_view> channels, samples, modifiers, types, measurements;
  for (const spec::Channel& channel : workspace.channels) {
    if (!in_channel(channel.name)) {
      continue;
    }
    channels.insert(channel.name);
    for (const spec::Sample& sample : channel.samples) {
      if (!in_sample(sample.name)) {
        continue;
      }
      samples.insert(sample.name);
      for (const spec::Modifier& modifier : sample.modifiers) {
        modifiers.insert(modifier.name);
        types.insert(modifier.type);
      }
    }
  }
  for (const spec::Measurement& measurement : workspace.measurements) {
    measurements.insert(measurement.name);
  }
  const auto list = [](const auto& names) { return std::vector<std::string>(names.begin(), names.end()); };
  return {list(channels), list(samples), list(modifiers), list(types), list(measurements)};
}

/// All names of a workspace.
[[nodiscard]] inline ComponentNames component_names(const spec::Workspace& workspace) {
  const auto all = [](const std::string&) { return true; };
  return component_names(workspace, all, all);
}

/// One bin of one channel.
struct ChannelBin {
  std::string channel;
  std::size_t bin = 0;

  friend bool operator==(const ChannelBin& left, const ChannelBin& right) {
    return left.channel == right.channel && left.bin == right.bin;
  }
  /// Channels in byte order, bins in file order.
  friend bool operator<(const ChannelBin& left, const ChannelBin& right) {
    return std::tie(left.channel, left.bin) < std::tie(right.channel, right.bin);
  }
};

/// A parameter set that has one component per bin.
struct BinwiseParameter {
  /// The bins behind the components, in their order.
  std::vector<ChannelBin> bins;
  /// A staterror, which has other components in each channel, over the sorted channels. A shapefactor of
  /// several channels shares its components; the first channel stands for them.
  bool concatenates = false;
};

using BinwiseParameters = std::map<std::string, BinwiseParameter, std::less<>>;

/// All sets of that kind in the channels. Linear in the number of modifiers and bins.
[[nodiscard]] inline BinwiseParameters binwise_parameters(const std::vector<spec::Channel>& channels) {
  std::vector<const spec::Channel*> sorted;
  for (const spec::Channel& channel : channels) {
    sorted.push_back(&channel);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* l, const auto* r) { return l->name < r->name; });
  BinwiseParameters parameters;
  for (const spec::Channel* channel : sorted) {
    for (const spec::Sample& sample : channel->samples) {
      for (const spec::Modifier& modifier : sample.modifiers) {
        const bool concatenates = modifier.type == "staterror";
        if (!concatenates && modifier.type != "shapesys" && modifier.type != "shapefactor") {
          continue;
        }
        BinwiseParameter& parameter = parameters[modifier.name];
        parameter.concatenates = concatenates;
        std::vector<ChannelBin>& bins = parameter.bins;
        if (bins.empty() || (concatenates && bins.back().channel != channel->name)) {
          for (std::size_t bin = 0; bin < sample.data.size(); ++bin) {
            bins.push_back({channel->name, bin});
          }
        }
      }
    }
  }
  return parameters;
}

} // namespace muhat
