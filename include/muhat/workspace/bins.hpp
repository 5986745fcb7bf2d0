#pragma once

/// Dropping or keeping single bins of channels.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>
#include <muhat/workspace/parameter_configuration.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Bins of a channel, counted from 0.
struct BinSelection {
  std::string channel;
  std::vector<std::size_t> bins;
};

/// Of the channels that `keep` names only those bins stay, of all channels those in `drop` go.
struct BinChoice {
  std::vector<BinSelection> drop = {};
  std::vector<BinSelection> keep = {};
};

namespace detail {

/// For each channel that is named, which of its bins stay.
using KeptBins = std::map<std::string, std::vector<bool>>;

/// Marks the selected bins in `kept` as staying or going; `keep` tells which of both.
inline void mark_bins(const spec::Workspace& workspace, const std::vector<BinSelection>& selections,
                      bool keep, KeptBins& kept) {
  const std::vector<std::string> names = component_names(workspace).channels;
  for (const BinSelection& selection : selections) {
    require_known("channel", {selection.channel}, names);
    const auto channel =
        std::find_if(workspace.channels.begin(), workspace.channels.end(),
                     [&](const spec::Channel& candidate) { return candidate.name == selection.channel; });
    const std::size_t nbins = channel->samples.front().data.size();
    std::vector<bool>& bins = kept.emplace(selection.channel, std::vector<bool>(nbins, !keep)).first->second;
    for (const std::size_t bin : selection.bins) {
      if (bin >= nbins) {
        throw InvalidArgument("the channel " + in_quotes(selection.channel) + " has " +
                              std::to_string(nbins) + " bins, counted from 0; there is no bin " +
                              std::to_string(bin));
      }
      bins[bin] = keep;
    }
  }
}

/// Which bins stay; all are counted in the workspace as it is.
inline KeptBins kept_bins(const spec::Workspace& workspace, const BinChoice& choice) {
  KeptBins kept;
  mark_bins(workspace, choice.keep, true, kept);
  const KeptBins named = kept;
  mark_bins(workspace, choice.drop, false, kept);
  for (const BinSelection& selection : choice.drop) {
    const auto both = named.find(selection.channel);
    for (const std::size_t bin : selection.bins) {
      if (both != named.end() && both->second[bin]) {
        throw InvalidArgument("bin " + std::to_string(bin) + " of the channel " +
                              in_quotes(selection.channel) +
                              " is both to be kept and to be dropped; name it once");
      }
    }
  }
  for (const auto& [name, bins] : kept) {
    if (std::find(bins.begin(), bins.end(), true) == bins.end()) {
      throw InvalidOperation("no bin would remain in the channel " + in_quotes(name) +
                             "; prune the channel instead");
    }
  }
  return kept;
}

/// A shapefactor in several channels shares its components, so the channels must lose the same bins.
inline void require_equal_shapes(const spec::Workspace& workspace, const KeptBins& kept) {
  std::map<std::string, std::pair<const spec::Channel*, std::vector<bool>>> shared;
  for (const spec::Channel& channel : workspace.channels) {
    const auto found = kept.find(channel.name);
    const std::vector<bool> bins =
        found != kept.end() ? found->second : std::vector<bool>(channel.samples.front().data.size(), true);
    for (const spec::Sample& sample : channel.samples) {
      for (const spec::Modifier& modifier : sample.modifiers) {
        if (modifier.type != "shapefactor") {
          continue;
        }
        const auto first = shared.emplace(modifier.name, std::pair(&channel, bins)).first;
        if (first->second.second != bins) {
          throw InvalidOperation("the shapefactor " + in_quotes(modifier.name) +
                                 " is shared by the channels " + in_quotes(first->second.first->name) +
                                 " and " + in_quotes(channel.name) + ", which must lose the same bins");
        }
      }
    }
  }
}

template <class Json>
void erase_bins(Json& list, const std::vector<bool>& keep) {
  auto& values = elements(list);
  std::size_t end = 0;
  for (std::size_t b = 0; b < keep.size(); ++b) {
    if (keep[b]) {
      if (end != b) {
        values[end] = std::move(values[b]);
      }
      ++end;
    }
  }
  values.resize(end);
}

/// Cuts the data of a modifier. Of user-defined types, an array as long as the channel is cut, and an
/// object cannot be, because nobody knows which of its members run over bins.
template <class Json>
void erase_modifier_bins(Json& modifier, const std::vector<bool>& keep, const std::string& channel) {
  Json& data = modifier["data"];
  const auto& type = text_of(modifier, "type");
  if (type == "histosys") {
    erase_bins(data["hi_data"], keep);
    erase_bins(data["lo_data"], keep);
  } else if (data.is_array() && data.size() == keep.size()) {
    erase_bins(data, keep);
  } else if (data.is_object() && type != "normsys") {
    throw InvalidOperation("the channel " + in_quotes(channel) + " has a modifier " +
                           in_quotes(text_of(modifier)) + " of the type " + in_quotes(type) +
                           ", of which bins cannot be dropped");
  }
}

template <class Json>
BasicWorkspace<Json> select_bins(BasicWorkspace<Json> workspace, const BinChoice& choice, Changes* changes) {
  const KeptBins kept = kept_bins(workspace.specification(), choice);
  require_equal_shapes(workspace.specification(), kept);
  Json document = take_document(workspace);
  auto& channels = elements(document["channels"]);
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto bins = kept.find(text_of(channels[c]));
    if (bins == kept.end()) {
      continue;
    }
    for (std::size_t b = 0; b < bins->second.size(); ++b) {
      if (!bins->second[b]) {
        record(changes, pointer_to("channels", c),
               [&] { return "drop bin " + std::to_string(b) + " of channel " + in_quotes(bins->first); });
      }
    }
    for (Json& sample : elements(channels[c]["samples"])) {
      erase_bins(sample["data"], bins->second);
      for (Json& modifier : elements(sample["modifiers"])) {
        erase_modifier_bins(modifier, bins->second, bins->first);
      }
    }
  }
  for (Json& observation : elements(document["observations"])) {
    if (const auto bins = kept.find(text_of(observation)); bins != kept.end()) {
      erase_bins(observation["data"], bins->second);
    }
  }
  restrict_configurations(document, binwise_parameters(workspace.specification().channels), changes,
                          [&](const std::string&, const ChannelBin& bin) {
                            const auto bins = kept.find(bin.channel);
                            return bins == kept.end() || bins->second[bin.bin];
                          });
  return finish_operation(std::move(document), workspace.parse_options(), "dropping bins");
}

} // namespace detail

