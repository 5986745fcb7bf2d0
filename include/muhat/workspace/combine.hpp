#pragma once

/// Two workspaces joined into one: their channels with observations, and their
/// measurements. Parameters of one name are then shared (fully correlated).

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>
#include <muhat/workspace/json_patch.hpp>
#include <muhat/workspace/parameter_configuration.hpp>
#include <muhat/workspace/sharing.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// What happens to a channel, observation or measurement that both workspaces have.
enum class Join {
  /// It is an error.
  none,
  /// It must be equal in both; measurements of one name and POI unite their configurations of parameters,
  /// those of a staterror bin by bin.
  outer,
  /// The left one is taken, whatever the right one says.
  left_outer,
  /// The right one is taken, whatever the left one says.
  right_outer
};

inline constexpr std::array<std::string_view, 4> join_names{"none", "outer", "left outer", "right outer"};

/// The join of that name. Throws UnknownName.
[[nodiscard]] inline Join join_of_name(std::string_view name) {
  const auto found = std::find(join_names.begin(), join_names.end(), name);
  if (found == join_names.end()) {
    throw UnknownName(unknown_name_message("join", name, join_names));
  }
  return static_cast<Join>(found - join_names.begin());
}

struct CombineOptions {
  Join join = Join::none;
  /// Channels of one name unite their samples, by the same rule; not with Join::none.
  bool merge_channels = false;
};

namespace detail {

template <class Json>
class Combiner {
public:
  Combiner(const BasicWorkspace<Json>& left, const BasicWorkspace<Json>& right, const CombineOptions& options,
           Changes* changes)
      : left_(left.document()), right_(right.document()),
        left_bins_(binwise_parameters(left.specification().channels)),
        right_bins_(binwise_parameters(right.specification().channels)), options_(options),
        changes_(changes) {}

  Json operator()() const {
    Json document = Json::object();
    for (const auto& [key, value] : left_.template get_ref<const typename Json::object_t&>()) {
      document[key] = join_member(key, value);
    }
    return document;
  }

private:
  Json join_member(const std::string& key, const Json& left) const {
    if (key == "channels") {
      return join(pointer_to(key), "channel", left, right_[key],
                  [&](const Json& l, const Json& r) { return join_channel(l, r); });
    }
    if (key == "observations") {
      return join(pointer_to(key), "observation", left, right_[key],
                  [&](const Json& l, const Json& r) { return equal_or_chosen("observation", l, r, "data"); });
    }
    if (key == "measurements") {
      return join(pointer_to(key), "measurement", left, right_[key],
                  [&](const Json& l, const Json& r) { return join_measurement(l, r); });
    }
    return left;
  }

  static const Json* find(const Json& list, const std::string& name) {
    for (const Json& entry : elements(list)) {
      if (text_of(entry) == name) {
        return &entry;
      }
    }
    return nullptr;
  }

  /// The left entries, each united with the right one of its name by `unite`, then the other right ones; with
  /// Join::right_outer the sides change places. `pointer` leads to `right`, `where` follows names in
  /// messages.
  template <class Unite>
  Json join(const std::string& pointer, const std::string& what, const Json& left, const Json& right,
            Unite unite, const std::string& where = {}) const {
    const bool right_first = options_.join == Join::right_outer;
    const Json& first = right_first ? right : left;
    const Json& second = right_first ? left : right;
    Json joined = Json::array();
    for (const Json& entry : elements(first)) {
      const Json* const other = find(second, text_of(entry));
      if (other == nullptr) {
        joined.push_back(entry);
      } else {
        joined.push_back(right_first ? unite(*other, entry) : unite(entry, *other));
      }
    }
    for (const Json& entry : elements(second)) {
      if (find(first, text_of(entry)) == nullptr) {
        joined.push_back(entry);
      }
    }
    report(pointer, what, left, right, where);
    return joined;
  }

  void report(const std::string& pointer, const std::string& what, const Json& left, const Json& right,
              const std::string& where) const {
    if (changes_ == nullptr) {
      return;
    }
    for (std::size_t i = 0; i < right.size(); ++i) {
      const std::string& name = text_of(right[i]);
      const bool merged = options_.merge_channels && what == "channel";
      const std::string verb = find(left, name) == nullptr          ? "add "
                               : merged                             ? "merge the samples of "
                               : options_.join == Join::right_outer ? "take the right "
                               : options_.join == Join::left_outer  ? "keep the left "
                                                                    : "share ";
      changes_->push_back({pointer + '/' + std::to_string(i), verb + what + ' ' + in_quotes(name) + where});
    }
  }

  /// What both sides have: the chosen side's, or equal ones. `where` follows the name in messages.
  Json equal_or_chosen(const std::string& what, const Json& left, const Json& right, const char* member,
                       const std::string& where = {}) const {
    switch (options_.join) {
    case Join::left_outer:
      return left;
    case Join::right_outer:
      return right;
    case Join::none:
      throw InvalidOperation("both workspaces have a " + what + ' ' + in_quotes(text_of(left)) + where +
                             "; rename one of them, or join \"outer\", \"left outer\" or \"right outer\"");
    case Join::outer:
      break;
    }
    if (!same_json(left, right)) {
      const bool shows = left[member].is_array() && !left[member].empty() && !left[member][0].is_structured();
      throw InvalidOperation(
          "the workspaces disagree on the " + what + ' ' + in_quotes(text_of(left)) + where +
          (shows ? ": left " + shortened(left[member]) + ", right " + shortened(right[member])
                 : std::string()) +
          "; rename one of them, or choose one by joining \"left outer\" or \"right outer\"");
    }
    return left;
  }

