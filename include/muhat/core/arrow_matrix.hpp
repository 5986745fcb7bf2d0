#pragma once

/// A large symmetric matrix in the shape of a nested arrow (core/arrow_pattern.hpp).
///
/// Per cluster with k wide parameters it stores the columns of its own ones and of its locals, k entries
/// each, and the blocks of its groups; besides them the root, dense. Of every pair of entries one is stored.

#include <muhat/core/arrow_pattern.hpp>
#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace muhat {

template <class S>
class ArrowMatrix {
public:
  using Spot = ArrowPattern::Spot;

  struct Part {
    /// Wide parameters x own ones, of which the lower triangle counts.
    MatrixOf<S> panel = {};
    /// Wide parameters x locals.
    MatrixOf<S> border = {};
    /// Per group its square block, of which the lower triangle counts.
    std::vector<S> inner = {};
  };

  /// A matrix of zeros.
  void reset(std::shared_ptr<const ArrowPattern> pattern) {
    pattern_ = std::move(pattern);
    parts_.resize(pattern_->clusters().size());
    for (std::size_t c = 0; c < parts_.size(); ++c) {
      const ArrowPattern::Cluster& cluster = pattern_->clusters()[c];
      const auto wide = static_cast<Index>(cluster.wide.size());
      parts_[c].panel.setZero(wide, cluster.own);
      parts_[c].border.setZero(wide, static_cast<Index>(cluster.locals.size()));
      parts_[c].inner.assign(static_cast<std::size_t>(cluster.inner_size()), S(0));
    }
    const auto roots = static_cast<Index>(pattern_->root().size());
    root_.setZero(padded_size(roots), roots);
    alone_.setZero(static_cast<Index>(pattern_->alone().size()));
  }

  [[nodiscard]] const ArrowPattern& pattern() const noexcept { return *pattern_; }
  [[nodiscard]] std::vector<Part>& parts() noexcept { return parts_; }
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }
  /// Rows behind the last column are zero.
  [[nodiscard]] MatrixOf<S>& root() noexcept { return root_; }
  [[nodiscard]] const MatrixOf<S>& root() const noexcept { return root_; }
  /// Diagonal entries of the parameters that act on no row.
  [[nodiscard]] VectorOf<S>& alone() noexcept { return alone_; }
  [[nodiscard]] const VectorOf<S>& alone() const noexcept { return alone_; }

  /// Where the entry of two parameters of a cluster is; nullptr where the pattern has none.
  [[nodiscard]] S* entry(std::int32_t cluster, Spot a, Spot b) {
    if (a == ArrowPattern::absent || b == ArrowPattern::absent) {
      return nullptr;
    }
    const ArrowPattern::Cluster& at = pattern_->clusters()[static_cast<std::size_t>(cluster)];
    Part& part = parts_[static_cast<std::size_t>(cluster)];
    const Spot high = std::max(a, b);
    const Spot low = std::min(a, b);
    if (low >= at.own) {
      return &root_(at.roots[static_cast<std::size_t>(high - at.own)],
                    at.roots[static_cast<std::size_t>(low - at.own)]);
    }
    if (low >= 0) {
      return &part.panel(high, low);
    }
    if (high >= 0) {
      return &part.border(high, ~low);
    }
    const std::int32_t group = at.group_of_local[static_cast<std::size_t>(~high)];
    if (group != at.group_of_local[static_cast<std::size_t>(~low)]) {
      return nullptr;
    }
    const ArrowPattern::Group& block = at.groups[static_cast<std::size_t>(group)];
    // ~ turns the order round.
    return &part.inner[static_cast<std::size_t>(block.offset + Index{~low - block.first} +
                                                Index{block.count} * Index{~high - block.first})];
  }

  [[nodiscard]] S& diagonal(Index parameter) {
    const ArrowPattern::Place& place = pattern_->place(parameter);
    switch (place.kind) {
    case ArrowPattern::Kind::alone:
      return alone_[place.index];
    case ArrowPattern::Kind::root:
      return root_(place.index, place.index);
    default:
      break;
    }
    const Spot spot = place.kind == ArrowPattern::Kind::own ? place.index : ~place.index;
    return *entry(place.cluster, spot, spot);
  }

  /// Calls visit(p, q, entry) for every stored entry of two parameters.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t c = 0; c < parts_.size(); ++c) {
      for_each_of(pattern_->clusters()[c], parts_[c], visit);
    }
    const std::vector<std::int32_t>& root = pattern_->root();
    for (std::size_t j = 0; j < root.size(); ++j) {
      for (std::size_t i = j; i < root.size(); ++i) {
        visit(root[i], root[j], root_(static_cast<Index>(i), static_cast<Index>(j)));
      }
    }
    for (std::size_t k = 0; k < pattern_->alone().size(); ++k) {
      visit(pattern_->alone()[k], pattern_->alone()[k], alone_[static_cast<Index>(k)]);
    }
  }

  /// Adds J^T diag(weight) J for the Jacobian that the pattern is from; weight: one entry >= 0 per row.
  /// Complexity: rows of each block times the square of the parameters that act on it.
  void add_squares(const BlockJacobian<S>& jacobian, const VectorOf<S>& weight) {
    sort_locals(jacobian);
    for (std::size_t k = 0; k < jacobian.blocks.size(); ++k) {
      const std::int32_t cluster = pattern_->cluster_of_block(k);
      const auto& block = jacobian.blocks[k];
      spots_.clear();
      for (const std::int32_t parameter : block.parameters) {
        spots_.push_back(pattern_->spot(cluster, parameter));
      }
      const VectorOf<S> root = weight.segment(block.first_row, block.slopes.rows()).cwiseSqrt();
      rows_.noalias() = (root.asDiagonal() * block.slopes).transpose();
      square_.setZero(rows_.rows(), rows_.rows());
      dense::add_row_gram<S>(dense::view(std::as_const(rows_)), S(1), dense::view(square_));
      for (Index j = 0; j < rows_.rows(); ++j) {
        for (Index i = j; i < rows_.rows(); ++i) {
          *entry(cluster, spots_[static_cast<std::size_t>(i)], spots_[static_cast<std::size_t>(j)]) +=
              square_(i, j);
        }
      }
      add_locals(jacobian, k, cluster, root);
    }
  }

