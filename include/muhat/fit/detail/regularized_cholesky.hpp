#pragma once

/// A Cholesky factor that always exists.

#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>

namespace muhat::detail {

/// Cholesky factor of a symmetric positive semi-definite matrix whose lower triangle is given,
/// in place, the upper one overwritten too; diagonal entries that are missing are replaced so that the factor
/// exists.
template <class Scalar>
void factorize_regularized(MatrixOf<Scalar>& m, MatrixOf<Scalar>& copy) {
  for (Index i = 0; i < m.rows(); ++i) {
    if (!(m(i, i) > 0.0)) {
      m.row(i).head(i).setZero();
      m.col(i).tail(m.rows() - i).setZero();
      m(i, i) = 1.0;
    }
  }
  copy = m;
  for (double shift = 1e-10; shift < 1e3; shift *= 100.0) {
    m.diagonal() *= 1.0 + shift;
    if (dense::cholesky(dense::view(m))) {
      return;
    }
    m = copy;
  }
  m = MatrixOf<Scalar>(copy.diagonal().cwiseSqrt().asDiagonal());
}

} // namespace muhat::detail
