#pragma once

/// Concepts of a function to minimize.
///
/// An objective maps n parameters to a real number, +infinity outside its
/// domain. It may be stateful (it owns scratch memory), hence the non-const
/// references: one objective belongs to one thread. Every concept beyond
/// `Objective` is an offer: an optimizer uses what it finds.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <concepts>
#include <memory>
#include <span>
#include <vector>

namespace muhat {

/// A positive semi-definite model of the Hessian in low-rank form,
///
///     M = diag(diagonal) + jacobian^T diag(weight) jacobian .
///
/// For a likelihood: the curvature of the constraint terms plus the
/// Gauss-Newton matrix of the main term, with one row per bin.
struct LowRankMetric {
  /// n entries >= 0; 0 for unconstrained parameters.
  Vector diagonal;
  /// m x n.
  Matrix jacobian;
  /// m entries >= 0.
  Vector weight;
  /// Large problems: the Jacobian in blocks, and `jacobian` is empty.
  std::shared_ptr<const BlockJacobian<double>> blocks = {};

  /// The diagonal of M.
  [[nodiscard]] Vector curvature() const {
    Vector result = diagonal;
    const Vector positive = weight.cwiseMax(0.0);
    if (blocks) {
      blocks->add_curvature(positive, result);
    } else {
      const dense::View<const double> slopes = dense::view(jacobian);
      for (Index p = 0; p < slopes.cols; ++p) {
        result[p] += dense::weighted_square(slopes.column(p), positive.data(), slopes.rows);
      }
    }
    return result;
  }
};

/// Number of parameters: needed to size every buffer once.
template <class F>
concept HasDimension = requires(const F& f) {
  { f.dimension() } -> std::convertible_to<Index>;
};

/// f.value(x): the function value, +infinity outside the domain.
template <class F>
concept HasValue = requires(F& f, const Vector& x) {
  { f.value(x) } -> std::convertible_to<double>;
};

/// f.value_and_gradient(x, g): one pass for both; g has n entries. At a kink,
/// g holds the derivative from below.
template <class F>
concept HasValueAndGradient = requires(F& f, const Vector& x, Vector& g) {
  { f.value_and_gradient(x, g) } -> std::convertible_to<double>;
};

/// f.hessian(x, h): the exact, symmetric n x n second derivative.
template <class F>
concept HasHessian = requires(F& f, const Vector& x, Matrix& h) {
  f.hessian(x, h);
};

/// f.hessian_product(x, v, hv): exact H(x) v without forming H.
template <class F>
concept HasHessianProduct = requires(F& f, const Vector& x, const Vector& v, Vector& hv) {
  f.hessian_product(x, v, hv);
};

/// f.metric(x, m): a low-rank positive semi-definite model of the Hessian.
template <class F>
concept HasMetric = requires(F& f, const Vector& x, LowRankMetric& m) {
  f.metric(x, m);
};

/// f.hessian(x, h, m): the Hessian, and the diagonal of the metric M at x, n entries: the units in which
/// curvatures are small or large.
template <class F>
concept HasScaledHessian = HasHessian<F> && HasMetric<F> &&
    requires(F& f, const Vector& x, Matrix& h, Vector& m) {
  f.hessian(x, h, m);
};

/// f.hessian(x, h, m): where most of the Hessian is empty, the same in the shape of a nested arrow
/// (core/arrow_matrix.hpp); false, and nothing done, where it is not, or the matrix pays better as a whole.
template <class F>
concept HasArrowHessian = HasMetric<F> && requires(F& f, const Vector& x, ArrowMatrix<double>& h, Vector& m) {
  { f.hessian(x, h, m) } -> std::convertible_to<bool>;
};

/// f.prefers_products(): whether the metric, being of low rank, is factorized so much faster than the Hessian
/// that products with the latter, preconditioned by the former, are the better look at it.
template <class F>
concept PrefersProducts = HasMetric<F> && HasHessianProduct<F> && requires(F& f) {
  { f.prefers_products() } -> std::convertible_to<bool>;
};

/// f.residuals_vanish(x): whether the Hessian at x is the sum of squares that `metric` gives, and so has no
/// negative curvature. For a likelihood: whether all rates are the observed counts, as at the parameters that
/// Asimov data come from.
template <class F>
concept HasResiduals = HasMetric<F> && requires(F& f, const Vector& x) {
  { f.residuals_vanish(x) } -> std::convertible_to<bool>;
};

/// f.gradient_rounding(x, m): a matrix like a metric whose diagonal is the square of what rounding inside f
/// changes the gradient at x by. Optimizers then ask for no gradient below that.
template <class F>
concept HasRounding = requires(F& f, const Vector& x, LowRankMetric& m) {
  f.gradient_rounding(x, m);
};

/// f.kinks(): where derivatives jump, the same list for every x (empty for a
/// smooth function); f.right_gradient(x, g): the gradient with the derivative
/// from above at every kink. The optimizers then never step across a kink
/// blindly, and accept a point on one where the two derivatives bracket 0.
template <class F>
concept HasKinks = requires(F& f, const Vector& x, Vector& g) {
  { f.kinks() } -> std::convertible_to<std::span<const Kink>>;
  f.right_gradient(x, g);
};

/// The domain of f has edges towards which f does not grow: inequalities slack >= 0, such as the rates of
/// bins in which nothing was observed. f.soften_edges(x): from now on f stands for a Lagrange function
///
///     L = f - sum multiplier * slack + stiffness / 2 * (what is missing of slack >= 0)^2
///
/// in everything it computes, smooth and finite also outside the domain; multipliers start at 0, units are
/// taken at x. f.set_edge_stiffness(rho), rho > 0; f.edge_gap(x): how far x is from where all inequalities
/// hold and each multiplier has no slack, in units that make 1e-12 rounding; f.update_multipliers(x): the
/// next multipliers >= 0 from a minimum x of L; f.edges_at_zero(x): the inequalities without slack at x;
/// f.harden_edges() ends all that. Optimizers then also find minima on the edge of the domain, where no
/// gradient vanishes, and start from points outside.
template <class F>
concept HasEdges = requires(F& f, double rho, const Vector& x) {
  f.soften_edges(x);
  f.set_edge_stiffness(rho);
  { f.edge_gap(x) } -> std::convertible_to<double>;
  f.update_multipliers(x);
  { f.edges_at_zero(x) } -> std::convertible_to<std::vector<Index>>;
  f.harden_edges();
};

/// What every optimizer needs.
template <class F>
concept Objective = HasDimension<F> && HasValue<F> && HasValueAndGradient<F>;

/// What a second-order method needs: products with the Hessian, either way.
template <class F>
concept TwiceDifferentiableObjective = Objective<F> &&(HasHessian<F> || HasHessianProduct<F>);

namespace detail {

/// Says what is missing, one sentence for each requirement that F does not meet.
template <class F>
consteval void explain_objective() {
  static_assert(HasDimension<F>, "muhat: this objective lacks `Index dimension() const`, the number of "
                                 "parameters; add it to the class passed as f");
  static_assert(HasValue<F>, "muhat: this objective lacks `double value(const Vector& x)`, the function "
                             "value (+infinity outside the domain); add it to the class passed as f");
  static_assert(HasValueAndGradient<F>,
                "muhat: this objective lacks `double value_and_gradient(const Vector& x, Vector& gradient)`, "
                "which returns the value and fills the gradient; add it to the class passed as f");
}

/// The same for a method that needs second derivatives.
template <class F>
consteval void explain_second_derivatives() {
  explain_objective<F>();
  static_assert(
      HasHessian<F> || HasHessianProduct<F>,
      "muhat: this method needs second derivatives: give the objective `void hessian(const Vector& x, "
      "Matrix& h)` or `void hessian_product(const Vector& x, const Vector& v, Vector& hv)`, or use "
      "DefaultOptimizer, which does without");
}

} // namespace detail
} // namespace muhat
