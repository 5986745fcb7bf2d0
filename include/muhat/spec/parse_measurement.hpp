#pragma once

/// The measurements of a specification: the parameter of interest and what is said of the parameters.

#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/parse_channel.hpp>
#include <muhat/spec/specification.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat::detail {

template <class Json>
void read_optional_numbers(const Json* value, const DocumentPath& path, ProblemList& problems,
                           std::optional<std::vector<double>>& out) {
  if (value != nullptr) {
    read_numbers(*value, path, problems, out.emplace());
  }
}

/// Bounds: a non-empty array of pairs `[lo, hi]`, lo <= hi.
template <class Json>
void read_bounds(const Json& value, const DocumentPath& path, ProblemList& problems,
                 std::vector<std::pair<double, double>>& out) {
  const auto* list = read_array(value, path, problems, "bounds (pairs of numbers)", false);
  if (list == nullptr) {
    return;
  }
  out.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& pair = (*list)[i];
    const DocumentPath pair_path = path.at(i);
    if (!pair.is_array() || pair.size() != 2) {
      problems.add(pair_path, shortened(pair), "expected a pair [lower, upper] of numbers");
      continue;
    }
    const bool good_lower = read_number(pair[0], pair_path.at(std::size_t{0}), problems, out[i].first);
    const bool good_upper = read_number(pair[1], pair_path.at(1), problems, out[i].second);
    if (good_lower && good_upper && out[i].first > out[i].second) {
      problems.add(pair_path, shortened(pair), "the lower bound lies above the upper bound; swap them");
    }
  }
}

template <class Json>
void read_parameter(const Json& value, const DocumentPath& path, ProblemList& problems,
                    spec::Parameter& parameter) {
  static constexpr std::array<FieldRule, 7> rules{{{"name"},
                                                   {"inits", false},
                                                   {"bounds", false},
                                                   {"auxdata", false},
                                                   {"sigmas", false},
                                                   {"factors", false},
                                                   {"fixed", false}}};
  const auto [name, inits, bounds, auxdata, sigmas, factors, fixed] =
      read_fields(value, path, problems, "a parameter configuration", rules);
  parameter.pointer = path.pointer();
  if (name != nullptr) {
    read_string(*name, path.at("name"), problems, parameter.name);
  }
  read_optional_numbers(inits, path.at("inits"), problems, parameter.inits);
  read_optional_numbers(auxdata, path.at("auxdata"), problems, parameter.auxdata);
  read_optional_numbers(sigmas, path.at("sigmas"), problems, parameter.sigmas);
  read_optional_numbers(factors, path.at("factors"), problems, parameter.factors);
  if (bounds != nullptr) {
    read_bounds(*bounds, path.at("bounds"), problems, parameter.bounds.emplace());
  }
  if (fixed != nullptr && !fixed->is_boolean()) {
    add_type_problem(*fixed, path.at("fixed"), problems, "true or false");
  } else if (fixed != nullptr) {
    parameter.fixed = fixed->template get<bool>();
  }
}

template <class Json>
void read_parameters(const Json& value, const DocumentPath& path, ProblemList& problems,
                     std::vector<spec::Parameter>& parameters) {
  const auto* list = read_array(value, path, problems, "parameter configurations");
  if (list == nullptr) {
    return;
  }
  parameters.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    read_parameter((*list)[i], path.at(i), problems, parameters[i]);
  }
  check_unique_names(parameters, path, problems, "parameter configuration");
}

template <class Json>
void read_measurement(const Json& value, const DocumentPath& path, ProblemList& problems,
                      spec::Measurement& measurement) {
  static constexpr std::array<FieldRule, 2> rules{{{"config"}, {"name"}}};
  static constexpr std::array<FieldRule, 2> config_rules{{{"parameters"}, {"poi"}}};
  const auto [config, name] = read_fields(value, path, problems, "a measurement", rules);
  if (name != nullptr) {
    read_string(*name, path.at("name"), problems, measurement.name);
  }
  if (config == nullptr) {
    return;
  }
  const DocumentPath config_path = path.at("config");
  const auto [parameters, poi] =
      read_fields(*config, config_path, problems, "the config of a measurement", config_rules);
  if (poi != nullptr) {
    read_string(*poi, config_path.at("poi"), problems, measurement.poi);
  }
  if (parameters != nullptr) {
    read_parameters(*parameters, config_path.at("parameters"), problems, measurement.parameters);
  }
}

template <class Json>
void read_measurements(const Json& value, const DocumentPath& path, ProblemList& problems,
                       std::vector<spec::Measurement>& measurements) {
  const auto* list = read_array(value, path, problems, "measurements", false);
  if (list == nullptr) {
    return;
  }
  measurements.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    read_measurement((*list)[i], path.at(i), problems, measurements[i]);
  }
  check_unique_names(measurements, path, problems, "measurement");
}

} // namespace muhat::detail
