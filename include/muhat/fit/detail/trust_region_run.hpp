#pragma once

/// The iteration of the trust region method (fit/trust_region.hpp).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/detail/line_search.hpp>
#include <muhat/fit/detail/point_below.hpp>
#include <muhat/fit/detail/rounding.hpp>
#include <muhat/fit/detail/smooth_piece.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/detail/trust_region_step.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace muhat::detail {

/// One minimization: the state that its steps share.
template <class F>
class TrustRegionRun {
public:
  TrustRegionRun(F& f, const Box& box, const OptimizerOptions& options)
      : f_(f), box_(box), options_(options) {}

  OptimizerResult run(const Vector& x0) {
    x_ = x0;
    gradient_.resize(x0.size());
    trial_gradient_.resize(x0.size());
    value_ = f_.value_and_gradient(x_, gradient_);
    ++evaluations_;
    const FitStatus start = judge_start(value_, gradient_);
    if (start != FitStatus::converged) {
      return result(start);
    }
    evaluations_ += piece_.enter(f_, x_, gradient_, box_);
    solver_.reset(x0.size());
    return result(iterate());
  }

private:
  FitStatus iterate() {
    for (;; ++iterations_) {
      projected_ = projected_gradient(x_, gradient_, box_, piece_);
      const bool small = projected_ < options_.tolerance;
      if (iterations_ >= options_.max_iterations) {
        return small ? conclude().value_or(FitStatus::iteration_limit) : FitStatus::iteration_limit;
      }
      prepare_model();
      if (radius_ <= 0.0) {
        radius_ = 1.0;
        solve_model();
        radius_ = std::clamp(std::sqrt(solver_.first_square()), 1.0, 1e6);
      }
      solve_model();
      small_count_ = small && gain_ <= value_noise(value_) ? small_count_ + 1 : 0;
      if (small && (0.5 * solver_.first_square() < options_.decrease_tolerance || small_count_ > 4)) {
        if (const auto verdict = conclude()) {
          return *verdict;
        }
        continue;
      }
      const bool at_rest =
          !small && std::max(solver_.predicted(), 0.5 * solver_.first_square()) < options_.decrease_tolerance;
      at_rest_ = at_rest ? at_rest_ + 1 : 0;
      bool ended = at_rest && at_rest_ % interval_at_rest == 0 && is_at_rounding();
      if (!ended && !advance()) {
        if (!small && !(at_rest && is_at_rounding())) {
          return left_domain_ ? FitStatus::domain_edge : FitStatus::stalled;
        }
        ended = true;
      }
      if (ended) {
        if (const auto verdict = conclude()) {
          return *verdict;
        }
        continue;
      }
      left_in_a_row_ = left_domain_ ? left_in_a_row_ + 1 : 0;
      if (left_in_a_row_ > patience) {
        return FitStatus::domain_edge;
      }
    }
  }

  void prepare_model() {
    free_parameters(x_, gradient_, piece_.lower(), piece_.upper(), free_);
    if constexpr (!HasHessianProduct<F>) {
      hessian_.resize(x_.size(), x_.size());
      f_.hessian(x_, hessian_);
    }
    if constexpr (HasMetric<F>) {
      f_.metric(x_, metric_);
      factor_.factorize(metric_, free_);
    } else if constexpr (!HasHessianProduct<F>) {
      metric_.diagonal = hessian_.diagonal().cwiseAbs();
      metric_.jacobian.resize(0, x_.size());
      metric_.weight.resize(0);
      const double smallest = std::max(1e-8 * metric_.diagonal.maxCoeff(), 1e-300);
      metric_.diagonal = metric_.diagonal.cwiseMax(smallest);
      factor_.factorize(metric_, free_);
    } else {
      factor_.set_identity(x_.size(), free_, 1.0);
    }
  }

  void solve_model() {
    const auto multiply = [this](const Vector& v, Vector& hv) {
      if constexpr (HasHessianProduct<F>) {
        f_.hessian_product(x_, v, hv);
      } else {
        hv.setZero(v.size());
        dense::add_product<double>(dense::view(hessian_), 1.0, v.data(), 1, hv.data());
      }
    };
    solver_.solve(multiply, factor_, free_, x_, gradient_, piece_.lower(), piece_.upper(), radius_);
  }

