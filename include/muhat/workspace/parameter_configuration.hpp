#pragma once

/// Keeping the measurements' parameter configurations in step with the channels.

#include <muhat/core/errors.hpp>
#include <muhat/core/json_pointer.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/specification.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>
#include <muhat/workspace/json_patch.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat::detail {

/// The members of a configuration that have one entry per component.
inline constexpr std::array<const char*, 5> component_lists{"inits", "bounds", "auxdata", "sigmas",
                                                            "factors"};

/// Calls `visit(measurement index, list of configurations)` for each measurement of a document.
template <class Json, class Visit>
void for_each_configuration_list(Json& document, Visit visit) {
  auto& measurements = elements(document["measurements"]);
  for (std::size_t m = 0; m < measurements.size(); ++m) {
    visit(m, elements(measurements[m]["config"]["parameters"]));
  }
}

/// The channels in which a sample carries a modifier, for each name of a modifier.
using Carriers = std::map<std::string, std::vector<std::string>>;

template <class Json>
Carriers carrying_channels(const Json& document) {
  Carriers carriers;
  for (const Json& channel : elements(document["channels"])) {
    for (const Json& sample : elements(channel["samples"])) {
      for (const Json& modifier : elements(sample["modifiers"])) {
        std::vector<std::string>& channels = carriers[text_of(modifier)];
        if (channels.empty() || channels.back() != text_of(channel)) {
          channels.push_back(text_of(channel));
        }
      }
    }
  }
  return carriers;
}

/// Removes the configurations of parameters for which `gone(name)`.
template <class Json, class Gone>
void remove_configurations(Json& document, Changes* changes, Gone gone) {
  for_each_configuration_list(document, [&](std::size_t m, auto& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (gone(text_of(list[i]))) {
        record(changes, pointer_to("measurements", m, "config", "parameters", i),
               [&] { return "remove the configuration of the parameter " + in_quotes(text_of(list[i])); });
      }
    }
    list.erase(std::remove_if(list.begin(), list.end(),
                              [&](const Json& configuration) { return gone(text_of(configuration)); }),
               list.end());
  });
}

/// A list with an entry for each bin of two workspaces, from their lists. Nothing where a list is not as long
/// as the bins, or where the two differ on a bin that both have.
template <class Json>
std::optional<Json> united_list(const Json& left, const std::vector<ChannelBin>& left_bins, const Json& right,
                                const std::vector<ChannelBin>& right_bins) {
  std::map<ChannelBin, Json> values;
  const auto add = [&values](const Json& list, const std::vector<ChannelBin>& bins) {
    bool fits = list.size() == bins.size();
    for (std::size_t i = 0; fits && i < bins.size(); ++i) {
      fits = same_json(values.emplace(bins[i], list[i]).first->second, list[i]);
    }
    return fits;
  };
  if (!add(left, left_bins) || !add(right, right_bins)) {
    return std::nullopt;
  }
  Json united = Json::array();
  for (auto& [bin, value] : values) {
    united.push_back(std::move(value));
  }
  return united;
}

/// The configuration of a staterror over the channels of two workspaces, from theirs: its lists run over the
/// bins of both. Where one workspace has no such parameter, that of the other. Nothing for other parameters,
/// and where the two cannot be united: a member that only one has, or with values that do not fit.
/// O(n log n) in the number of bins.
template <class Json>
std::optional<Json> united_configuration(const Json& left, const BinwiseParameters& left_parameters,
                                         const Json& right, const BinwiseParameters& right_parameters) {
  const auto bins_of = [](const Json& configuration, const BinwiseParameters& parameters) {
    const auto found = parameters.find(text_of(configuration));
    return found != parameters.end() && found->second.concatenates ? &found->second.bins : nullptr;
  };
  const std::vector<ChannelBin>* const left_bins = bins_of(left, left_parameters);
  const std::vector<ChannelBin>* const right_bins = bins_of(right, right_parameters);
  if (left_bins == nullptr || right_bins == nullptr) {
    return left_bins != nullptr    ? std::optional<Json>(left)
           : right_bins != nullptr ? std::optional<Json>(right)
                                   : std::nullopt;
  }
  if (left.size() != right.size()) {
    return std::nullopt;
  }
  Json united = left;
  for (auto member = united.begin(); member != united.end(); ++member) {
    const auto other = right.find(member.key());
    if (other == right.end()) {
      return std::nullopt;
    }
    const bool is_list = std::find(component_lists.begin(), component_lists.end(),
                                   std::string_view(member.key())) != component_lists.end();
    if (is_list) {
      std::optional<Json> list = united_list(*member, *left_bins, *other, *right_bins);
      if (!list) {
        return std::nullopt;
      }
      *member = std::move(*list);
    } else if (!same_json(*member, *other)) {
      return std::nullopt;
    }
  }
  return united;
}

