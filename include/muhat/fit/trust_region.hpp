#pragma once

/// Bounded trust region minimization with the exact Hessian.
///
/// Each iteration minimizes the exact quadratic model inside box and trust region
/// (detail/trust_region_step.hpp) and accepts the step by the ratio of actual to predicted
/// decrease (Conn, Gould and Toint, Trust-Region Methods, ch. 6). A point counts as converged
/// only if its certificate shows no negative curvature; otherwise the direction found is
/// followed downhill. More expensive per iteration than the quasi-Newton method, but takes the
/// fewest iterations, and the choice for strongly curved valleys and starts far away.
/// Needs Hessian-vector products or a Hessian; nothing dense in n x n if it has the former.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/edge_multipliers.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/detail/trust_region_run.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <utility>

namespace muhat {

class TrustRegionOptimizer {
public:
  explicit TrustRegionOptimizer(OptimizerOptions options = {}) : options_(options) {}

  [[nodiscard]] const OptimizerOptions& options() const noexcept { return options_; }

  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    detail::explain_second_derivatives<F>();
    if (!detail::valid_start(f.dimension(), x0, box)) {
      return detail::refuse_start(x0);
    }
    OptimizerResult result = detail::TrustRegionRun<F>(f, box, options_).run(x0);
    if constexpr (HasEdges<F>) {
      if (detail::met_edges(result.status)) {
        QuasiNewtonWorkspace workspace;
        return detail::follow_edges(f, box, options_, workspace, std::move(result));
      }
    }
    return result;
  }

private:
  OptimizerOptions options_;
};

namespace detail {

/// Goes on from where another method stopped short, with the iterations that it left.
template <class F>
[[nodiscard]] OptimizerResult finish_by_trust_region(F& f, const Box& box, OptimizerOptions options,
                                                     const OptimizerResult& reached) {
  options.max_iterations -= reached.iterations;
  OptimizerResult result = TrustRegionOptimizer(options).minimize(f, reached.x, box);
  result.iterations += reached.iterations;
  result.evaluations += reached.evaluations;
  result.fallback = true;
  return result;
}

} // namespace detail

} // namespace muhat