  /// Tries ever smaller steps until one is accepted; false if none is.
  bool advance() {
    left_domain_ = false;
    for (int attempt = 0; attempt < 60; ++attempt) {
      const double predicted = solver_.predicted();
      if (!(predicted > 0.0) || !(radius_ > 1e-14)) {
        return false;
      }
      trial_ = (x_ + solver_.step()).cwiseMax(piece_.lower()).cwiseMin(piece_.upper());
      const double value = f_.value_and_gradient(trial_, trial_gradient_);
      ++evaluations_;
      const bool finite = std::isfinite(value) && trial_gradient_.allFinite();
      left_domain_ = left_domain_ || !finite;
      const double ratio = finite ? decrease_ratio(value, predicted) : -1.0;
      const double length = solver_.length();
      if (ratio < 0.25) {
        radius_ = (finite ? 0.25 : 0.5) * std::min(length, radius_);
      } else if (ratio > 0.75 && (solver_.on_boundary() || length > 0.8 * radius_)) {
        radius_ = std::min(3.0 * radius_, 1e9);
      }
      if (ratio > 1e-4) {
        accept(value);
        return true;
      }
      solve_model();
    }
    return false;
  }

  /// Where rounding hides the decrease, the slope at the end of the step decides.
  double decrease_ratio(double value, double predicted) {
    const double actual = value_ - value;
    if (predicted > value_noise(value_) || std::abs(actual) > value_noise(value_)) {
      return actual / predicted;
    }
    evaluations_ += piece_.correct(f_, trial_, trial_gradient_);
    const double before = gradient_.dot(solver_.step());
    const double after = trial_gradient_.dot(solver_.step());
    return after <= -0.8 * before ? 1.0 : -1.0;
  }

  void accept(double value) {
    x_.swap(trial_);
    gradient_.swap(trial_gradient_);
    gain_ = value_ - value;
    value_ = value;
    certificate_ = {};
    evaluations_ += piece_.enter(f_, x_, gradient_, box_);
  }

  FitStatus judge_curvature() {
    certificate_ = certify(f_, x_, box_, scratch_);
    ++evaluations_;
    return certificate_.positive_curvature.value_or(true) ? FitStatus::converged : FitStatus::stalled;
  }

  /// Whether the gradient is as small as rounding lets it become.
  [[nodiscard]] bool is_at_rounding() {
    return is_zero_up_to_rounding(f_, x_, gradient_, box_, piece_, options_.tolerance, evaluations_);
  }

  /// The end at a point without slope; empty where it was a saddle point that has been left.
  std::optional<FitStatus> conclude() {
    const FitStatus verdict = judge_curvature();
    if (verdict == FitStatus::converged) {
      return verdict;
    }
    if (escape()) {
      return std::nullopt;
    }
    if (certificate_.is_nearly_flat()) {
      certificate_.positive_curvature = true;
      return FitStatus::converged;
    }
    return verdict;
  }

  /// Leaves a saddle point or a maximum.
  bool escape() {
    if (const auto lower = point_below(f_, box_, x_, value_, gradient_, certificate_, evaluations_)) {
      trial_ = lower->x;
      trial_gradient_ = lower->gradient;
      accept(lower->value);
      projected_ = projected_gradient(x_, gradient_, box_, piece_);
      radius_ = -1.0;
      small_count_ = 0;
      at_rest_ = 0;
      return true;
    }
    return false;
  }

  OptimizerResult result(FitStatus status) {
    OptimizerResult out;
    out.x = x_;
    out.value = value_;
    out.gradient = gradient_;
    out.status = status;
    out.projected_gradient = projected_;
    out.iterations = iterations_;
    out.evaluations = evaluations_;
    out.positive_curvature = certificate_.positive_curvature;
    return out;
  }

  /// Steps in a row that may meet the domain's edge; few where the edge can be followed instead.
  static constexpr int patience = HasEdges<F> ? 8 : 50;
  /// After so many iterations in a row that could gain nothing, yet have a gradient, rounding is looked at.
  static constexpr int interval_at_rest = 8;

  F& f_;
  const Box& box_;
  const OptimizerOptions& options_;
  Vector x_, gradient_, trial_, trial_gradient_;
  SmoothPiece piece_;
  LowRankMetric metric_;
  MetricFactor factor_;
  Matrix hessian_;
  TrustRegionStep solver_;
  Certificate certificate_;
  CertificateScratch scratch_;
  std::vector<Index> free_;
  double value_ = 0.0;
  double projected_ = std::numeric_limits<double>::infinity();
  /// What the last step lowered the function by.
  double gain_ = std::numeric_limits<double>::infinity();
  double radius_ = -1.0;
  int iterations_ = 0;
  int evaluations_ = 0;
  int small_count_ = 0;
  int at_rest_ = 0;
  int left_in_a_row_ = 0;
  bool left_domain_ = false;
};

} // namespace muhat::detail
