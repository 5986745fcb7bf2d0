#pragma once

/// Matrix-vector products and the Cholesky factorization as loops over columns.
///
/// Eigen's own products and decompositions are faster for large matrices, but each
/// kind of operand costs a second of compile time, which every file that fits would
/// pay. Matrices here have tens to a few thousand columns. All matrices are
/// column-major with `stride` entries from one column to the next; triangular ones are lower.

#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace muhat::dense {

/// A column-major matrix somewhere in memory; `S` may be const.
template <class S>
struct View {
  S* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  [[nodiscard]] S* column(Index j) const noexcept { return data + j * stride; }
  [[nodiscard]] S& operator()(Index i, Index j) const noexcept { return data[i + j * stride]; }
  [[nodiscard]] View columns(Index first, Index count) const noexcept {
    return {column(first), rows, count, stride};
  }
  operator View<const S>() const noexcept { return {data, rows, cols, stride}; }
};

template <class S>
[[nodiscard]] View<S> view(MatrixOf<S>& m) {
  return {m.data(), m.rows(), m.cols(), m.rows()};
}
template <class S>
[[nodiscard]] View<const S> view(const MatrixOf<S>& m) {
  return {m.data(), m.rows(), m.cols(), m.rows()};
}

template <class S>
[[nodiscard]] auto span(S* p, Index n) {
  return Eigen::Map<VectorOf<S>>(p, n);
}
template <class S>
[[nodiscard]] auto span(const S* p, Index n) {
  return Eigen::Map<const VectorOf<S>>(p, n);
}

/// Columns that are worked on at once.
inline constexpr Index column_group = 4;

/// y += scale * A x, with x read every `x_stride` entries; columns whose coefficient is 0 cost nothing. 2
/// rows cols operations.
template <class S>
void add_product(View<const S> a, S scale, const S* x, Index x_stride, S* y) {
  auto sum = span(y, a.rows);
  S coefficient[4];
  const S* column[4];
  int count = 0;
  for (Index j = 0; j < a.cols; ++j) {
    const S c = scale * x[j * x_stride];
    if (c == S(0)) {
      continue;
    }
    coefficient[count] = c;
    column[count++] = a.column(j);
    if (count == 4) {
      sum += coefficient[0] * span(column[0], a.rows) + coefficient[1] * span(column[1], a.rows) +
             coefficient[2] * span(column[2], a.rows) + coefficient[3] * span(column[3], a.rows);
      count = 0;
    }
  }
  for (int k = 0; k < count; ++k) {
    sum += coefficient[k] * span(column[k], a.rows);
  }
}

/// y_j += scale * A x_j for four vectors, read every `x_stride` entries: A is read once for all of them, and
/// the y_j once for all its columns. Fastest where rows come in whole groups (core/lanes.hpp). 8 rows cols
/// operations.
template <class S>
void add_four_products(View<const S> a, S scale, const std::array<const S*, 4>& x, Index x_stride,
                       const std::array<S*, 4>& y) {
  Index i = 0;
  for (; i + lane_count <= a.rows; i += lane_count) {
    LaneArray<S> sum0 = LaneArray<S>::Zero();
    LaneArray<S> sum1 = sum0;
    LaneArray<S> sum2 = sum0;
    LaneArray<S> sum3 = sum0;
    for (Index k = 0; k < a.cols; ++k) {
      const LaneArray<S> group = Eigen::Map<const LaneArray<S>>(a.column(k) + i);
      sum0 += x[0][k * x_stride] * group;
      sum1 += x[1][k * x_stride] * group;
      sum2 += x[2][k * x_stride] * group;
      sum3 += x[3][k * x_stride] * group;
    }
    Eigen::Map<LaneArray<S>>(y[0] + i) += scale * sum0;
    Eigen::Map<LaneArray<S>>(y[1] + i) += scale * sum1;
    Eigen::Map<LaneArray<S>>(y[2] + i) += scale * sum2;
    Eigen::Map<LaneArray<S>>(y[3] + i) += scale * sum3;
  }
  for (; i < a.rows; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      S sum(0);
      for (Index k = 0; k < a.cols; ++k) {
        sum += x[j][k * x_stride] * a(i, k);
      }
      y[j][i] += scale * sum;
    }
  }
}

