#pragma once

/// Signal grids as JSON: `{"settings": {...}, "points": [{"name", "values", "CLs_obs", ...}]}`. Who ran a
/// part of the points can go on from its document.

#include <muhat/core/errors.hpp>
#include <muhat/inference/signal_grid.hpp>
#include <muhat/report/json.hpp>
#include <muhat/report/limits.hpp>
#include <muhat/spec/checked_value.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// One signal: its test and, where wanted, its limits with the POI's bounds in their fits, and the warnings
/// of both; or in `reason`, why it could not be tested. `values` is its place in the grid.
inline nlohmann::json signal_point_json(const SignalGridPoint& point, const nlohmann::json& values) {
  nlohmann::json result{{"name", point.name}, {"values", values}};
  std::vector<std::string> warnings;
  if (point.test) {
    result.update(hypotest_json(*point.test));
    warnings = point.test->warnings;
  }
  if (point.limit) {
    const nlohmann::json limit = upper_limit_json(*point.limit);
    for (const char* key : {"upper_limit_obs", "upper_limit_exp", "poi_bounds", "reasons"}) {
      if (limit.contains(key)) {
        result[key] = limit.at(key);
      }
    }
    for (const std::string& warning : point.limit->warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) {
        warnings.push_back(warning);
      }
    }
  }
  if (!warnings.empty()) {
    result["warnings"] = warnings;
  }
  if (!point.error.empty()) {
    result["reason"] = point.error;
  }
  return result;
}

/// The points that are there, by name, in the order of `names`. `settings` is whatever tells one run from
/// another.
inline nlohmann::json signal_grid_json(const nlohmann::json& settings, const std::vector<std::string>& names,
                                       const std::map<std::string, nlohmann::json>& points) {
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& name : names) {
    if (const auto point = points.find(name); point != points.end()) {
      list.push_back(point->second);
    }
  }
  return {{"settings", settings}, {"points", std::move(list)}};
}

namespace detail {

/// Requires the points to be signals of the grid, each there once.
inline void check_point_names(const nlohmann::json& list, const std::vector<std::string>& names,
                              ProblemList& problems) {
  const DocumentPath root;
  const DocumentPath path = root.at("points");
  std::set<std::string> missing(names.begin(), names.end());
  for (std::size_t k = 0; k < list.size(); ++k) {
    const auto& name = list[k].at("name").get_ref<const std::string&>();
    if (missing.erase(name) == 0) {
      const bool is_known = std::find(names.begin(), names.end(), name) != names.end();
      const DocumentPath entry = path.at(k);
      problems.add(entry.at("name"), shortened(list[k].at("name")),
                   is_known ? "this signal stands in the grid twice; remove one of the points"
                            : "the patch set has no such signal; remove the point");
    }
  }
}

} // namespace detail

/// The points that a document of `signal_grid_json` holds and that have not failed, by name. Throws
/// SpecificationError where it is no such document, or has a point twice or one that is not among `names`;
/// InvalidArgument, naming the difference, where it was made with other settings.
inline std::map<std::string, nlohmann::json> read_signal_grid(const nlohmann::json& document,
                                                              const nlohmann::json& settings,
                                                              const std::vector<std::string>& names) {
  static constexpr std::array<detail::FieldRule, 2> rules{{{"settings"}, {"points"}}};
  detail::ProblemList problems;
  const detail::DocumentPath root;
  const auto [found, list] = detail::read_fields(document, root, problems, "a signal grid", rules);
  std::map<std::string, nlohmann::json> points;
  const detail::DocumentPath path = root.at("points");
  if (list != nullptr && detail::read_array(*list, path, problems, "points") != nullptr) {
    for (std::size_t k = 0; k < list->size(); ++k) {
      const nlohmann::json& point = (*list)[k];
      if (!point.is_object() || !point.contains("name") || !point.at("name").is_string()) {
        detail::add_type_problem(point, path.at(k), problems, "a point, an object with a \"name\"");
      } else if (!point.contains("reason")) {
        points[point.at("name").get<std::string>()] = point;
      }
    }
  }
  if (found != nullptr && !found->is_object()) {
    detail::add_type_problem(*found, root.at("settings"), problems, "an object");
  }
  problems.raise();
  for (const auto& [key, value] : settings.items()) {
    if (!found->contains(key) || found->at(key) != value) {
      throw InvalidArgument("the signal grid was made with another " + key + ": " +
                            (found->contains(key) ? found->at(key).dump() : "none") + " instead of " +
                            value.dump() + "; begin a new one");
    }
  }
  detail::check_point_names(*list, names, problems);
  problems.raise();
  return points;
}

} // namespace muhat