  Json join_channel(const Json& left, const Json& right) const {
    if (!options_.merge_channels) {
      return equal_or_chosen("channel", left, right, "samples");
    }
    Json channel = options_.join == Join::right_outer ? right : left;
    const std::string& name = text_of(left);
    const std::string where = " of the channel " + in_quotes(name);
    // `right` is an element of the right workspace's list.
    const auto index = &right - elements(right_["channels"]).data();
    channel["samples"] = join(
        pointer_to("channels", static_cast<std::size_t>(index), "samples"), "sample", left["samples"],
        right["samples"],
        [&](const Json& l, const Json& r) { return equal_or_chosen("sample", l, r, "data", where); }, where);
    return channel;
  }

  Json join_measurement(const Json& left, const Json& right) const {
    if (options_.join != Join::outer) {
      return equal_or_chosen("measurement", left, right, "config");
    }
    const std::string& name = text_of(left);
    const std::string& left_poi = text_of(left["config"], "poi");
    const std::string& right_poi = text_of(right["config"], "poi");
    if (left_poi != right_poi) {
      throw InvalidOperation("the measurement " + in_quotes(name) + " has the POI " + in_quotes(left_poi) +
                             " in the left workspace and " + in_quotes(right_poi) +
                             " in the right one; rename one measurement or one parameter");
    }
    Json measurement = left;
    Json& parameters = measurement["config"]["parameters"];
    for (const Json& configuration : elements(right["config"]["parameters"])) {
      const Json* const other = find(left["config"]["parameters"], text_of(configuration));
      if (other == nullptr) {
        parameters.push_back(configuration);
      } else if (auto united = united_configuration(*other, left_bins_, configuration, right_bins_)) {
        parameters[static_cast<std::size_t>(other - elements(left["config"]["parameters"]).data())] =
            std::move(*united);
      } else if (!same_json(*other, configuration)) {
        throw InvalidOperation("the measurement " + in_quotes(name) + " configures the parameter " +
                               in_quotes(text_of(configuration)) + " as " + shortened(*other, 200) +
                               " in the left workspace and as " + shortened(configuration, 200) +
                               " in the right one; make them equal or rename one parameter");
      }
    }
    return measurement;
  }

  const Json& left_;
  const Json& right_;
  BinwiseParameters left_bins_, right_bins_;
  const CombineOptions& options_;
  Changes* changes_;
};

/// Throws InvalidOperation where modifiers of both sides have one parameter that they may not share. What
/// both workspaces have comes from `preferred`, the `side` that the join takes first.
template <class Json>
void require_sharable(const spec::Workspace& preferred, const char* side, const char* other_side,
                      const BasicWorkspace<Json>& combined) {
  std::set<std::pair<std::string_view, std::string_view>> of_preferred;
  for (const spec::Channel& channel : preferred.channels) {
    for (const spec::Sample& sample : channel.samples) {
      of_preferred.emplace(channel.name, sample.name);
    }
  }
  const auto conflict = find_sharing_conflict(
      combined.specification().channels,
      [](const spec::Modifier& modifier) { return std::string_view(modifier.name); },
      [&](const spec::Channel& channel, const spec::Sample& sample, const spec::Modifier&) {
        return std::string_view(of_preferred.contains({channel.name, sample.name}) ? side : other_side);
      });
  if (conflict) {
    const auto& [first, second, reason] = *conflict;
    throw InvalidOperation("combining would make the " + first.modifier->type + " and the " +
                           second.modifier->type + ' ' + in_quotes(second.modifier->name) + " (channel " +
                           in_quotes(second.channel->name) + ", sample " + in_quotes(second.sample->name) +
                           ", in the " + std::string(second.group) + " workspace) share one parameter, " +
                           reason + "; rename one");
  }
}

} // namespace detail

/// The combination of two workspaces. With Join::none they must have no channel and no measurement in
/// common. Appends to `changes` what became of each part of the right workspace, with pointers into that
/// workspace. Throws InvalidOperation for a conflict, which it explains, and InvalidArgument for
/// `merge_channels` with Join::none. O(n m) in the numbers of channels.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> combine(const BasicWorkspace<Json>& left,
                                           const BasicWorkspace<Json>& right,
                                           const CombineOptions& options = {}, Changes* changes = nullptr) {
  if (options.merge_channels && options.join == Join::none) {
    throw InvalidArgument(
        "channels can only be merged with the joins \"outer\", \"left outer\" and \"right outer\"");
  }
  ParseOptions parse_options = left.parse_options();
  for (const std::string& type : right.parse_options().custom_modifier_types) {
    if (!detail::contains(parse_options.custom_modifier_types, type)) {
      parse_options.custom_modifier_types.push_back(type);
    }
  }
  BasicWorkspace<Json> combined = detail::finish_operation(
      detail::Combiner<Json>(left, right, options, changes)(), parse_options, "combining");
  const bool right_first = options.join == Join::right_outer;
  detail::require_sharable((right_first ? right : left).specification(), right_first ? "right" : "left",
                           right_first ? "left" : "right", combined);
  detail::ComponentNumbers numbers;
  for (const auto* workspace : {&left, &right}) {
    for (const auto& [name, parameter] : binwise_parameters(workspace->specification().channels)) {
      numbers[name].insert(parameter.bins.size());
    }
  }
  detail::require_fitting_configurations(combined.specification(), numbers, "combining");
  return combined;
}

} // namespace muhat
