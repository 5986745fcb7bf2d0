#pragma once

/// The channels of a specification and the samples in them.

#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/parse_modifier.hpp>
#include <muhat/spec/parse_options.hpp>
#include <muhat/spec/specification.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace muhat::detail {

inline std::string duplicate_message(std::string_view what, std::size_t earlier) {
  return "another " + std::string(what) + " (entry " + std::to_string(earlier) +
         " of the same list) has this name; names must be unique";
}

/// Reports names that occur twice in a list of structs with a `name`. A name that was not
/// readable is empty, and then is not a second problem.
template <class Entry>
void check_unique_names(const std::vector<Entry>& entries, const DocumentPath& path, ProblemList& problems,
                        std::string_view what) {
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto [earlier, is_new] = first.emplace(entries[i].name, i);
    if (!is_new && !(entries[i].name.empty() && problems.count() > 0)) {
      problems.add(path.at(i).at("name"), in_quotes(entries[i].name),
                   duplicate_message(what, earlier->second));
    }
  }
}

/// A sample carries a modifier of one name and type once.
inline void check_unique_modifiers(const std::vector<spec::Modifier>& modifiers, const DocumentPath& path,
                                   ProblemList& problems) {
  const std::vector<std::size_t> order = spec::sorted_modifiers(modifiers);
  for (std::size_t k = 1; k < order.size(); ++k) {
    const spec::Modifier& earlier = modifiers[order[k - 1]];
    const spec::Modifier& later = modifiers[order[k]];
    const bool unreadable = later.type.empty() || (later.name.empty() && problems.count() > 0);
    if (earlier.name == later.name && earlier.type == later.type && !unreadable) {
      problems.add(path.at(order[k]).at("name"), in_quotes(later.name),
                   "the sample already has a " + later.type + " of this name (entry " +
                       std::to_string(order[k - 1]) + "); remove one of them");
    }
  }
}

/// Reads one sample. `nbins` is the number of bins of the channel; the first
/// sample with readable data sets it.
template <class Json>
void read_sample(const Json& value, const DocumentPath& path, ProblemList& problems,
                 const ParseOptions& options, std::size_t& nbins, spec::Sample& sample) {
  static constexpr std::array<FieldRule, 3> rules{{{"data"}, {"modifiers"}, {"name"}}};
  const auto [data, modifiers, name] = read_fields(value, path, problems, "a sample", rules);
  if (name != nullptr) {
    read_string(*name, path.at("name"), problems, sample.name);
  }
  ModifierContext context{0, &options};
  if (data != nullptr) {
    const DocumentPath data_path = path.at("data");
    if (nbins == 0) {
      if (read_numbers(*data, data_path, problems, sample.data)) {
        nbins = sample.data.size();
      }
    } else {
      read_numbers_of_size(*data, data_path, problems, nbins, "the channel's first sample", sample.data);
    }
    context.nbins = sample.data.size();
  }
  if (modifiers == nullptr) {
    return;
  }
  const DocumentPath list_path = path.at("modifiers");
  if (const auto* list = read_array(*modifiers, list_path, problems, "modifiers")) {
    sample.modifiers.resize(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_modifier((*list)[i], list_path.at(i), problems, context, sample.modifiers[i]);
    }
    check_unique_modifiers(sample.modifiers, list_path, problems);
  }
}

/// Reads one channel and returns its number of bins, 0 where no sample has readable data.
template <class Json>
std::size_t read_channel(const Json& value, const DocumentPath& path, ProblemList& problems,
                         const ParseOptions& options, spec::Channel& channel) {
  static constexpr std::array<FieldRule, 2> rules{{{"name"}, {"samples"}}};
  const auto [name, samples] = read_fields(value, path, problems, "a channel", rules);
  if (name != nullptr) {
    read_string(*name, path.at("name"), problems, channel.name);
  }
  std::size_t nbins = 0;
  if (samples == nullptr) {
    return nbins;
  }
  const DocumentPath list_path = path.at("samples");
  if (const auto* list = read_array(*samples, list_path, problems, "samples", false)) {
    channel.samples.resize(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_sample((*list)[i], list_path.at(i), problems, options, nbins, channel.samples[i]);
    }
    check_unique_names(channel.samples, list_path, problems, "sample");
  }
  return nbins;
}

/// Reads the channels; `nbins` receives each one's number of bins.
template <class Json>
void read_channels(const Json& value, const DocumentPath& path, ProblemList& problems,
                   const ParseOptions& options, std::vector<spec::Channel>& channels,
                   std::vector<std::size_t>& nbins) {
  const auto* list = read_array(value, path, problems, "channels", false);
  if (list == nullptr) {
    return;
  }
  channels.resize(list->size());
  nbins.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    nbins[i] = read_channel((*list)[i], path.at(i), problems, options, channels[i]);
  }
  check_unique_names(channels, path, problems, "channel");
}

} // namespace muhat::detail
