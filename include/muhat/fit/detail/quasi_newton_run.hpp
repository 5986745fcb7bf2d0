#pragma once

/// The iteration of the bounded quasi-Newton method (fit/quasi_newton.hpp) and its scratch.
///
/// A minimum needs a certificate, and that a factorized Hessian H. It is made where little is left to gain,
/// at x_H, not at the very end: as the metric of the last steps it makes them Newton's. In units of the
/// metric M, for f = -2 log L, the way from there to the minimum x has the length
///
///     s = (sum_k M_kk (x - x_H)_k^2 / 2)^(1/2) ,
///
/// one for a standard deviation, and the curvatures change by the order of s along it. So H counts for x,
/// too, if s < min(1, lambda) / 10 with its smallest curvature lambda
/// (CertificateScratch::smallest_curvature). Where it does not, or a bound has let a parameter go, the
/// certificate is made anew (fit/default_optimizer.hpp).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/detail/box_quadratic.hpp>
#include <muhat/fit/detail/limited_memory.hpp>
#include <muhat/fit/detail/line_search.hpp>
#include <muhat/fit/detail/rounding.hpp>
#include <muhat/fit/detail/smooth_piece.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace muhat {

/// Scratch of a minimization; hand the same one to many to spare their allocations. Carries no
/// information from one to the next: results do not depend on its history.
class QuasiNewtonWorkspace {
public:
  void resize(Index dimension) {
    for (Vector* v : {&x, &gradient, &trial_x, &trial_gradient, &kept_x, &kept_gradient, &direction, &step,
                      &change, &work}) {
      v->resize(dimension);
    }
    memory.reset(dimension, memory_pairs);
    quadratic.reset(dimension);
  }

  static constexpr Index memory_pairs = 20;

  Vector x, gradient, trial_x, trial_gradient, kept_x, kept_gradient, direction, step, change, work, scratch,
      hessian_x;
  detail::LimitedMemory memory;
  detail::BoxQuadratic quadratic;
  detail::SmoothPiece piece;
  LowRankMetric metric;
  MetricFactor factor;
  std::vector<Index> free;
  CertificateScratch certificate;
};

namespace detail {

/// One minimization: the state that its steps share.
template <class F>
class QuasiNewtonRun {
public:
  QuasiNewtonRun(F& f, const Box& box, const OptimizerOptions& options, QuasiNewtonWorkspace& workspace,
                 const MetricFactor* prepared, bool stop_at_edges)
      : f_(f), box_(box), options_(options), w_(workspace), metric_(prepared), stop_at_edges_(stop_at_edges) {
  }

  OptimizerResult run(const Vector& x0) {
    w_.resize(x0.size());
    w_.x = x0;
    value_ = f_.value_and_gradient(w_.x, w_.gradient);
    ++evaluations_;
    const FitStatus start = judge_start(value_, w_.gradient);
    if (start != FitStatus::converged) {
      return result(start);
    }
    evaluations_ += w_.piece.enter(f_, w_.x, w_.gradient, box_);
    projected_ = projected_gradient(w_.x, w_.gradient, box_, w_.piece);
    if (projected_ == 0.0) {
      return result(FitStatus::converged);
    }
    if (metric_ == nullptr) {
      refresh_metric();
    }
    return result(iterate());
  }

private:
  FitStatus iterate() {
    for (;; ++iterations_) {
      projected_ = projected_gradient(w_.x, w_.gradient, box_, w_.piece);
      const bool small = projected_ < options_.tolerance;
      small_count_ = small && gain_ <= value_noise(value_) ? small_count_ + 1 : 0;
      if (small_count_ > 4) {
        return predicted_ <= value_noise(value_) ? settle() : FitStatus::stalled;
      }
      if (idle_ > max_idle && !small) {
        return FitStatus::stalled;
      }
      if (iterations_ >= options_.max_iterations) {
        return small ? settle() : FitStatus::iteration_limit;
      }
      if (!use_hessian() &&
          (metric_is_old() || wants_release() || (age_ > 0 && w_.quadratic.active().size() > 8))) {
        refresh_metric();
      }
      const bool descent = find_direction();
      if (small && (!descent || predicted_ < options_.decrease_tolerance)) {
        return settle();
      }
      if (is_at_rounding(small)) {
        return FitStatus::converged;
      }
      if (descent && search()) {
        failures_ = 0;
        if (keeps_leaving_domain()) {
          projected_ = projected_gradient(w_.x, w_.gradient, box_, w_.piece);
          return FitStatus::domain_edge;
        }
        continue;
      }
      if (small) {
        return settle();
      }
      if (!recover()) {
        return left_domain_ ? FitStatus::domain_edge : FitStatus::stalled;
      }
    }
  }

