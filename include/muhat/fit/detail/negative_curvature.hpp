#pragma once

/// Cholesky factorization that ends in a direction of negative curvature where there is one.
///
/// Of a matrix H with unit diagonal, H = L L^T is built column by column. Where a pivot p_k is negative,
/// v = (-L^-T L^-1 H_{1..k,k}, 1) satisfies v^T H v = p_k. Where it is zero, yet meets a later parameter j
/// with the coupling c, v = e_k - c/2 e_j (and what follows before k) has v^T H v <= p_k - 3/4 c^2, since no
/// pivot of a unit diagonal exceeds 1. Where it meets nothing, the direction is flat.

#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <cmath>

namespace muhat::detail {

/// What the pivots of a factorization have shown.
struct PivotFindings {
  /// v^T H v of the direction of negative curvature, if one was found.
  double curvature = 0.0;
  /// Pivots that are 0 to working precision.
  Index flat_directions = 0;
};

enum class Pivot {
  positive,
  /// Stands alone: its column counts as that of a unit matrix.
  flat,
  negative,
  /// Zero beside a coupling.
  saddle
};

/// Judges a pivot; `coupling()`: the largest absolute value behind it in its column.
template <class Coupling>
[[nodiscard]] Pivot judge_pivot(double pivot, Coupling&& coupling, PivotFindings& findings) {
  constexpr double tiny = 1e-10;
  if (pivot < -tiny || !std::isfinite(pivot)) {
    findings.curvature = pivot;
    return Pivot::negative;
  }
  if (pivot > tiny) {
    return Pivot::positive;
  }
  const double largest = coupling();
  if (largest > 1e-4) {
    findings.curvature = pivot - 0.75 * largest * largest;
    return Pivot::saddle;
  }
  ++findings.flat_directions;
  return Pivot::flat;
}

/// Left-looking, of the columns h.cols() of a unit-diagonal matrix in the lower triangle of h; overwrites
/// both triangles. The matrix may have more columns than these, of which rows up to `rows` are there: they
/// become those of the factor, too. Rows behind are padding. Returns a direction of negative curvature
/// (`rows` entries), empty if there is none.
template <class Scalar>
VectorOf<Scalar> negative_curvature(MatrixOf<Scalar>& h, Index rows, PivotFindings& findings) {
  const Index n = h.cols();
  const auto lift = [&h, rows](Index k, VectorOf<Scalar> schur) {
    if (k > 0) {
      VectorOf<Scalar> head(k);
      dense::transposed_product<Scalar>({&h(k, 0), rows - k, k, h.rows()}, schur.data() + k, head.data());
      dense::solve_lower_transposed<Scalar>({h.data(), k, k, h.rows()}, head.data());
      schur.head(k) = -head;
    }
    return schur;
  };
  for (Index k = 0; k < n; ++k) {
    dense::make_schur_column(dense::view(h), k);
    Index j = 0;
    const auto coupling = [&h, &j, k, rows] {
      return k + 1 < rows ? h.col(k).segment(k + 1, rows - k - 1).cwiseAbs().maxCoeff(&j) : 0.0;
    };
    switch (judge_pivot(h(k, k), coupling, findings)) {
    case Pivot::positive:
      h.col(k).tail(h.rows() - k) *= 1.0 / std::sqrt(h(k, k));
      break;
    case Pivot::flat:
      h.col(k).tail(h.rows() - k).setZero();
      h(k, k) = 1.0;
      break;
    case Pivot::negative:
      return lift(k, VectorOf<Scalar>::Unit(rows, k));
    case Pivot::saddle: {
      VectorOf<Scalar> schur = VectorOf<Scalar>::Unit(rows, k);
      const Scalar towards = h(k + 1 + j, k);
      schur[k + 1 + j] = -std::copysign(0.5 * std::abs(towards), towards);
      return lift(k, schur);
    }
    }
  }
  return {};
}

} // namespace muhat::detail
