#pragma once

/// Minimum of a convex quadratic in a box, given the inverse H of its matrix:
///
///     minimize g^T d + d^T H^-1 d / 2   subject to   lower <= x + d <= upper .
///
/// With the set A of parameters put at a bound, d = -H g + H E lambda, where
/// E picks A and (E^T H E) lambda = (target - x)_A + (H g)_A, and lambda is the
/// gradient of the quadratic at d: its sign tells which bounds hold. A is found by the primal-dual
/// active set method (Hintermueller, Ito and Kunisch, SIAM J. Optim. 13 (2002) 865), which
/// usually needs one to three rounds. Where it cycles, the step is solved on the face of
/// the bounds that the gradient holds and stopped at the first further one.
/// Cost: one product with H, plus one for each parameter that enters A.

#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace muhat::detail {

/// A template so that its dense algebra is compiled only where something is fitted.
template <class Scalar>
class BasicBoxQuadratic {
public:
  /// One parameter of the active set.
  struct Active {
    Index parameter;
    Scalar target;
    /// -1 at the lower bound, +1 at the upper, 0 where both coincide.
    int side;
    Index column;
  };

  void reset(Index dimension) {
    slot_.assign(static_cast<std::size_t>(dimension), -1);
    free_step_.resize(dimension);
    unit_.setZero(dimension);
    column_.resize(dimension);
    active_.clear();
    entered_.clear();
  }

  /// Fills `d`. `apply(r, z)` computes z = H r. Returns false if no descent direction came out.
  template <class Apply>
  bool solve(Apply&& apply, const VectorOf<Scalar>& x, const VectorOf<Scalar>& gradient,
             const VectorOf<Scalar>& lower, const VectorOf<Scalar>& upper, VectorOf<Scalar>& d) {
    forget();
    apply(gradient, free_step_);
    free_step_ *= -1.0;
    d = free_step_;
    if (inside(x, d, lower, upper)) {
      return gradient.dot(d) < 0.0;
    }
    constexpr int max_rounds = 12;
    for (int round = 0; round < max_rounds; ++round) {
      const bool dropped = round > 0 && drop_released();
      const bool added = add_violated(apply, x, d, lower, upper);
      if (!dropped && !added) {
        clamp_to_box(x, lower, upper, d);
        return gradient.dot(d) < 0.0;
      }
      solve_on_face(x, d);
    }
    return solve_truncated(apply, x, gradient, lower, upper, d);
  }

  /// Parameters that the full step puts at a bound.
  [[nodiscard]] const std::vector<Active>& active() const noexcept { return active_; }

private:
  void forget() {
    for (const Index i : entered_) {
      slot_[static_cast<std::size_t>(i)] = -1;
    }
    entered_.clear();
    active_.clear();
  }

  static Scalar slack(Scalar a, Scalar b) {
    return 1e-14 * (std::abs(a) + std::abs(b)) + std::numeric_limits<Scalar>::min();
  }

  static bool inside(const VectorOf<Scalar>& x, const VectorOf<Scalar>& d, const VectorOf<Scalar>& lower,
                     const VectorOf<Scalar>& upper) {
    return ((x + d).array() >= lower.array()).all() && ((x + d).array() <= upper.array()).all();
  }

  /// Column of H for a parameter, computed when it first enters.
  template <class Apply>
  Index column_of(Apply&& apply, Index i) {
    Index& slot = slot_[static_cast<std::size_t>(i)];
    if (slot < 0) {
      slot = static_cast<Index>(entered_.size());
      entered_.push_back(i);
      if (slot >= columns_.cols() || columns_.rows() != unit_.size()) {
        columns_.conservativeResize(unit_.size(), std::max<Index>(8, 2 * (slot + 1)));
      }
      unit_[i] = 1.0;
      apply(unit_, column_);
      unit_[i] = 0.0;
      columns_.col(slot) = column_;
    }
    return slot;
  }

  template <class Apply>
  void activate(Apply&& apply, Index i, Scalar target, int side) {
    const Index column = column_of(apply, i);
    if (columns_(i, column) > 0.0) {
      active_.push_back({i, target, side, column});
    }
  }

  template <class Apply>
  bool add_violated(Apply&& apply, const VectorOf<Scalar>& x, const VectorOf<Scalar>& d,
                    const VectorOf<Scalar>& lower, const VectorOf<Scalar>& upper) {
    const std::size_t before = active_.size();
    for (Index i = 0; i < x.size(); ++i) {
      const Scalar y = x[i] + d[i];
      const bool below = y < lower[i] - slack(x[i], d[i]);
      const bool above = y > upper[i] + slack(x[i], d[i]);
      if ((below || above) && !is_active(i)) {
        const Scalar bound = below ? lower[i] : upper[i];
        activate(apply, i, bound, lower[i] == upper[i] ? 0 : (below ? -1 : 1));
      }
    }
    return active_.size() != before;
  }

