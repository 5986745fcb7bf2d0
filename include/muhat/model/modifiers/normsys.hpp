#pragma once

/// normsys: a normalization uncertainty of a sample.
///
/// One parameter alpha per name, Normal(0 | alpha, 1); the factor interpolates
/// between `lo` (-1), 1 (0) and `hi` (+1), both of which have to be positive.

#include <muhat/core/number_text.hpp>
#include <muhat/model/bundles/interpolated_factor_bundle.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

struct NormSys {
  static constexpr std::string_view type = "normsys";
  static constexpr ModifierStage stage = ModifierStage::cell_factor;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    const auto& data = site.data<spec::NormSysData>();
    check(site, data.hi, "hi");
    check(site, data.lo, "lo");
    collector.add(site, kind, {.name = site.modifier.name});
  }

  template <class S>
  class Builder {
  public:
    void add(const ModifierSite& site, const ParameterLocator& locator) {
      const auto& data = site.data<spec::NormSysData>();
      if (data.hi != 1.0 || data.lo != 1.0) {
        entries_.push_back(
            {locator.first(site.modifier.name, site.cell.channel), site.cell_index, S(data.hi), S(data.lo)});
        sites_.push_back(site);
      }
    }
    [[nodiscard]] InterpolatedFactorBundle<S> build(const BuildContext& context) {
      const InterpolationCode code = context.interpolation.normsys;
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (!has_finite_constants(code, entries_[i].hi, entries_[i].lo)) {
          refuse(sites_[i], code);
        }
      }
      return {std::move(entries_), context.interpolation.normsys};
    }

  private:
    std::vector<InterpolatedFactor<S>> entries_;
    /// Where each entry comes from.
    std::vector<ModifierSite> sites_;
  };

private:
  [[noreturn]] static void refuse(const ModifierSite& site, InterpolationCode code) {
    const auto& data = site.data<spec::NormSysData>();
    throw InvalidModel("invalid model: " + site.describe() + " has hi = " + number_text(data.hi) +
                       " and lo = " + number_text(data.lo) + ", between which " +
                       std::string(to_string(code)) +
                       " has coefficients too large for a number; they are factors, usually near 1");
  }

  static void check(const ModifierSite& site, double factor, const char* side) {
    if (!(factor > 0.0) || !std::isfinite(factor)) {
      throw InvalidModel("invalid model: " + site.describe() + " has " + side + " = " + number_text(factor) +
                         ", which has no logarithm; it has to be a positive number (see \"" + site.pointer() +
                         "/data/" + side + "\")");
    }
  }
};

} // namespace muhat
