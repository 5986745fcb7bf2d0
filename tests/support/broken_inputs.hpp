#pragma once

/// Workspaces that are wrong in one way each, with the place and the words that the error must have.

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <support/small_workspaces.hpp>

namespace muhat::test {

struct BrokenInput {
  std::string name;
  /// The JSON text.
  std::string text;
  /// JSON pointer of the only problem; meaningless where the text is not even JSON.
  std::string pointer;
  /// Words that the message must contain.
  std::string fragment;
  /// False where the text cannot be read as JSON (ReadError).
  bool readable = true;
};

namespace detail {

/// A change of `every_modifier_document`: an operation of a JSON Patch.
struct Mutation {
  const char* name;
  const char* operation;
  const char* path;
  const char* value;
  const char* pointer;
  const char* fragment;
};

/// Paths into `every_modifier_document`: channel 0 is SR (2 bins), 1 is CR (1 bin).
inline std::vector<Mutation> document_mutations() {
  return {
      {"a list as workspace", "replace", "", "[]", "", "expected a workspace (an object), not an array"},
      {"a number as workspace", "replace", "", "3", "", "expected a workspace"},
      {"null as workspace", "replace", "", "null", "", "not null"},
      {"no channels", "remove", "/channels", "", "", R"("channels" of a workspace is missing)"},
      {"no measurements", "remove", "/measurements", "", "", R"("measurements" of a workspace is missing)"},
      {"no observations", "remove", "/observations", "", "", R"("observations" of a workspace is missing)"},
      {"no version", "remove", "/version", "", "", R"("version" of a workspace is missing)"},
      {"unknown workspace field", "add", "/mesurements", "[]", "/mesurements",
       "no such field: correct or remove it; did you mean \"measurements\"?"},
      {"channels as object", "replace", "/channels", "{}", "/channels", "expected an array of channels"},
      {"empty channels", "replace", "/channels", "[]", "/channels", "at least one"},
      {"empty measurements", "replace", "/measurements", "[]", "/measurements", "at least one"},
      {"empty observations", "replace", "/observations", "[]", "/observations", "at least one"},
      {"other version", "replace", "/version", "\"2.0.0\"", "/version", "expected \"1.0.0\""},
      {"version as number", "replace", "/version", "1.0", "/version", "expected a string, not a number"},
  };
}

inline std::vector<Mutation> channel_mutations() {
  return {
      {"channel as string", "replace", "/channels/1", "\"CR\"", "/channels/1", "expected a channel"},
      {"channel without name", "remove", "/channels/1/name", "", "/channels/1", "\"name\" of a channel"},
      {"channel name as number", "replace", "/channels/1/name", "7", "/channels/1/name", "expected a string"},
      {"channel without samples", "remove", "/channels/1/samples", "", "/channels/1", "\"samples\""},
      {"channel of no samples", "replace", "/channels/1/samples", "[]", "/channels/1/samples",
       "at least one"},
      {"samples as null", "replace", "/channels/1/samples", "null", "/channels/1/samples",
       "expected an array of samples, not null"},
      {"unknown channel field", "add", "/channels/0/bins", "2", "/channels/0/bins", "a channel has no such"},
      {"channel name used twice", "add", "/channels/2",
       R"({"name": "SR", "samples": [{"name": "a", "data": [1, 2], "modifiers": []}]})", "/channels/2/name",
       "another channel (entry 0"},
      {"sample as list", "replace", "/channels/1/samples/0", "[1]", "/channels/1/samples/0",
       "expected a sample"},
      {"sample without name", "remove", "/channels/0/samples/0/name", "", "/channels/0/samples/0",
       "\"name\" of a sample"},
      {"sample without data", "remove", "/channels/0/samples/1/data", "", "/channels/0/samples/1",
       "\"data\""},
      {"sample without modifiers", "remove", "/channels/0/samples/1/modifiers", "", "/channels/0/samples/1",
       "\"modifiers\""},
      {"unknown sample field", "add", "/channels/0/samples/1/modifers", "[]",
       "/channels/0/samples/1/modifers", "did you mean \"modifiers\"?"},
      {"sample name used twice", "replace", "/channels/0/samples/2/name", "\"signal\"",
       "/channels/0/samples/2/name", "another sample (entry 0"},
      {"sample data as number", "replace", "/channels/1/samples/0/data", "120.0",
       "/channels/1/samples/0/data", "expected an array of numbers, not a number"},
      {"sample of no bins", "replace", "/channels/1/samples/0/data", "[]", "/channels/1/samples/0/data",
       "at least one"},
      {"sample data of strings", "replace", "/channels/0/samples/0/data/1", "\"4.25\"",
       "/channels/0/samples/0/data/1", "expected a number, not a string"},
      {"sample data with null", "replace", "/channels/0/samples/0/data/0", "null",
       "/channels/0/samples/0/data/0", "expected a number, not null"},
      {"sample data with boolean", "replace", "/channels/0/samples/0/data/0", "true",
       "/channels/0/samples/0/data/0", "expected a number, not a boolean"},
      {"sample data nested", "replace", "/channels/0/samples/0/data/0", "[3.5]",
       "/channels/0/samples/0/data/0", "expected a number, not an array"},
      {"sample with another number of bins", "replace", "/channels/0/samples/2",
       R"({"name": "fakes", "data": [2.0, 1.0, 3.0], "modifiers": []})", "/channels/0/samples/2/data",
       "has 3 bins, but the channel's first sample has 2"},
  };
}

inline std::vector<Mutation> modifier_mutations() {
  return {
      {"modifiers as object", "replace", "/channels/1/samples/0/modifiers", "{}",
       "/channels/1/samples/0/modifiers", "expected an array of modifiers"},
      {"modifier as string", "replace", "/channels/1/samples/0/modifiers/1", "\"free\"",
       "/channels/1/samples/0/modifiers/1", "expected a modifier"},
      {"modifier without name", "remove", "/channels/0/samples/0/modifiers/0/name", "",
       "/channels/0/samples/0/modifiers/0", "\"name\" of a modifier"},
      {"modifier without type", "remove", "/channels/0/samples/0/modifiers/0/type", "",
       "/channels/0/samples/0/modifiers/0", "\"type\" of a modifier"},
      {"modifier without data", "remove", "/channels/0/samples/0/modifiers/0/data", "",
       "/channels/0/samples/0/modifiers/0", "\"data\" of a modifier"},
      {"unknown modifier field", "add", "/channels/0/samples/0/modifiers/0/constraint", "\"none\"",
       "/channels/0/samples/0/modifiers/0/constraint", "a modifier has no such field"},
      {"modifier name as list", "replace", "/channels/0/samples/0/modifiers/0/name", "[]",
       "/channels/0/samples/0/modifiers/0/name", "expected a string"},
      {"modifier type as null", "replace", "/channels/0/samples/0/modifiers/0/type", "null",
       "/channels/0/samples/0/modifiers/0/type", "expected a string"},
      {"misspelled modifier type", "replace", "/channels/0/samples/0/modifiers/0/type", "\"normfaktor\"",
       "/channels/0/samples/0/modifiers/0/type", "did you mean \"normfactor\""},
      {"unheard-of modifier type", "replace", "/channels/0/samples/0/modifiers/0/type", "\"xyz\"",
       "/channels/0/samples/0/modifiers/0/type", "there are \"histosys\", \"lumi\""},
      {"modifier twice", "add", "/channels/0/samples/0/modifiers/3",
       R"({"name": "mu", "type": "normfactor", "data": null})", "/channels/0/samples/0/modifiers/3/name",
       "already has a normfactor of this name (entry 0)"},
      {"normfactor with data", "replace", "/channels/0/samples/0/modifiers/0/data", "1.0",
       "/channels/0/samples/0/modifiers/0/data", "the data of a normfactor must be null"},
      {"shapefactor with data", "replace", "/channels/1/samples/0/modifiers/1/data", "[1.0]",
       "/channels/1/samples/0/modifiers/1/data", "the data of a shapefactor must be null"},
      {"lumi with data", "replace", "/channels/0/samples/0/modifiers/1/data", "{}",
       "/channels/0/samples/0/modifiers/1/data", "the data of a lumi must be null"},
      {"lumi of another name", "replace", "/channels/0/samples/0/modifiers/1/name", "\"luminosity\"",
       "/channels/0/samples/0/modifiers/1/name", "must be named \"lumi\""},
  };
}

inline std::vector<Mutation> modifier_data_mutations() {
  return {
      {"normsys with null", "replace", "/channels/0/samples/0/modifiers/2/data", "null",
       "/channels/0/samples/0/modifiers/2/data", "the data of a normsys"},
      {"normsys with a list", "replace", "/channels/0/samples/0/modifiers/2/data", "[1.1, 0.9]",
       "/channels/0/samples/0/modifiers/2/data", "not an array"},
      {"normsys without hi", "remove", "/channels/0/samples/0/modifiers/2/data/hi", "",
       "/channels/0/samples/0/modifiers/2/data", "\"hi\" of the data of a normsys"},
      {"normsys without lo", "remove", "/channels/0/samples/0/modifiers/2/data/lo", "",
       "/channels/0/samples/0/modifiers/2/data", "\"lo\" of the data of a normsys"},
      {"normsys lo as string", "replace", "/channels/0/samples/0/modifiers/2/data/lo", "\"0.9\"",
       "/channels/0/samples/0/modifiers/2/data/lo", "expected a number"},
      {"unknown normsys field", "add", "/channels/0/samples/0/modifiers/2/data/high", "1.1",
       "/channels/0/samples/0/modifiers/2/data/high", "no such field"},
      {"histosys with a list", "replace", "/channels/0/samples/1/modifiers/0/data", "[1, 2]",
       "/channels/0/samples/1/modifiers/0/data", "the data of a histosys"},
      {"histosys without hi_data", "remove", "/channels/0/samples/1/modifiers/0/data/hi_data", "",
       "/channels/0/samples/1/modifiers/0/data", "\"hi_data\""},
      {"histosys without lo_data", "remove", "/channels/0/samples/1/modifiers/0/data/lo_data", "",
       "/channels/0/samples/1/modifiers/0/data", "\"lo_data\""},
      {"histosys hi_data too short", "replace", "/channels/0/samples/1/modifiers/0/data/hi_data", "[42.0]",
       "/channels/0/samples/1/modifiers/0/data/hi_data", "has 1 bins, but the sample has 2"},
      {"histosys lo_data too long", "replace", "/channels/0/samples/1/modifiers/0/data/lo_data", "[1, 2, 3]",
       "/channels/0/samples/1/modifiers/0/data/lo_data", "has 3 bins, but the sample has 2"},
      {"histosys lo_data of booleans", "replace", "/channels/0/samples/1/modifiers/0/data/lo_data/1", "false",
       "/channels/0/samples/1/modifiers/0/data/lo_data/1", "expected a number, not a boolean"},
      {"staterror with null", "replace", "/channels/0/samples/1/modifiers/1/data", "null",
       "/channels/0/samples/1/modifiers/1/data", "expected an array of numbers, not null"},
      {"staterror too short", "replace", "/channels/0/samples/1/modifiers/1/data", "[1.5]",
       "/channels/0/samples/1/modifiers/1/data", "has 1 bins, but the sample has 2"},
      {"shapesys as number", "replace", "/channels/0/samples/2/modifiers/0/data", "0.5",
       "/channels/0/samples/2/modifiers/0/data", "expected an array of numbers"},
      {"shapesys too long", "replace", "/channels/0/samples/2/modifiers/0/data", "[1, 2, 3, 4]",
       "/channels/0/samples/2/modifiers/0/data", "has 4 bins"},
      {"shapesys empty", "replace", "/channels/0/samples/2/modifiers/0/data", "[]",
       "/channels/0/samples/2/modifiers/0/data", "at least one"},
  };
}

inline std::vector<Mutation> observation_mutations() {
  return {
      {"observation as list", "replace", "/observations/0", "[45, 33]", "/observations/0",
       "expected an observation"},
      {"observation without name", "remove", "/observations/1/name", "", "/observations/1",
       "\"name\" of an observation"},
      {"observation without data", "remove", "/observations/1/data", "", "/observations/1",
       "\"data\" of an observation"},
      {"unknown observation field", "add", "/observations/1/errors", "[1]", "/observations/1/errors",
       "no such field"},
      {"observation missing", "remove", "/observations/1", "", "/channels/1/name",
       "the channel has no observation; add an entry of this name with 1 numbers"},
      {"observation superfluous", "add", "/observations/2", R"({"name": "SR2", "data": [1]})",
       "/observations/2/name", "no channel has the name of this observation"},
      {"observation twice", "add", "/observations/2", R"({"name": "SR", "data": [1, 2]})",
       "/observations/2/name", "another observation (entry 0"},
      {"observation too long", "replace", "/observations/0/data", "[45, 33, 2]", "/observations/0/data",
       "has 3 bins, but the channel \"SR\" has 2"},
      {"observation too short", "replace", "/observations/0/data", "[45]", "/observations/0/data",
       "has 1 bins, but the channel \"SR\" has 2"},
      {"observation empty", "replace", "/observations/0/data", "[]", "/observations/0/data", "at least one"},
      {"observation of strings", "replace", "/observations/1/data/0", "\"many\"", "/observations/1/data/0",
       "expected a number, not a string"},
  };
}

inline std::vector<Mutation> measurement_mutations() {
  const char* const first = "/measurements/0/config/parameters/0";
  return {
      {"measurement as string", "replace", "/measurements/1", "\"top\"", "/measurements/1",
       "expected a measurement"},
      {"measurement without name", "remove", "/measurements/0/name", "", "/measurements/0",
       "\"name\" of a measurement"},
      {"measurement without config", "remove", "/measurements/0/config", "", "/measurements/0", "\"config\""},
      {"measurement twice", "replace", "/measurements/1/name", "\"nominal\"", "/measurements/1/name",
       "another measurement (entry 0"},
      {"unknown measurement field", "add", "/measurements/0/lumi", "1", "/measurements/0/lumi",
       "no such field"},
      {"config as list", "replace", "/measurements/0/config", "[]", "/measurements/0/config",
       "expected the config of a measurement"},
      {"config without poi", "remove", "/measurements/0/config/poi", "", "/measurements/0/config", "\"poi\""},
      {"poi as list", "replace", "/measurements/0/config/poi", "[\"mu\"]", "/measurements/0/config/poi",
       "expected a string"},
      {"config without parameters", "remove", "/measurements/0/config/parameters", "",
       "/measurements/0/config", "\"parameters\""},
      {"parameters as object", "replace", "/measurements/0/config/parameters", "{}",
       "/measurements/0/config/parameters", "expected an array of parameter configurations"},
      {"parameter as string", "replace", first, "\"lumi\"", first, "expected a parameter configuration"},
      {"parameter without name", "remove", "/measurements/0/config/parameters/0/name", "", first,
       "\"name\" of a parameter configuration"},
      {"parameter configured twice", "replace", "/measurements/0/config/parameters/1/name", "\"lumi\"",
       "/measurements/0/config/parameters/1/name", "another parameter configuration (entry 0"},
      {"unknown parameter field", "add", "/measurements/0/config/parameters/0/init", "[1.0]",
       "/measurements/0/config/parameters/0/init", "did you mean \"inits\"?"},
      {"inits as number", "replace", "/measurements/0/config/parameters/0/inits", "1.0",
       "/measurements/0/config/parameters/0/inits", "expected an array of numbers"},
      {"inits empty", "replace", "/measurements/0/config/parameters/0/inits", "[]",
       "/measurements/0/config/parameters/0/inits", "at least one"},
      {"auxdata of strings", "replace", "/measurements/0/config/parameters/0/auxdata/0", "\"1\"",
       "/measurements/0/config/parameters/0/auxdata/0", "expected a number"},
      {"sigmas as null", "replace", "/measurements/0/config/parameters/0/sigmas", "null",
       "/measurements/0/config/parameters/0/sigmas", "expected an array of numbers"},
      {"factors as object", "add", "/measurements/0/config/parameters/0/factors", "{}",
       "/measurements/0/config/parameters/0/factors", "expected an array of numbers"},
      {"bounds as one pair", "replace", "/measurements/0/config/parameters/0/bounds", "[0]",
       "/measurements/0/config/parameters/0/bounds/0", "expected a pair [lower, upper]"},
      {"bounds of three", "replace", "/measurements/0/config/parameters/0/bounds/0", "[0, 1, 2]",
       "/measurements/0/config/parameters/0/bounds/0", "expected a pair [lower, upper]"},
      {"bounds upside down", "replace", "/measurements/0/config/parameters/0/bounds/0", "[1.1, 0.9]",
       "/measurements/0/config/parameters/0/bounds/0", "the lower bound lies above the upper bound"},
      {"bounds with string", "replace", "/measurements/0/config/parameters/0/bounds/0/1", "\"1\"",
       "/measurements/0/config/parameters/0/bounds/0/1", "expected a number"},
      {"bounds empty", "replace", "/measurements/0/config/parameters/0/bounds", "[]",
       "/measurements/0/config/parameters/0/bounds", "at least one"},
      {"fixed as number", "add", "/measurements/0/config/parameters/0/fixed", "1",
       "/measurements/0/config/parameters/0/fixed", "expected true or false, not a number"},
      {"fixed as list", "add", "/measurements/0/config/parameters/0/fixed", "[true]",
       "/measurements/0/config/parameters/0/fixed", "expected true or false, not an array"},
  };
}

inline BrokenInput broken_document(const Mutation& mutation) {
  nlohmann::json operation{{"op", mutation.operation}, {"path", mutation.path}};
  if (std::string(mutation.operation) != "remove") {
    operation["value"] = nlohmann::json::parse(mutation.value);
  }
  const nlohmann::json document = every_modifier_document().patch(nlohmann::json::array({operation}));
  return {mutation.name, document.dump(), mutation.pointer, mutation.fragment};
}

/// The good document with a piece of its text replaced.
inline std::string broken_text(const std::string& piece, const std::string& replacement) {
  std::string text = two_bin_document().dump();
  return text.replace(text.find(piece), piece.size(), replacement);
}

inline std::vector<BrokenInput> broken_texts() {
  const std::string good = two_bin_document().dump();
  const std::size_t million = 1000000;
  return {
      {"empty text", "", "", "the text is empty", false},
      {"only blanks", " \n\t ", "", "the text is empty", false},
      {"no JSON", "channels: []", "", "line 1, column 1", false},
      {"text cut off", good.substr(0, good.size() / 2), "", "line 1", false},
      {"something behind the end", good + "\n]", "", "line 2, column 1", false},
      {"comma before a bracket", broken_text("[51,48]", "[51,48,]"), "", "unexpected ']'", false},
      {"single quotes", "{'channels': []}", "", "double quotes", false},
      {"NaN", broken_text("51", "NaN"), "", "JSON has no NaN or infinity", false},
      {"minus infinity", broken_text("51", "-Infinity"), "", "JSON has no NaN or infinity", false},
      {"number beyond double", broken_text("51", "1e999"), "", "number overflow", false},
      {"number of a million digits", broken_text("51", std::string(million, '9')), "", "number overflow",
       false},
      {"leading zero", broken_text("51", "051"), "", "line 1", false},
      {"invalid UTF-8", broken_text("Measurement", "Measure\xffment"), "", "ill-formed UTF-8", false},
      {"line break in a string", broken_text("Measurement", "Measure\nment"), "", "control character", false},
      {"UTF-16", std::string("\xff\xfe{\0}\0", 6), "", "UTF-16", false},
      {"a million open lists", std::string(million, '['), "", "nest deeper than 512", false},
      {"a million nested objects",
       [] {
         std::string text;
         for (std::size_t i = 0; i < 1000000; ++i) {
           text += "{\"a\":";
         }
         return text;
       }(),
       "", "nest deeper than 512", false},
      {"deep list in a good document", broken_text("51", std::string(600, '[') + std::string(600, ']')), "",
       "nest deeper than 512", false},
      {"key twice", broken_text("\"type\":\"normfactor\"", R"("type":"normfactor","type":"lumi")"),
       "/channels/0/samples/0/modifiers/0/type", "this key appears twice"},
      {"deep list as data", broken_text("51", std::string(400, '[') + std::string(400, ']')),
       "/observations/0/data/0", "expected a number, not an array"},
  };
}

} // namespace detail

/// All of them.
inline std::vector<BrokenInput> broken_inputs() {
  std::vector<BrokenInput> inputs = detail::broken_texts();
  for (const auto& mutations : {detail::document_mutations(), detail::channel_mutations(),
                                detail::modifier_mutations(), detail::modifier_data_mutations(),
                                detail::observation_mutations(), detail::measurement_mutations()}) {
    for (const detail::Mutation& mutation : mutations) {
      inputs.push_back(detail::broken_document(mutation));
    }
  }
  return inputs;
}

} // namespace muhat::test
