#pragma once

/// shapesys: uncorrelated uncertainties of one sample, bin by bin.
///
/// One parameter gamma per bin with Pois(tau | tau * gamma), tau = (yield /
/// uncertainty)^2: the yield stands for an auxiliary count. A bin without
/// yield or uncertainty has tau = 1 and is suggested fixed. May not be shared.

#include <muhat/core/number_text.hpp>
#include <muhat/model/modifiers/indexed_builders.hpp>
#include <muhat/model/modifiers/modifier.hpp>

#include <cmath>

namespace muhat {

struct ShapeSys {
  static constexpr std::string_view type = "shapesys";
  static constexpr ModifierStage stage = ModifierStage::row_factor;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    const auto& uncertainty = site.data<spec::BinData>();
    site.require_bins(uncertainty, "data");
    const std::size_t nbins = uncertainty.size();
    std::vector<double> tau(nbins, 1.0);
    std::vector<bool> fixed(nbins, true);
    for (std::size_t b = 0; b < nbins; ++b) {
      if (site.sample.data[b] > 0.0 && uncertainty[b] > 0.0) {
        const double ratio = site.sample.data[b] / uncertainty[b];
        tau[b] = ratio * ratio;
        if (!std::isnormal(tau[b])) {
          throw InvalidModel("invalid model: " + site.describe() + " has the uncertainty " +
                             number_text(uncertainty[b]) + " in bin " + std::to_string(b) +
                             ", where the yield is " + number_text(site.sample.data[b]) +
                             ": the square of their ratio, an auxiliary count, is beyond the range of "
                             "numbers; give the uncertainty in events, 0 where there is none");
        }
        fixed[b] = false;
      }
    }
    collector.add(site, kind,
                  {.name = site.modifier.name,
                   .sharing = Sharing::none,
                   .size = site.cell.nbins,
                   .init = 1.0,
                   .bounds = {1e-10, 10.0},
                   .constraint = Constraint::poisson,
                   .auxdata = tau,
                   .scales = tau,
                   .fixed = fixed});
  }

  template <class S>
  using Builder = RowFactorBuilder;
};

} // namespace muhat
