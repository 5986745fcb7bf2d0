#pragma once

/// Which modifiers may share a parameter: those of one type, and normsys with histosys; a shapesys with none.
/// Channels that share a shapefactor need equally many bins, and all samples with a staterror carry it in the
/// same channels.

#include <muhat/core/near_matches.hpp>
#include <muhat/spec/parse_options.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat::detail {

/// Whether modifiers of these types may have one parameter. Custom types are left alone.
[[nodiscard]] inline bool may_share(std::string_view a, std::string_view b) {
  const auto is_known = [](std::string_view type) {
    return std::find(modifier_types.begin(), modifier_types.end(), type) != modifier_types.end();
  };
  const auto interpolated = [](std::string_view type) { return type == "normsys" || type == "histosys"; };
  return !is_known(a) || !is_known(b) || (a == b && a != "shapesys") || (interpolated(a) && interpolated(b));
}

/// A modifier, where it stands, and the group of modifiers that were together before an operation.
struct GroupedModifier {
  const spec::Channel* channel;
  const spec::Sample* sample;
  const spec::Modifier* modifier;
  std::string_view group;
};

/// Two modifiers that cannot have one parameter.
struct SharingConflict {
  GroupedModifier first;
  GroupedModifier second;
  /// Of the parameter: `which these types may not`.
  std::string reason;
};

/// Finds modifiers that an operation brings together on one parameter although they may not share it.
/// Modifiers of one group were together before and are not looked at. Refers to what it is given.
class SharedParameters {
public:
  /// Notes that `modifier` has `parameter`. Returns the conflict with one of another group, if there is one.
  [[nodiscard]] std::optional<SharingConflict> add(std::string_view parameter,
                                                   const GroupedModifier& modifier) {
    const auto [owner, is_new] = owners_.emplace(parameter, Owner{modifier, std::nullopt, {}});
    Owner& known = owner->second;
    const GroupedModifier& first = known.first;
    if (modifier.modifier->type == "staterror") {
      known.channels[modifier.sample->name].insert(modifier.channel->name);
    }
    if (is_new || first.group == modifier.group) {
      return std::nullopt;
    }
    known.of_other_group = modifier;
    if (!may_share(first.modifier->type, modifier.modifier->type)) {
      return SharingConflict{first, modifier, "which these types may not"};
    }
    const std::size_t nbins = modifier.sample->data.size();
    if (modifier.modifier->type == "shapefactor" && first.sample->data.size() != nbins) {
      return SharingConflict{
          first, modifier,
          "for which their channels need equally many bins: " + in_quotes(first.channel->name) + " has " +
              std::to_string(first.sample->data.size()) + ", " + in_quotes(modifier.channel->name) + " has " +
              std::to_string(nbins)};
    }
    return std::nullopt;
  }

  /// The conflict that shows once all modifiers are known: a staterror of several groups that its samples
  /// carry in different channels.
  [[nodiscard]] std::optional<SharingConflict> uneven_staterror() const {
    for (const auto& [parameter, owner] : owners_) {
      if (!owner.of_other_group || owner.channels.empty()) {
        continue;
      }
      const auto& [first_sample, first_channels] = *owner.channels.begin();
      for (const auto& [sample, channels] : owner.channels) {
        if (channels != first_channels) {
          return SharingConflict{
              owner.first, *owner.of_other_group,
              "which all its samples have to carry in the same channels: " + in_quotes(first_sample) +
                  " would carry it in " + quoted_list(first_channels) + ", " + in_quotes(sample) + " in " +
                  quoted_list(channels)};
        }
      }
    }
    return std::nullopt;
  }

private:
  struct Owner {
    GroupedModifier first;
    std::optional<GroupedModifier> of_other_group;
    /// Of a staterror: by sample, the channels where it carries the parameter.
    std::map<std::string_view, std::set<std::string_view>> channels;
  };

  std::map<std::string_view, Owner> owners_;
};

/// The first conflict among the modifiers of `channels`, if there is one, where `parameter_of(modifier)` is
/// what a modifier will have and `group_of(channel, sample, modifier)` names its group; both return views of
/// text that outlives the call. O(n log n) in the number of modifiers.
template <class ParameterOf, class GroupOf>
[[nodiscard]] std::optional<SharingConflict> find_sharing_conflict(const std::vector<spec::Channel>& channels,
                                                                   ParameterOf parameter_of,
                                                                   GroupOf group_of) {
  SharedParameters shared;
  for (const spec::Channel& channel : channels) {
    for (const spec::Sample& sample : channel.samples) {
      for (const spec::Modifier& modifier : sample.modifiers) {
        const GroupedModifier grouped{&channel, &sample, &modifier, group_of(channel, sample, modifier)};
        if (auto conflict = shared.add(parameter_of(modifier), grouped)) {
          return conflict;
        }
      }
    }
  }
  return shared.uneven_staterror();
}

} // namespace muhat::detail
