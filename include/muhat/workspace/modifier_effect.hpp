#pragma once

/// How much a modifier changes the yields of its sample, relative to the nominal ones n_b with sum N:
///
///     normsys        normalization = max(|hi - 1|, |lo - 1|)
///     histosys       normalization = max over hi, lo of |V / N - 1|,       V = sum of v_b
///                    shape         = max over hi, lo, bins of |v_b N / (n_b V) - 1|
///     staterror      delta_b = sqrt(sum of unc_sb^2) / sum of n_sb over the samples s that carry it
///
/// so that a histosys is split into a change of size and a change of shape at
/// the nominal size, as experiments do when they drop negligible systematics.

#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

namespace muhat {

/// Relative to the nominal yields; infinite where those vanish but the changed ones do not.
struct ModifierEffect {
  double normalization = 0.0;
  double shape = 0.0;
};

namespace detail {

/// |numerator / denominator - 1|, 0 for 0/0.
inline double relative_change(double numerator, double denominator) {
  if (denominator == numerator) {
    return 0.0;
  }
  return denominator > 0.0 ? std::abs(numerator / denominator - 1.0)
                           : std::numeric_limits<double>::infinity();
}

inline ModifierEffect variation_effect(const std::vector<double>& nominal,
                                       const std::vector<double>& varied) {
  const double sum = std::accumulate(nominal.begin(), nominal.end(), 0.0);
  const double varied_sum = std::accumulate(varied.begin(), varied.end(), 0.0);
  ModifierEffect effect{relative_change(varied_sum, sum), 0.0};
  // A sum of 0 has no shape that another one could be compared with.
  if (sum == 0.0) {
    const bool has_shape = nominal.size() > 1 && varied != nominal;
    return {effect.normalization, has_shape ? std::numeric_limits<double>::infinity() : 0.0};
  }
  for (std::size_t b = 0; b < nominal.size(); ++b) {
    effect.shape = std::max(effect.shape, relative_change(varied[b] * sum, nominal[b] * varied_sum));
  }
  return effect;
}

} // namespace detail

/// The effect of a normsys or histosys on a sample. O(bins).
[[nodiscard]] inline ModifierEffect modifier_effect(const spec::NormSysData& data) {
  return {std::max(std::abs(data.hi - 1.0), std::abs(data.lo - 1.0)), 0.0};
}
[[nodiscard]] inline ModifierEffect modifier_effect(const spec::HistoSysData& data,
                                                    const std::vector<double>& nominal) {
  const ModifierEffect hi = detail::variation_effect(nominal, data.hi_data);
  const ModifierEffect lo = detail::variation_effect(nominal, data.lo_data);
  return {std::max(hi.normalization, lo.normalization), std::max(hi.shape, lo.shape)};
}

/// The relative statistical uncertainty delta_b of each bin of a channel, of the staterror `name`. Zero where
/// the nominal sum is not positive. O(samples * bins).
[[nodiscard]] inline std::vector<double> staterror_effect(const spec::Channel& channel,
                                                          const std::string& name) {
  const std::size_t nbins = channel.samples.front().data.size();
  std::vector<double> squares(nbins, 0.0);
  std::vector<double> sums(nbins, 0.0);
  for (const spec::Sample& sample : channel.samples) {
    for (const spec::Modifier& modifier : sample.modifiers) {
      if (modifier.type != "staterror" || modifier.name != name) {
        continue;
      }
      const auto& uncertainties = std::get<spec::BinData>(modifier.data);
      for (std::size_t b = 0; b < nbins; ++b) {
        squares[b] += uncertainties[b] * uncertainties[b];
        sums[b] += sample.data[b];
      }
    }
  }
  std::vector<double> effect(nbins, 0.0);
  for (std::size_t b = 0; b < nbins; ++b) {
    effect[b] = sums[b] > 0.0 ? std::sqrt(squares[b]) / sums[b] : 0.0;
  }
  return effect;
}

} // namespace muhat
