#pragma once

/// Matrix-vector products and the Cholesky factorization as loops over columns.
///
/// Eigen's own products and decompositions are faster for large matrices, but each
/// kind of operand costs a second of compile time, which every file that fits would
/// pay. Matrices here have tens to a few thousand columns. All matrices are
/// column-major with `stride` entries from one column to the next; triangular ones are lower.

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

/// y += scale * A x, with x read every `x_stride` entries. 2 rows cols operations.
template <class S>
void add_product(View<const S> a, S scale, const S* x, Index x_stride, S* y) {
  auto sum = span(y, a.rows);
  Index j = 0;
  for (; j + 4 <= a.cols; j += 4) {
    const S c0 = scale * x[j * x_stride];
    const S c1 = scale * x[(j + 1) * x_stride];
    const S c2 = scale * x[(j + 2) * x_stride];
    const S c3 = scale * x[(j + 3) * x_stride];
    sum += c0 * span(a.column(j), a.rows) + c1 * span(a.column(j + 1), a.rows) +
           c2 * span(a.column(j + 2), a.rows) + c3 * span(a.column(j + 3), a.rows);
  }
  for (; j < a.cols; ++j) {
    sum += (scale * x[j * x_stride]) * span(a.column(j), a.rows);
  }
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
