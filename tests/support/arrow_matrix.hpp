#pragma once

/// Matrices in the shape of a nested arrow: random ones, and written out in full.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/arrow_pattern.hpp>
#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/linear_algebra.hpp>

namespace muhat::test {

inline Matrix written_out(ArrowMatrix<double> arrow) {
  const Index n = arrow.pattern().dimension();
  Matrix dense = Matrix::Zero(n, n);
  arrow.for_each([&dense](Index p, Index q, double entry) { dense(p, q) = dense(q, p) = entry; });
  return dense;
}

struct ArrowSizes {
  Index channels = 4;
  /// Of each channel.
  Index bins = 5;
  /// Parameters of all channels, of one channel (as many in each), of single bins (as many in each), and of
  /// the same bin in each pair of channels.
  std::int32_t common = 3;
  std::int32_t own = 2;
  std::int32_t single = 2;
  bool pairs = true;
  /// Parameters that act on nothing.
  std::int32_t idle = 1;
};

/// A Jacobian with normal entries; parameters in the order of `ArrowSizes`.
inline BlockJacobian<double> random_jacobian(std::mt19937_64& engine, const ArrowSizes& sizes) {
  std::normal_distribution<double> normal;
  const Index rows = sizes.channels * sizes.bins;
  const auto channels = static_cast<std::int32_t>(sizes.channels);
  const auto bins = static_cast<std::int32_t>(sizes.bins);
  BlockJacobian<double> jacobian{rows, 0, {}, {}};
  std::int32_t next = sizes.common + channels * sizes.own;
  for (std::int32_t c = 0; c < channels; ++c) {
    BlockJacobian<double>::Block block{c * sizes.bins, {}, {}};
    for (std::int32_t p = 0; p < sizes.common; ++p) {
      if (p % channels != c || p == 0) {
        block.parameters.push_back(p);
      }
    }
    for (std::int32_t p = 0; p < sizes.own; ++p) {
      block.parameters.push_back(sizes.common + c * sizes.own + p);
    }
    block.slopes = Matrix::NullaryExpr(sizes.bins, static_cast<Index>(block.parameters.size()),
                                       [&](Index, Index) { return normal(engine); });
    jacobian.blocks.push_back(block);
  }
  for (std::int32_t row = 0; row < channels * bins; ++row) {
    for (std::int32_t k = 0; k < sizes.single; ++k) {
      jacobian.locals.push_back({next++, row, normal(engine)});
    }
  }
  for (std::int32_t c = 0; sizes.pairs && c + 1 < channels; c += 2) {
    for (std::int32_t b = 0; b < bins; ++b) {
      jacobian.locals.push_back({next, c * bins + b, normal(engine)});
      jacobian.locals.push_back({next++, (c + 1) * bins + b, normal(engine)});
    }
  }
  jacobian.parameters = next + sizes.idle;
  return jacobian;
}

/// J^T J + diag(diagonal) for such a Jacobian.
inline ArrowMatrix<double> squares(const BlockJacobian<double>& jacobian, const Vector& diagonal) {
  ArrowMatrix<double> matrix;
  matrix.reset(std::make_shared<const ArrowPattern>(jacobian));
  matrix.add_squares(jacobian, Vector::Ones(jacobian.rows));
  for (Index p = 0; p < diagonal.size(); ++p) {
    matrix.diagonal(p) += diagonal[p];
  }
  return matrix;
}

} // namespace muhat::test