/// The workspace without the bins that the choice drops or does not keep, all counted in the workspace that
/// is given: they go from samples, modifiers, observations and parameter configurations. Appends to `changes`
/// what went. Throws UnknownName for a channel, InvalidArgument for a bin that is not there or is both kept
/// and dropped, and InvalidOperation where no bin would remain, where a shapefactor is shared with a channel
/// that keeps the bin, or where a user-defined modifier's data is an object. Linear in the size of the
/// workspace.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> choose_bins(BasicWorkspace<Json> workspace, const BinChoice& choice,
                                               Changes* changes = nullptr) {
  return detail::select_bins(std::move(workspace), choice, changes);
}

/// The workspace without the given bins. Throws like choose_bins.
template <class Json>
[[nodiscard]] BasicWorkspace<Json>
drop_bins(BasicWorkspace<Json> workspace, const std::vector<BinSelection>& bins, Changes* changes = nullptr) {
  return choose_bins(std::move(workspace), {.drop = bins}, changes);
}

/// The workspace with only the given bins in the channels that are named; other channels keep all. Throws
/// like choose_bins.
template <class Json>
[[nodiscard]] BasicWorkspace<Json>
keep_bins(BasicWorkspace<Json> workspace, const std::vector<BinSelection>& bins, Changes* changes = nullptr) {
  return choose_bins(std::move(workspace), {.keep = bins}, changes);
}

} // namespace muhat
