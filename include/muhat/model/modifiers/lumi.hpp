#pragma once

/// lumi: the integrated luminosity, as a factor on yields that scale with it.
///
/// One parameter, Normal(auxdata | lumi, sigma); the measurement has to supply
/// its init, bounds, auxdata and sigma.

#include <muhat/model/modifiers/indexed_builders.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

struct Lumi {
  static constexpr std::string_view type = "lumi";
  static constexpr ModifierStage stage = ModifierStage::cell_factor;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    collector.add(site, kind, {.name = site.modifier.name, .init = 1.0, .configured = true});
  }

  template <class S>
  using Builder = CellFactorBuilder;
};

} // namespace muhat
