#pragma once

/// The inverse of a low-rank metric on a subset of the parameters.
///
/// With A = W^(1/2) J, M = D + A^T A. Parameters with D > 0 (index 1) are
/// eliminated by the Woodbury identity, the others (index 2) bordered:
///
///     K = I + A1 D^-1 A1^T = L L^T            (m x m)
///     P = L^-1 A1 D^-1,   G = L^-1 A2
///     C = G^T G = N N^T                       (unconstrained x unconstrained)
///     M^-1 = D^-1 - P^T P + V^T V,   V = N^-1 (-G^T P, 1) .
///
/// Where there are fewer parameters than bins, M itself is factorized,
/// M = L L^T and M^-1 = V^T V with V = L^-1. Either way M^-1 is a diagonal plus
/// signed outer products, so applying it takes two matrix-vector products.
/// A metric with its Jacobian in blocks has a factor of its own kind (fit/block_metric_factor.hpp).
/// A singular metric is regularized along its diagonal.
///
/// The class is a template so that its dense algebra is compiled only where something is fitted.

#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/block_metric_factor.hpp>
#include <muhat/fit/detail/regularized_cholesky.hpp>
#include <muhat/fit/objective.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

namespace muhat {

/// Applies M^-1 on the free subspace. A value that may be computed once and shared by many
/// minimizations (const use is thread-safe).
template <class Scalar>
class BasicMetricFactor {
public:
  /// The multiple `scale` of the unit matrix on the parameters listed in `free`.
  void set_identity(Index dimension, const std::vector<Index>& free, Scalar scale) {
    diagonal_.setZero(dimension);
    for (const Index i : free) {
      diagonal_[i] = scale;
    }
    columns_.resize(dimension, 0);
    negative_ = 0;
    blocks_.reset();
  }

  /// Factorizes the metric on the parameters listed in `free` (ascending); the others are
  /// held. Cost min(m + u, n)^2 n for m bins and u unconstrained of n free parameters.
  void factorize(const LowRankMetric& metric, const std::vector<Index>& free) {
    const Index n = metric.diagonal.size();
    diagonal_.setZero(n);
    blocks_.reset();
    if (metric.blocks) {
      columns_.resize(n, 0);
      auto blocks = std::make_shared<BasicBlockMetricFactor<Scalar>>();
      blocks->factorize(metric.diagonal, *metric.blocks, metric.weight, free);
      blocks_ = std::move(blocks);
      return;
    }
    collect_rows(metric);
    split(metric, free);
    const auto bins = static_cast<Index>(rows_.size());
    if (static_cast<Index>(free.size()) <= bins + static_cast<Index>(unconstrained_.size())) {
      factorize_dense(metric, free);
    } else {
      factorize_low_rank(metric);
    }
  }

  /// z = M^-1 r on the free parameters, 0 on the others. `scratch` is any vector of the caller's.
  void apply(const VectorOf<Scalar>& r, VectorOf<Scalar>& z, VectorOf<Scalar>& scratch) const {
    if (blocks_) {
      blocks_->apply(r, z);
      return;
    }
    z = diagonal_.cwiseProduct(r);
    if (columns_.cols() > 0) {
      scratch.resize(columns_.cols());
      const auto columns = dense::view(columns_);
      dense::transposed_product<Scalar>(columns, r.data(), scratch.data());
      scratch.head(negative_) *= -1.0;
      dense::add_product<Scalar>(columns, Scalar(1), scratch.data(), 1, z.data());
    }
  }

  [[nodiscard]] Index dimension() const noexcept { return diagonal_.size(); }

private:
  /// Bins of weight 0 carry no curvature and need no row.
  void collect_rows(const LowRankMetric& metric) {
    rows_.clear();
    for (Index b = 0; b < metric.weight.size(); ++b) {
      if (metric.weight[b] > 0.0 && std::isfinite(metric.weight[b])) {
        rows_.push_back(b);
      }
    }
    root_weight_ = metric.weight.template cast<Scalar>().cwiseMax(Scalar(0)).cwiseSqrt();
  }

  /// A constraint much weaker than the data would cancel in the Woodbury identity, so it counts as none.
  void split(const LowRankMetric& metric, const std::vector<Index>& free) {
    constrained_.clear();
    unconstrained_.clear();
    for (const Index i : free) {
      double data = 0.0;
      for (const Index b : rows_) {
        const double a = root_weight_[b] * metric.jacobian(b, i);
        data += a * a;
      }
      const bool weak = !(metric.diagonal[i] > 1e-8 * data);
      (weak ? unconstrained_ : constrained_).push_back(i);
    }
  }

