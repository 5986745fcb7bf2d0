#pragma once

/// Limited-memory BFGS inverse Hessian on top of a factorized metric.
///
/// Two-loop recursion (Nocedal and Wright, Numerical Optimization, algorithm
/// 7.4) whose initial matrix is the inverse metric instead of a scaled unit
/// matrix. All vectors have full length; parameters that the metric holds keep
/// step entries of 0, so their (known) gradient changes do no harm and become
/// useful once they are released.

#include <muhat/core/linear_algebra.hpp>

#include <algorithm>
#include <vector>

namespace muhat::detail {

/// A template so that its dense algebra is compiled only where something is fitted.
template <class Scalar>
class BasicLimitedMemory {
public:
  void reset(Index dimension, Index capacity) {
    steps_.resize(dimension, capacity);
    changes_.resize(dimension, capacity);
    inverse_product_.resize(capacity);
    coefficient_.resize(capacity);
    clear();
  }

  void clear() noexcept {
    count_ = 0;
    next_ = 0;
  }

  [[nodiscard]] Index size() const noexcept { return count_; }

  /// Adds the pair (s, y) if the curvature along s is safely positive.
  bool add(const VectorOf<Scalar>& s, const VectorOf<Scalar>& y) {
    const Scalar product = s.dot(y);
    if (!(product > 1e-10 * s.norm() * y.norm())) {
      return false;
    }
    steps_.col(next_) = s;
    changes_.col(next_) = y;
    inverse_product_[next_] = 1.0 / product;
    next_ = (next_ + 1) % steps_.cols();
    count_ = std::min(count_ + 1, steps_.cols());
    return true;
  }

  /// Forgets pairs that moved a parameter which is now held: they describe no curvature of what is left.
  template <class Held>
  void forget_moves_of(const Held& held) {
    for (Index k = 0; k < count_; ++k) {
      const Index slot = (next_ - 1 - k + steps_.cols()) % steps_.cols();
      if (held(steps_.col(slot))) {
        count_ = k;
        return;
      }
    }
  }

  /// z = H r for the quasi-Newton inverse Hessian H that starts from the inverse metric, z = M^-1 r by
  /// `apply_metric(r, z)`.
  template <class ApplyMetric>
  void apply(const ApplyMetric& apply_metric, const VectorOf<Scalar>& r, VectorOf<Scalar>& z,
             VectorOf<Scalar>& work) {
    if (count_ == 0) {
      apply_metric(r, z);
      return;
    }
    work = r;
    for (Index k = 0; k < count_; ++k) {
      const Index slot = (next_ - 1 - k + steps_.cols()) % steps_.cols();
      coefficient_[slot] = inverse_product_[slot] * steps_.col(slot).dot(work);
      work -= coefficient_[slot] * changes_.col(slot);
    }
    apply_metric(work, z);
    for (Index k = count_; k-- > 0;) {
      const Index slot = (next_ - 1 - k + steps_.cols()) % steps_.cols();
      z += (coefficient_[slot] - inverse_product_[slot] * changes_.col(slot).dot(z)) * steps_.col(slot);
    }
  }

private:
  MatrixOf<Scalar> steps_, changes_;
  VectorOf<Scalar> inverse_product_, coefficient_;
  Index count_ = 0;
  Index next_ = 0;
};

using LimitedMemory = BasicLimitedMemory<double>;

} // namespace muhat::detail