  [[nodiscard]] bool is_active(Index i) const {
    return std::any_of(active_.begin(), active_.end(), [i](const Active& a) { return a.parameter == i; });
  }

  /// Releases bounds whose multiplier has the wrong sign.
  bool drop_released() {
    Index kept = 0;
    for (std::size_t k = 0; k < active_.size(); ++k) {
      const Scalar push = multiplier_[static_cast<Index>(k)] * active_[k].side;
      if (push <= 0.0) {
        active_[static_cast<std::size_t>(kept++)] = active_[k];
      }
    }
    const bool dropped = static_cast<std::size_t>(kept) != active_.size();
    active_.resize(static_cast<std::size_t>(kept));
    return dropped;
  }

  void solve_on_face(const VectorOf<Scalar>& x, VectorOf<Scalar>& d) {
    const auto count = static_cast<Index>(active_.size());
    d = free_step_;
    if (count == 0) {
      return;
    }
    if (kernel_.rows() < count) {
      kernel_.resize(2 * count, 2 * count);
      multiplier_.resize(2 * count);
    }
    auto kernel = kernel_.topLeftCorner(count, count);
    auto lambda = multiplier_.head(count);
    for (Index a = 0; a < count; ++a) {
      const Active& row = active_[static_cast<std::size_t>(a)];
      lambda[a] = row.target - x[row.parameter] - free_step_[row.parameter];
      for (Index b = 0; b <= a; ++b) {
        kernel(a, b) = kernel(b, a) = columns_(row.parameter, active_[static_cast<std::size_t>(b)].column);
      }
    }
    kernel.diagonal() *= 1.0 + 1e-13;
    const dense::View<Scalar> factor{kernel_.data(), count, count, kernel_.rows()};
    if (!dense::cholesky(factor)) {
      d.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
      return;
    }
    dense::solve_lower<Scalar>(factor, lambda.data());
    dense::solve_lower_transposed<Scalar>(factor, lambda.data());
    for (Index a = 0; a < count; ++a) {
      const Active& row = active_[static_cast<std::size_t>(a)];
      d += lambda[a] * columns_.col(row.column);
    }
    for (const Active& row : active_) {
      d[row.parameter] = row.target - x[row.parameter];
    }
  }

  static void clamp_to_box(const VectorOf<Scalar>& x, const VectorOf<Scalar>& lower,
                           const VectorOf<Scalar>& upper, VectorOf<Scalar>& d) {
    d = (x + d).cwiseMax(lower).cwiseMin(upper) - x;
  }

  /// Safe but slower: hold what the gradient holds, solve on that face, stop at the first further bound.
  template <class Apply>
  bool solve_truncated(Apply&& apply, const VectorOf<Scalar>& x, const VectorOf<Scalar>& gradient,
                       const VectorOf<Scalar>& lower, const VectorOf<Scalar>& upper, VectorOf<Scalar>& d) {
    active_.clear();
    for (Index i = 0; i < x.size(); ++i) {
      const bool at_lower = x[i] <= lower[i];
      const bool at_upper = x[i] >= upper[i];
      if ((at_lower && (gradient[i] >= 0.0 || at_upper)) || (at_upper && gradient[i] <= 0.0)) {
        activate(apply, i, x[i], at_lower && at_upper ? 0 : (at_lower ? -1 : 1));
      }
    }
    for (Index round = 0; round <= x.size(); ++round) {
      solve_on_face(x, d);
      Scalar fraction = 1.0;
      bool blocked = false;
      for (Index i = 0; i < x.size(); ++i) {
        if ((d[i] < 0.0 && x[i] <= lower[i]) || (d[i] > 0.0 && x[i] >= upper[i])) {
          activate(apply, i, x[i], d[i] < 0.0 ? -1 : 1);
          blocked = true;
        } else if (d[i] < 0.0) {
          fraction = std::min(fraction, (lower[i] - x[i]) / d[i]);
        } else if (d[i] > 0.0) {
          fraction = std::min(fraction, (upper[i] - x[i]) / d[i]);
        }
      }
      if (!blocked) {
        d *= fraction;
        clamp_to_box(x, lower, upper, d);
        active_.clear();
        return gradient.dot(d) < 0.0;
      }
    }
    return false;
  }

  std::vector<Active> active_;
  std::vector<Index> entered_;
  std::vector<Index> slot_;
  VectorOf<Scalar> free_step_, unit_, column_, multiplier_;
  MatrixOf<Scalar> columns_, kernel_;
};

using BoxQuadratic = BasicBoxQuadratic<double>;

} // namespace muhat::detail
