#pragma once

/// A box-constrained problem as third-party optimizers like it.
///
/// Parameters that the box fixes are left out, the others are scaled by the
/// square root of the metric's diagonal (where the objective has a metric), and
/// +infinity becomes a large finite value. Remembers the best point it was asked for, so that
/// nothing is lost when the optimizer throws or returns another one.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/detail/point_below.hpp>
#include <muhat/fit/detail/smooth_piece.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>
#include <muhat/fit/trust_region.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace muhat::detail {

template <class F>
class ReducedProblem {
public:
  ReducedProblem(F& f, const Vector& x0, const Box& box)
      : f_(f), box_(box), x_(x0), gradient_(x0.size()), best_x_(x0), best_gradient_(x0.size()) {
    best_value_ = f_.value_and_gradient(x_, best_gradient_);
    ++evaluations_;
    status_ = judge_start(best_value_, best_gradient_);
    for (Index i = 0; i < x0.size(); ++i) {
      if (box.lower[i] < box.upper[i]) {
        free_.push_back(i);
      }
    }
    scale_.setOnes(static_cast<Index>(free_.size()));
    if constexpr (HasMetric<F>) {
      if (status_ == FitStatus::converged) {
        set_scale();
      }
    }
  }

  [[nodiscard]] bool usable() const noexcept { return status_ == FitStatus::converged; }
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(free_.size()); }
  [[nodiscard]] double best_value() const noexcept { return best_value_; }
  [[nodiscard]] int evaluations() const noexcept { return evaluations_; }

  [[nodiscard]] Vector best() const { return reduce(best_x_); }
  [[nodiscard]] Vector lower() const { return reduce(box_.lower); }
  [[nodiscard]] Vector upper() const { return reduce(box_.upper); }

  /// Value and gradient in the reduced variables; both finite.
  template <class Reduced>
  double value_and_gradient(const Vector& z, Reduced& gradient) {
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const Index i = free_[k];
      const double x = z[static_cast<Index>(k)] * scale_[static_cast<Index>(k)];
      x_[i] = std::min(std::max(x, box_.lower[i]), box_.upper[i]);
    }
    const double value = f_.value_and_gradient(x_, gradient_);
    ++evaluations_;
    const bool finite = std::isfinite(value) && gradient_.allFinite();
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const auto j = static_cast<Index>(k);
      gradient[j] = finite ? gradient_[free_[k]] * scale_[j] : 0.0;
    }
    if (!finite) {
      return best_value_ + 1e3 * (1.0 + std::abs(best_value_));
    }
    if (value <= best_value_) {
      set_best(value, x_, gradient_);
    }
    return value;
  }

  /// The projected gradient at the best point, in the original variables.
  double certify_best() {
    Vector gradient = best_gradient_;
    evaluations_ += piece_.enter(f_, best_x_, gradient, box_);
    return projected_gradient(best_x_, gradient, box_, piece_);
  }

  /// Where the best point is a saddle point or a maximum, replaces it by a lower one nearby, to go on from;
  /// false where it is a minimum, or not looked at (`check_curvature`).
  bool leave_saddle_point(const OptimizerOptions& options) {
    if (!options.check_curvature) {
      return false;
    }
    const Certificate certificate = certify(f_, best_x_, box_);
    ++evaluations_;
    positive_curvature_ = certificate.positive_curvature;
    if (positive_curvature_.value_or(true)) {
      return false;
    }
    const auto lower = point_below(f_, box_, best_x_, best_value_, best_gradient_, certificate, evaluations_);
    if (lower) {
      set_best(lower->value, lower->x, lower->gradient);
    } else if (certificate.is_nearly_flat()) {
      positive_curvature_ = true;
    }
    return lower.has_value();
  }

  /// The best point: converged if its projected gradient is small and `leave_saddle_point` found it to be a
  /// minimum or was not asked about it. From any other the trust region goes on, where there are second
  /// derivatives.
  [[nodiscard]] OptimizerResult result(const OptimizerOptions& options, int iterations) {
    // A start that is flat already may have used up all iterations.
    if (usable() && !positive_curvature_ && certify_best() < options.tolerance) {
      (void)leave_saddle_point(options);
    }
    OptimizerResult out;
    out.x = best_x_;
    out.value = best_value_;
    out.gradient = best_gradient_;
    out.iterations = iterations;
    out.projected_gradient = std::numeric_limits<double>::infinity();
    out.status = status_;
    if (usable()) {
      out.projected_gradient = certify_best();
      const bool exhausted = iterations >= options.max_iterations;
      const bool minimum = out.projected_gradient < options.tolerance && positive_curvature_.value_or(true);
      out.status = minimum     ? FitStatus::converged
                   : exhausted ? FitStatus::iteration_limit
                               : FitStatus::stalled;
      out.positive_curvature = positive_curvature_;
    }
    out.evaluations = evaluations_;
    if constexpr (HasHessian<F> || HasHessianProduct<F>) {
      // From a start outside the domain only the trust region finds its way.
      if (out.status == FitStatus::stalled || out.status == FitStatus::outside_domain) {
        return finish_by_trust_region(f_, box_, options, out);
      }
    }
    return out;
  }

private:
  void set_best(double value, const Vector& x, const Vector& gradient) {
    best_value_ = value;
    best_x_ = x;
    best_gradient_ = gradient;
    positive_curvature_.reset();
  }

  void set_scale() {
    LowRankMetric metric;
    f_.metric(x_, metric);
    const Vector curvatures = metric.curvature();
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const double curvature = curvatures[free_[k]];
      if (curvature > 0.0 && std::isfinite(curvature)) {
        scale_[static_cast<Index>(k)] = 1.0 / std::sqrt(curvature);
      }
    }
  }

  [[nodiscard]] Vector reduce(const Vector& full) const {
    Vector z(size());
    for (std::size_t k = 0; k < free_.size(); ++k) {
      z[static_cast<Index>(k)] = full[free_[k]] / scale_[static_cast<Index>(k)];
    }
    return z;
  }

  F& f_;
  const Box& box_;
  std::vector<Index> free_;
  Vector scale_, x_, gradient_, best_x_, best_gradient_;
  SmoothPiece piece_;
  double best_value_ = 0.0;
  /// Of the best point, once looked at.
  std::optional<bool> positive_curvature_;
  int evaluations_ = 0;
  FitStatus status_ = FitStatus::stalled;
};

} // namespace muhat::detail
