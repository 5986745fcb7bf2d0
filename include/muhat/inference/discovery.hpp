#pragma once

/// Is there a signal at all? The test of mu = 0 with q0 (arXiv:1007.1727, section 3.6):
///
///     p0 = Phi(-sqrt(q0)),  Z = sqrt(q0).
///
/// The expectation is that of a signal of strength 1.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/inference/hypotest.hpp>

#include <array>
#include <cmath>

namespace muhat {

/// Options of a significance, meant for designated initializers.
struct DiscoveryOptions {
  /// Parameter of interest; empty for the measurement's.
  std::string poi = {};
  /// Start, bounds and fixed parameters of every fit.
  FitOptions fit = {};
};

struct DiscoveryResult {
  double p0_observed = 1.0;
  /// sqrt(q0), in standard deviations; 0 where mu-hat is negative.
  double significance_observed = 0.0;
  /// For a signal of strength 1 fluctuating by +2, +1, 0, -1, -2 standard deviations: p0 ascends.
  std::array<double, 5> p0_expected = {};
  std::array<double, 5> significance_expected = {};
  HypotestResult test = {};
};

/// The significance of an excess in `data` (main bins, then auxiliary data). Throws as `hypotest`.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] DiscoveryResult discovery(const AnyModel& model, const Vector& data,
                                        const DiscoveryOptions& options = {},
                                        const Optimizer& optimizer = Optimizer{}) {
  DiscoveryResult result;
  result.test = hypotest(
      model, data,
      HypotestOptions{.mu = 0.0, .test_statistic = TestStatistic::q0, .poi = options.poi, .fit = options.fit},
      optimizer);
  result.p0_observed = result.test.clsb;
  result.significance_observed = std::sqrt(result.test.statistic);
  double fluctuation = 2.0;
  for (std::size_t k = 0; k < result.p0_expected.size(); ++k) {
    result.p0_expected[k] = result.test.expected[k].clsb;
    result.significance_expected[k] = std::sqrt(result.test.statistic_asimov) + fluctuation;
    fluctuation -= 1.0;
  }
  return result;
}

} // namespace muhat
