#pragma once

/// Signal grids as JSON: `{"settings": {...}, "points": [{"name", "values", "CLs_obs", ...}]}`. Who ran a
/// part of the points can go on from its document.

#include <muhat/core/errors.hpp>
#include <muhat/inference/signal_grid.hpp>
#include <muhat/report/json.hpp>
#include <muhat/report/limits.hpp>
#include <muhat/spec/checked_value.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// One signal: its test and, where wanted, its limits; or in `reason`, why it could not be tested. `values`
/// is its place in the grid.
inline nlohmann::json signal_point_json(const SignalGridPoint& point, const nlohmann::json& values) {
  nlohmann::json result{{"name", point.name}, {"values", values}};
  if (point.test) {
    result.update(hypotest_json(*point.test));
    if (!point.test->warnings.empty()) {
      result["warnings"] = point.test->warnings;
    }
  }
  if (point.limit) {
    const nlohmann::json limit = upper_limit_json(*point.limit);
    for (const char* key : {"upper_limit_obs", "upper_limit_exp", "reasons"}) {
      if (limit.contains(key)) {
        result[key] = limit.at(key);
      }
    }
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

/// The points that a document of `signal_grid_json` holds and that have not failed, by name. Throws
/// SpecificationError where it is no such document, InvalidArgument, naming the difference, where it was made
/// with other settings.
inline std::map<std::string, nlohmann::json> read_signal_grid(const nlohmann::json& document,
                                                              const nlohmann::json& settings) {
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
  return points;
}

} // namespace muhat
