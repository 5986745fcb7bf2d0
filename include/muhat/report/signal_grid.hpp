#pragma once

/// Signal grids as JSON: `{"settings": {...}, "points": [{"name", "values", "CLs_obs", ...}]}`. Who ran a
/// part of the points can go on from its document.

#include <muhat/core/errors.hpp>
#include <muhat/inference/signal_grid.hpp>
#include <muhat/report/json.hpp>
#include <muhat/report/limits.hpp>
#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/json_object.hpp>
#include <muhat/spec/write_json.hpp>
#include <muhat/workspace/json_patch.hpp>

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
  nlohmann::json result = json_object({{"name", point.name}, {"values", values}});
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
  return json_object({{"settings", settings}, {"points", std::move(list)}});
}

namespace detail {

/// Requires `value` to be a number, or null where that is allowed.
inline void check_result(const nlohmann::json& value, bool nullable, const DocumentPath& path,
                         ProblemList& problems) {
  double ignored = 0.0;
  if (!(nullable && value.is_null())) {
    read_number(value, path, problems, ignored);
  }
}

/// Requires a tested point to have what `signal_point_json` says of it: the observed value called `name` and
/// the five expected ones.
inline void check_results(const nlohmann::json& point, const std::string& name, bool nullable,
                          const DocumentPath& path, ProblemList& problems) {
  const std::string observed = name + "_obs";
  const std::string expected = name + "_exp";
  for (const std::string& key : {observed, expected}) {
    if (!point.contains(key)) {
      problems.add(path, "", "the field \"" + key + "\" is missing; remove the point, to test it again");
      return;
    }
  }
  check_result(point.at(observed), nullable, path.at(observed), problems);
  const nlohmann::json& band = point.at(expected);
  const DocumentPath band_path = path.at(expected);
  if (!band.is_array() || band.size() != 5) {
    add_type_problem(band, band_path, problems, "five values, from the -2 to the +2 sigma expectation");
    return;
  }
  for (std::size_t k = 0; k < band.size(); ++k) {
    check_result(band[k], nullable, band_path.at(k), problems);
  }
}

/// Requires every point that was tested to have what the settings ask for.
inline void check_point_results(const nlohmann::json& list, const nlohmann::json& settings,
                                ProblemList& problems) {
  const DocumentPath root;
  const DocumentPath path = root.at("points");
  const bool is_discovery = settings.value("test_stat", "") == to_string(TestStatistic::q0);
  for (std::size_t k = 0; k < list.size(); ++k) {
    const nlohmann::json& point = list[k];
    if (point.contains("reason")) {
      continue;
    }
    check_results(point, is_discovery ? "p0" : "CLs", false, path.at(k), problems);
    if (settings.value("limits", false)) {
      check_results(point, "upper_limit", true, path.at(k), problems);
    }
  }
}

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
/// SpecificationError where it is no such document, a point lacks results that `settings` ask for
/// (`test_stat`, `limits`), is there twice or is not among `names`; InvalidArgument, naming the difference,
/// where it was made with other settings.
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
    const auto made_with = found->find(key);
    if (made_with == found->end() || !same_json(*made_with, value)) {
      throw InvalidArgument("the signal grid was made with another " + key + ": " +
                            (made_with == found->end() ? "none" : json_text(*made_with, {.indent = -1})) +
                            " instead of " + json_text(value, {.indent = -1}) + "; begin a new one");
    }
  }
  detail::check_point_names(*list, names, problems);
  detail::check_point_results(*list, settings, problems);
  problems.raise();
  return points;
}

} // namespace muhat
