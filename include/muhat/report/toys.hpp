#pragma once

/// Toys as JSON: the p-values that follow from them, and the toys themselves, so
/// that a run can be kept, continued and merged. A file of toys holds both.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/inference/test_statistic.hpp>
#include <muhat/inference/toy_p_values.hpp>
#include <muhat/inference/toys.hpp>
#include <muhat/report/json.hpp>
#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/json_object.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

inline nlohmann::json toy_sample_json(const ToySample& sample) {
  nlohmann::json failed = nlohmann::json::array();
  for (const FailedToy& toy : sample.failed) {
    failed.push_back(json_object({{"number", toy.number}, {"reason", toy.reason}}));
  }
  return json_object({{"parameters", numbers_json(sample.parameters)},
                      {"numbers", sample.numbers},
                      {"statistics", numbers_json(sample.statistics)},
                      {"failed", std::move(failed)}});
}

} // namespace detail

/// The p-values of an ensemble under pyhf's keys (`CLs_obs`, `CLs_exp`; for q0 `p0_obs`, `p0_exp`), with
/// their statistical uncertainties and the numbers of toys. What cannot be told from these toys is null, with
/// a `reason`.
inline nlohmann::json toy_p_values_json(const ToyEnsemble& ensemble) {
  const bool discovery = ensemble.test_statistic == TestStatistic::q0;
  const std::string name = discovery ? "p0" : "CLs";
  const nlohmann::json unknown = nlohmann::json::array({nullptr, nullptr, nullptr, nullptr, nullptr});
  nlohmann::json result =
      json_object({{name + "_obs", nullptr},
                   {name + "_obs_error", nullptr},
                   {name + "_exp", unknown},
                   {name + "_exp_error", unknown},
                   {"ntoys", {ensemble.tested.made(), ensemble.alternative.made()}},
                   {"failed_toys", {ensemble.tested.failed.size(), ensemble.alternative.failed.size()}}});
  if (ensemble.tested.statistics.empty() || ensemble.alternative.statistics.empty()) {
    result["reason"] = "a hypothesis has no toy with a statistic";
    return result;
  }
  const ToyPValues observed = observed_p_values(ensemble);
  if (discovery || observed.cls) {
    const Fraction& p_value = discovery ? observed.clsb : *observed.cls;
    result[name + "_obs"] = number_json(p_value.value);
    result[name + "_obs_error"] = number_json(p_value.error);
  } else {
    result["reason"] = observed.reason;
  }
  result[name + "_exp_error"] = numbers_json(expected_errors(ensemble));
  const ExpectedBand expected = expected_p_values(ensemble);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    result[name + "_exp"][k] = number_json(discovery ? expected[k].clsb : expected[k].cls);
  }
  return result;
}

/// The p-values and, under `toys`, everything that continuing and merging need.
inline nlohmann::json toy_ensemble_json(const ToyEnsemble& ensemble) {
  nlohmann::json result = toy_p_values_json(ensemble);
  result["toys"] = json_object({{"test_poi", ensemble.mu},
                                {"test_stat", std::string(to_string(ensemble.test_statistic))},
                                {"poi", ensemble.poi},
                                {"seed", ensemble.seed},
                                {"settings", ensemble.settings},
                                {"statistic_obs", number_json(ensemble.observed)},
                                {"tested", detail::toy_sample_json(ensemble.tested)},
                                {"alternative", detail::toy_sample_json(ensemble.alternative)}});
  return result;
}

namespace detail {

template <class Json>
bool read_count(const Json& value, const DocumentPath& path, ProblemList& problems, std::uint64_t& out) {
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.template get<std::int64_t>() < 0)) {
    add_type_problem(value, path, problems, "an integer of at least 0");
    return false;
  }
  out = value.template get<std::uint64_t>();
  return true;
}

/// Copies the texts of an object, the digests of data and model among them.
template <class Json>
void read_toy_settings(const Json& value, const DocumentPath& path, ProblemList& problems,
                       std::map<std::string, std::string>& out) {
  static constexpr std::array<FieldRule, 2> rules{{{"data"}, {"model"}}};
  (void)read_fields(value, path, problems, "the settings of toys", rules, true);
  if (value.is_object()) {
    for (const auto& [key, text] : value.template get_ref<const typename Json::object_t&>()) {
      read_string(text, path.at(std::string_view(key)), problems, out[key]);
    }
  }
}

