#pragma once

/// Finding a measurement of a workspace's specification, by name or by place.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/spec/specification.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// The names of a list of measurements, channels or whatever has one, in its order.
template <class Entry>
[[nodiscard]] std::vector<std::string> names_of(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const Entry& entry : entries) {
    names.push_back(entry.name);
  }
  return names;
}

/// The measurement of that name; UnknownName lists near matches. O(number of measurements).
[[nodiscard]] inline const spec::Measurement& find_measurement(const spec::Workspace& workspace,
                                                               std::string_view name) {
  for (const spec::Measurement& measurement : workspace.measurements) {
    if (measurement.name == name) {
      return measurement;
    }
  }
  throw UnknownName(unknown_name_message("measurement", name, names_of(workspace.measurements)));
}

/// The measurement at a place in the document; UnknownName where there are fewer. O(1).
[[nodiscard]] inline const spec::Measurement& find_measurement(const spec::Workspace& workspace,
                                                               std::size_t index) {
  if (index >= workspace.measurements.size()) {
    throw UnknownName("no measurement " + std::to_string(index) + ": the workspace has " +
                      std::to_string(workspace.measurements.size()) +
                      ", counted from 0: " + quoted_list(names_of(workspace.measurements)));
  }
  return workspace.measurements[index];
}

} // namespace muhat
