#pragma once

/// Settings that every optimizer understands.

namespace muhat {

struct OptimizerOptions {
  /// Iterations of one minimization, all methods it employs together; > 0.
  int max_iterations = 1000;
  /// Largest max-norm of x - clamp(x - gradient, lower, upper) at a minimum; > 0. In units of
  /// function over parameter, so it is sharp for parameters of order 1. Where rounding allows for no gradient
  /// as small (widths below 1e-5, say), as small as it allows.
  double tolerance = 1e-6;
  /// Where the metric is known: largest decrease of the function, g^T M^-1 g / 2 on the free
  /// subspace, that a quadratic model still predicts at a minimum; > 0. Independent of the
  /// parameters' scales, so that flat directions do not end a fit early.
  double decrease_tolerance = 1e-9;
  /// Check the exact Hessian on the free subspace before a point counts as a minimum, and leave
  /// saddle points and maxima: a shape uncertainty that is the same up and down has no gradient at its start.
  /// Needs second derivatives; costs one Hessian and one Cholesky factorization, which where a metric is
  /// known also make the last steps of a minimization Newton's: then the Hessian may be that of a point near
  /// the minimum, where the way between is too short to change its signs (fit/detail/quasi_newton_run.hpp).
  bool check_curvature = true;
};

} // namespace muhat
