#pragma once

/// What may be changed about a fit. The defaults are the model's suggestions.
///
/// Names are those of components (`mu`, `gamma[3]`) or of whole parameter sets
/// (`gamma`), which stand for all their components.

#include <muhat/core/linear_algebra.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Options of a maximum likelihood fit, meant for designated initializers:
/// `{.fix = {{"mu", 1.0}}, .starts = 20}`.
struct FitOptions {
  /// Parameters held at a value, which has to lie inside their bounds.
  std::vector<std::pair<std::string, double>> fix = {};
  /// Parameters that move although the model suggests to fix them.
  std::vector<std::string> release = {};
  /// Start values of single parameters.
  std::vector<std::pair<std::string, double>> init = {};
  /// Lower and upper bounds of single parameters; may be infinite.
  std::vector<std::pair<std::string, std::pair<double, double>>> bounds = {};
  /// The whole start, n parameters; `init` and `fix` are applied on top.
  std::optional<Vector> start = {};
  /// Further points to start from, n parameters each; they are clamped to the bounds.
  std::vector<Vector> extra_starts = {};
  /// Number of starts: the first is the init, the others are drawn around it. At least 1.
  int starts = 1;
  /// Seed of the drawn starts; equal seeds give equal starts everywhere.
  std::uint64_t seed = 0;
  /// Look for lower minima around those found (fit/exploration.hpp), in every fit to data and to Asimov data;
  /// toys are only tried from the places that the data have shown. Without, fits are up to 2.5 times as fast,
  /// and end in whatever minimum the first one falls into.
  bool explore = true;
};

} // namespace muhat