/// Copies an array of finite numbers that may be empty.
template <class Json>
void read_number_list(const Json& value, const DocumentPath& path, ProblemList& problems,
                      std::vector<double>& out) {
  if (!value.is_array() || !value.empty()) {
    read_numbers(value, path, problems, out);
  }
}

/// A toy's number, below `most_toy_numbers`.
template <class Json>
bool read_toy_number(const Json& value, const DocumentPath& path, ProblemList& problems, std::uint64_t& out) {
  if (!read_count(value, path, problems, out)) {
    return false;
  }
  if (out >= most_toy_numbers) {
    problems.add(path, std::to_string(out),
                 "the numbers of toys end below " + std::to_string(most_toy_numbers));
    return false;
  }
  return true;
}

/// Requires a toy's number to be above the one before it; whether it is.
inline bool check_ascending(std::uint64_t number, std::uint64_t before, const DocumentPath& path,
                            ProblemList& problems) {
  if (number <= before) {
    problems.add(path, std::to_string(number),
                 "the numbers of toys ascend, and " + std::to_string(before) +
                     " stands before it: remove toys that are there twice, and put the others in order");
  }
  return number > before;
}

/// Copies ascending numbers. Of those that are out of order, the first is a problem.
template <class Json>
void read_toy_numbers(const Json& value, const DocumentPath& path, ProblemList& problems,
                      std::vector<std::uint64_t>& out) {
  const auto* list = read_array(value, path, problems, "toy numbers");
  if (list == nullptr) {
    return;
  }
  out.resize(list->size());
  bool compare = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    compare = read_toy_number((*list)[i], path.at(i), problems, out[i]) && compare;
    if (compare && i > 0) {
      compare = check_ascending(out[i], out[i - 1], path.at(i), problems);
    }
  }
}

inline void check_statistic(double value, const DocumentPath& path, ProblemList& problems) {
  if (value < 0.0) {
    problems.add(path, number_text(value), "a test statistic is at least 0: make it anew");
  }
}

template <class Json>
void read_statistics(const Json& value, const DocumentPath& path, ProblemList& problems,
                     std::vector<double>& out) {
  read_number_list(value, path, problems, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    check_statistic(out[i], path.at(i), problems);
  }
}

/// The failed toys, none of which is among `numbers`, ascending.
template <class Json>
void read_failed_toys(const Json& value, const DocumentPath& path, ProblemList& problems, ToySample& sample) {
  static constexpr std::array<FieldRule, 2> rules{{{"number"}, {"reason"}}};
  const auto* list = read_array(value, path, problems, "failed toys");
  if (list == nullptr) {
    return;
  }
  const bool searchable = std::is_sorted(sample.numbers.begin(), sample.numbers.end());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const DocumentPath entry = path.at(i);
    const DocumentPath number_path = entry.at("number");
    FailedToy toy;
    const auto [number, reason] = read_fields((*list)[i], entry, problems, "a failed toy", rules);
    if (number != nullptr && read_toy_number(*number, number_path, problems, toy.number)) {
      if (!sample.failed.empty()) {
        check_ascending(toy.number, sample.failed.back().number, number_path, problems);
      }
      if (searchable && std::binary_search(sample.numbers.begin(), sample.numbers.end(), toy.number)) {
        problems.add(number_path, std::to_string(toy.number),
                     "this toy has a statistic as well: keep it in \"numbers\" or in \"failed\"");
      }
    }
    if (reason != nullptr) {
      read_string(*reason, entry.at("reason"), problems, toy.reason);
    }
    sample.failed.push_back(std::move(toy));
  }
}

