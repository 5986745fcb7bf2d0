#pragma once

/// Results as JSON documents, with the keys that pyhf's tool gives them. A
/// number that is not finite becomes null; who writes one says why in `reason`.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/fit_result.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/spec/json_object.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace muhat {

/// A number, or null where it is not finite.
inline nlohmann::json number_json(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

/// A list of numbers, from anything with begin and end.
template <class Numbers>
nlohmann::json numbers_json(const Numbers& numbers) {
  nlohmann::json list = nlohmann::json::array();
  for (const double number : numbers) {
    list.push_back(number_json(number));
  }
  return list;
}

/// `{set name: [components]}` of a point in the order of the model's parameters.
template <class AnyModel>
nlohmann::json parameters_json(const AnyModel& model, const Vector& parameters) {
  nlohmann::json result = nlohmann::json::object();
  for (const auto& set : model.parameter_sets()) {
    const Vector components = parameters.segment(static_cast<Index>(set.first), static_cast<Index>(set.size));
    result[set.name] = numbers_json(components);
  }
  return result;
}

/// How a fit ended: status, effort and certificate; `reason` where there is no certificate.
inline nlohmann::json fit_status_json(const FitResult& fit) {
  nlohmann::json result = json_object({{"status", std::string(to_string(fit.status))},
                                       {"iterations", fit.iterations},
                                       {"evaluations", fit.evaluations},
                                       {"projected_gradient", number_json(fit.projected_gradient)},
                                       {"at_bounds", fit.at_bounds}});
  if (!fit.certified()) {
    result["reason"] = explain_failure(fit);
  }
  return result;
}

/// A fit: the fitted parameters, how it ended and, if wanted, -2 log L at its end.
template <class AnyModel>
nlohmann::json fit_json(const AnyModel& model, const FitResult& fit, bool with_value) {
  nlohmann::json result = json_object(
      {{"mle_parameters", parameters_json(model, fit.parameters)}, {"fit", fit_status_json(fit)}});
  if (with_value) {
    result["twice_nll"] = number_json(fit.twice_nll);
  }
  return result;
}

namespace detail {

/// p-values below it have lost digits, or are 0.
inline constexpr double smallest_p_value = 1e-300;

/// The common logarithm of a p-value, from the natural one.
inline nlohmann::json log10_json(double natural) {
  return number_json(natural / std::log(10.0));
}

} // namespace detail

/// Adds the common logarithms of the p-values of a test, observed and expected, under the keys that
/// `hypotest_json` gives those and "log10_" before, where a value is below 1e-300.
inline void add_small_p_values(nlohmann::json& json, const HypotestResult& test) {
  const bool discovery = test.p0_observed.has_value();
  const std::string name = discovery ? "log10_p0" : "log10_CLs";
  if ((discovery ? test.clsb : test.cls_observed) < detail::smallest_p_value) {
    json[name + "_obs"] = detail::log10_json(discovery ? test.log_clsb : test.log_cls_observed);
  }
  bool any_small = false;
  nlohmann::json expected = nlohmann::json::array();
  for (const PValues& values : test.expected) {
    any_small = any_small || (discovery ? values.clsb : values.cls) < detail::smallest_p_value;
    expected.push_back(detail::log10_json(discovery ? values.log_clsb : values.log_cls));
  }
  if (any_small) {
    json[name + "_exp"] = std::move(expected);
  }
}

/// A hypothesis test: CLs observed and expected, or for q0 the p-value of the background alone, with the
/// logarithms of those that are too small for a number.
inline nlohmann::json hypotest_json(const HypotestResult& test) {
  nlohmann::json json;
  if (test.p0_observed && test.p0_expected) {
    json = json_object(
        {{"p0_obs", number_json(*test.p0_observed)}, {"p0_exp", numbers_json(*test.p0_expected)}});
  } else {
    json = json_object(
        {{"CLs_obs", number_json(test.cls_observed)}, {"CLs_exp", numbers_json(test.cls_expected)}});
  }
  add_small_p_values(json, test);
  return json;
}

} // namespace muhat
