#pragma once

/// A trust region step inside a box:
///
///     minimize g^T d + d^T H d / 2   subject to   lower <= x + d <= upper,  |d|_M <= radius
///
/// approximately, by conjugate gradients preconditioned with the inverse metric, so that the
/// radius counts standard deviations. They stop at the radius and at negative
/// curvature (Steihaug, SIAM J. Numer. Anal. 20 (1983) 626). Where a bound is met the parameter is held
/// there and the conjugate gradients start again on the face from that point, with what
/// is left of the radius. The model decreases along every leg.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/metric_factor.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace muhat::detail {

/// A template so that its dense algebra is compiled only where something is fitted.
template <class Scalar>
class BasicTrustRegionStep {
public:
  void reset(Index dimension) {
    for (VectorOf<Scalar>* v : {&residual_, &preconditioned_, &direction_, &product_, &mask_, &step_}) {
      v->setZero(dimension);
    }
  }

  /// Solves on the parameters listed in `free`; `multiply(v, hv)` computes hv = H v.
  template <class Multiply>
  void solve(Multiply&& multiply, const BasicMetricFactor<Scalar>& metric, const std::vector<Index>& free,
             const VectorOf<Scalar>& x, const VectorOf<Scalar>& gradient, const VectorOf<Scalar>& lower,
             const VectorOf<Scalar>& upper, Scalar radius) {
    residual_ = gradient;
    step_.setZero();
    mask_.setZero();
    for (const Index i : free) {
      mask_[i] = 1.0;
    }
    products_ = 0;
    on_boundary_ = false;
    length_ = 0.0;
    first_ = -1.0;
    const std::size_t legs = free.size() + 1;
    for (std::size_t leg = 0; leg < legs && radius - length_ > 0.1 * radius; ++leg) {
      if (!run_leg(multiply, metric, free, x, lower, upper, radius)) {
        break;
      }
    }
    predicted_ = -0.5 * (gradient + residual_).dot(step_);
  }

  [[nodiscard]] const VectorOf<Scalar>& step() const noexcept { return step_; }
  /// Decrease of the quadratic model, >= 0.
  [[nodiscard]] Scalar predicted() const noexcept { return predicted_; }
  /// Length of the step in the metric (the sum over its legs).
  [[nodiscard]] Scalar length() const noexcept { return length_; }
  [[nodiscard]] bool on_boundary() const noexcept { return on_boundary_; }
  [[nodiscard]] int products() const noexcept { return products_; }
  /// g^T M^-1 g on the free subspace.
  [[nodiscard]] Scalar first_square() const noexcept { return std::max(first_, 0.0); }

private:
  Scalar precondition(const BasicMetricFactor<Scalar>& metric) {
    metric.apply(residual_, preconditioned_, scratch_);
    preconditioned_.array() *= mask_.array();
    return preconditioned_.dot(residual_);
  }

  /// Returns true if a bound was met and another leg may follow.
  template <class Multiply>
  bool run_leg(Multiply&& multiply, const BasicMetricFactor<Scalar>& metric, const std::vector<Index>& free,
               const VectorOf<Scalar>& x, const VectorOf<Scalar>& lower, const VectorOf<Scalar>& upper,
               Scalar radius) {
    Scalar square = precondition(metric);
    if (first_ < 0.0) {
      first_ = square;
    }
    const Scalar goal = first_ * std::min(1e-2, first_);
    if (!(square > goal) || !(square > 0.0)) {
      return false;
    }
    direction_ = -preconditioned_;
    const Scalar left = radius - length_;
    Scalar done = 0.0;
    Scalar cross = 0.0;
    Scalar norm = square;
    const std::size_t rounds = 2 * free.size() + 10;
    for (std::size_t round = 0; round < rounds; ++round) {
      multiply(direction_, product_);
      ++products_;
      const Scalar curvature = direction_.dot(product_);
      const bool convex = curvature > 1e-14 * norm;
      const Scalar newton = convex ? square / curvature : std::numeric_limits<Scalar>::infinity();
      const Scalar to_radius =
          (-cross + std::sqrt(std::max(0.0, cross * cross + norm * (left * left - done)))) / norm;
      const Scalar to_bound = bound_distance(free, x, lower, upper);
      const Scalar t = std::min({newton, to_radius, to_bound});
      step_ += t * direction_;
      residual_ += t * product_;
      done += t * (2.0 * cross + t * norm);
      if (t == to_bound) {
        length_ += std::sqrt(std::max(0.0, done));
        return hold_blocked(free, x, lower, upper);
      }
      if (t == to_radius) {
        on_boundary_ = true;
        break;
      }
      const Scalar next = precondition(metric);
      if (!(next > goal)) {
        break;
      }
      const Scalar beta = next / square;
      cross = beta * (cross + t * norm);
      norm = next + beta * beta * norm;
      square = next;
      direction_ = beta * direction_ - preconditioned_;
    }
    length_ += std::sqrt(std::max(0.0, done));
    return false;
  }

  [[nodiscard]] Scalar bound_distance(const std::vector<Index>& free, const VectorOf<Scalar>& x,
                                      const VectorOf<Scalar>& lower, const VectorOf<Scalar>& upper) const {
    Scalar distance = std::numeric_limits<Scalar>::infinity();
    for (const Index i : free) {
      const Scalar p = direction_[i];
      if (p != 0.0 && mask_[i] != 0.0) {
        const Scalar gap = (p < 0.0 ? lower[i] : upper[i]) - x[i] - step_[i];
        distance = std::min(distance, std::max(0.0, gap / p));
      }
    }
    return distance;
  }

  /// Holds every parameter that stands at the bound it moves towards.
  bool hold_blocked(const std::vector<Index>& free, const VectorOf<Scalar>& x, const VectorOf<Scalar>& lower,
                    const VectorOf<Scalar>& upper) {
    bool any_left = false;
    for (const Index i : free) {
      const Scalar p = direction_[i];
      if (p != 0.0 && mask_[i] != 0.0) {
        const Scalar bound = p < 0.0 ? lower[i] : upper[i];
        if (std::abs(x[i] + step_[i] - bound) <=
            1e-14 * (std::abs(x[i]) + std::abs(step_[i]) + std::abs(bound))) {
          step_[i] = bound - x[i];
          mask_[i] = 0.0;
        }
      }
      any_left = any_left || mask_[i] != 0.0;
    }
    return any_left;
  }

  VectorOf<Scalar> residual_, preconditioned_, direction_, product_, mask_, step_, scratch_;
  Scalar predicted_ = 0.0;
  Scalar length_ = 0.0;
  Scalar first_ = 0.0;
  bool on_boundary_ = false;
  int products_ = 0;
};

using TrustRegionStep = BasicTrustRegionStep<double>;

} // namespace muhat::detail
