#pragma once

/// Removing channels, samples, modifiers and measurements from a workspace.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>
#include <muhat/workspace/parameter_configuration.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// What to remove, by name.
struct PruneOptions {
  std::vector<std::string> channels = {};
  std::vector<std::string> samples = {};
  std::vector<std::string> modifiers = {};
  std::vector<std::string> modifier_types = {};
  std::vector<std::string> measurements = {};
  /// Remove samples, modifiers and modifier types only in these channels; empty: in all.
  std::vector<std::string> in_channels = {};
  /// Remove modifiers and modifier types only in these samples; empty: in all.
  std::vector<std::string> in_samples = {};
};

namespace detail {

template <class Json>
class Pruner {
public:
  Pruner(BasicWorkspace<Json>& workspace, const PruneOptions& options, Changes* changes)
      : workspace_(workspace), options_(options), changes_(changes), document_(take_document(workspace)) {}

  BasicWorkspace<Json> operator()() && {
    require_names();
    prune_channels();
    prune_list(document_["observations"], pointer_to("observations"), "the observation of channel",
               options_.channels);
    update_configurations();
    prune_list(document_["measurements"], pointer_to("measurements"), "measurement", options_.measurements);
    for (const char* list : {"channels", "measurements"}) {
      if (document_[list].empty()) {
        throw InvalidOperation("nothing would remain of the " + std::string(list) + "; keep at least one");
      }
    }
    return finish_operation(std::move(document_), workspace_.parse_options(), "pruning");
  }

private:
  void require_names() const {
    const ComponentNames all = component_names(workspace_.specification());
    require_known("channel", options_.channels, all.channels);
    require_known("channel", options_.in_channels, all.channels);
    require_known("measurement", options_.measurements, all.measurements);
    const auto in_channel = [this](const std::string& name) { return in_scope(options_.in_channels, name); };
    const auto in_sample = [this](const std::string& name) { return in_scope(options_.in_samples, name); };
    const auto any = [](const std::string&) { return true; };
    const ComponentNames channels = component_names(workspace_.specification(), in_channel, any);
    const std::string where = options_.in_channels.empty() ? "" : " of the given channels";
    require_known("sample" + where, options_.samples, channels.samples);
    require_known("sample" + where, options_.in_samples, channels.samples);
    const ComponentNames samples = component_names(workspace_.specification(), in_channel, in_sample);
    const bool narrow = !options_.in_channels.empty() || !options_.in_samples.empty();
    const std::string scope = narrow ? " in the given channels and samples" : "";
    require_known("modifier" + scope, options_.modifiers, samples.modifiers);
    require_known("modifier type" + scope, options_.modifier_types, samples.modifier_types);
  }

  /// Removes the entries of a list for which `remove(entry)`.
  template <class Remove>
  void prune_if(Json& list, const std::string& pointer, const std::string& what, Remove remove) {
    auto& entries = elements(list);
    for (std::size_t i = 0; changes_ != nullptr && i < entries.size(); ++i) {
      if (remove(entries[i])) {
        changes_->push_back(
            {pointer + '/' + std::to_string(i), "remove " + what + ' ' + in_quotes(text_of(entries[i]))});
      }
    }
    entries.erase(std::remove_if(entries.begin(), entries.end(), remove), entries.end());
  }

  void prune_list(Json& list, const std::string& pointer, const std::string& what,
                  const std::vector<std::string>& names) {
    if (!names.empty()) {
      prune_if(list, pointer, what, [&](const Json& entry) { return contains(names, text_of(entry)); });
    }
  }

  void prune_channels() {
    auto& channels = elements(document_["channels"]);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const std::string name = text_of(channels[c]);
      if (contains(options_.channels, name) || !in_scope(options_.in_channels, name)) {
        continue;
      }
      const std::string pointer = pointer_to("channels", c, "samples");
      prune_modifiers(elements(channels[c]["samples"]), pointer);
      prune_list(channels[c]["samples"], pointer, "sample", options_.samples);
      if (channels[c]["samples"].empty()) {
        throw InvalidOperation("no sample would remain in the channel " + in_quotes(name) +
                               "; remove the channel too, or keep a sample");
      }
    }
    prune_list(document_["channels"], pointer_to("channels"), "channel", options_.channels);
  }

  void prune_modifiers(typename Json::array_t& samples, const std::string& pointer) {
    if (options_.modifiers.empty() && options_.modifier_types.empty()) {
      return;
    }
    for (std::size_t s = 0; s < samples.size(); ++s) {
      const std::string& name = text_of(samples[s]);
      if (!in_scope(options_.in_samples, name) || contains(options_.samples, name)) {
        continue;
      }
      prune_if(samples[s]["modifiers"], pointer + '/' + std::to_string(s) + "/modifiers", "modifier",
               [&](const Json& modifier) {
                 return contains(options_.modifiers, text_of(modifier)) ||
                        contains(options_.modifier_types, text_of(modifier, "type"));
               });
    }
  }

  /// Parameters named in `modifiers` lose their configuration once nothing carries them; those with a
  /// component per bin lose the entries of the channels that no longer carry them. What is removed comes
  /// last, so that the pointers of changes hold for the workspace that was given.
  void update_configurations() {
    const Carriers carriers = carrying_channels(document_);
    restrict_configurations(document_, binwise_parameters(workspace_.specification().channels), changes_,
                            [&](const std::string& name, const ChannelBin& bin) {
                              const auto channels = carriers.find(name);
                              return channels != carriers.end() && contains(channels->second, bin.channel);
                            });
    remove_configurations(document_, changes_, [&](const std::string& name) {
      return contains(options_.modifiers, name) && carriers.find(name) == carriers.end();
    });
  }

  const BasicWorkspace<Json>& workspace_;
  const PruneOptions& options_;
  Changes* changes_;
  Json document_;
};

} // namespace detail

/// The workspace without what `options` name. A channel takes its observation with it, a modifier the
/// configuration of its parameter when no modifier of that name is left. A measurement keeps a parameter of
/// interest that goes. Appends to `changes` what was removed. Throws UnknownName (with near matches) for a
/// name that the workspace, or the given channels and samples, do not have, and InvalidOperation where
/// nothing would remain. Linear in the size of the workspace.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> prune(BasicWorkspace<Json> workspace, const PruneOptions& options,
                                         Changes* changes = nullptr) {
  return detail::Pruner<Json>(workspace, options, changes)();
}

} // namespace muhat