private:
  template <class Visit>
  static void for_each_of(const ArrowPattern::Cluster& cluster, Part& part, Visit& visit) {
    for (Index j = 0; j < part.panel.cols(); ++j) {
      for (Index i = j; i < part.panel.rows(); ++i) {
        visit(cluster.wide[static_cast<std::size_t>(i)], cluster.wide[static_cast<std::size_t>(j)],
              part.panel(i, j));
      }
    }
    for (Index j = 0; j < part.border.cols(); ++j) {
      for (Index i = 0; i < part.border.rows(); ++i) {
        visit(cluster.wide[static_cast<std::size_t>(i)], cluster.locals[static_cast<std::size_t>(j)],
              part.border(i, j));
      }
    }
    for (const ArrowPattern::Group& group : cluster.groups) {
      for (std::int32_t j = 0; j < group.count; ++j) {
        for (std::int32_t i = j; i < group.count; ++i) {
          visit(
              cluster.locals[static_cast<std::size_t>(group.first + i)],
              cluster.locals[static_cast<std::size_t>(group.first + j)],
              part.inner[static_cast<std::size_t>(group.offset + Index{i} + Index{group.count} * Index{j})]);
        }
      }
    }
  }

  /// The columns of the locals that act on a block, whose weighted rows are in `rows_`.
  void add_locals(const BlockJacobian<S>& jacobian, std::size_t block, std::int32_t cluster,
                  const VectorOf<S>& root) {
    const Index first = jacobian.blocks[block].first_row;
    Part& part = parts_[static_cast<std::size_t>(cluster)];
    for (Index b = 0; b < root.size(); ++b) {
      const auto begin = row_begin_[static_cast<std::size_t>(first + b)];
      const auto end = row_begin_[static_cast<std::size_t>(first + b) + 1];
      for (std::size_t k = begin; k < end; ++k) {
        const auto& local = jacobian.locals[by_row_[k]];
        const Spot spot = pattern_->spot(cluster, local.parameter);
        const S scale = root[b] * local.slope;
        S* column = part.border.col(~spot).data();
        for (std::size_t i = 0; i < spots_.size(); ++i) {
          column[spots_[i]] += scale * rows_(static_cast<Index>(i), b);
        }
        for (std::size_t other = begin; other <= k; ++other) {
          const auto& before = jacobian.locals[by_row_[other]];
          *entry(cluster, spot, pattern_->spot(cluster, before.parameter)) += scale * root[b] * before.slope;
        }
      }
    }
  }

  /// The locals by row.
  void sort_locals(const BlockJacobian<S>& jacobian) {
    row_begin_.assign(static_cast<std::size_t>(jacobian.rows) + 1, 0);
    for (const auto& local : jacobian.locals) {
      ++row_begin_[static_cast<std::size_t>(local.row) + 1];
    }
    for (std::size_t row = 1; row < row_begin_.size(); ++row) {
      row_begin_[row] += row_begin_[row - 1];
    }
    std::vector<std::size_t> next(row_begin_.begin(), row_begin_.end() - 1);
    by_row_.resize(jacobian.locals.size());
    for (std::size_t k = 0; k < jacobian.locals.size(); ++k) {
      by_row_[next[static_cast<std::size_t>(jacobian.locals[k].row)]++] = k;
    }
  }

  std::shared_ptr<const ArrowPattern> pattern_;
  std::vector<Part> parts_;
  MatrixOf<S> root_;
  VectorOf<S> alone_;
  std::vector<Spot> spots_;
  MatrixOf<S> rows_, square_;
  std::vector<std::size_t> row_begin_, by_row_;
};

} // namespace muhat