  /// Whether nothing is left to gain, and the gradient is as small as rounding lets it become. Looked at now
  /// and then.
  [[nodiscard]] bool is_at_rounding(bool small) {
    constexpr int interval = 4;
    const bool at_rest = !small && predicted_ < options_.decrease_tolerance;
    at_rest_ = at_rest ? at_rest_ + 1 : 0;
    if (at_rest_ == 0 || at_rest_ % interval != 0) {
      return false;
    }
    return is_zero_up_to_rounding(f_, w_.x, w_.gradient, box_, w_.piece, options_.tolerance, evaluations_);
  }

  /// A new metric pays while the function still falls noticeably; the last steps are fast without.
  [[nodiscard]] bool metric_is_old() const {
    if constexpr (HasMetric<F>) {
      const bool last_steps = predicted_ < 1e6 * options_.decrease_tolerance;
      return age_ >= (last_steps ? 3 * metric_lifetime : metric_lifetime);
    }
    return false;
  }

  /// Puts parameters that ended within the tolerance of a bound, pushed towards it, exactly there.
  FitStatus settle() {
    const double reach = options_.tolerance;
    w_.trial_x = w_.x;
    for (Index i = 0; i < w_.x.size(); ++i) {
      if (w_.gradient[i] > 0.0 && w_.x[i] - box_.lower[i] < reach &&
          w_.gradient[i] > w_.x[i] - box_.lower[i]) {
        w_.trial_x[i] = box_.lower[i];
      } else if (w_.gradient[i] < 0.0 && box_.upper[i] - w_.x[i] < reach &&
                 -w_.gradient[i] > box_.upper[i] - w_.x[i]) {
        w_.trial_x[i] = box_.upper[i];
      }
    }
    if (w_.trial_x != w_.x) {
      const double value = f_.value_and_gradient(w_.trial_x, w_.trial_gradient);
      ++evaluations_;
      const double projected = muhat::projected_gradient(w_.trial_x, w_.trial_gradient, box_);
      if (value <= value_ && projected < options_.tolerance) {
        w_.x.swap(w_.trial_x);
        w_.gradient.swap(w_.trial_gradient);
        value_ = value;
        projected_ = projected;
      }
    }
    return FitStatus::converged;
  }

  /// Whether to stop creeping towards an edge of the domain that can be followed instead.
  bool keeps_leaving_domain() {
    constexpr int patience = 3;
    left_in_a_row_ = left_domain_ ? left_in_a_row_ + 1 : 0;
    return stop_at_edges_ && left_in_a_row_ >= patience;
  }

  bool find_direction() {
    const auto apply_metric = [this](const Vector& r, Vector& z) {
      if (is_newton_) {
        w_.certificate.solve(r, z);
      } else {
        metric_->apply(r, z, w_.scratch);
      }
    };
    const auto apply = [this, &apply_metric](const Vector& r, Vector& z) {
      w_.memory.apply(apply_metric, r, z, w_.work);
    };
    const bool descent =
        w_.quadratic.solve(apply, w_.x, w_.gradient, w_.piece.lower(), w_.piece.upper(), w_.direction) &&
        w_.direction.allFinite();
    predicted_ = -0.5 * w_.gradient.dot(w_.direction);
    return descent;
  }

  /// Makes the Hessian the metric where a certificate is wanted and little is left to gain. Tried once; false
  /// where it is not positive.
  bool use_hessian() {
    if constexpr (HasScaledHessian<F>) {
      const bool is_near = predicted_ >= 0.0 && predicted_ < newton_gain;
      if (tried_hessian_ || !is_near || !options_.check_curvature || w_.piece.kinked()) {
        return false;
      }
      tried_hessian_ = true;
      free_parameters(w_.x, w_.gradient, box_.lower, box_.upper, w_.certificate.free);
      Certificate certificate;
      if (!factorized_curvature(f_, w_.x, w_.certificate, certificate) ||
          !certificate.positive_curvature.value_or(false) || certificate.flat_directions > 0) {
        return false;
      }
      w_.hessian_x = w_.x;
      // A NaN stays one, and certifies nothing.
      reach_ = 0.1 * std::min(w_.certificate.smallest_curvature(), 1.0);
      fill_free(false);
      partial_ = w_.free.size() > w_.certificate.free.size();
      w_.free = w_.certificate.free;
      w_.memory.clear();
      is_newton_ = true;
      age_ = 0;
      return true;
    }
    return false;
  }

