#pragma once

/// The inverse of a metric with very many parameters, M = D + J^T W J with J in blocks
/// (core/block_jacobian.hpp).
///
/// Parameters that act on one bin only (index L; one gamma per bin, say) are eliminated
/// analytically. With u_b = sum_{i in L(b)} g_i^2 / d_i for the slopes g and the diagonal d, all they do to
/// the others (index G) is to weaken the bin's weight,
///
///     S = D_G + J_G^T diag(w') J_G,   w'_b = w_b / (1 + w_b u_b) ,
///
/// and M z = r is solved by
///
///     s_b = sum_{i in L(b)} g_i r_i / d_i,   z_G = S^-1 (r_G - J_G^T w' s),
///     z_i = (r_i - g_i w'_b (s_b + (J_G z_G)_b)) / d_i .
///
/// S is a dense Cholesky factor of up to 6000 parameters; beyond that only its diagonal is kept.
/// Cost: sum over channels of nbins k^2 for k parameters that act on the channel, plus |G|^3 / 3;
/// linear in the number of bins and of eliminated parameters.

#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/regularized_cholesky.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace muhat {

template <class Scalar>
class BasicBlockMetricFactor {
public:
  using Jacobian = BlockJacobian<Scalar>;

  /// Factorizes on the parameters listed in `free` (ascending); the others are held. `weight`: one entry per
  /// bin.
  void factorize(const VectorOf<Scalar>& diagonal, std::shared_ptr<const Jacobian> jacobian,
                 const VectorOf<Scalar>& weight, const std::vector<Index>& free) {
    jacobian_ = std::move(jacobian);
    weight_ = weight.unaryExpr([](Scalar w) { return w > Scalar(0) && std::isfinite(w) ? w : Scalar(0); });
    place_.assign(static_cast<std::size_t>(diagonal.size()), held);
    for (const Index i : free) {
      place_[static_cast<std::size_t>(i)] = is_free;
    }
    eliminate_locals(diagonal);
    number_globals(diagonal, free);
    const auto n = static_cast<Index>(globals_.size());
    dense_ = n <= largest_dense;
    if (dense_) {
      assemble(diagonal);
      detail::factorize_regularized(kernel_, copy_);
      copy_.resize(0, 0);
    } else {
      assemble_diagonal(diagonal);
    }
  }

  /// z = M^-1 r on the free parameters, 0 on the others. Two passes over the Jacobian and one over the
  /// factor.
  void apply(const VectorOf<Scalar>& r, VectorOf<Scalar>& z) const {
    VectorOf<Scalar> bins = VectorOf<Scalar>::Zero(jacobian_->rows);
    for (const Local& local : locals_) {
      bins[local.row] += local.slope * r[local.parameter] / local.diagonal;
    }
    z = r;
    jacobian_->subtract_transposed_product(weight_.cwiseProduct(bins), z);
    VectorOf<Scalar> reduced(static_cast<Index>(globals_.size()));
    for (std::size_t k = 0; k < globals_.size(); ++k) {
      reduced[static_cast<Index>(k)] = z[globals_[k]];
    }
    solve(reduced);
    z.setZero();
    for (std::size_t k = 0; k < globals_.size(); ++k) {
      z[globals_[k]] = reduced[static_cast<Index>(k)];
    }
    if (!locals_.empty()) {
      jacobian_->add_product(z, bins);
    }
    for (const Local& local : locals_) {
      z[local.parameter] =
          (r[local.parameter] - local.slope * weight_[local.row] * bins[local.row]) / local.diagonal;
    }
  }

private:
  static constexpr Index held = -1;
  static constexpr Index is_free = -2;
  static constexpr Index is_local = -3;
  static constexpr Index largest_dense = 6000;

  struct Local {
    Index parameter, row;
    Scalar slope, diagonal;
  };

