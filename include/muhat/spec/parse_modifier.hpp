#pragma once

/// A modifier of a sample: `{name, type, data}`, where the type decides what `data` is.

#include <muhat/spec/checked_value.hpp>
#include <muhat/spec/parse_options.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat::detail {

/// What a modifier's bins are compared with: the number of bins of its sample,
/// 0 where the sample's own data is wrong.
struct ModifierContext {
  std::size_t nbins = 0;
  const ParseOptions* options = nullptr;
};

template <class Json>
void read_bins(const Json& value, const DocumentPath& path, ProblemList& problems, std::size_t nbins,
               std::vector<double>& out) {
  if (nbins == 0) {
    read_numbers(value, path, problems, out);
  } else {
    read_numbers_of_size(value, path, problems, nbins, "the sample", out);
  }
}

template <class Json>
spec::NormSysData read_normsys_data(const Json& value, const DocumentPath& path, ProblemList& problems) {
  static constexpr std::array<FieldRule, 2> rules{{{"hi"}, {"lo"}}};
  const auto [hi, lo] = read_fields(value, path, problems, "the data of a normsys", rules);
  spec::NormSysData data;
  if (hi != nullptr) {
    read_number(*hi, path.at("hi"), problems, data.hi);
  }
  if (lo != nullptr) {
    read_number(*lo, path.at("lo"), problems, data.lo);
  }
  return data;
}

template <class Json>
spec::HistoSysData read_histosys_data(const Json& value, const DocumentPath& path, ProblemList& problems,
                                      std::size_t nbins) {
  static constexpr std::array<FieldRule, 2> rules{{{"hi_data"}, {"lo_data"}}};
  const auto [hi, lo] = read_fields(value, path, problems, "the data of a histosys", rules);
  spec::HistoSysData data;
  if (hi != nullptr) {
    read_bins(*hi, path.at("hi_data"), problems, nbins, data.hi_data);
  }
  if (lo != nullptr) {
    read_bins(*lo, path.at("lo_data"), problems, nbins, data.lo_data);
  }
  return data;
}

/// One member of a user-defined modifier's data object.
template <class Json>
void read_custom_member(const std::string& key, const Json& value, const DocumentPath& path,
                        ProblemList& problems, spec::CustomData& data) {
  if (value.is_string()) {
    data.strings[key] = {value.template get<std::string>()};
  } else if (has_number(value)) {
    read_number(value, path, problems, data.numbers[key].emplace_back());
  } else if (value.is_array() && !value.empty() && value.front().is_string()) {
    auto& list = data.strings[key];
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_string(value[i], path.at(i), problems, list.emplace_back());
    }
  } else if (value.is_array() && value.empty()) {
    data.numbers[key] = {};
  } else if (value.is_array()) {
    read_numbers(value, path, problems, data.numbers[key]);
  } else {
    add_type_problem(value, path, problems, "a number, a string, or a list of either");
  }
}

template <class Json>
void read_custom_data(const Json& value, const DocumentPath& path, ProblemList& problems,
                      spec::Modifier& modifier) {
  if (value.is_null()) {
    modifier.data = spec::NoData{};
  } else if (value.is_array()) {
    read_numbers(value, path, problems, modifier.data.template emplace<spec::BinData>());
  } else if (value.is_object()) {
    auto& data = modifier.data.template emplace<spec::CustomData>();
    for (const auto& [key, member] : value.template get_ref<const typename Json::object_t&>()) {
      read_custom_member(key, member, path.at(std::string_view(key)), problems, data);
    }
  } else {
    add_type_problem(value, path, problems, "null, an array of numbers, or an object");
  }
}

/// The `data` of a modifier whose type is known to be one of the seven.
template <class Json>
void read_modifier_data(const Json& value, const DocumentPath& path, ProblemList& problems, std::size_t nbins,
                        spec::Modifier& modifier) {
  const std::string_view type = modifier.type;
  if (type == "histosys") {
    modifier.data = read_histosys_data(value, path, problems, nbins);
  } else if (type == "normsys") {
    modifier.data = read_normsys_data(value, path, problems);
  } else if (type == "staterror" || type == "shapesys") {
    read_bins(value, path, problems, nbins, modifier.data.template emplace<spec::BinData>());
  } else if (!value.is_null()) {
    problems.add(path, shortened(value), "the data of a " + modifier.type + " must be null");
  }
}

/// Reads one modifier; problems are collected.
template <class Json>
void read_modifier(const Json& value, const DocumentPath& path, ProblemList& problems,
                   const ModifierContext& context, spec::Modifier& modifier) {
  static constexpr std::array<FieldRule, 3> rules{{{"data"}, {"name"}, {"type"}}};
  const auto [data, name, type] = read_fields(value, path, problems, "a modifier", rules);
  if (name != nullptr) {
    read_string(*name, path.at("name"), problems, modifier.name);
  }
  if (type == nullptr || !read_string(*type, path.at("type"), problems, modifier.type)) {
    return;
  }
  const auto& custom = context.options->custom_modifier_types;
  const bool is_known =
      std::find(modifier_types.begin(), modifier_types.end(), modifier.type) != modifier_types.end();
  const bool is_custom = !is_known && std::find(custom.begin(), custom.end(), modifier.type) != custom.end();
  if (!is_known && !is_custom) {
    problems.add_unknown(path.at("type"), shortened(*type), "unknown modifier type", modifier.type,
                         [&custom] {
                           std::vector<std::string> names(modifier_types.begin(), modifier_types.end());
                           names.insert(names.end(), custom.begin(), custom.end());
                           return names;
                         });
    return;
  }
  if (modifier.type == "lumi" && name != nullptr && name->is_string() && modifier.name != "lumi") {
    problems.add(path.at("name"), shortened(*name), "a modifier of type lumi must be named \"lumi\"");
  }
  if (data != nullptr && is_custom) {
    read_custom_data(*data, path.at("data"), problems, modifier);
  } else if (data != nullptr) {
    read_modifier_data(*data, path.at("data"), problems, context.nbins, modifier);
  }
}

} // namespace muhat::detail
