#pragma once

/// Builders for the kinds whose factor is a parameter: one per cell, or one per row.

#include <muhat/model/bundles/indexed_factor_bundle.hpp>
#include <muhat/model/modifiers/modifier.hpp>

namespace muhat {

/// The same parameter for all bins of the cell.
class CellFactorBuilder {
public:
  void add(const ModifierSite& site, const ParameterLocator& locator) {
    factors_.push_back({site.cell_index, locator.first(site.modifier.name, site.cell.channel)});
  }
  [[nodiscard]] IndexedFactorBundle build(const BuildContext& context) const {
    return {factors_, static_cast<Index>(context.layout.cells.size()), context.one};
  }

private:
  std::vector<IndexedFactor> factors_;
};

/// Component b of the set for bin b of the channel.
class RowFactorBuilder {
public:
  void add(const ModifierSite& site, const ParameterLocator& locator) {
    const std::int32_t first = locator.first(site.modifier.name, site.cell.channel);
    for (std::int32_t b = 0; b < static_cast<std::int32_t>(site.cell.nbins); ++b) {
      factors_.push_back({static_cast<std::int32_t>(site.cell.first_row) + b, first + b});
    }
  }
  [[nodiscard]] IndexedFactorBundle build(const BuildContext& context) const {
    return {factors_, context.layout.nrows, context.one, first_rows(context.layout)};
  }

private:
  std::vector<IndexedFactor> factors_;
};

} // namespace muhat
