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
#include <cmath>

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

/// y_0 += scale * A x_0 and y_1 += scale * A x_1 for the vectors x_j[k] = x[j + k * x_stride] and columns
/// y_1 = y_0 + y_stride: A is read once for both. 4 rows cols operations.
template <class S>
void add_two_products(View<const S> a, S scale, const S* x, Index x_stride, S* y, Index y_stride) {
  Index j = 0;
  for (; j + 4 <= a.cols; j += 4) {
    S c[2][4];
    for (Index k = 0; k < 4; ++k) {
      c[0][k] = scale * x[(j + k) * x_stride];
      c[1][k] = scale * x[(j + k) * x_stride + 1];
    }
    const S* p[4] = {a.column(j), a.column(j + 1), a.column(j + 2), a.column(j + 3)};
    Index i = 0;
    for (; i + lane_count <= a.rows; i += lane_count) {
      using Lanes = Eigen::Map<LaneArray<S>>;
      using ConstLanes = Eigen::Map<const LaneArray<S>>;
      const LaneArray<S> p0 = ConstLanes(p[0] + i);
      const LaneArray<S> p1 = ConstLanes(p[1] + i);
      const LaneArray<S> p2 = ConstLanes(p[2] + i);
      const LaneArray<S> p3 = ConstLanes(p[3] + i);
      Lanes(y + i) += c[0][0] * p0 + c[0][1] * p1 + c[0][2] * p2 + c[0][3] * p3;
      Lanes(y + y_stride + i) += c[1][0] * p0 + c[1][1] * p1 + c[1][2] * p2 + c[1][3] * p3;
    }
    for (; i < a.rows; ++i) {
      y[i] += c[0][0] * p[0][i] + c[0][1] * p[1][i] + c[0][2] * p[2][i] + c[0][3] * p[3][i];
      y[y_stride + i] += c[1][0] * p[0][i] + c[1][1] * p[1][i] + c[1][2] * p[2][i] + c[1][3] * p[3][i];
    }
  }
  if (j < a.cols) {
    add_product<S>(a.columns(j, a.cols - j), scale, x + j * x_stride, x_stride, y);
    add_product<S>(a.columns(j, a.cols - j), scale, x + j * x_stride + 1, x_stride, y + y_stride);
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

/// y = A^T x.
template <class S>
void transposed_product(View<const S> a, const S* x, S* y) {
  for (Index j = 0; j < a.cols; ++j) {
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

/// The lower triangle of `a` += that of B + B^T.
template <class S>
void add_both_halves(View<const S> b, View<S> a) {
  for_each_below_diagonal(a.cols, [a, b](Index i, Index j) { a(i, j) += b(i, j) + b(j, i); });
  for (Index j = 0; j < a.cols; ++j) {
    a(j, j) += S(2) * b(j, j);
  }
}

/// Overwrites the lower triangle of a symmetric matrix with its Cholesky factor; returns false
/// where a pivot is not positive. n^3 / 3 operations, in blocks of columns that stay in the cache.
template <class S>
[[nodiscard]] bool cholesky(View<S> a) {
  constexpr Index width = 48;
  const Index n = a.rows;
  for (Index first = 0; first < n; first += width) {
    const Index last = std::min(first + width, n);
    for (Index done = 0; done < first; done += 4) {
      const Index count = std::min<Index>(4, first - done);
      for (Index k = first; k < last; ++k) {
        const View<const S> left{&a(k, done), n - k, count, a.stride};
        add_product<S>(left, S(-1), &a(k, done), a.stride, &a(k, k));
      }
    }
    for (Index k = first; k < last; ++k) {
      const View<const S> left{&a(k, first), n - k, k - first, a.stride};
      add_product<S>(left, S(-1), &a(k, first), a.stride, &a(k, k));
      const S pivot = a(k, k);
      if (!(pivot > S(0)) || !std::isfinite(pivot)) {
        return false;
      }
      span(&a(k, k), n - k) /= std::sqrt(pivot);
    }
  }
  return true;
}

/// x = L^-1 x.
template <class S>
void solve_lower(View<const S> l, S* x) {
  for (Index k = 0; k < l.rows; ++k) {
    x[k] /= l(k, k);
    const Index rest = l.rows - k - 1;
    if (rest > 0) {
      span(x + k + 1, rest) -= x[k] * span(&l(k + 1, k), rest);
    }
  }
}

/// x = L^-T x.
template <class S>
void solve_lower_transposed(View<const S> l, S* x) {
  for (Index k = l.rows; k-- > 0;) {
    const Index rest = l.rows - k - 1;
    const S sum = rest > 0 ? span(&l(k + 1, k), rest).dot(span(x + k + 1, rest)) : S(0);
    x[k] = (x[k] - sum) / l(k, k);
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
