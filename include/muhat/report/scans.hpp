#pragma once

/// Scans as JSON: CLs along the parameter of interest, and profiles of -2 log L.

#include <muhat/inference/profile_scan.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/report/json.hpp>
#include <muhat/spec/json_object.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// `{"poi", "test_stat", "points": [{"mu", "CLs_obs", "CLs_exp"}]}`: the data of a Brazil band. Where
/// `points` lack values, these are null, with a `reason`.
inline nlohmann::json cls_scan_json(const std::string& poi, TestStatistic statistic,
                                    const std::vector<ClsPoint>& points) {
  nlohmann::json entries = nlohmann::json::array();
  for (const ClsPoint& point : points) {
    nlohmann::json entry =
        json_object({{"mu", number_json(point.mu)},
                     {"CLs_obs", nullptr},
                     {"CLs_exp", nlohmann::json::array({nullptr, nullptr, nullptr, nullptr, nullptr})}});
    if (point.cls_observed) {
      entry["CLs_obs"] = number_json(*point.cls_observed);
    }
    if (point.cls_expected) {
      entry["CLs_exp"] = numbers_json(*point.cls_expected);
    }
    if (!point.reason.empty()) {
      entry["reason"] = point.reason;
    }
    if (!point.warnings.empty()) {
      entry["warnings"] = point.warnings;
    }
    entries.push_back(std::move(entry));
  }
  return json_object(
      {{"poi", poi}, {"test_stat", std::string(to_string(statistic))}, {"points", std::move(entries)}});
}

/// `{"parameters", "mle_parameters", "twice_nll", "points": [{"values", "delta_twice_nll"}]}`; a point
/// without a certified fit, or that was not reached, is null, with a `reason`.
template <class AnyModel>
nlohmann::json profile_scan_json(const AnyModel& model, const ProfileScan& scan) {
  nlohmann::json names = nlohmann::json::array();
  for (const ScanAxis& axis : scan.axes) {
    names.push_back(axis.parameter);
  }
  nlohmann::json entries = nlohmann::json::array();
  for (const ProfilePoint& point : scan.points) {
    nlohmann::json entry =
        json_object({{"values", numbers_json(point.values)},
                     {"delta_twice_nll", point.delta ? number_json(*point.delta) : nlohmann::json(nullptr)}});
    if (!point.delta) {
      entry["reason"] = point.reason;
    }
    if (!point.warnings.empty()) {
      entry["warnings"] = point.warnings;
    }
    entries.push_back(std::move(entry));
  }
  return json_object({{"parameters", std::move(names)},
                      {"mle_parameters", parameters_json(model, scan.best_fit.parameters)},
                      {"twice_nll", number_json(scan.best_fit.twice_nll)},
                      {"points", std::move(entries)}});
}

} // namespace muhat
