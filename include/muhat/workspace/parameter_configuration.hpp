#pragma once

/// Keeping the measurements' parameter configurations in step with the channels.

#include <muhat/core/json_pointer.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/specification.hpp>
#include <muhat/workspace/change.hpp>
#include <muhat/workspace/components.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace muhat::detail {

/// Calls `visit(measurement index, list of configurations)` for each measurement of a document.
template <class Json, class Visit>
void for_each_configuration_list(Json& document, Visit visit) {
  auto& measurements = elements(document["measurements"]);
  for (std::size_t m = 0; m < measurements.size(); ++m) {
    visit(m, elements(measurements[m]["config"]["parameters"]));
  }
}

/// The channels of a document in which a sample carries a modifier, for each name of a modifier.
template <class Json>
std::map<std::string, std::vector<std::string>> carrying_channels(const Json& document) {
  std::map<std::string, std::vector<std::string>> carriers;
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

/// Where bins go, the configurations of parameters with a component per bin lose the entries of those
/// components: each list that is as long as the parameter keeps those for which `keep(name, bin)`. `before`
/// tells the components.
template <class Json, class Keep>
void restrict_configurations(Json& document, const std::map<std::string, std::vector<ChannelBin>>& before,
                             Changes* changes, Keep keep) {
  for_each_configuration_list(document, [&](std::size_t m, auto& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto parameter = before.find(text_of(list[i]));
      if (parameter == before.end()) {
        continue;
      }
      const std::vector<ChannelBin>& bins = parameter->second;
      const auto stays = [&, &name = parameter->first](const ChannelBin& bin) { return keep(name, bin); };
      const auto kept = std::count_if(bins.begin(), bins.end(), stays);
      if (kept == 0 || static_cast<std::size_t>(kept) == bins.size()) {
        continue;
      }
      for (const char* member : {"inits", "bounds", "auxdata", "sigmas", "factors"}) {
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

} // namespace muhat::detail