template <class Json>
void read_toy_sample(const Json& value, const DocumentPath& path, ProblemList& problems, ToySample& sample) {
  static constexpr std::array<FieldRule, 4> rules{{{"parameters"}, {"numbers"}, {"statistics"}, {"failed"}}};
  const auto [parameters, numbers, statistics, failed] =
      read_fields(value, path, problems, "a sample of toys", rules);
  if (parameters != nullptr) {
    std::vector<double> point;
    read_number_list(*parameters, path.at("parameters"), problems, point);
    sample.parameters = Eigen::Map<const Vector>(point.data(), static_cast<Index>(point.size()));
  }
  if (numbers != nullptr) {
    read_toy_numbers(*numbers, path.at("numbers"), problems, sample.numbers);
  }
  if (statistics != nullptr) {
    read_statistics(*statistics, path.at("statistics"), problems, sample.statistics);
  }
  if (failed != nullptr) {
    read_failed_toys(*failed, path.at("failed"), problems, sample);
  }
  if (sample.numbers.size() != sample.statistics.size()) {
    problems.add(path, "",
                 "there are " + std::to_string(sample.numbers.size()) + " numbers of toys, but " +
                     std::to_string(sample.statistics.size()) + " statistics");
  }
}

/// Copies a test statistic's name; an unknown one is a problem.
template <class Json>
void read_test_statistic(const Json& value, const DocumentPath& path, ProblemList& problems,
                         TestStatistic& out) {
  std::string name;
  if (!read_string(value, path, problems, name)) {
    return;
  }
  try {
    out = test_statistic_from(name);
  } catch (const Error& error) {
    problems.add(path, shortened(value), error.what());
  }
}

} // namespace detail

/// The ensemble that `toy_ensemble_json` wrote, bit for bit. Throws SpecificationError with the pointer of
/// everything that is wrong: the numbers of toys ascend, each has a statistic of at least 0 or is listed as
/// failed. O(n log n) for n toys.
template <class Json>
ToyEnsemble read_toy_ensemble(const Json& document) {
  static constexpr std::array<detail::FieldRule, 1> outer{{{"toys"}}};
  static constexpr std::array<detail::FieldRule, 8> rules{{{"test_poi"},
                                                           {"test_stat"},
                                                           {"poi"},
                                                           {"seed"},
                                                           {"settings", false},
                                                           {"statistic_obs"},
                                                           {"tested"},
                                                           {"alternative"}}};
  detail::ProblemList problems;
  const detail::DocumentPath root;
  ToyEnsemble ensemble;
  const auto [toys] = detail::read_fields(document, root, problems, "a file of toys", outer, true);
  if (toys != nullptr) {
    const detail::DocumentPath path = root.at("toys");
    const auto [mu, statistic, poi, seed, settings, observed, tested, alternative] =
        detail::read_fields(*toys, path, problems, "an ensemble of toys", rules);
    if (statistic != nullptr) {
      detail::read_test_statistic(*statistic, path.at("test_stat"), problems, ensemble.test_statistic);
    }
    if (mu != nullptr) {
      detail::read_number(*mu, path.at("test_poi"), problems, ensemble.mu);
    }
    if (poi != nullptr) {
      detail::read_string(*poi, path.at("poi"), problems, ensemble.poi);
    }
    if (seed != nullptr) {
      detail::read_count(*seed, path.at("seed"), problems, ensemble.seed);
    }
    if (settings != nullptr) {
      detail::read_toy_settings(*settings, path.at("settings"), problems, ensemble.settings);
    } else if (toys->is_object()) {
      problems.add(
          path, "",
          "the field \"settings\" is missing, so nothing tells which data and model the toys are for; "
          "make them anew");
    }
    if (observed != nullptr) {
      const detail::DocumentPath observed_path = path.at("statistic_obs");
      detail::read_number(*observed, observed_path, problems, ensemble.observed);
      detail::check_statistic(ensemble.observed, observed_path, problems);
    }
    if (tested != nullptr) {
      detail::read_toy_sample(*tested, path.at("tested"), problems, ensemble.tested);
    }
    if (alternative != nullptr) {
      detail::read_toy_sample(*alternative, path.at("alternative"), problems, ensemble.alternative);
    }
  }
  problems.raise();
  return ensemble;
}

} // namespace muhat
