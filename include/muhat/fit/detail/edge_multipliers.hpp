#pragma once

/// Minima on the edge of the domain, and starts outside, by the method of multipliers (Nocedal and Wright,
/// ch. 17.3 and 17.4).
///
/// An objective with edges (HasEdges in fit/objective.hpp) offers a Lagrange function L that is smooth and
/// finite also beyond them. Minimize L inside the box, update the multipliers, make L stiffer; the gaps
/// shrink by the stiffness each time. At the end all inequalities hold, those with a multiplier without
/// slack. A minimum of L in the box with a positive Hessian is then one of f on its domain: all multipliers
/// are >= 0, and the curvature along the edges that they belong to is positive (Debreu's lemma). However many
/// inequalities meet in a point, nothing degenerates.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/detail/quasi_newton_run.hpp>
#include <muhat/fit/detail/trust_region_run.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace muhat::detail {

/// Whether a minimization ended where its edges have to be looked at.
[[nodiscard]] inline bool met_edges(FitStatus status) noexcept {
  return status == FitStatus::domain_edge || status == FitStatus::outside_domain;
}

/// The minimizations of L from one start.
template <class F>
class EdgeRun {
public:
  EdgeRun(F& f, const Box& box, const OptimizerOptions& options, QuasiNewtonWorkspace& workspace)
      : f_(f), box_(box), options_(options), workspace_(workspace) {}
  EdgeRun(const EdgeRun&) = delete;
  EdgeRun& operator=(const EdgeRun&) = delete;
  /// Whatever happens, f is itself again.
  ~EdgeRun() { f_.harden_edges(); }

  /// Converged at a certified minimum of f, whose value and gradient are those of L.
  OptimizerResult run(const Vector& x0, double stiffness) {
    f_.soften_edges(x0);
    end_.x = x0;
    bool certified = false;
    double smallest = std::numeric_limits<double>::infinity();
    int vain = 0;
    for (int stage = 0; stage < stages && end_.iterations < options_.max_iterations; ++stage) {
      f_.set_edge_stiffness(stiffness);
      minimize();
      const double gap = f_.edge_gap(end_.x);
      if (gap < closed) {
        certified = is_certified();
        if (certified || end_.status != FitStatus::converged) {
          break;
        }
        continue;
      }
      vain = gap < 0.5 * smallest ? 0 : vain + 1;
      smallest = std::min(gap, smallest);
      if (vain > patience_with_gaps) {
        break;
      }
      f_.update_multipliers(end_.x);
      stiffness = std::min(factor * stiffness, stiffest);
    }
    end_.status = certified ? FitStatus::converged : FitStatus::domain_edge;
    end_.active_edges = f_.edges_at_zero(end_.x);
    return std::move(end_);
  }

private:
  void minimize() {
    OptimizerOptions rest = options_;
    rest.check_curvature = false;
    rest.max_iterations = std::max(1, std::min(patience, options_.max_iterations - end_.iterations));
    take(QuasiNewtonRun<F>(f_, box_, rest, workspace_, nullptr, false).run(end_.x));
    if (end_.status != FitStatus::converged) {
      finish(rest);
    }
  }

  void finish(OptimizerOptions options) {
    if constexpr (HasHessian<F> || HasHessianProduct<F>) {
      options.max_iterations = std::max(1, options_.max_iterations - end_.iterations);
      take(TrustRegionRun<F>(f_, box_, options).run(end_.x));
    }
  }

  /// Looks at the Hessian of L. False also where a saddle point has been left, still converged then.
  bool is_certified() {
    if (end_.status == FitStatus::converged && options_.check_curvature) {
      const Vector before = end_.x;
      finish(options_);
      return end_.status == FitStatus::converged && end_.x == before;
    }
    return end_.status == FitStatus::converged;
  }

  void take(OptimizerResult&& next) {
    next.iterations += end_.iterations;
    next.evaluations += end_.evaluations + 3;
    end_ = std::move(next);
  }

