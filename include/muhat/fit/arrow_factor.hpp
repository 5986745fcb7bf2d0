#pragma once

/// The Cholesky factor of a large symmetric matrix in the shape of a nested arrow (core/arrow_matrix.hpp), on
/// the parameters that are free.
///
/// The matrix is scaled to unit diagonal; the row and column of a held parameter become those of the unit
/// matrix. With a group's block G = L_G L_G^T and its border B (wide parameters x locals),
///
///     B <- B L_G^-T ,   wide <- wide - B B^T ,
///
/// then the cluster's own parameters in the same way, and last the root. Nothing fills in. Where a pivot is
/// not positive, neither is the matrix, and what was eliminated before follows to a direction of negative
/// curvature (fit/detail/negative_curvature.hpp). Cost: locals k^2 for k wide parameters of their cluster,
/// own^3 / 3 per cluster and root^3 / 3; a solution takes two passes over the factor.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/arrow_pattern.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/negative_curvature.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace muhat {

template <class Scalar>
class BasicArrowFactor {
public:
  using VectorType = VectorOf<Scalar>;

  /// Factorizes `matrix` in place on the parameters listed in `free`; the others are held. Returns a
  /// direction of negative curvature (one entry per parameter), empty if there is none; then `solve` may be
  /// called.
  [[nodiscard]] VectorType factorize(ArrowMatrix<Scalar> matrix, const std::vector<Index>& free,
                                     detail::PivotFindings& findings) {
    matrix_ = std::move(matrix);
    scale_to_unit_diagonal(free);
    direction_.setZero(dimension());
    for (std::size_t c = 0; c < clusters().size(); ++c) {
      if (!eliminate_groups(c, findings) || !eliminate_own(c, findings)) {
        return direction_.cwiseProduct(scale_);
      }
    }
    const VectorType down =
        detail::negative_curvature<Scalar>(matrix_.root(), matrix_.root().cols(), findings);
    if (down.size() > 0) {
      put_root(down, direction_);
      for (std::size_t c = 0; c < clusters().size(); ++c) {
        follow(c, direction_);
      }
      return direction_.cwiseProduct(scale_);
    }
    return judge_alone(findings) ? VectorType() : direction_.cwiseProduct(scale_);
  }

  [[nodiscard]] Index dimension() const noexcept { return scale_.size(); }

  /// Gives up the factor, for its memory: a matrix to `reset`.
  [[nodiscard]] ArrowMatrix<Scalar> take() { return std::move(matrix_); }

  /// z = H^-1 r on the free parameters, 0 on the others.
  void solve(const VectorType& r, VectorType& z) const {
    z = r.cwiseProduct(scale_);
    for (std::size_t c = 0; c < clusters().size(); ++c) {
      forward(c, z);
    }
    const MatrixOf<Scalar>& root = matrix_.root();
    const dense::View<const Scalar> lower{root.data(), root.cols(), root.cols(), root.rows()};
    VectorType part(root.cols());
    for (std::size_t k = 0; k < pattern().root().size(); ++k) {
      part[static_cast<Index>(k)] = z[pattern().root()[k]];
    }
    dense::solve_lower<Scalar>(lower, part.data());
    dense::solve_lower_transposed<Scalar>(lower, part.data());
    put_root(part, z);
    for (std::size_t c = 0; c < clusters().size(); ++c) {
      follow(c, z);
    }
    z = z.cwiseProduct(scale_);
  }

private:
  using Cluster = ArrowPattern::Cluster;
  using Group = ArrowPattern::Group;
  using Part = typename ArrowMatrix<Scalar>::Part;