/// sum_i weight_i x_i^2.
template <class S>
[[nodiscard]] S weighted_square(const S* x, const S* weight, Index n) {
  S sum(0);
  for (Index i = 0; i < n; ++i) {
    sum += weight[i] * x[i] * x[i];
  }
  return sum;
}

/// y = A^T x, four columns at a time: x is read once for all of them.
template <class S>
void transposed_product(View<const S> a, const S* x, S* y) {
  const Index whole = a.rows - a.rows % lane_count;
  Index j = 0;
  for (; j + 4 <= a.cols; j += 4) {
    const std::array<const S*, 4> column = {a.column(j), a.column(j + 1), a.column(j + 2), a.column(j + 3)};
    std::array<LaneArray<S>, 4> sums;
    sums.fill(LaneArray<S>::Zero());
    for (Index i = 0; i < whole; i += lane_count) {
      const LaneArray<S> group = Eigen::Map<const LaneArray<S>>(x + i);
      for (std::size_t k = 0; k < 4; ++k) {
        sums[k] += Eigen::Map<const LaneArray<S>>(column[k] + i) * group;
      }
    }
    for (std::size_t k = 0; k < 4; ++k) {
      S sum = sums[k].sum();
      for (Index i = whole; i < a.rows; ++i) {
        sum += column[k][i] * x[i];
      }
      y[j + static_cast<Index>(k)] = sum;
    }
  }
  for (; j < a.cols; ++j) {
    y[j] = span(a.column(j), a.rows).dot(span(x, a.rows));
  }
}

/// The lower triangle of `g` += A^T A.
template <class S>
void add_gram(View<const S> a, View<S> g) {
  for (Index j = 0; j < a.cols; ++j) {
    for (Index i = j; i < a.cols; ++i) {
      g(i, j) += span(a.column(i), a.rows).dot(span(a.column(j), a.rows));
    }
  }
}

/// The lower triangle of `g` += scale * A A^T, and some of the upper one overwritten, to work on whole groups
/// of rows. Columns of A are taken in blocks that stay in the cache.
template <class S>
void add_row_gram(View<const S> a, S scale, View<S> g) {
  constexpr Index depth = 64;
  for (Index begin = 0; begin < a.cols; begin += depth) {
    const View<const S> part = a.columns(begin, std::min(depth, a.cols - begin));
    for (Index first = 0; first < a.rows; first += column_group) {
      const Index top = first - first % lane_count;
      const View<const S> left{&part(top, 0), a.rows - top, part.cols, a.stride};
      if (first + column_group <= a.rows) {
        const S* x = &part(first, 0);
        S* y = &g(top, first);
        add_four_products<S>(left, scale, {x, x + 1, x + 2, x + 3}, a.stride,
                             {y, y + g.stride, y + 2 * g.stride, y + 3 * g.stride});
        continue;
      }
      for (Index j = first; j < a.rows; ++j) {
        add_product<S>(left, scale, &part(j, 0), a.stride, &g(top, j));
      }
    }
  }
}

/// Calls `visit(i, j)` for the lower triangle without its diagonal, tile by tile, so that (i, j) and (j, i)
/// are both in the cache.
template <class Visit>
void for_each_below_diagonal(Index n, Visit visit) {
  constexpr Index width = 16;
  for (Index first = 0; first < n; first += width) {
    for (Index top = first; top < n; top += width) {
      for (Index j = first; j < std::min(first + width, n); ++j) {
        for (Index i = std::max(top, j + 1); i < std::min(top + width, n); ++i) {
          visit(i, j);
        }
      }
    }
  }
}

/// Copies the lower triangle to the upper one.
template <class S>
void mirror_lower(View<S> a) {
  for_each_below_diagonal(a.cols, [a](Index i, Index j) { a(j, i) = a(i, j); });
}

/// The lower triangle of `a`, without its diagonal, += that of B + B^T.
template <class S>
void add_both_halves(View<const S> b, View<S> a) {
  for_each_below_diagonal(a.cols, [a, b](Index i, Index j) { a(i, j) += b(i, j) + b(j, i); });
}

