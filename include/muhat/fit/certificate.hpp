#pragma once

/// What makes a point a minimum: projected gradient and curvature.
///
/// First order: x - clamp(x - g, lower, upper) = 0, written as clamp(g, x - upper, x - lower), since x - g
/// is x where x is large. Second order: the exact
/// Hessian, on the subspace of parameters that no bound holds, has no negative
/// curvature. It is scaled to unit diagonal and factorized, H = L L^T, which either succeeds or shows a
/// direction of negative curvature (fit/detail/negative_curvature.hpp); a large one that is mostly empty
/// without what is (fit/arrow_factor.hpp). Where the residuals of a likelihood vanish, its Hessian is a sum
/// of squares, which needs no look. Objectives that offer only products with the Hessian, or one that is the
/// metric up to a low rank, are probed by conjugate gradients, whose curvatures p^T H p are all positive
/// exactly if H is positive on the Krylov space.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/arrow_factor.hpp>
#include <muhat/fit/detail/negative_curvature.hpp>
#include <muhat/fit/detail/smooth_piece.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace muhat {

/// max-norm of x - clamp(x - gradient, lower, upper): 0 exactly at a first-order minimum.
[[nodiscard]] inline double projected_gradient(const Vector& x, const Vector& gradient, const Box& box) {
  if (x.size() == 0) {
    return 0.0;
  }
  return gradient.cwiseMin(x - box.lower).cwiseMax(x - box.upper).lpNorm<Eigen::Infinity>();
}

/// Evidence about a point.
struct Certificate {
  double value = 0.0;
  /// Kinks whose one-sided derivatives bracket 0 count as 0.
  double projected_gradient = 0.0;
  /// Empty where the objective has no second derivatives.
  std::optional<bool> positive_curvature;
  /// Directions without any curvature to working precision, e.g. parameters that change nothing. Not counted
  /// where residuals vanish.
  Index flat_directions = 0;
  /// A direction of negative curvature v (n entries), or empty.
  Vector descent;
  /// v^T H v where H has unit diagonal, or relative to the size of H v.
  double curvature = 0.0;

  /// Whether a second-order model along `descent` loses less than what minima are known to, one standard
  /// deviation far. A valley mu mu' = constant, at whose bottom the residual gradient g makes a curvature of
  /// the order of -g, looks so; a minimum if no lower point is found along it.
  [[nodiscard]] bool is_nearly_flat() const noexcept { return descent.size() > 0 && curvature > -2e-6; }
};

namespace detail {

/// Numbers between -1/2 and 1/2 for the parameters `free`, always the same ones, and 0 for the others.
inline void fill_pseudo_random(const std::vector<Index>& free, Vector& v) {
  v.setZero();
  std::uint64_t state = 0x9e3779b97f4a7c15ULL;
  for (const Index i : free) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    v[i] = static_cast<double>(state >> 11) / 9007199254740992.0 - 0.5;
  }
}

} // namespace detail

/// Matrices that many certificates may share, one after the other.
struct CertificateScratch {
  /// The parameters that no bound holds, of the last certificate.
  std::vector<Index> free;
  Matrix hessian;
  /// The Hessian on the free subspace with unit diagonal, S H S, or its factor L; rows are padded.
  Matrix scaled;
  /// The diagonal of S.
  Vector scale;
  /// The diagonal of the metric, of an objective that gives it with its Hessian; n entries.
  Vector metric;
  Vector solution, weakest, image;
  /// The factor of a large Hessian, and whether it is that of the last certificate.
  ArrowFactor arrow;
  bool uses_arrow = false;

  /// z = H^-1 r = S L^-T L^-1 S r on the free parameters, 0 on the others, where the last certificate found H
  /// positive. 2 n^2 operations, or two passes over the arrow's factor.
  void solve(const Vector& r, Vector& z) {
    if (uses_arrow) {
      arrow.solve(r, z);
      return;
    }
    const auto n = static_cast<Index>(free.size());
    const dense::View<const double> lower{scaled.data(), n, n, scaled.rows()};
    solution.resize(n);
    for (Index i = 0; i < n; ++i) {
      solution[i] = scale[i] * r[free[static_cast<std::size_t>(i)]];
    }
    dense::solve_lower(lower, solution.data());
    dense::solve_lower_transposed(lower, solution.data());
    z.setZero(r.size());
    for (Index i = 0; i < n; ++i) {
      z[free[static_cast<std::size_t>(i)]] = scale[i] * solution[i];
    }
  }

  /// An estimate from above of the smallest eigenvalue of the Hessian in units of the metric, the lambda of
  /// H z = lambda diag(M) z on the free parameters, where the last certificate found H positive: two inverse
  /// iterations from a fixed pseudo-random start. 0 where M has a 0 there.
  [[nodiscard]] double smallest_curvature() {
    for (const Index k : free) {
      if (!(metric[k] > 0.0)) {
        return 0.0;
      }
    }
    image.resize(metric.size());
    detail::fill_pseudo_random(free, image);
    image.array() *= metric.array().sqrt();
    solve(image, weakest);
    image = metric.cwiseProduct(weakest);
    solve(image, weakest);
    return image.dot(weakest) / weakest.dot(metric.cwiseProduct(weakest));
  }
};

