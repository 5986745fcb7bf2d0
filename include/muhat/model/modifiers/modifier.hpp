#pragma once

/// What a modifier kind is.
///
/// A kind says which parameter a modifier asks for, and collects all modifiers
/// of its type into one bundle of constants:
///
///     struct NormSys {
///       static constexpr std::string_view type = "normsys";
///       static constexpr ModifierStage stage = ModifierStage::cell_factor;
///       static void require(const ModifierSite&, ParameterCollector&, std::size_t kind);
///       template <class S> class Builder {            // fed cell by cell
///         void add(const ModifierSite&, const ParameterLocator&);
///         auto build(const BuildContext&);             // -> the bundle
///       };
///     };
///
/// Kinds are types, modifiers never: the number of instances does not touch
/// compile time. A user's own kind is far less to write, see user_modifier.hpp.

#include <muhat/model/interpolation/codes.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/modifier_site.hpp>
#include <muhat/model/modifier_stage.hpp>
#include <muhat/model/parameter_collector.hpp>

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// Finds the first component of a set, as seen from one channel.
class ParameterLocator {
public:
  ParameterLocator(const std::vector<CollectedSet>& collected, const ParameterTable& table) {
    for (std::size_t i = 0; i < collected.size(); ++i) {
      by_name_.emplace(collected[i].requirement.name, Place{table.sets()[i].first, &collected[i]});
    }
  }

  /// First component of set `name` for the bins of `channel` (index into the sorted channels).
  [[nodiscard]] std::int32_t first(const std::string& name, Index channel) const {
    const Place& place = by_name_.find(name)->second;
    Index offset = 0;
    for (const auto& [carrier, component] : place.set->channels) {
      if (carrier == channel) {
        offset = component;
      }
    }
    return static_cast<std::int32_t>(place.first + offset);
  }

private:
  struct Place {
    Index first = 0;
    const CollectedSet* set = nullptr;
  };
  std::map<std::string, Place, std::less<>> by_name_;
};

/// What bundles need to know of the whole model.
struct BuildContext {
  const Layout& layout;
  InterpolationCodes interpolation;
  /// Index of the constant 1 behind the last parameter.
  std::int32_t one = 0;
};

/// A list of modifier kinds, in parameter order.
template <class... Kinds>
struct ModifierList {};

} // namespace muhat
