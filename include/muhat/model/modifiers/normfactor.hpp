#pragma once

/// normfactor: a free normalization, the usual place of a signal strength.
///
/// One unconstrained parameter per name; the factor is the parameter.

#include <muhat/model/modifiers/indexed_builders.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

struct NormFactor {
  static constexpr std::string_view type = "normfactor";
  static constexpr ModifierStage stage = ModifierStage::cell_factor;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    collector.add(site, kind,
                  {.name = site.modifier.name,
                   .init = 1.0,
                   .bounds = {0.0, 10.0},
                   .constraint = Constraint::none,
                   .auxdata = {},
                   .scales = {}});
  }

  template <class S>
  using Builder = CellFactorBuilder;
};

} // namespace muhat
