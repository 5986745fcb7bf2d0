#pragma once

/// staterror: the Monte Carlo statistical uncertainty of a channel's total yield.
///
/// One parameter gamma per bin of each channel that carries the name, shared by
/// the samples that carry it, with Normal(1 | gamma, delta), delta_b = sqrt(sum_s
/// uncertainty_sb^2) / sum_s yield_sb (Barlow and Beeston, Comput. Phys. Commun.
/// 77 (1993) 219, with one parameter per bin). A bin with delta = 0 is suggested
/// fixed.

#include <muhat/model/modifiers/indexed_builders.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

struct StatError {
  static constexpr std::string_view type = "staterror";
  static constexpr ModifierStage stage = ModifierStage::row_factor;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    const auto& uncertainty = site.data<spec::BinData>();
    site.require_bins(uncertainty, "data");
    collector.add(site, kind,
                  {.name = site.modifier.name,
                   .sharing = Sharing::by_channel_bin,
                   .size = site.cell.nbins,
                   .init = 1.0,
                   .bounds = {1e-10, 10.0},
                   .auxdata = {1.0},
                   .yields = site.sample.data,
                   .uncertainties = uncertainty});
  }

  template <class S>
  using Builder = RowFactorBuilder;
};

} // namespace muhat
