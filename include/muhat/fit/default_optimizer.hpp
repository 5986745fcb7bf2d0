#pragma once

/// The optimizer that every fit uses unless told otherwise: the quasi-Newton
/// method with the objective's metric, and where that one stalls, takes too
/// long or ends in a saddle point, the exact trust region from the best point reached.
/// Deterministic. The result tells which of the two finished (`fallback`).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>
#include <muhat/fit/quasi_newton.hpp>
#include <muhat/fit/trust_region.hpp>

#include <algorithm>

namespace muhat {

class DefaultOptimizer {
public:
  /// Scratch that many minimizations may share one after the other; results do not depend on it.
  using Workspace = QuasiNewtonWorkspace;

  explicit DefaultOptimizer(OptimizerOptions options = {}) : options_(options) {}

  [[nodiscard]] const OptimizerOptions& options() const noexcept { return options_; }

  /// Minimum of f inside the box from x0. Throws nothing of its own: see the status.
  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    Workspace workspace;
    return minimize(f, x0, box, workspace);
  }

  /// With the caller's scratch and, optionally, a metric already factorized (`prepare_metric`) that
  /// outlives the call: many fits to different data of one hypothesis can share one.
  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box, Workspace& workspace,
                                         const MetricFactor* prepared = nullptr) const {
    detail::explain_objective<F>();
    if constexpr (!(HasHessian<F> || HasHessianProduct<F>)) {
      return QuasiNewtonOptimizer(options_).minimize(f, x0, box, workspace, prepared);
    } else {
      OptimizerOptions first = options_;
      first.max_iterations = std::min(options_.max_iterations, patience);
      OptimizerResult result = QuasiNewtonOptimizer(first).minimize(f, x0, box, workspace, prepared);
      if (result.status == FitStatus::converged && options_.check_curvature && !result.positive_curvature) {
        result.positive_curvature = certify(f, result.x, box, workspace.certificate).positive_curvature;
        ++result.evaluations;
      }
      const bool certified =
          result.status == FitStatus::converged && result.positive_curvature.value_or(true);
      // What a search for the domain left undone for want of iterations goes on below.
      const bool outside =
          result.status == FitStatus::outside_domain && result.iterations < first.max_iterations;
      const bool hopeless =
          result.status == FitStatus::invalid_start || outside || result.status == FitStatus::not_finite;
      if (certified || hopeless) {
        return result;
      }
      if (result.iterations >= options_.max_iterations) {
        result.status = FitStatus::iteration_limit;
        return result;
      }
      return detail::finish_by_trust_region(f, box, options_, result);
    }
  }

private:
  /// Iterations that the quasi-Newton method may take where there is a fallback.
  static constexpr int patience = 200;

  OptimizerOptions options_;
};

/// The factorized metric of f at x on the parameters that the box leaves free; the metric itself is left in
/// `metric`.
template <class F>
[[nodiscard]] MetricFactor prepare_metric(F& f, const Vector& x, const Box& box, LowRankMetric& metric) {
  static_assert(HasMetric<F>,
                "muhat: this objective lacks `void metric(const Vector& x, LowRankMetric& m)`; add "
                "it, or let the optimizer start without a prepared metric");
  f.metric(x, metric);
  std::vector<Index> free;
  for (Index i = 0; i < x.size(); ++i) {
    if (box.lower[i] < box.upper[i]) {
      free.push_back(i);
    }
  }
  MetricFactor factor;
  factor.factorize(metric, free);
  return factor;
}

/// With scratch of its own.
template <class F>
[[nodiscard]] MetricFactor prepare_metric(F& f, const Vector& x, const Box& box) {
  LowRankMetric metric;
  return prepare_metric(f, x, box, metric);
}

} // namespace muhat
