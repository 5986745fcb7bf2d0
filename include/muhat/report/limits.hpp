#pragma once

/// Limits and significances as JSON. A limit that does not exist is null, and
/// `reasons` says why, under the key that it belongs to.

#include <muhat/inference/discovery.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/report/json.hpp>
#include <muhat/spec/json_object.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>

namespace muhat {

namespace detail {

inline nlohmann::json limit_json(const Limit& limit, const std::string& key, nlohmann::json& reasons) {
  if (limit.value) {
    return number_json(*limit.value);
  }
  reasons[key] = limit.reason;
  return nullptr;
}

inline nlohmann::json error_json(const Limit& limit) {
  return limit.error ? number_json(*limit.error) : nlohmann::json(nullptr);
}

} // namespace detail

/// Observed and expected limits, those from toys with their statistical uncertainties, the level and
/// statistic they belong to, and the POI's bounds in the fits.
inline nlohmann::json upper_limit_json(const UpperLimitResult& result) {
  nlohmann::json reasons = nlohmann::json::object();
  nlohmann::json expected = nlohmann::json::array();
  for (std::size_t k = 0; k < result.expected.size(); ++k) {
    expected.push_back(
        detail::limit_json(result.expected[k], "upper_limit_exp[" + std::to_string(k) + "]", reasons));
  }
  nlohmann::json json = json_object(
      {{"upper_limit_obs", detail::limit_json(result.observed, "upper_limit_obs", reasons)},
       {"upper_limit_exp", std::move(expected)},
       {"level", result.level},
       {"test_stat", std::string(to_string(result.test_statistic))},
       {"poi", result.poi},
       {"poi_bounds", {number_json(result.poi_bounds.first), number_json(result.poi_bounds.second)}},
       {"evaluations", result.points.size()}});
  if (result.toys > 0) {
    json["upper_limit_obs_error"] = detail::error_json(result.observed);
    json["upper_limit_exp_error"] = nlohmann::json::array();
    for (const Limit& limit : result.expected) {
      json["upper_limit_exp_error"].push_back(detail::error_json(limit));
    }
    json["ntoys"] = result.toys;
    json["failed_toys"] = result.failed_toys;
  }
  if (!reasons.empty()) {
    json["reasons"] = std::move(reasons);
  }
  return json;
}

/// p0 and the significance in standard deviations, observed and expected for a signal of strength 1.
inline nlohmann::json discovery_json(const DiscoveryResult& result) {
  nlohmann::json json = json_object({{"p0_obs", number_json(result.p0_observed)},
                                     {"p0_exp", numbers_json(result.p0_expected)},
                                     {"significance_obs", number_json(result.significance_observed)},
                                     {"significance_exp", numbers_json(result.significance_expected)},
                                     {"poi", result.test.poi}});
  add_small_p_values(json, result.test);
  return json;
}

} // namespace muhat
