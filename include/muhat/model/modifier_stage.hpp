#pragma once

/// The stages of a rate, (nominal + shifts) * cell factors * row factors.

namespace muhat {

/// Where in the rate a modifier acts: shifts come first, whatever the order in the file.
enum class ModifierStage {
  /// Added to the yield of each row.
  shift,
  /// Multiplies all rows of a cell.
  cell_factor,
  /// Multiplies single rows.
  row_factor
};

} // namespace muhat