  [[nodiscard]] const ArrowPattern& pattern() const noexcept { return matrix_.pattern(); }
  [[nodiscard]] const std::vector<Cluster>& clusters() const noexcept { return pattern().clusters(); }

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// What has no curvature of its own is measured by what it meets.
  void scale_to_unit_diagonal(const std::vector<Index>& free) {
    const Index n = matrix_.pattern().dimension();
    VectorType size(n);
    for (Index p = 0; p < n; ++p) {
      size[p] = std::abs(matrix_.diagonal(p));
    }
    const Scalar least = Scalar(1e-12) * (n > 0 ? size.maxCoeff() : Scalar(0));
    if (!(size.array() > least).all()) {
      VectorType largest = VectorType::Zero(n);
      matrix_.for_each([&largest](Index p, Index q, Scalar entry) {
        largest[p] = std::max(largest[p], std::abs(entry));
        largest[q] = std::max(largest[q], std::abs(entry));
      });
      for (Index p = 0; p < n; ++p) {
        if (!(size[p] > least)) {
          size[p] = std::max(size[p], largest[p] > Scalar(0) ? Scalar(1e-12) * largest[p] : Scalar(1));
        }
      }
    }
    scale_.setZero(n);
    for (const Index p : free) {
      scale_[p] = Scalar(1) / std::sqrt(size[p]);
    }
    matrix_.for_each([this](Index p, Index q, Scalar& entry) { entry *= scale_[p] * scale_[q]; });
    for (Index p = 0; p < n; ++p) {
      if (scale_[p] == Scalar(0)) {
        matrix_.diagonal(p) = Scalar(1);
      }
    }
  }

  /// False where a direction of negative curvature was found.
  bool eliminate_groups(std::size_t c, detail::PivotFindings& findings) {
    Part& part = matrix_.parts()[c];
    for (const Group& group : clusters()[c].groups) {
      Scalar* inner = part.inner.data() + group.offset;
      for (Index j = 0; j < group.count; ++j) {
        if (!eliminate_local(c, group, inner, j, findings)) {
          return false;
        }
      }
    }
    return true;
  }

  bool eliminate_local(std::size_t c, const Group& group, Scalar* inner, Index j,
                       detail::PivotFindings& findings) {
    const Index count = group.count;
    auto border = matrix_.parts()[c].border.middleCols(group.first, count);
    const auto tail = [inner, count](Index column, Index first) {
      return dense::span(inner + column * count + first, count - first);
    };
    for (Index i = 0; i < j; ++i) {
      const Scalar factor = inner[i * count + j];
      if (factor != Scalar(0)) {
        tail(j, j) -= factor * tail(i, j);
        border.col(j) -= factor * border.col(i);
      }
    }
    const Scalar pivot = inner[j * count + j];
    const auto coupling = [&] {
      const Scalar inside = j + 1 < count ? tail(j, j + 1).cwiseAbs().maxCoeff() : Scalar(0);
      return std::max(inside, border.rows() > 0 ? border.col(j).cwiseAbs().maxCoeff() : Scalar(0));
    };
    switch (detail::judge_pivot(pivot, coupling, findings)) {
    case detail::Pivot::positive: {
      const Scalar inverse = Scalar(1) / std::sqrt(pivot);
      tail(j, j) *= inverse;
      border.col(j) *= inverse;
      return true;
    }
    case detail::Pivot::flat:
      tail(j, j).setZero();
      border.col(j).setZero();
      inner[j * count + j] = Scalar(1);
      return true;
    case detail::Pivot::saddle:
      point_away(c, group, inner, j);
      break;
    case detail::Pivot::negative:
      break;
    }
    const std::vector<std::int32_t>& locals = clusters()[c].locals;
    direction_[locals[at(group.first + j)]] = Scalar(1);
    follow_group(c, group, j, direction_);
    return false;
  }