  /// Whether the Hessian that served as metric shows that x is a minimum, too.
  [[nodiscard]] bool is_certified() {
    if (!is_newton_) {
      return false;
    }
    free_parameters(w_.x, w_.gradient, box_.lower, box_.upper, w_.free);
    const std::vector<Index>& seen = w_.certificate.free;
    const double square = 0.5 * w_.certificate.metric.dot((w_.x - w_.hessian_x).cwiseAbs2());
    return std::includes(seen.begin(), seen.end(), w_.free.begin(), w_.free.end()) &&
           square < reach_ * reach_;
  }

  /// Counts steps that neither lower the function beyond its noise nor the projected gradient.
  void count_idle(double value) {
    const bool lower = value < value_ - value_noise(value_);
    idle_ = lower || projected_ < best_projected_ ? 0 : idle_ + 1;
    best_projected_ = lower ? projected_ : std::min(projected_, best_projected_);
  }

  /// Moves x along the direction; false if no acceptable step exists.
  bool search() {
    const LinePoint start{0.0, value_, w_.gradient.dot(w_.direction)};
    const auto evaluate = [this](double t) { return evaluate_at(t); };
    const auto keep = [this] {
      w_.kept_x.swap(w_.trial_x);
      w_.kept_gradient.swap(w_.trial_gradient);
    };
    const LineSearchResult line = line_search(start, largest_step(), evaluate, keep, keep);
    evaluations_ += line.evaluations;
    left_domain_ = line.left_domain;
    if (!line.found || w_.trial_x == w_.x) {
      return false;
    }
    count_idle(line.point.value);
    w_.step = w_.trial_x - w_.x;
    w_.change = w_.trial_gradient - w_.gradient;
    w_.memory.add(w_.step, w_.change);
    w_.x.swap(w_.trial_x);
    w_.gradient.swap(w_.trial_gradient);
    gain_ = value_ - line.point.value;
    value_ = line.point.value;
    evaluations_ += w_.piece.enter(f_, w_.x, w_.gradient, box_);
    ++age_;
    scale_identity();
    return true;
  }

  LinePoint evaluate_at(double t) {
    w_.trial_x = (w_.x + t * w_.direction).cwiseMax(w_.piece.lower()).cwiseMin(w_.piece.upper());
    if (t == 1.0) {
      for (const BoxQuadratic::Active& a : w_.quadratic.active()) {
        w_.trial_x[a.parameter] = a.target;
      }
    }
    const double value = f_.value_and_gradient(w_.trial_x, w_.trial_gradient);
    if (std::isfinite(value)) {
      evaluations_ += w_.piece.correct(f_, w_.trial_x, w_.trial_gradient);
    }
    return {t, value, w_.trial_gradient.dot(w_.direction)};
  }

  /// The longest multiple of the direction inside the bounds.
  [[nodiscard]] double largest_step() const {
    const Vector& lower = w_.piece.lower();
    const Vector& upper = w_.piece.upper();
    double largest = 1e3;
    for (Index i = 0; i < w_.x.size(); ++i) {
      const double d = w_.direction[i];
      if (d != 0.0) {
        largest = std::min(largest, ((d < 0.0 ? lower[i] : upper[i]) - w_.x[i]) / d);
      }
    }
    return std::max(1.0, largest);
  }

  /// Starts from a fresh metric, then from steepest descent, then gives up.
  bool recover() {
    ++failures_;
    if (failures_ > 2) {
      return false;
    }
    w_.memory.clear();
    if (failures_ == 1 && HasMetric<F> && (age_ > 0 || is_newton_)) {
      refresh_metric();
    } else {
      is_newton_ = false;
      fill_free(false);
      w_.factor.set_identity(w_.x.size(), w_.free, 1.0 / std::max(w_.gradient.norm(), 1e-300));
      metric_ = &w_.factor;
    }
    return true;
  }

