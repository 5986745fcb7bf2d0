#pragma once

/// Dense vector and matrix types of the public interface.
///
/// `Vector` holds parameters, expected events or auxiliary data; `Matrix` is
/// column-major. `VectorOf<Scalar>` is the same shape for another scalar, e.g.
/// the `long double` that the tests use as their oracle.

#include <Eigen/Core>

namespace muhat {

template <class Scalar>
using VectorOf = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

template <class Scalar>
using MatrixOf = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

using Vector = VectorOf<double>;
using Matrix = MatrixOf<double>;
using Index = Eigen::Index;

} // namespace muhat
