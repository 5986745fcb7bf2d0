#pragma once

/// How far the two sides of an uncertainty pull the same way.
///
/// With the yields hi, nom and lo of a row r of bin b at +1, 0 and -1 standard deviation, and the rates nu at
/// the model's start,
///
///     even_p^2 = sum_r ((hi_r + lo_r) / 2 - nom_r)^2 / nu_b
///     odd_p^2 = sum_r ((hi_r - lo_r) / 2)^2 / nu_b ,
///
/// in standard deviations of the bins. A parameter with odd_p alone has one best value; where even_p is not
/// small, alpha and -alpha look much alike to the data, and -2 log L may have a minimum at either.
/// Interpolated modifiers alone have such sides: histosys and normsys.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/model.hpp>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace muhat {

/// One entry per parameter, in standard deviations of the bins.
template <class S>
struct SidedEffects {
  VectorOf<S> even, odd;
};

/// Of the model with these tables. `rates`: at the model's start, one per bin. One pass over the constants of
/// the interpolated modifiers.
template <class Tables, class Rates>
[[nodiscard]] auto sided_effects(const Tables& tables, const Rates& rates) {
  using S = typename Rates::Scalar;
  const Layout& layout = tables.layout();
  const auto n = static_cast<Index>(tables.parameters().size());
  SidedEffects<S> effects{VectorOf<S>::Zero(n), VectorOf<S>::Zero(n)};
  const auto add = [&](std::int32_t parameter, Index row, S even, S odd) {
    const S rate = rates[layout.row_bin[static_cast<std::size_t>(row)]];
    // Less than an event has no smaller fluctuation than one event.
    const S variance = rate > S(1) ? rate : S(1);
    effects.even[parameter] += even * even / variance;
    effects.odd[parameter] += odd * odd / variance;
  };
  const auto add_bundle = [&](const auto& bundle) {
    if constexpr (requires { bundle.for_each_entry([](const auto&) {}); }) {
      bundle.for_each_entry(
          [&](const auto& entry) { add(entry.parameter, entry.row, entry.bend, entry.linear); });
    } else if constexpr (requires { bundle.for_each_factor([](auto, auto, S, S) {}); }) {
      bundle.for_each_factor([&](std::int32_t parameter, std::int32_t cell, S hi, S lo) {
        const Cell& carrier = layout.cells[static_cast<std::size_t>(cell)];
        for (Index row = carrier.first_row; row < carrier.first_row + carrier.nbins; ++row) {
          const S nominal = tables.nominal[row];
          add(parameter, row, nominal * ((hi + lo) / S(2) - S(1)), nominal * (hi - lo) / S(2));
        }
      });
    }
  };
  std::apply([&](const auto&... staged) { (add_bundle(staged.bundle), ...); }, tables.bundles);
  effects.even = effects.even.cwiseSqrt();
  effects.odd = effects.odd.cwiseSqrt();
  return effects;
}

} // namespace muhat