  /// Weakens the weights. A constraint much weaker than the data would cancel, so it is raised a little.
  void eliminate_locals(const VectorOf<Scalar>& diagonal) {
    locals_.clear();
    VectorOf<Scalar> load = VectorOf<Scalar>::Zero(jacobian_->rows);
    for (const auto& entry : jacobian_->locals) {
      Index& place = place_[static_cast<std::size_t>(entry.parameter)];
      const Scalar data = weight_[entry.row] * entry.slope * entry.slope;
      const Scalar d = std::max(diagonal[entry.parameter], Scalar(1e-8) * data);
      if (place == is_free) {
        place = is_local;
        locals_.push_back({entry.parameter, entry.row, entry.slope, positive_or_one(d)});
        load[entry.row] += entry.slope * entry.slope / locals_.back().diagonal;
      }
    }
    weight_.array() /= Scalar(1) + weight_.array() * load.array();
  }

  /// What acts on no bin at all is as good as eliminated.
  void number_globals(const VectorOf<Scalar>& diagonal, const std::vector<Index>& free) {
    globals_.clear();
    std::vector<bool> acts(place_.size(), false);
    for (const auto& block : jacobian_->blocks) {
      for (const std::int32_t parameter : block.parameters) {
        acts[static_cast<std::size_t>(parameter)] = true;
      }
    }
    for (const Index i : free) {
      Index& place = place_[static_cast<std::size_t>(i)];
      if (place == is_free && acts[static_cast<std::size_t>(i)]) {
        place = static_cast<Index>(globals_.size());
        globals_.push_back(i);
      } else if (place == is_free) {
        place = is_local;
        locals_.push_back({i, 0, Scalar(0), positive_or_one(diagonal[i])});
      }
    }
  }

  static Scalar positive_or_one(Scalar x) { return x > Scalar(0) ? x : Scalar(1); }

  /// The lower triangle of S, channel by channel.
  void assemble(const VectorOf<Scalar>& diagonal) {
    const auto n = static_cast<Index>(globals_.size());
    kernel_.setZero(n, n);
    for (Index k = 0; k < n; ++k) {
      kernel_(k, k) = diagonal[globals_[static_cast<std::size_t>(k)]];
    }
    MatrixOf<Scalar> columns;
    MatrixOf<Scalar> square;
    std::vector<Index> target;
    for (const auto& block : jacobian_->blocks) {
      columns.resize(block.slopes.rows(), block.slopes.cols());
      target.clear();
      const VectorOf<Scalar> root = weight_.segment(block.first_row, block.slopes.rows()).cwiseSqrt();
      for (std::size_t k = 0; k < block.parameters.size(); ++k) {
        const Index place = place_[static_cast<std::size_t>(block.parameters[k])];
        if (place >= 0) {
          columns.col(static_cast<Index>(target.size())) =
              root.cwiseProduct(block.slopes.col(static_cast<Index>(k)));
          target.push_back(place);
        }
      }
      const auto count = static_cast<Index>(target.size());
      square.setZero(count, count);
      dense::add_gram<Scalar>(dense::view(columns).columns(0, count), dense::view(square));
      for (Index q = 0; q < count; ++q) {
        Scalar* column = kernel_.col(target[static_cast<std::size_t>(q)]).data();
        for (Index p = q; p < count; ++p) {
          column[target[static_cast<std::size_t>(p)]] += square(p, q);
        }
      }
    }
  }

  void assemble_diagonal(const VectorOf<Scalar>& diagonal) {
    VectorOf<Scalar> curvature = diagonal;
    jacobian_->add_curvature(weight_, curvature);
    kernel_.resize(static_cast<Index>(globals_.size()), 1);
    for (std::size_t k = 0; k < globals_.size(); ++k) {
      kernel_(static_cast<Index>(k), 0) = positive_or_one(curvature[globals_[k]]);
    }
  }

  void solve(VectorOf<Scalar>& v) const {
    if (dense_) {
      dense::solve_lower<Scalar>(dense::view(kernel_), v.data());
      dense::solve_lower_transposed<Scalar>(dense::view(kernel_), v.data());
    } else {
      v.array() /= kernel_.col(0).array();
    }
  }

  std::shared_ptr<const Jacobian> jacobian_;
  VectorOf<Scalar> weight_;
  std::vector<Index> place_, globals_;
  std::vector<Local> locals_;
  MatrixOf<Scalar> kernel_, copy_;
  bool dense_ = true;
};

} // namespace muhat
