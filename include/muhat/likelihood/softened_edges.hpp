#pragma once

/// The Poisson terms of -2 log L continued beyond the edges of their domain, and what holds a fit there.
///
/// A bin without events ends at nu = 0, while its term 2 nu does not grow towards that: an inequality s >= 0
/// of the slack s = nu - delta, with a multiplier lambda >= 0 (Nocedal and Wright, ch. 17.3):
///
///     2 nu + kappa/2 max(0, lambda/kappa - s)^2 - lambda^2/(2 kappa) .
///
/// Under events the term stays what it is down to t = (2 n/kappa)^(1/2), where its curvature reaches kappa,
/// and goes on as its parabola at t. The stiffness kappa = rho (1/u^2 + 2/(u + n)) measures rates by the unit
/// u of a bin, the sum of the absolute values of its samples, and grows with rho. The margin delta is 1e-12
/// u: it keeps rates that rounding shifts from being negative.

#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace muhat {

/// All bins of one data set. Columns hold one entry per bin, and may be longer.
template <class S>
class SoftenedEdges {
public:
  /// Multipliers 0, and rho = 1. `counts`: events, >= 0; `gross`: the samples' yields without their signs.
  SoftenedEdges(const Column<S>& counts, const Column<S>& gross, Index nbins)
      : counts_(counts.head(nbins)), gross_(gross.head(nbins)), multiplier_(Column<S>::Zero(nbins)) {
    stiffen(S(1));
  }

  /// Sets rho > 0; the multipliers stay.
  void stiffen(S rho) {
    rho_ = rho;
    const auto unit = (gross_ > S(0)).select(gross_, S(1));
    stiffness_ = rho * (S(1) / unit.square() + S(2) / (unit + counts_));
    margin_ = S(relative_margin) * unit;
    threshold_ = (S(2) * counts_ / stiffness_).sqrt();
  }

  [[nodiscard]] S value(Index b, S nu) const {
    const S n = counts_[b];
    if (ends_at_zero(b)) {
      const S push = pushed(b, nu);
      return S(2) * nu + (push * push - multiplier_[b] * multiplier_[b]) / (S(2) * stiffness_[b]);
    }
    const S t = std::max(nu, threshold_[b]);
    const S beyond = nu - t;
    const S ratio = t / n;
    return S(2) * n * (ratio - S(1) - std::log(ratio)) +
           beyond * (S(2) * (S(1) - n / t) + S(0.5) * stiffness_[b] * beyond);
  }

  /// The derivative of `value` by the rate.
  [[nodiscard]] S slope(Index b, S nu) const {
    if (ends_at_zero(b)) {
      return S(2) - pushed(b, nu);
    }
    const S t = std::max(nu, threshold_[b]);
    return S(2) * (S(1) - counts_[b] / t) + stiffness_[b] * (nu - t);
  }

  /// The second derivative, >= 0.
  [[nodiscard]] S curvature(Index b, S nu) const {
    if (ends_at_zero(b)) {
      return pushed(b, nu) > S(0) ? stiffness_[b] : S(0);
    }
    return nu > threshold_[b] ? S(2) * counts_[b] / (nu * nu) : stiffness_[b];
  }

  /// How far these rates are from those of a point of the domain where each multiplier belongs to a slack of
  /// 0 up to the margin, in units of the bins; not a number where a rate is none.
  [[nodiscard]] S gap(const Column<S>& rates) const {
    S largest = S(0);
    for (Index b = 0; b < counts_.size(); ++b) {
      const S relative = open(b, rates[b]) * S(relative_margin) / margin_[b];
      if (std::isnan(relative)) {
        return relative;
      }
      largest = std::max(largest, relative);
    }
    return largest;
  }

  /// The method of multipliers: lambda <- max(0, lambda - kappa s). `gross`: that of the same point.
  void update_multipliers(const Column<S>& rates, const Column<S>& gross) {
    for (Index b = 0; b < counts_.size(); ++b) {
      multiplier_[b] = ends_at_zero(b) ? pushed(b, rates[b]) : S(0);
      gross_[b] = std::max(gross_[b], gross[b]);
    }
    stiffen(rho_);
  }

  /// The bins that have samples, no events, and no slack but for rounding.
  [[nodiscard]] std::vector<Index> at_zero(const Column<S>& rates) const {
    std::vector<Index> bins;
    for (Index b = 0; b < counts_.size(); ++b) {
      if (ends_at_zero(b) && gross_[b] > S(0) && rates[b] < S(1000) * margin_[b]) {
        bins.push_back(b);
      }
    }
    return bins;
  }

private:
  static constexpr double relative_margin = 1e-12;
  /// Fewer events are none: what they add to -2 log L at a rate of delta is below 1e-7.
  static constexpr double no_events = 1e-9;

  [[nodiscard]] bool ends_at_zero(Index b) const { return counts_[b] < S(no_events); }

  /// The part of `gap` of one bin, in events.
  [[nodiscard]] S open(Index b, S nu) const {
    if (!ends_at_zero(b)) {
      return std::max(S(0), threshold_[b] - nu);
    }
    const bool is_closed = nu >= S(0) && nu <= S(2) * margin_[b];
    return is_closed ? S(0) : std::abs(std::min(nu - margin_[b], multiplier_[b] / stiffness_[b]));
  }

  /// lambda - kappa s, or 0 where the slack is too large.
  [[nodiscard]] S pushed(Index b, S nu) const {
    return std::max(S(0), multiplier_[b] - stiffness_[b] * (nu - margin_[b]));
  }

  Column<S> counts_, gross_, multiplier_, stiffness_, margin_, threshold_;
  S rho_ = S(1);
};

} // namespace muhat