  /// Sets the second entry of a direction whose pivot is zero, at the largest coupling.
  void point_away(std::size_t c, const Group& group, const Scalar* inner, Index j) {
    const Cluster& cluster = clusters()[c];
    const auto border = matrix_.parts()[c].border.col(group.first + j);
    Index other = -1;
    Scalar largest(0);
    const auto look = [&](Scalar value, Index parameter) {
      if (std::abs(value) > std::abs(largest)) {
        largest = value;
        other = parameter;
      }
    };
    for (Index i = j + 1; i < group.count; ++i) {
      look(inner[j * group.count + i], cluster.locals[at(group.first + i)]);
    }
    for (Index i = 0; i < border.size(); ++i) {
      look(border[i], cluster.wide[at(i)]);
    }
    direction_[other] = Scalar(-0.5) * largest;
  }

  bool eliminate_own(std::size_t c, detail::PivotFindings& findings) {
    const Cluster& cluster = clusters()[c];
    Part& part = matrix_.parts()[c];
    const auto wide = static_cast<Index>(cluster.wide.size());
    const Index own = cluster.own;
    square_.setZero(wide, wide);
    dense::add_row_gram<Scalar>(dense::view(std::as_const(part.border)), Scalar(-1), dense::view(square_));
    part.panel += square_.leftCols(own);
    if (own > 0) {
      const VectorType down = detail::negative_curvature<Scalar>(part.panel, wide, findings);
      if (down.size() > 0) {
        for (Index k = 0; k < wide; ++k) {
          direction_[cluster.wide[at(k)]] = down[k];
        }
        follow_locals(c, direction_);
        return false;
      }
    }
    const Index shared = wide - own;
    const dense::View<Scalar> rest{square_.data() + own * (wide + 1), shared, shared, wide};
    const dense::View<const Scalar> below{part.panel.data() + own, shared, own, wide};
    if (own > 0 && shared > 0) {
      dense::add_row_gram<Scalar>(below, Scalar(-1), rest);
    }
    for (Index j = 0; j < shared; ++j) {
      Scalar* column = matrix_.root().col(cluster.roots[at(j)]).data();
      for (Index i = j; i < shared; ++i) {
        column[cluster.roots[at(i)]] += rest(i, j);
      }
    }
    return true;
  }

  bool judge_alone(detail::PivotFindings& findings) {
    for (std::size_t k = 0; k < pattern().alone().size(); ++k) {
      Scalar& pivot = matrix_.alone()[static_cast<Index>(k)];
      switch (detail::judge_pivot(
          pivot, [] { return 0.0; }, findings)) {
      case detail::Pivot::positive:
        break;
      case detail::Pivot::negative:
        direction_[pattern().alone()[k]] = Scalar(1);
        return false;
      default:
        pivot = Scalar(1);
      }
    }
    return true;
  }

  void put_root(const VectorType& values, VectorType& v) const {
    for (std::size_t k = 0; k < pattern().root().size(); ++k) {
      v[pattern().root()[k]] = values[static_cast<Index>(k)];
    }
  }

  [[nodiscard]] VectorType wide_of(const Cluster& cluster, const VectorType& v) const {
    VectorType wide(static_cast<Index>(cluster.wide.size()));
    for (std::size_t k = 0; k < cluster.wide.size(); ++k) {
      wide[static_cast<Index>(k)] = v[cluster.wide[k]];
    }
    return wide;
  }

  [[nodiscard]] VectorType local_of(const Cluster& cluster, const VectorType& v) const {
    VectorType local(static_cast<Index>(cluster.locals.size()));
    for (std::size_t k = 0; k < cluster.locals.size(); ++k) {
      local[static_cast<Index>(k)] = v[cluster.locals[k]];
    }
    return local;
  }

  static void put_locals(const Cluster& cluster, const VectorType& local, VectorType& v) {
    for (std::size_t k = 0; k < cluster.locals.size(); ++k) {
      v[cluster.locals[k]] = local[static_cast<Index>(k)];
    }
  }

  [[nodiscard]] dense::View<const Scalar> block_of(std::size_t c, const Group& group) const {
    return {matrix_.parts()[c].inner.data() + group.offset, group.count, group.count, group.count};
  }

