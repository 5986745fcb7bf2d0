#pragma once

/// Drawn starting points, for fits that may have several minima.
///
/// Constrained parameters are drawn from a normal distribution around the init with
/// the width sqrt(2 / c) of their constraint, c being its curvature in -2 log L;
/// the others uniformly within one unit, or a quarter of their range where that is
/// less. A point outside the density's domain is pulled halfway towards the init until inside.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/random.hpp>
#include <muhat/fit/fit_setup.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace muhat {

/// `count` points inside the box of `setup`, fixed parameters at their values.
/// Start k depends on (seed, k) alone. O(count * n) and a few evaluations each.
template <class F>
requires Objective<F> && HasMetric<F>
[[nodiscard]] std::vector<Vector> draw_starts(F& objective, const FitSetup& setup, int count,
                                              std::uint64_t seed) {
  LowRankMetric metric;
  objective.metric(setup.start, metric);
  const Box box = setup.box();
  std::vector<Vector> starts;
  for (int k = 0; k < count; ++k) {
    RandomEngine random = random_stream(seed, static_cast<std::uint64_t>(k));
    Vector x = setup.start;
    for (Index i = 0; i < x.size(); ++i) {
      if (metric.diagonal[i] > 0.0) {
        x[i] += std::sqrt(2.0 / metric.diagonal[i]) * boost::random::normal_distribution<double>()(random);
      } else {
        const double reach = std::min(1.0, 0.25 * (setup.bounds.upper[i] - setup.bounds.lower[i]));
        x[i] += reach * boost::random::uniform_real_distribution<double>(-1.0, 1.0)(random);
      }
    }
    x = clamp(x, box);
    constexpr int halvings = 20;
    for (int pull = 0; pull < halvings && !std::isfinite(objective.value(x)); ++pull) {
      x = 0.5 * (x + setup.start);
    }
    starts.push_back(std::move(x));
  }
  return starts;
}

namespace detail {

/// The starts that the options ask for besides the first one, which is the init unless others lead lower.
template <class F>
[[nodiscard]] std::vector<Vector> wanted_starts(F& objective, const FitSetup& setup,
                                                const FitOptions& options) {
  std::vector<Vector> starts = options.extra_starts;
  if (options.starts > 1) {
    starts.push_back(setup.start);
    for (Vector& start : draw_starts(objective, setup, options.starts - 1, options.seed)) {
      starts.push_back(std::move(start));
    }
  }
  return starts;
}

} // namespace detail

} // namespace muhat
