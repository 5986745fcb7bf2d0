#pragma once

/// One modifier where it stands in a specification, and what went wrong there.

#include <muhat/core/errors.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/spec/specification.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace muhat {

/// References stay valid while a model is built.
struct ModifierSite {
  const spec::Channel& channel;
  const spec::Sample& sample;
  const spec::Modifier& modifier;
  const Cell& cell;
  /// Index of `cell`, and of the modifier within its sample.
  std::int32_t cell_index = 0;
  std::size_t spec_modifier = 0;

  /// Its JSON pointer in the specification.
  [[nodiscard]] std::string pointer() const {
    return "/channels/" + std::to_string(cell.spec_channel) + "/samples/" + std::to_string(cell.spec_sample) +
           "/modifiers/" + std::to_string(spec_modifier);
  }

  /// In words, for error messages.
  [[nodiscard]] std::string describe() const {
    return modifier.type + " \"" + modifier.name + "\" of sample \"" + sample.name + "\" in channel \"" +
           channel.name + "\" (at \"" + pointer() + "\")";
  }

  /// The modifier's data as one of the structs of the specification. Throws InvalidModel for another.
  template <class Data>
  [[nodiscard]] const Data& data() const {
    const Data* found = std::get_if<Data>(&modifier.data);
    if (found == nullptr) {
      throw InvalidModel(describe() + " carries data of another modifier type");
    }
    return *found;
  }

  /// Throws InvalidModel unless `values` has one finite entry per bin.
  void require_bins(const std::vector<double>& values, const char* what) const;
};

inline void ModifierSite::require_bins(const std::vector<double>& values, const char* what) const {
  if (values.size() != sample.data.size()) {
    throw InvalidModel(describe() + ": " + what + " has " + std::to_string(values.size()) +
                       " bins but the sample has " + std::to_string(sample.data.size()));
  }
  for (std::size_t b = 0; b < values.size(); ++b) {
    if (!std::isfinite(values[b])) {
      throw InvalidModel(describe() + ": " + what + " of bin " + std::to_string(b) +
                         " is not a finite number");
    }
  }
}

} // namespace muhat
