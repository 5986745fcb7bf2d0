#pragma once

/// Where another minimum may hide next to one that was found.
///
/// From a minimum x one parameter is held at a place t that may belong to another valley, and the others
/// follow by one step of the quadratic model with the metric M of x. A quadratic -2 log L would rise by
///
///     (t - x_i)^2 / (2 (M^-1)_ii)   and by   f' (t - x_i) / 2 ,   f' = df/dx_i at the point that is reached;
///
/// where the rise is well below both, the likelihood bends down on the way, and a fit starts from the point.
/// Such places are
///  - t = -x_i of a parameter with two sides that pull the same way (model/same_sided.hpp), which looks much
///    the same to the data, or the two sides where x_i is about 0;
///  - for a parameter without constraint at a bound, two standard deviations, (2 (M^-1)_ii)^(1/2) each, off
///  it.
/// A place costs one gradient and two products with M^-1; what the model does not call hopeless, one value
/// more.
///
/// When to use: by default, around every minimum (Fitter::explore). It finds what differs in a few parameters
/// from a minimum that is known; a minimum in which many parameters differ takes starts that are drawn
/// (fit/starts.hpp).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/detail/quasi_newton_run.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// A place to look at: one parameter held at a value.
struct Excursion {
  Index parameter;
  double target;
};

/// A parameter whose two sides pull the same way (model/same_sided.hpp).
struct TwoSided {
  Index index;
  double even;
  double odd;
};

/// The excursions from one minimum.
template <class F>
class Exploration {
public:
  /// x: a minimum inside `box`, with the value `lowest`. All outlive the exploration.
  Exploration(F& f, const Vector& x, double lowest, const Box& box, QuasiNewtonWorkspace& workspace)
      : f_(f), x_(x), lowest_(lowest), box_(box), w_(workspace) {
    f.metric(x, w_.metric);
    std::vector<Index> free;
    for (Index i = 0; i < x.size(); ++i) {
      // What has a constraint and ends at a bound is pushed there; a normalization may come off it.
      const bool at_bound = x[i] <= box.lower[i] || x[i] >= box.upper[i];
      if (is_free(i) && !(at_bound && w_.metric.diagonal[i] > 0.0)) {
        free.push_back(i);
      }
    }
    metric_.factorize(w_.metric, free);
  }

  /// The points from which fits are worth their time, the most promising first; at most `most`.
  [[nodiscard]] std::vector<Vector> promising(const std::vector<TwoSided>& two_sided, std::size_t most) {
    std::vector<Found> found;
    for (const Excursion& excursion : places(two_sided)) {
      look(excursion, found);
    }
    sort_stably(found, [](const Found& a, const Found& b) { return a.rise < b.rise; });
    std::vector<Vector> points;
    for (std::size_t k = 0; k < std::min(most, found.size()); ++k) {
      points.push_back(std::move(found[k].x));
    }
    return points;
  }

private:
  /// A promising place.
  struct Found {
    double rise;
    Vector x;
  };

  static constexpr std::size_t most_unconstrained = 16;

  [[nodiscard]] bool is_free(Index i) const { return box_.lower[i] < box_.upper[i]; }

  [[nodiscard]] std::vector<Excursion> places(const std::vector<TwoSided>& two_sided) {
    std::vector<Excursion> all;
    for (const TwoSided& parameter : two_sided) {
      if (is_free(parameter.index)) {
        add_other_side(parameter, all);
      }
    }
    std::size_t loose = 0;
    for (Index i = 0; i < x_.size() && loose < most_unconstrained; ++i) {
      const bool at_bound = x_[i] <= box_.lower[i] || x_[i] >= box_.upper[i];
      if (is_free(i) && at_bound && w_.metric.diagonal[i] == 0.0) {
        add_off_bound(i, all);
        ++loose;
      }
    }
    return all;
  }

