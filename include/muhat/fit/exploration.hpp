#pragma once

/// Where another minimum may hide next to one that was found.
///
/// In a quadratic -2 log L with the metric M, moving one parameter by one standard deviation
/// while the others follow,
///
///     x' = x +- sqrt(2 / (M^-1)_ii) M^-1 e_i ,
///
/// raises it by exactly 1. Where the rise is less than 0.45 of that, the likelihood is far
/// from quadratic along this parameter, and x' is worth a fit of its own. On published likelihoods these
/// points are few, and a fit from them finds the minima that random starts find rarely.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace muhat {

/// At most three points around the minimum `x` (with value `lowest`) inside the box from which a
/// lower one may be reached, the most promising first. Two evaluations and one application of the
/// metric for each free parameter; none for more than 1000 of them, where this would take longer than the
/// fit.
template <class F>
requires Objective<F> && HasMetric<F>
[[nodiscard]] std::vector<Vector> suspicious_points(F& objective, const Vector& x, double lowest,
                                                    const Box& box) {
  constexpr Index largest = 1000;
  constexpr double suspicious_rise = 0.45;
  constexpr std::size_t most = 3;
  const Index n = x.size();
  Box held = box;
  std::vector<Index> free;
  for (Index i = 0; i < n; ++i) {
    if (x[i] > box.lower[i] && x[i] < box.upper[i]) {
      free.push_back(i);
    } else {
      held.lower[i] = held.upper[i] = x[i];
    }
  }
  if (free.empty() || static_cast<Index>(free.size()) > largest) {
    return {};
  }
  const MetricFactor metric = prepare_metric(objective, x, held);
  std::vector<std::pair<double, Vector>> found;
  Vector direction(n);
  Vector scratch;
  Vector point(n);
  for (const Index i : free) {
    metric.apply(Vector::Unit(n, i), direction, scratch);
    if (!(direction[i] > 0.0) || !direction.allFinite()) {
      continue;
    }
    direction *= std::sqrt(2.0 / direction[i]);
    for (const double sign : {1.0, -1.0}) {
      point = (x + sign * direction).cwiseMax(held.lower).cwiseMin(held.upper);
      // A step that a bound has cut is no standard deviation and raises less.
      const bool cut = std::abs(point[i] - x[i]) < 0.999 * std::abs(direction[i]);
      const double rise = cut ? 1.0 : objective.value(point) - lowest;
      if (rise < suspicious_rise) {
        found.emplace_back(rise, point);
      }
    }
  }
  sort_stably(found, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Vector> points;
  for (std::size_t k = 0; k < std::min(most, found.size()); ++k) {
    points.push_back(std::move(found[k].second));
  }
  return points;
}

} // namespace muhat