  static constexpr int stages = 20;
  static constexpr double factor = 10.0;
  static constexpr double stiffest = 1e12;
  /// A gap of rounding.
  static constexpr double closed = 5e-13;
  static constexpr int patience = 100;
  /// Stages in a row that need not bring a gap down.
  static constexpr int patience_with_gaps = 4;

  F& f_;
  const Box& box_;
  const OptimizerOptions& options_;
  QuasiNewtonWorkspace& workspace_;
  OptimizerResult end_;
};

/// The point with the smallest L out of 50 around x inside the box, up to 15 units away: always the same ones
/// for the same k.
template <class F>
[[nodiscard]] Vector best_point_around(F& f, const Vector& x, const Box& box, int k, int& evaluations) {
  constexpr int points = 50;
  constexpr double stiffness = 1e6;
  std::uint64_t state = 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(k + 1);
  Vector best = x;
  double lowest = std::numeric_limits<double>::infinity();
  f.soften_edges(x);
  f.set_edge_stiffness(stiffness);
  for (int j = 0; j < points; ++j) {
    const double reach = j % 3 == 0 ? 2.0 : (j % 3 == 1 ? 6.0 : 30.0);
    Vector point = x;
    for (Index i = 0; i < x.size(); ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      point[i] += reach * (static_cast<double>(state >> 11) / 9007199254740992.0 - 0.5);
    }
    point = clamp(point, box);
    const double value = f.value(point);
    if (value < lowest) {
      lowest = value;
      best = std::move(point);
    }
  }
  evaluations += points;
  f.harden_edges();
  return best;
}

/// A minimum of L as one of f: where f itself is flat there, no edge holds it, and the fit ends without.
template <class F>
[[nodiscard]] OptimizerResult leave_edges(F& f, const Box& box, const OptimizerOptions& options,
                                          QuasiNewtonWorkspace& workspace, OptimizerResult end) {
  constexpr double no_multiplier = 1e-4;
  Vector gradient(end.x.size());
  end.value = f.value_and_gradient(end.x, gradient);
  ++end.evaluations;
  if (std::isfinite(end.value) && projected_gradient(end.x, gradient, box) < no_multiplier) {
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

/// Continues from a point at which a minimization met an edge, or from a start outside the domain. Returns a
/// certified minimum, or the lowest point seen: where nothing inside the domain was, the start.
template <class F>
[[nodiscard]] OptimizerResult follow_edges(F& f, const Box& box, const OptimizerOptions& options,
                                           QuasiNewtonWorkspace& workspace, OptimizerResult reached) {
  constexpr double same = 1e-6;
  constexpr double softest = 10.0;
  constexpr double stiff = 1e5;
  constexpr int starts_from_outside = 10;
  const Vector start = reached.x;
  const int attempts = 2 + (reached.status == FitStatus::outside_domain ? starts_from_outside : 0);
  OptimizerOptions rest = options;
  for (int k = 0; k < attempts && reached.iterations < options.max_iterations; ++k) {
    rest.max_iterations = options.max_iterations - reached.iterations;
    const Vector from = k < 2 ? start : best_point_around(f, start, box, k, reached.evaluations);
    OptimizerResult end = EdgeRun<F>(f, box, rest, workspace).run(from, k == 0 ? softest : stiff);
    end = leave_edges(f, box, rest, workspace, std::move(end));
    end.iterations += reached.iterations;
    end.evaluations += reached.evaluations;
    const bool inside = std::isfinite(end.value);
    const bool lower = inside && (end.value < reached.value || !std::isfinite(reached.value));
    if (end.status == FitStatus::converged && inside && (lower || end.value <= reached.value + same)) {
      return end;
    }
    if (lower) {
      end.status = FitStatus::domain_edge;
      reached = std::move(end);
    } else {
      reached.iterations = end.iterations;
      reached.evaluations = end.evaluations;
    }
  }
  return reached;
}

} // namespace muhat::detail
