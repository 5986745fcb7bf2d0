#pragma once

/// The inverse of a metric with very many parameters, M = D + J^T W J with J in blocks
/// (core/block_jacobian.hpp).
///
/// M has the shape of a nested arrow (core/arrow_matrix.hpp): parameters that act on few bins (one gamma per
/// bin, say) are eliminated first, then those that act on one channel only, and what remains is factorized
/// densely (fit/arrow_factor.hpp). Where too much remains, only the diagonal of M is kept.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/arrow_pattern.hpp>
#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/arrow_factor.hpp>
#include <muhat/fit/detail/negative_curvature.hpp>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

namespace muhat {

template <class Scalar>
class BasicBlockMetricFactor {
public:
  /// Factorizes on the parameters listed in `free` (ascending); the others are held. `weight`: one entry per
  /// bin. Directions without curvature are given some. Cost: that of the arrow's factor.
  void factorize(const VectorOf<Scalar>& diagonal, const BlockJacobian<Scalar>& jacobian,
                 const VectorOf<Scalar>& weight, const std::vector<Index>& free) {
    const VectorOf<Scalar> positive =
        weight.unaryExpr([](Scalar w) { return w > Scalar(0) && std::isfinite(w) ? w : Scalar(0); });
    const auto pattern = std::make_shared<const ArrowPattern>(jacobian);
    is_diagonal_ = !pattern->is_affordable();
    if (!is_diagonal_) {
      ArrowMatrix<Scalar> matrix;
      matrix.reset(pattern);
      matrix.add_squares(jacobian, positive);
      for (Index p = 0; p < diagonal.size(); ++p) {
        matrix.diagonal(p) += diagonal[p];
      }
      detail::PivotFindings findings;
      // Rounding may make a pivot negative where the diagonal spans many orders of magnitude.
      is_diagonal_ = factor_.factorize(std::move(matrix), free, findings).size() > 0;
    }
    if (is_diagonal_) {
      VectorOf<Scalar> curvature = diagonal;
      jacobian.add_curvature(positive, curvature);
      inverse_.setZero(diagonal.size());
      for (const Index p : free) {
        inverse_[p] = curvature[p] > Scalar(0) ? Scalar(1) / curvature[p] : Scalar(1);
      }
    }
  }

  /// z = M^-1 r on the free parameters, 0 on the others. Two passes over the factor.
  void apply(const VectorOf<Scalar>& r, VectorOf<Scalar>& z) const {
    if (is_diagonal_) {
      z = inverse_.cwiseProduct(r);
    } else {
      factor_.solve(r, z);
    }
  }

private:
  BasicArrowFactor<Scalar> factor_;
  bool is_diagonal_ = false;
  VectorOf<Scalar> inverse_;
};

} // namespace muhat