namespace detail {

inline double projected_gradient(const Vector& x, const Vector& gradient, const Box& box,
                                 const SmoothPiece& piece) {
  if (!piece.any_held()) {
    return muhat::projected_gradient(x, gradient, box);
  }
  double largest = 0.0;
  for (Index i = 0; i < x.size(); ++i) {
    if (!piece.held(i)) {
      const double move = std::max(std::min(gradient[i], x[i] - box.lower[i]), x[i] - box.upper[i]);
      largest = std::max(largest, std::abs(move));
    }
  }
  return largest;
}

/// Parameters that may move from x: not fixed, not pushed against a bound.
inline void free_parameters(const Vector& x, const Vector& gradient, const Vector& lower, const Vector& upper,
                            std::vector<Index>& free) {
  free.clear();
  for (Index i = 0; i < x.size(); ++i) {
    const bool fixed = !(lower[i] < upper[i]);
    const bool pushed = (x[i] <= lower[i] && gradient[i] >= 0.0) || (x[i] >= upper[i] && gradient[i] <= 0.0);
    if (!fixed && !pushed) {
      free.push_back(i);
    }
  }
}

/// Of the parameters `scratch.free`.
template <class F>
void dense_curvature(F& f, const Vector& x, CertificateScratch& scratch, Certificate& certificate) {
  const std::vector<Index>& free = scratch.free;
  Matrix& full = scratch.hessian;
  Matrix& h = scratch.scaled;
  Vector& scale = scratch.scale;
  scratch.uses_arrow = false;
  full.resize(x.size(), x.size());
  if constexpr (HasScaledHessian<F>) {
    f.hessian(x, full, scratch.metric);
  } else {
    f.hessian(x, full);
  }
  const auto n = static_cast<Index>(free.size());
  scale.resize(n);
  const double largest = full.diagonal().cwiseAbs().maxCoeff();
  for (Index i = 0; i < n; ++i) {
    const Index row = free[static_cast<std::size_t>(i)];
    double curvature = std::abs(full(row, row));
    if (!(curvature > 1e-12 * largest)) {
      const double size = full.col(row).cwiseAbs().maxCoeff();
      curvature = std::max(curvature, size > 0.0 ? 1e-12 * size : 1.0);
    }
    scale[i] = 1.0 / std::sqrt(curvature);
  }
  h.resize(padded_size(n), n);
  h.bottomRows(h.rows() - n).setZero();
  // What the factorization sees of the upper triangle, so that it starts from numbers.
  for (Index j = 0; j < n; ++j) {
    h.col(j).segment(j - j % lane_count, j % lane_count).setZero();
  }
  // Free parameters mostly follow each other: rows are copied run by run, the upper triangle's too where a
  // run crosses the diagonal.
  for (Index first = 0, last = 0; first < n; first = last) {
    const Index row = free[static_cast<std::size_t>(first)];
    for (last = first + 1; last < n && free[static_cast<std::size_t>(last)] == row + last - first;) {
      ++last;
    }
    for (Index j = 0; j < last; ++j) {
      h.col(j).segment(first, last - first) =
          scale[j] * full.col(free[static_cast<std::size_t>(j)])
                         .segment(row, last - first)
                         .cwiseProduct(scale.segment(first, last - first));
    }
  }
  PivotFindings findings;
  const Vector down = negative_curvature(h, n, findings);
  certificate.curvature = findings.curvature;
  certificate.flat_directions = findings.flat_directions;
  certificate.positive_curvature = down.size() == 0;
  if (down.size() > 0) {
    certificate.descent.setZero(x.size());
    for (Index i = 0; i < n; ++i) {
      certificate.descent[free[static_cast<std::size_t>(i)]] = scale[i] * down[i];
    }
  }
}

/// The same for a Hessian in the shape of an arrow; false where the objective gives none.
template <class F>
[[nodiscard]] bool arrow_curvature(F& f, const Vector& x, CertificateScratch& scratch,
                                   Certificate& certificate) {
  if constexpr (HasArrowHessian<F>) {
    ArrowMatrix<double> hessian = scratch.arrow.take();
    if (f.hessian(x, hessian, scratch.metric)) {
      PivotFindings findings;
      certificate.descent = scratch.arrow.factorize(std::move(hessian), scratch.free, findings);
      certificate.curvature = findings.curvature;
      certificate.flat_directions = findings.flat_directions;
      certificate.positive_curvature = certificate.descent.size() == 0;
      scratch.uses_arrow = true;
      return true;
    }
  }
  return false;
}

/// The most parameters of which a certificate factorizes the whole Hessian, unless it can be had in no other
/// way.
inline constexpr Index most_factorized = 2000;

/// Whether the Hessian of f is better looked at by its products.
template <class F>
[[nodiscard]] bool prefers_products(F& f) {
  if constexpr (PrefersProducts<F>) {
    return f.prefers_products();
  }
  return false;
}

/// Factorizes the Hessian on the parameters `scratch.free`; false, and nothing done, where it is too large.
template <class F>
[[nodiscard]] bool factorized_curvature(F& f, const Vector& x, CertificateScratch& scratch,
                                        Certificate& certificate) {
  if (arrow_curvature(f, x, scratch, certificate)) {
    return true;
  }
  if constexpr (HasHessian<F>) {
    if (!prefers_products(f) && (x.size() <= most_factorized || !HasHessianProduct<F>)) {
      dense_curvature(f, x, scratch, certificate);
      return true;
    }
  }
  return false;
}

/// M^-1 r on the parameters `free`: of the metric, or where there is none of the unit matrix.
template <class F>
class Preconditioner {
public:
  Preconditioner(F& f, const Vector& x, const std::vector<Index>& free) {
    if constexpr (HasMetric<F>) {
      LowRankMetric metric;
      f.metric(x, metric);
      unit_ = metric.curvature().cwiseSqrt();
      factor_.factorize(metric, free);
    } else {
      unit_.setOnes(x.size());
      factor_.set_identity(x.size(), free, 1.0);
    }
  }
  void apply(const Vector& r, Vector& z) { factor_.apply(r, z, scratch_); }
  /// Per parameter the size of a typical r.
  [[nodiscard]] const Vector& unit() const noexcept { return unit_; }

private:
  MetricFactor factor_;
  Vector unit_, scratch_;
};

/// Conjugate gradients from a fixed pseudo-random start, preconditioned by the metric where there is one.
/// They come to rest only when they have seen every curvature that differs from the metric's.
template <class F>
void probed_curvature(F& f, const Vector& x, const std::vector<Index>& free, Certificate& certificate) {
  constexpr std::size_t most_products = HasMetric<F> ? 200 : 60;
  Preconditioner<F> metric(f, x, free);
  Vector residual(x.size());
  fill_pseudo_random(free, residual);
  residual.array() *= metric.unit().array();
  Vector preconditioned(x.size());
  metric.apply(residual, preconditioned);
  double square = residual.dot(preconditioned);
  const double first = square;
  Vector direction = preconditioned;
  Vector product(x.size());
  Vector masked(x.size());
  certificate.positive_curvature = true;
  const auto rounds = std::min<std::size_t>(free.size(), most_products);
  for (std::size_t k = 0; k < rounds && square > 1e-16 * first; ++k) {
    f.hessian_product(x, direction, product);
    masked.setZero();
    for (const Index i : free) {
      masked[i] = product[i];
    }
    const double curvature = direction.dot(masked);
    if (curvature < -1e-10 * direction.norm() * masked.norm()) {
      certificate.positive_curvature = false;
      certificate.descent = direction / direction.norm();
      certificate.curvature = curvature / (direction.norm() * masked.norm());
      return;
    }
    if (curvature <= 1e-14 * direction.norm() * masked.norm()) {
      ++certificate.flat_directions;
      return;
    }
    residual -= square / curvature * masked;
    metric.apply(residual, preconditioned);
    const double next = residual.dot(preconditioned);
    direction = preconditioned + (next / square) * direction;
    square = next;
  }
}

/// Whether the residuals of f vanish at x.
template <class F>
[[nodiscard]] bool residuals_vanish(F& f, const Vector& x) {
  if constexpr (HasResiduals<F>) {
    return f.residuals_vanish(x);
  }
  return false;
}

} // namespace detail

