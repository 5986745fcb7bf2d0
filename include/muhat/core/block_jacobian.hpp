#pragma once

/// A large, mostly empty Jacobian: rows are bins, columns are parameters.
///
/// Parameters that act on few rows, at most one of each channel, stand in a list of their own (one gamma per
/// bin makes up most parameters of a large likelihood; a shape that two channels share has two rows per
/// parameter). All others act on whole channels: each channel has one dense block, its rows times the
/// parameters that act on it.

#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muhat {

template <class Scalar>
struct BlockJacobian {
  /// slopes(i, k) = d row(first_row + i) / d parameters[k], parameters ascending.
  struct Block {
    Index first_row = 0;
    std::vector<std::int32_t> parameters = {};
    MatrixOf<Scalar> slopes = {};
  };
  /// The entry of a parameter's column, or one of its few.
  struct Local {
    std::int32_t parameter = 0;
    std::int32_t row = 0;
    Scalar slope = Scalar(0);
  };

  Index rows = 0;
  Index parameters = 0;
  std::vector<Block> blocks = {};
  /// Ascending by parameter, then by row.
  std::vector<Local> locals = {};

  /// Entries that are stored.
  [[nodiscard]] Index size() const noexcept {
    auto total = static_cast<Index>(locals.size());
    for (const Block& block : blocks) {
      total += block.slopes.size();
    }
    return total;
  }

  /// diagonal += diag(J^T diag(weight) J).
  void add_curvature(const VectorOf<Scalar>& weight, VectorOf<Scalar>& diagonal) const {
    for (const Block& block : blocks) {
      const dense::View<const Scalar> slopes = dense::view(block.slopes);
      for (std::size_t k = 0; k < block.parameters.size(); ++k) {
        diagonal[block.parameters[k]] += dense::weighted_square(slopes.column(static_cast<Index>(k)),
                                                                weight.data() + block.first_row, slopes.rows);
      }
    }
    for (const Local& local : locals) {
      diagonal[local.parameter] += weight[local.row] * local.slope * local.slope;
    }
  }
};

} // namespace muhat
