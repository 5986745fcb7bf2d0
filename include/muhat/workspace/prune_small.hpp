#pragma once

/// Dropping the systematic and statistical uncertainties that change next to nothing; modifier_effect.hpp has
/// the formulas.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/write_json.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>
#include <muhat/workspace/modifier_effect.hpp>
#include <muhat/workspace/parameter_configuration.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muhat {

/// Effects below these go; an absent threshold keeps every effect of its kind but those that are nothing at
/// all (below 1e-12). A normsys goes by its normalization, a histosys when both its normalization and its
/// shape are small, and a staterror bin by bin. A kind of modifier is looked at only if a threshold of its
/// own is given.
struct EffectThresholds {
  std::optional<double> normalization = {};
  std::optional<double> shape = {};
  std::optional<double> staterror = {};
  /// Look only at these channels; empty: at all.
  std::vector<std::string> in_channels = {};
  /// Look only at these samples; empty: at all. Not with `staterror`, which its samples have in common.
  std::vector<std::string> in_samples = {};
};

namespace detail {

template <class Json>
class SmallEffectPruner {
public:
  SmallEffectPruner(BasicWorkspace<Json>& workspace, const EffectThresholds& thresholds, Changes* changes)
      : workspace_(workspace), thresholds_(thresholds), changes_(changes),
        document_(take_document(workspace)) {
    for (const auto& threshold : {thresholds.normalization, thresholds.shape, thresholds.staterror}) {
      if (threshold && !(*threshold >= 0.0 && std::isfinite(*threshold))) {
        throw InvalidArgument("a threshold must be a number from 0 up, not " + json_number_text(*threshold));
      }
    }
    if (thresholds.staterror && !thresholds.in_samples.empty()) {
      throw InvalidArgument(
          "a staterror is the uncertainty of all its samples together, so that its threshold "
          "cannot be for some samples only, like " +
          in_quotes(thresholds.in_samples.front()) + "; prune them in a second step");
    }
    require_scope();
  }

  BasicWorkspace<Json> operator()() && {
    const auto& channels = workspace_.specification().channels;
    auto& list = elements(document_["channels"]);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      if (!in_scope(thresholds_.in_channels, channels[c].name)) {
        continue;
      }
      prune_staterrors(channels[c], list[c], c);
      for (std::size_t s = 0; s < channels[c].samples.size(); ++s) {
        if (in_scope(thresholds_.in_samples, channels[c].samples[s].name)) {
          prune_sample(channels[c].samples[s], list[c]["samples"][s],
                       pointer_to("channels", c, "samples", s, "modifiers"));
        }
      }
    }
    update_configurations(binwise_parameters(channels));
    return finish_operation(std::move(document_), workspace_.parse_options(), "pruning");
  }

private:
  void require_scope() const {
    const auto in_channel = [this](const std::string& name) {
      return in_scope(thresholds_.in_channels, name);
    };
    const auto any = [](const std::string&) { return true; };
    const spec::Workspace& specification = workspace_.specification();
    require_known("channel", thresholds_.in_channels, component_names(specification).channels);
    require_known("sample", thresholds_.in_samples, component_names(specification, in_channel, any).samples);
  }

  static bool is_small(double effect, const std::optional<double>& threshold) {
    constexpr double nothing = 1e-12;
    return effect < std::max(threshold.value_or(0.0), nothing);
  }