/// Examines x. Cost: one gradient, and where the objective has second derivatives one Hessian and
/// its Cholesky factorization (as a whole up to 2000 parameters, else in the shape of an arrow), or at most
/// 60 products with the Hessian; where residuals may vanish one value to see whether they do, and then no
/// more.
template <class F>
[[nodiscard]] Certificate certify(F& f, const Vector& x, const Box& box, CertificateScratch& scratch) {
  detail::explain_objective<F>();
  Certificate certificate;
  Vector gradient(x.size());
  certificate.value = f.value_and_gradient(x, gradient);
  detail::SmoothPiece piece;
  piece.enter(f, x, gradient, box);
  certificate.projected_gradient = detail::projected_gradient(x, gradient, box, piece);
  if constexpr (HasHessian<F> || HasHessianProduct<F>) {
    std::vector<Index>& free = scratch.free;
    detail::free_parameters(x, gradient, piece.lower(), piece.upper(), free);
    if (free.empty() || detail::residuals_vanish(f, x)) {
      certificate.positive_curvature = true;
      return certificate;
    }
    if (detail::factorized_curvature(f, x, scratch, certificate)) {
      return certificate;
    }
    if constexpr (HasHessianProduct<F>) {
      detail::probed_curvature(f, x, free, certificate);
    }
  }
  return certificate;
}

/// With scratch of its own.
template <class F>
[[nodiscard]] Certificate certify(F& f, const Vector& x, const Box& box) {
  CertificateScratch scratch;
  return certify(f, x, box, scratch);
}

} // namespace muhat
