#pragma once

/// Minima on the edge of the domain, by the barrier method.
///
/// Minimize f - mu sum log(slack) for mu = 0.1, 0.01, ..., 1e-8, each from where the last two
/// minima point to: x(mu) is smooth in mu, so that a linear extrapolation lands close to the next one
/// (Nocedal and Wright, ch. 19.6; Fiacco and McCormick). At the end mu / slack is the multiplier of an active
/// inequality, and f is above its minimum by no more than mu for each of them.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/detail/quasi_newton_run.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace muhat::detail {

/// Switches the barrier off again, whatever happens.
template <class F>
class BarrierGuard {
public:
  explicit BarrierGuard(F& f) : f_(f) {}
  BarrierGuard(const BarrierGuard&) = delete;
  BarrierGuard& operator=(const BarrierGuard&) = delete;
  ~BarrierGuard() { f_.set_barrier(0.0, Vector()); }

private:
  F& f_;
};

/// Whether a barrier at x, inside the domain, changes f there: whether f has an edge at all.
template <class F>
[[nodiscard]] bool has_edges(F& f, const Vector& x) {
  Vector plain(x.size());
  Vector barred(x.size());
  const double value = f.value_and_gradient(x, plain);
  const BarrierGuard<F> guard(f);
  f.set_barrier(1.0, x);
  return f.value_and_gradient(x, barred) != value || barred != plain;
}

/// Ends a path along the edges at a point. Where no edge holds it, f itself has its minimum there.
template <class F>
[[nodiscard]] OptimizerResult leave_edges(F& f, const Box& box, const OptimizerOptions& options,
                                          QuasiNewtonWorkspace& workspace, OptimizerResult end) {
  constexpr double no_multiplier = 1e-4;
  end.at_domain_edge = true;
  Vector gradient(end.x.size());
  end.value = f.value_and_gradient(end.x, gradient);
  ++end.evaluations;
  if (muhat::projected_gradient(end.x, gradient, box) < no_multiplier) {
    OptimizerOptions rest = options;
    rest.max_iterations = std::max(1, options.max_iterations - end.iterations);
    OptimizerResult inside = QuasiNewtonRun<F>(f, box, rest, workspace, nullptr, true).run(end.x);
    inside.iterations += end.iterations;
    inside.evaluations += end.evaluations;
    if (inside.status == FitStatus::converged && inside.value <= end.value) {
      return inside;
    }
    end.iterations = inside.iterations;
    end.evaluations = inside.evaluations;
  }
  return end;
}

/// Continues from a point inside the domain at which a minimization met an edge. Returns that point where
/// there is no edge to follow, or the path ends higher.
template <class F>
[[nodiscard]] OptimizerResult follow_edges(F& f, const Box& box, const OptimizerOptions& options,
                                           QuasiNewtonWorkspace& workspace, OptimizerResult reached) {
  constexpr double first = 0.1;
  constexpr double last = 1e-8;
  constexpr double small_enough = 1e-6;
  constexpr double factor = 0.1;
  reached.evaluations += 2;
  if (!has_edges(f, reached.x)) {
    return reached;
  }
  OptimizerResult result = reached;
  Vector before;
  {
    const BarrierGuard<F> guard(f);
    Vector start = reached.x;
    for (double mu = first; mu > 0.5 * last; mu *= factor) {
      OptimizerOptions stage = options;
      stage.tolerance = std::max(options.tolerance, 0.01 * mu);
      stage.max_iterations = std::max(1, options.max_iterations - result.iterations);
      // That of f with the barrier proves nothing.
      stage.check_curvature = false;
      f.set_barrier(mu, reached.x);
      if (!std::isfinite(f.value(start))) {
        start = result.x;
      }
      OptimizerResult end = QuasiNewtonRun<F>(f, box, stage, workspace, nullptr, false).run(start);
      end.iterations += result.iterations;
      end.evaluations += result.evaluations;
      if (end.status != FitStatus::converged) {
        reached.iterations = result.iterations = end.iterations;
        reached.evaluations = result.evaluations = end.evaluations;
        if (mu > 0.5 * small_enough) {
          return reached;
        }
        break;
      }
      start = end.x;
      if (before.size() > 0) {
        start += (mu - factor * mu) / (mu / factor - mu) * (end.x - before);
        start = clamp(start, box);
      }
      before = end.x;
      result = std::move(end);
    }
  }
  result = leave_edges(f, box, options, workspace, std::move(result));
  if (result.value > reached.value + small_enough) {
    reached.iterations = result.iterations;
    reached.evaluations = result.evaluations;
    return reached;
  }
  return result;
}

} // namespace muhat::detail