  /// The rate r(a) = odd a + even q(a), q(a) = 15/8 a^2 about 0, has the same value twice. Of a parameter
  /// with one side it is nearly flat on the other, and bends on the way there.
  void add_other_side(const TwoSided& parameter, std::vector<Excursion>& all) const {
    constexpr double center = 0.1;
    constexpr double beside = 0.6;
    constexpr double beyond = 1.1;
    const Index i = parameter.index;
    const double x = x_[i];
    const double reach = parameter.even * (1.0 + std::abs(x));
    const bool is_strong = parameter.even > 1.0;
    const bool has_one_side = parameter.odd > 0.7 * parameter.even;
    const std::size_t first = all.size();
    const auto add = [&](double target) {
      const double inside = std::min(std::max(target, box_.lower[i]), box_.upper[i]);
      const auto is_there = [&](const Excursion& e) { return std::abs(e.target - inside) <= center; };
      if (std::abs(inside - x) > center / std::max(1.0, parameter.even) &&
          std::none_of(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(), is_there)) {
        all.push_back({i, inside});
      }
    };
    if (reach > 0.4) {
      add(-x);
    }
    if (std::abs(x) < center && parameter.even > 0.7) {
      add(beside);
      add(-beside);
    }
    if (has_one_side && reach > 0.3 && (std::abs(x) >= center || is_strong)) {
      add(x + std::copysign(beyond, x));
    }
    if (is_strong && has_one_side) {
      add(x - std::copysign(beyond, x));
    } else if (is_strong) {
      const double shift = 8.0 / 15.0 * parameter.odd / parameter.even;
      add(-x - shift);
      add(-x + shift);
    }
  }

  /// Two standard deviations off the bound.
  void add_off_bound(Index i, std::vector<Excursion>& all) {
    const double width = 2.0 * std::sqrt(2.0 * std::max(0.0, variance(i)));
    if (x_[i] <= box_.lower[i]) {
      all.push_back({i, std::min(x_[i] + width, box_.upper[i])});
    } else if (x_[i] >= box_.upper[i]) {
      all.push_back({i, std::max(x_[i] - width, box_.lower[i])});
    }
  }

  [[nodiscard]] double variance(Index i) {
    set_column(i);
    return column_[i];
  }

  /// In the quadratic model at the place, with z = M^-1 g and h = M^-1 e_i, the others follow by
  /// -z + h z_i / h_i.
  void look(const Excursion& excursion, std::vector<Found>& found) {
    constexpr double hopeless = 20.0;
    constexpr double bent = 0.5;
    const Index i = excursion.parameter;
    Vector place = x_;
    place[i] = excursion.target;
    const double start = f_.value_and_gradient(place, gradient_);
    if (!std::isfinite(start)) {
      // A fit finds its way back into the domain, whatever is there.
      found.push_back({hopeless, std::move(place)});
      return;
    }
    set_column(i);
    if (!(column_[i] > 0.0)) {
      return;
    }
    const double moved = excursion.target - x_[i];
    const double parabola = 0.5 * moved * moved / column_[i];
    metric_.apply(gradient_, step_, w_.scratch);
    step_ -= step_[i] / column_[i] * column_;
    step_[i] = 0.0;
    if (start - lowest_ - 0.5 * gradient_.dot(step_) > parabola) {
      return;
    }
    place = clamp(place - step_, box_);
    const double rise = f_.value(place) - lowest_;
    if (!(rise < hopeless && rise < bent * parabola)) {
      return;
    }
    // A parabola that is only wider than the metric's has its own slope.
    (void)f_.value_and_gradient(place, gradient_);
    if (const double slope = gradient_[i] * moved; slope < 0.0 || rise < 0.45 * slope) {
      found.push_back({rise, std::move(place)});
    }
  }

  /// h = M^-1 e_i.
  void set_column(Index i) {
    if (column_of_ != i) {
      metric_.apply(Vector::Unit(x_.size(), i), column_, w_.scratch);
      column_of_ = i;
    }
  }

  F& f_;
  const Vector& x_;
  double lowest_;
  const Box& box_;
  QuasiNewtonWorkspace& w_;
  MetricFactor metric_;
  Vector gradient_, step_, column_;
  Index column_of_ = -1;
};

} // namespace detail

} // namespace muhat