/// Where bins go, the configurations of parameters with a component per bin lose the entries of those
/// components: each list that is as long as the parameter keeps those for which `keep(name, bin)`. `before`
/// tells the components.
template <class Json, class Keep>
void restrict_configurations(Json& document, const BinwiseParameters& before, Changes* changes, Keep keep) {
  for_each_configuration_list(document, [&](std::size_t m, auto& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto parameter = before.find(text_of(list[i]));
      if (parameter == before.end()) {
        continue;
      }
      const std::vector<ChannelBin>& bins = parameter->second.bins;
      const auto stays = [&, &name = parameter->first](const ChannelBin& bin) { return keep(name, bin); };
      const auto kept = std::count_if(bins.begin(), bins.end(), stays);
      if (kept == 0 || static_cast<std::size_t>(kept) == bins.size()) {
        continue;
      }
      for (const char* member : component_lists) {
        const auto values = list[i].find(member);
        if (values == list[i].end() || values->size() != bins.size()) {
          continue;
        }
        Json restricted = Json::array();
        for (std::size_t b = 0; b < bins.size(); ++b) {
          if (stays(bins[b])) {
            restricted.push_back((*values)[b]);
          }
        }
        *values = std::move(restricted);
        record(changes, pointer_to("measurements", m, "config", "parameters", i, member), [&] {
          return "keep " + std::to_string(kept) + " of " + std::to_string(bins.size()) + " entries";
        });
      }
    }
  });
}

/// How many components parameters had before an operation, by the names that they have behind it.
using ComponentNumbers = std::map<std::string, std::set<std::size_t>, std::less<>>;

/// Throws InvalidOperation for a configuration's list in `outcome` that was as long as its parameter, and is
/// so no longer because the parameter now has the bins of several.
inline void require_fitting_configurations(const spec::Workspace& outcome, const ComponentNumbers& before,
                                           const std::string& operation) {
  const BinwiseParameters parameters = binwise_parameters(outcome.channels);
  for (const spec::Measurement& measurement : outcome.measurements) {
    for (const spec::Parameter& configuration : measurement.parameters) {
      const auto parameter = parameters.find(configuration.name);
      const auto numbers = before.find(configuration.name);
      if (parameter == parameters.end() || numbers == before.end()) {
        continue;
      }
      const std::size_t size = parameter->second.bins.size();
      const auto check = [&](const char* member, const auto& list) {
        if (list && list->size() != size && numbers->second.count(list->size()) != 0) {
          throw InvalidOperation(
              operation + " would give the parameter " + in_quotes(configuration.name) + ' ' +
              std::to_string(size) + " components, but its configuration in the measurement " +
              in_quotes(measurement.name) + " (in the outcome at \"" + configuration.pointer + '/' + member +
              "\") has " + std::to_string(list->size()) + ' ' + member +
              "; remove them first, or rename one of the modifiers that come together");
        }
      };
      check("inits", configuration.inits);
      check("bounds", configuration.bounds);
      check("auxdata", configuration.auxdata);
      check("sigmas", configuration.sigmas);
      check("factors", configuration.factors);
    }
  }
}

} // namespace muhat::detail