  /// v <- L^-1 v for what a cluster eliminates, and what that leaves of the root's entries. What is zero
  /// stays so: a unit vector passes one cluster only.
  void forward(std::size_t c, VectorType& v) const {
    const Cluster& cluster = clusters()[c];
    const Part& part = matrix_.parts()[c];
    VectorType local = local_of(cluster, v);
    VectorType wide = wide_of(cluster, v);
    const Index own = cluster.own;
    if (local.isZero(Scalar(0)) && wide.head(own).isZero(Scalar(0))) {
      return;
    }
    for (const Group& group : cluster.groups) {
      if (group.count == 1) {
        local[group.first] /= part.inner[at(group.offset)];
      } else {
        dense::solve_lower<Scalar>(block_of(c, group), local.data() + group.first);
      }
    }
    dense::add_product<Scalar>(dense::view(part.border), Scalar(-1), local.data(), 1, wide.data());
    const Index rows = wide.size();
    if (own > 0) {
      dense::solve_lower<Scalar>({part.panel.data(), own, own, rows}, wide.data());
      dense::add_product<Scalar>({part.panel.data() + own, rows - own, own, rows}, Scalar(-1), wide.data(), 1,
                                 wide.data() + own);
    }
    put_locals(cluster, local, v);
    for (std::size_t k = 0; k < cluster.wide.size(); ++k) {
      v[cluster.wide[k]] = wide[static_cast<Index>(k)];
    }
  }

  /// v <- L^-T v for what a cluster eliminates, where the root's entries are final.
  void follow(std::size_t c, VectorType& v) const {
    const Cluster& cluster = clusters()[c];
    const Part& part = matrix_.parts()[c];
    const Index own = cluster.own;
    if (own > 0) {
      VectorType wide = wide_of(cluster, v);
      const Index rows = wide.size();
      VectorType pull(own);
      dense::transposed_product<Scalar>({part.panel.data() + own, rows - own, own, rows}, wide.data() + own,
                                        pull.data());
      wide.head(own) -= pull;
      dense::solve_lower_transposed<Scalar>({part.panel.data(), own, own, rows}, wide.data());
      for (Index k = 0; k < own; ++k) {
        v[cluster.wide[at(k)]] = wide[k];
      }
    }
    follow_locals(c, v);
  }

  /// The same for its locals alone.
  void follow_locals(std::size_t c, VectorType& v) const {
    const Cluster& cluster = clusters()[c];
    const Part& part = matrix_.parts()[c];
    const VectorType wide = wide_of(cluster, v);
    VectorType local(static_cast<Index>(cluster.locals.size()));
    dense::transposed_product<Scalar>(dense::view(part.border), wide.data(), local.data());
    local = local_of(cluster, v) - local;
    for (const Group& group : cluster.groups) {
      if (group.count == 1) {
        local[group.first] /= part.inner[at(group.offset)];
      } else {
        dense::solve_lower_transposed<Scalar>(block_of(c, group), local.data() + group.first);
      }
    }
    put_locals(cluster, local, v);
  }

  /// The same for the first `count` locals of a group, where v is final on all that comes later.
  void follow_group(std::size_t c, const Group& group, Index count, VectorType& v) const {
    const Cluster& cluster = clusters()[c];
    const VectorType wide = wide_of(cluster, v);
    const dense::View<const Scalar> block = block_of(c, group);
    for (Index i = count; i-- > 0;) {
      Scalar sum = matrix_.parts()[c].border.col(group.first + i).dot(wide);
      for (Index r = i + 1; r < group.count; ++r) {
        sum += block(r, i) * v[cluster.locals[at(group.first + r)]];
      }
      v[cluster.locals[at(group.first + i)]] = -sum / block(i, i);
    }
  }

  ArrowMatrix<Scalar> matrix_;
  /// 0 for held parameters.
  VectorType scale_, direction_;
  MatrixOf<Scalar> square_;
};

using ArrowFactor = BasicArrowFactor<double>;

} // namespace muhat