  static std::string percent(double effect) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g %%", 100.0 * effect);
    return text;
  }

  /// The description of the drop, where a normsys or histosys is small.
  std::optional<std::string> small_systematic(const spec::Modifier& modifier,
                                              const spec::Sample& sample) const {
    if (const auto* normsys = std::get_if<spec::NormSysData>(&modifier.data)) {
      const ModifierEffect effect = modifier_effect(*normsys);
      if (thresholds_.normalization && is_small(effect.normalization, thresholds_.normalization)) {
        return "normalization " + percent(effect.normalization);
      }
    }
    const auto* histosys = std::get_if<spec::HistoSysData>(&modifier.data);
    if (histosys != nullptr && (thresholds_.normalization || thresholds_.shape)) {
      const ModifierEffect effect = modifier_effect(*histosys, sample.data);
      if (is_small(effect.normalization, thresholds_.normalization) &&
          is_small(effect.shape, thresholds_.shape)) {
        return "normalization " + percent(effect.normalization) + ", shape " + percent(effect.shape);
      }
    }
    return std::nullopt;
  }

  /// Drops small normsys and histosys, and the staterrors that have no bin left.
  void prune_sample(const spec::Sample& sample, Json& document, const std::string& pointer) {
    auto& modifiers = elements(document["modifiers"]);
    std::size_t end = 0;
    for (std::size_t m = 0; m < sample.modifiers.size(); ++m) {
      const spec::Modifier& modifier = sample.modifiers[m];
      std::optional<std::string> reason = small_systematic(modifier, sample);
      if (modifier.type == "staterror" && empty_staterrors_.count(modifier.name) != 0) {
        reason = "no bin above the threshold";
      }
      if (reason) {
        dropped_.insert(modifier.name);
        record(changes_, pointer + '/' + std::to_string(m), [&] {
          return "drop " + modifier.type + ' ' + in_quotes(modifier.name) + " of sample " +
                 in_quotes(sample.name) + ": " + *reason;
        });
        continue;
      }
      if (end != m) {
        modifiers[end] = std::move(modifiers[m]);
      }
      ++end;
    }
    modifiers.erase(modifiers.begin() + static_cast<std::ptrdiff_t>(end), modifiers.end());
  }

  /// Sets the uncertainties of small bins to zero, which fixes their parameters unless a configuration says
  /// otherwise.
  void prune_staterrors(const spec::Channel& channel, Json& document, std::size_t index) {
    empty_staterrors_.clear();
    if (!thresholds_.staterror) {
      return;
    }
    std::map<std::string, std::vector<double>> effects;
    for (const spec::Sample& sample : channel.samples) {
      for (const spec::Modifier& modifier : sample.modifiers) {
        if (modifier.type == "staterror" && effects.count(modifier.name) == 0) {
          effects[modifier.name] = staterror_effect(channel, modifier.name);
        }
      }
    }
    for (const auto& [name, effect] : effects) {
      bool any_left = false;
      for (std::size_t b = 0; b < effect.size(); ++b) {
        any_left = any_left || !is_small(effect[b], thresholds_.staterror);
      }
      if (!any_left) {
        empty_staterrors_.insert(name);
        continue;
      }
      zero_small_bins(channel, document, index, name, effect);
    }
  }

  void zero_small_bins(const spec::Channel& channel, Json& document, std::size_t index,
                       const std::string& name, const std::vector<double>& effect) {
    for (std::size_t s = 0; s < channel.samples.size(); ++s) {
      const auto& modifiers = channel.samples[s].modifiers;
      for (std::size_t m = 0; m < modifiers.size(); ++m) {
        if (modifiers[m].type != "staterror" || modifiers[m].name != name) {
          continue;
        }
        const auto& uncertainties = std::get<spec::BinData>(modifiers[m].data);
        for (std::size_t b = 0; b < effect.size(); ++b) {
          if (uncertainties[b] == 0.0 || !is_small(effect[b], thresholds_.staterror)) {
            continue;
          }
          document["samples"][s]["modifiers"][m]["data"][b] = 0.0;
          zeroed_[name].insert({channel.name, b});
          record(changes_, pointer_to("channels", index, "samples", s, "modifiers", m, "data", b), [&] {
            return "set the uncertainty of staterror " + in_quotes(name) + " in channel " +
                   in_quotes(channel.name) + " to 0: " + percent(effect[b]);
          });
        }
      }
    }
  }

  /// What is removed comes last, so that the pointers of changes hold for the workspace that was given.
  void update_configurations(const BinwiseParameters& before) {
    const Carriers carriers = carrying_channels(document_);
    fix_zeroed_bins(before, carriers);
    restrict_configurations(document_, before, changes_, [&](const std::string& name, const ChannelBin& bin) {
      const auto found = carriers.find(name);
      return found != carriers.end() && contains(found->second, bin.channel);
    });
    remove_configurations(document_, changes_, [&](const std::string& name) {
      return dropped_.count(name) != 0 && carriers.find(name) == carriers.end();
    });
  }

  /// Keeps configurations from freeing the bins that were set to zero, or from fixing them at anything but 1.
  void fix_zeroed_bins(const BinwiseParameters& parameters, const Carriers& carriers) {
    for_each_configuration_list(document_, [&](std::size_t m, auto& list) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        const auto zeroed = zeroed_.find(text_of(list[i]));
        if (zeroed == zeroed_.end()) {
          continue;
        }
        const std::string pointer = pointer_to("measurements", m, "config", "parameters", i);
        leave_default_fixed(zeroed->first, carriers.find(zeroed->first)->second, list[i], pointer);
        set_inits(zeroed->second, parameters.find(zeroed->first)->second.bins, list[i], pointer);
      }
    });
  }

  /// `"fixed": false` frees every bin, with a width of 1 where the uncertainty is 0; without it those that
  /// have one are free.
  void leave_default_fixed(const std::string& name, const std::vector<std::string>& channels,
                           Json& configuration, const std::string& pointer) {
    const auto fixed = configuration.find("fixed");
    if (fixed == configuration.end() || *fixed != false) {
      return;
    }
    for (const spec::Channel& channel : workspace_.specification().channels) {
      if (!contains(channels, channel.name)) {
        continue;
      }
      const std::vector<double> effect = staterror_effect(channel, name);
      const auto without = std::find(effect.begin(), effect.end(), 0.0);
      if (without != effect.end()) {
        throw InvalidOperation(
            "the configuration at \"" + pointer + "/fixed\" frees all bins of the staterror " +
            in_quotes(name) + ", also bin " + std::to_string(without - effect.begin()) + " of the channel " +
            in_quotes(channel.name) +
            ", which has no uncertainty; small ones can be dropped once \"fixed\" is removed");
      }
    }
    configuration.erase(fixed);
    record(changes_, pointer + "/fixed",
           [] { return std::string("remove \"fixed\": false, so that bins without uncertainty are fixed"); });
  }

  void set_inits(const std::set<ChannelBin>& zeroed, const std::vector<ChannelBin>& bins, Json& configuration,
                 const std::string& pointer) {
    const auto inits = configuration.find("inits");
    const auto bounds = configuration.find("bounds");
    bool changed = false;
    for (std::size_t b = 0; b < bins.size(); ++b) {
      if (zeroed.count(bins[b]) == 0) {
        continue;
      }
      if (bounds != configuration.end() && bounds->size() == bins.size() &&
          !((*bounds)[b][0] <= 1.0 && (*bounds)[b][1] >= 1.0)) {
        throw InvalidOperation("bin " + std::to_string(bins[b].bin) + " of the channel " +
                               in_quotes(bins[b].channel) + " would be fixed at 1, which its bounds at \"" +
                               pointer + "/bounds/" + std::to_string(b) +
                               "\" exclude: " + shortened((*bounds)[b]) +
                               "; change them, or choose a threshold below its uncertainty");
      }
      if (inits != configuration.end() && inits->size() == bins.size() && (*inits)[b] != 1.0) {
        (*inits)[b] = 1.0;
        changed = true;
      }
    }
    if (changed) {
      record(changes_, pointer + "/inits", [] { return std::string("set those of bins set to 0 to 1"); });
    }
  }

  const BasicWorkspace<Json>& workspace_;
  const EffectThresholds& thresholds_;
  Changes* changes_;
  Json document_;
  std::set<std::string> dropped_;
  /// By staterror, the bins whose uncertainty was set to zero.
  std::map<std::string, std::set<ChannelBin>> zeroed_;
  /// Of the channel at hand: the staterrors all of whose bins are small.
  std::set<std::string> empty_staterrors_;
};

} // namespace detail

/// The workspace without normsys, histosys and staterror modifiers whose relative effect is below the
/// thresholds. Of a staterror with some small bins, those get the uncertainty 0 and their parameters are
/// fixed at 1: a configuration loses `"fixed": false`, and its inits of these bins become 1. Parameters that
/// nothing carries any more lose their configuration. Appends to `changes` what went, with its effect. Throws
/// UnknownName for a channel or sample to look at that is not there, InvalidArgument for a negative threshold
/// or one for the staterrors of some samples, and InvalidOperation where a configuration's bounds exclude 1
/// or its `"fixed": false` also frees bins that had no uncertainty to begin with. Linear in the size of the
/// workspace.
template <class Json>
[[nodiscard]] BasicWorkspace<Json>
prune_small(BasicWorkspace<Json> workspace, const EffectThresholds& thresholds, Changes* changes = nullptr) {
  return detail::SmallEffectPruner<Json>(workspace, thresholds, changes)();
}

} // namespace muhat
