#pragma once

/// histosys: a correlated shape uncertainty, added to the yields of a sample.
///
/// One parameter alpha per name, Normal(0 | alpha, 1); the shift interpolates
/// between `lo_data` (-1), the nominal yields (0) and `hi_data` (+1).

#include <muhat/core/number_text.hpp>
#include <muhat/model/bundles/shift_bundle.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

struct HistoSys {
  static constexpr std::string_view type = "histosys";
  static constexpr ModifierStage stage = ModifierStage::shift;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    const auto& data = site.data<spec::HistoSysData>();
    site.require_bins(data.hi_data, "hi_data");
    site.require_bins(data.lo_data, "lo_data");
    collector.add(site, kind, {.name = site.modifier.name});
  }

  template <class S>
  class Builder {
  public:
    void add(const ModifierSite& site, const ParameterLocator& locator) {
      const auto& data = site.data<spec::HistoSysData>();
      sources_.push_back({locator.first(site.modifier.name, site.cell.channel),
                          static_cast<std::int32_t>(site.cell.first_row), &site.sample.data, &data.hi_data,
                          &data.lo_data});
      for (std::int32_t b = 0; b < sources_.back().nrows(); ++b) {
        if (!sources_.back().entry(b).is_finite()) {
          refuse(site, static_cast<std::size_t>(b));
        }
      }
    }
    [[nodiscard]] ShiftBundle<S> build(const BuildContext& context) {
      return {sources_, context.interpolation.histosys, first_rows(context.layout)};
    }

  private:
    std::vector<ShiftSource<S>> sources_;
  };

private:
  [[noreturn]] static void refuse(const ModifierSite& site, std::size_t bin) {
    const auto& data = site.data<spec::HistoSysData>();
    throw InvalidModel("invalid model: " + site.describe() +
                       " has hi_data = " + number_text(data.hi_data[bin]) +
                       " and lo_data = " + number_text(data.lo_data[bin]) + " in bin " + std::to_string(bin) +
                       ", where the yield is " + number_text(site.sample.data[bin]) +
                       ": their differences are too large for a number; give yields in events");
  }
};

} // namespace muhat
