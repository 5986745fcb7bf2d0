#pragma once

/// shapefactor: free factors bin by bin, e.g. for data-driven backgrounds.
///
/// One unconstrained parameter per bin; channels that share the name share the
/// parameters and need the same number of bins.

#include <muhat/model/modifiers/indexed_builders.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

struct ShapeFactor {
  static constexpr std::string_view type = "shapefactor";
  static constexpr ModifierStage stage = ModifierStage::row_factor;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    const auto nbins = static_cast<std::size_t>(site.cell.nbins);
    collector.add(site, kind,
                  {.name = site.modifier.name,
                   .sharing = Sharing::by_bin,
                   .size = site.cell.nbins,
                   .init = 1.0,
                   .bounds = {0.0, 10.0},
                   .constraint = Constraint::none,
                   .auxdata = {},
                   .scales = {},
                   .fixed = std::vector<bool>(nbins, false)});
  }

  template <class S>
  using Builder = RowFactorBuilder;
};

} // namespace muhat