  /// Many parameters at their bounds are cheaper left out than solved for.
  void refresh_metric() {
    constexpr std::size_t few = 4;
    free_parameters(w_.x, w_.gradient, box_.lower, box_.upper, w_.free);
    const std::size_t without_bounds = w_.free.size();
    fill_free(false);
    partial_ = w_.free.size() > without_bounds + few;
    if (partial_) {
      fill_free(true);
      w_.memory.forget_moves_of([this](const auto& s) { return this->moves_held(s); });
    }
    if constexpr (HasMetric<F>) {
      f_.metric(w_.x, w_.metric);
      w_.factor.factorize(w_.metric, w_.free);
    } else {
      w_.factor.set_identity(w_.x.size(), w_.free, 1.0 / std::max(w_.gradient.norm(), 1e-300));
      scale_identity();
    }
    metric_ = &w_.factor;
    is_newton_ = false;
    age_ = 0;
  }

  void fill_free(bool without_bounds) {
    if (without_bounds) {
      free_parameters(w_.x, w_.gradient, box_.lower, box_.upper, w_.free);
      return;
    }
    w_.free.clear();
    for (Index i = 0; i < w_.x.size(); ++i) {
      if (box_.lower[i] < box_.upper[i]) {
        w_.free.push_back(i);
      }
    }
  }

  template <class Step>
  [[nodiscard]] bool moves_held(const Step& s) const {
    std::size_t next = 0;
    for (Index i = 0; i < s.size(); ++i) {
      if (next < w_.free.size() && w_.free[next] == i) {
        ++next;
      } else if (s[i] != 0.0) {
        return true;
      }
    }
    return false;
  }

  /// Whether a parameter that was left out at its bound now wants to move.
  [[nodiscard]] bool wants_release() const {
    if (!partial_) {
      return false;
    }
    std::size_t next = 0;
    for (Index i = 0; i < w_.x.size(); ++i) {
      if (next < w_.free.size() && w_.free[next] == i) {
        ++next;
      } else if (box_.lower[i] < box_.upper[i]) {
        const double g = w_.gradient[i];
        if ((w_.x[i] <= box_.lower[i] && g < 0.0) || (w_.x[i] >= box_.upper[i] && g > 0.0)) {
          return true;
        }
      }
    }
    return false;
  }

  /// Without a metric: the unit matrix scaled to the curvature of the last step.
  void scale_identity() {
    if constexpr (!HasMetric<F>) {
      if (w_.memory.size() > 0) {
        const double curvature = w_.step.dot(w_.change);
        const double square = w_.change.squaredNorm();
        if (curvature > 0.0 && square > 0.0) {
          w_.factor.set_identity(w_.x.size(), w_.free, curvature / square);
        }
      }
    }
  }

  OptimizerResult result(FitStatus status) {
    OptimizerResult out;
    out.x = w_.x;
    out.value = value_;
    out.gradient = w_.gradient;
    out.status = status;
    out.projected_gradient = projected_;
    out.iterations = iterations_;
    out.evaluations = evaluations_;
    if (status == FitStatus::converged && is_certified()) {
      out.positive_curvature = true;
    }
    return out;
  }

  static constexpr int metric_lifetime = 10;
  /// The Hessian is used when less than this was left to gain at the step before.
  static constexpr double newton_gain = 1e-6;
  static constexpr int max_idle = 25;

  F& f_;
  const Box& box_;
  const OptimizerOptions& options_;
  QuasiNewtonWorkspace& w_;
  const MetricFactor* metric_;
  bool stop_at_edges_;
  double value_ = 0.0;
  double projected_ = std::numeric_limits<double>::infinity();
  double predicted_ = std::numeric_limits<double>::infinity();
  /// What the last step lowered the function by.
  double gain_ = std::numeric_limits<double>::infinity();
  int iterations_ = 0;
  int evaluations_ = 0;
  int age_ = 0;
  double best_projected_ = std::numeric_limits<double>::infinity();
  int idle_ = 0;
  int at_rest_ = 0;
  int failures_ = 0;
  int left_in_a_row_ = 0;
  int small_count_ = 0;
  bool partial_ = false;
  /// Whether the last certificate's Hessian is the metric, and how long a way from there it counts for.
  bool is_newton_ = false;
  bool tried_hessian_ = false;
  double reach_ = 0.0;
  bool left_domain_ = false;
};

} // namespace detail

} // namespace muhat
