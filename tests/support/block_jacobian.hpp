#pragma once

/// A Jacobian in blocks, written out as one matrix.

#include <cstddef>

#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/linear_algebra.hpp>

namespace muhat::test {

inline Matrix written_out(const BlockJacobian<double>& jacobian) {
  Matrix dense = Matrix::Zero(jacobian.rows, jacobian.parameters);
  for (const auto& block : jacobian.blocks) {
    for (std::size_t k = 0; k < block.parameters.size(); ++k) {
      dense.col(block.parameters[k]).segment(block.first_row, block.slopes.rows()) +=
          block.slopes.col(static_cast<Index>(k));
    }
  }
  for (const auto& local : jacobian.locals) {
    dense(local.row, local.parameter) += local.slope;
  }
  return dense;
}

} // namespace muhat::test