/// Subtracts from the columns first ... first + count - 1, at most four, what the factorized columns
/// begin ... end - 1 make of them. Overwrites some of the upper triangle, to work on whole groups of rows.
template <class S>
void subtract_columns(View<S> a, Index begin, Index end, Index first, Index count) {
  const Index top = first - first % lane_count;
  const View<const S> left{&a(top, begin), a.rows - top, end - begin, a.stride};
  if (count == 4) {
    const S* x = &a(first, begin);
    S* y = &a(top, first);
    add_four_products<S>(left, S(-1), {x, x + 1, x + 2, x + 3}, a.stride,
                         {y, y + a.stride, y + 2 * a.stride, y + 3 * a.stride});
    return;
  }
  for (Index k = first; k < first + count; ++k) {
    add_product<S>(left, S(-1), &a(k, begin), a.stride, &a(top, k));
  }
}

/// The step of a Cholesky factorization for column k, called for one after the other: makes it that of the
/// Schur complement of the columns before it, which are factorized. Columns that follow may be worked on in
/// advance, in blocks that stay in the cache. Only `a.cols` columns count; rows behind them are padding.
/// Overwrites the upper triangle.
template <class S>
void make_schur_column(View<S> a, Index k) {
  constexpr Index width = 12 * column_group;
  constexpr Index depth = 64;
  const Index block = k - k % width;
  if (k == block) {
    const Index last = std::min(block + width, a.cols);
    for (Index begin = 0; begin < block; begin += depth) {
      for (Index first = block; first < last; first += column_group) {
        subtract_columns(a, begin, std::min(begin + depth, block), first,
                         std::min(column_group, last - first));
      }
    }
    return;
  }
  const Index first = k - k % column_group;
  if (k == first) {
    subtract_columns(a, block, k, k, std::min(column_group, a.cols - k));
  } else {
    subtract_columns(a, first, k, k, 1);
  }
}

/// Overwrites the lower triangle of a symmetric matrix with its Cholesky factor, and the upper one with
/// anything; returns false where a pivot is not positive. n^3 / 3 operations.
template <class S>
[[nodiscard]] bool cholesky(View<S> a) {
  for (Index k = 0; k < a.cols; ++k) {
    make_schur_column(a, k);
    const S pivot = a(k, k);
    if (!(pivot > S(0)) || !std::isfinite(pivot)) {
      return false;
    }
    span(&a(k, k), a.rows - k) *= S(1) / std::sqrt(pivot);
  }
  return true;
}

/// x = L^-1 x, four columns at a time.
template <class S>
void solve_lower(View<const S> l, S* x) {
  for (Index first = 0; first < l.rows; first += column_group) {
    const Index end = std::min(first + column_group, l.rows);
    for (Index k = first; k < end; ++k) {
      x[k] /= l(k, k);
      for (Index i = k + 1; i < end; ++i) {
        x[i] -= x[k] * l(i, k);
      }
    }
    if (end < l.rows) {
      add_product<S>({&l(end, first), l.rows - end, column_group, l.stride}, S(-1), x + first, 1, x + end);
    }
  }
}

/// x = L^-T x, four columns at a time.
template <class S>
void solve_lower_transposed(View<const S> l, S* x) {
  for (Index first = l.rows - 1 - (l.rows - 1) % column_group; first >= 0; first -= column_group) {
    const Index end = std::min(first + column_group, l.rows);
    if (end < l.rows) {
      std::array<S, column_group> sums;
      transposed_product<S>({&l(end, first), l.rows - end, column_group, l.stride}, x + end, sums.data());
      for (Index k = first; k < end; ++k) {
        x[k] -= sums[static_cast<std::size_t>(k - first)];
      }
    }
    for (Index k = end; k-- > first;) {
      for (Index i = k + 1; i < end; ++i) {
        x[k] -= l(i, k) * x[i];
      }
      x[k] /= l(k, k);
    }
  }
}

/// P = P L^-T: the rows of P are solved with L.
template <class S>
void solve_lower_right(View<const S> l, View<S> p) {
  for (Index j = 0; j < p.cols; ++j) {
    add_product<S>(p.columns(0, j), S(-1), &l(j, 0), l.stride, p.column(j));
    span(p.column(j), p.rows) /= l(j, j);
  }
}

} // namespace muhat::dense
