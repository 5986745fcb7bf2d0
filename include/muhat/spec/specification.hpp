#pragma once

/// The HistFactory specification as plain structs, free of any JSON library.
///
/// `parse_workspace` and `parse_model` (spec/parse.hpp) make them from JSON;
/// `build_model` (model/build.hpp) makes a model of them. All vectors keep the
/// order of the document, so that a JSON pointer can be formed from indices.
/// Yields are in events, `sigmas` and `auxdata` in the parameter's own unit.

#include <muhat/core/sort_stably.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace muhat::spec {

/// Relative yield at +1 (`hi`) and -1 (`lo`) standard deviation.
struct NormSysData {
  double hi = 1.0;
  double lo = 1.0;
};

/// Yields per bin at +1 and -1 standard deviation, in events.
struct HistoSysData {
  std::vector<double> hi_data;
  std::vector<double> lo_data;
};

/// Absolute uncertainty per bin, in events (shapesys, staterror).
using BinData = std::vector<double>;

/// The `data` member of a user-defined modifier type: an object whose members
/// are numbers, lists of numbers, strings or lists of strings. A lone number or
/// string is a list of length one.
struct CustomData {
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, std::vector<std::string>> strings;
};

/// `data: null` (normfactor, shapefactor, lumi).
using NoData = std::monostate;

struct Modifier {
  std::string name;
  std::string type;
  std::variant<NoData, NormSysData, HistoSysData, BinData, CustomData> data;
};

/// The places of modifiers sorted by name, then type (byte order), equal ones ascending. O(n log n).
[[nodiscard]] inline std::vector<std::size_t> sorted_modifiers(const std::vector<Modifier>& modifiers) {
  return stable_order(modifiers, [](const Modifier& a, const Modifier& b) {
    return std::tie(a.name, a.type) < std::tie(b.name, b.type);
  });
}

struct Sample {
  std::string name;
  std::vector<double> data;
  std::vector<Modifier> modifiers;
};

struct Channel {
  std::string name;
  std::vector<Sample> samples;
};

struct Observation {
  std::string name;
  std::vector<double> data;
};

/// What a measurement says of one parameter set; absent members keep defaults.
struct Parameter {
  std::string name;
  std::optional<std::vector<double>> inits = {};
  std::optional<std::vector<std::pair<double, double>>> bounds = {};
  std::optional<std::vector<double>> auxdata = {};
  std::optional<std::vector<double>> sigmas = {};
  std::optional<std::vector<double>> factors = {};
  std::optional<bool> fixed = {};
  /// Where it stands in its document, for messages; empty where it comes from none.
  std::string pointer = {};
};

struct Measurement {
  std::string name;
  /// Name of the parameter of interest; empty where none is named.
  std::string poi;
  std::vector<Parameter> parameters;
};

/// What a model is built from.
struct Model {
  std::vector<Channel> channels;
  std::vector<Parameter> parameters;
};

struct Workspace {
  std::vector<Channel> channels;
  std::vector<Measurement> measurements;
  std::vector<Observation> observations;
  std::string version;
};

} // namespace muhat::spec