  void factorize_dense(const LowRankMetric& metric, const std::vector<Index>& free) {
    const auto n = static_cast<Index>(free.size());
    const auto bins = static_cast<Index>(rows_.size());
    rotated_.resize(bins, n);
    for (Index j = 0; j < n; ++j) {
      for (Index r = 0; r < bins; ++r) {
        const Index b = rows_[static_cast<std::size_t>(r)];
        rotated_(r, j) = root_weight_[b] * metric.jacobian(b, free[static_cast<std::size_t>(j)]);
      }
    }
    kernel_.setZero(n, n);
    dense::add_gram<Scalar>(dense::view(rotated_), dense::view(kernel_));
    for (Index j = 0; j < n; ++j) {
      kernel_(j, j) += metric.diagonal[free[static_cast<std::size_t>(j)]];
    }
    detail::factorize_regularized(kernel_, copy_);
    inverse_.setIdentity(n, n);
    for (Index j = 0; j < n; ++j) {
      dense::solve_lower<Scalar>(dense::view(kernel_), inverse_.col(j).data());
    }
    columns_.setZero(metric.diagonal.size(), n);
    for (Index j = 0; j < n; ++j) {
      for (Index i = 0; i <= j; ++i) {
        columns_(free[static_cast<std::size_t>(i)], j) = inverse_(j, i);
      }
    }
    negative_ = 0;
  }

  void factorize_low_rank(const LowRankMetric& metric) {
    const auto bins = static_cast<Index>(rows_.size());
    const auto extra = static_cast<Index>(unconstrained_.size());
    const Index n = metric.diagonal.size();
    columns_.setZero(n, bins + extra);
    negative_ = bins;
    const dense::View<Scalar> p = dense::view(columns_).columns(0, bins);
    for (const Index i : constrained_) {
      diagonal_[i] = 1.0 / metric.diagonal[i];
      const double root = 1.0 / std::sqrt(metric.diagonal[i]);
      for (Index r = 0; r < bins; ++r) {
        const Index b = rows_[static_cast<std::size_t>(r)];
        p(i, r) = root * root_weight_[b] * metric.jacobian(b, i);
      }
    }
    kernel_.setIdentity(bins, bins);
    dense::add_gram<Scalar>(p, dense::view(kernel_));
    detail::factorize_regularized(kernel_, copy_);
    dense::solve_lower_right<Scalar>(dense::view(kernel_), p);
    for (const Index i : constrained_) {
      for (Index r = 0; r < bins; ++r) {
        p(i, r) *= std::sqrt(diagonal_[i]);
      }
    }
    if (extra > 0) {
      border(metric);
    }
  }

  void border(const LowRankMetric& metric) {
    const auto bins = static_cast<Index>(rows_.size());
    const auto extra = static_cast<Index>(unconstrained_.size());
    rotated_.resize(bins, extra);
    for (Index j = 0; j < extra; ++j) {
      for (Index r = 0; r < bins; ++r) {
        const Index b = rows_[static_cast<std::size_t>(r)];
        rotated_(r, j) = root_weight_[b] * metric.jacobian(b, unconstrained_[static_cast<std::size_t>(j)]);
      }
    }
    for (Index j = 0; j < extra; ++j) {
      dense::solve_lower<Scalar>(dense::view(kernel_), rotated_.col(j).data());
    }
    kernel_.setZero(extra, extra);
    dense::add_gram<Scalar>(dense::view(rotated_), dense::view(kernel_));
    detail::factorize_regularized(kernel_, copy_);
    const dense::View<Scalar> p = dense::view(columns_).columns(0, bins);
    const dense::View<Scalar> v = dense::view(columns_).columns(bins, extra);
    for (Index j = 0; j < extra; ++j) {
      dense::add_product<Scalar>(p, Scalar(-1), rotated_.col(j).data(), 1, v.column(j));
      v(unconstrained_[static_cast<std::size_t>(j)], j) = 1.0;
    }
    dense::solve_lower_right<Scalar>(dense::view(kernel_), v);
  }

  /// For a metric in blocks, and then all there is.
  std::shared_ptr<const BasicBlockMetricFactor<Scalar>> blocks_;
  VectorOf<Scalar> diagonal_;
  MatrixOf<Scalar> columns_;
  Index negative_ = 0;
  std::vector<Index> rows_, constrained_, unconstrained_;
  VectorOf<Scalar> root_weight_;
  MatrixOf<Scalar> rotated_, kernel_, inverse_, copy_;
};

using MetricFactor = BasicMetricFactor<double>;

} // namespace muhat
