#pragma once

/// Bounded quasi-Newton minimization with the objective's own metric.
///
///     d = argmin g^T d + d^T B d / 2,  lower <= x + d <= upper;   x <- x + t d
///
/// B is the limited-memory BFGS matrix (Nocedal and Wright, ch. 7.2) that starts from the
/// low-rank metric M = D + J^T W J of the objective, refreshed now and then, or
/// from a scaled unit matrix where there is none. The box is part of the quadratic problem, so
/// bounds are met and left within one step and a line search along d never meets one early.
/// An iteration costs one evaluation and two products with an n x m matrix. The last ones are Newton's, with
/// the Hessian where there is one and its curvature is to be checked (detail/quasi_newton_run.hpp).
/// Minima on the edge of the domain, and starts outside, are a matter of multipliers
/// (detail/edge_multipliers.hpp).
/// Fast; `DefaultOptimizer` adds the fallback for the rare case that it stalls.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/edge_multipliers.hpp>
#include <muhat/fit/detail/quasi_newton_run.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <utility>

namespace muhat {

/// The quasi-Newton method alone.
class QuasiNewtonOptimizer {
public:
  using Workspace = QuasiNewtonWorkspace;

  explicit QuasiNewtonOptimizer(OptimizerOptions options = {}) : options_(options) {}

  [[nodiscard]] const OptimizerOptions& options() const noexcept { return options_; }

  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    Workspace workspace;
    return minimize(f, x0, box, workspace);
  }

  /// With the caller's scratch, and optionally a metric that is already factorized (it must
  /// outlive the call; the parameters it holds start at a bound or are fixed). It is used until it is due for
  /// a refresh.
  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box, Workspace& workspace,
                                         const MetricFactor* prepared = nullptr) const {
    detail::explain_objective<F>();
    if (!detail::valid_start(f.dimension(), x0, box)) {
      return detail::refuse_start(x0);
    }
    OptimizerResult result =
        detail::QuasiNewtonRun<F>(f, box, options_, workspace, prepared, HasEdges<F>).run(x0);
    if constexpr (HasEdges<F>) {
      if (detail::met_edges(result.status)) {
        return detail::follow_edges(f, box, options_, workspace, std::move(result));
      }
    }
    return result;
  }

private:
  OptimizerOptions options_;
};

} // namespace muhat
