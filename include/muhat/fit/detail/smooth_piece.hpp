#pragma once

/// The smooth piece of a function with kinks that a descent from x may use.
///
/// Each kink splits its parameter's axis. A step may reach a kink but not cross
/// it; from a point on a kink the side on which the function falls is taken, and
/// where the one-sided derivatives bracket 0 the parameter is held for this
/// step. Within the piece the function is smooth, so that secant pairs and line
/// searches mean what they should. (The orthants of OWL-QN, Andrew and Gao,
/// ICML 2007, are the special case of |x|.)

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <span>

namespace muhat::detail {

class SmoothPiece {
public:
  /// Chooses the piece at x and turns `gradient` (derivatives from below) into the piece's
  /// derivatives. Returns the number of gradient evaluations spent.
  template <class F>
  int enter(F& f, const Vector& x, Vector& gradient, const Box& box) {
    box_ = &box;
    kinked_ = false;
    any_held_ = false;
    if constexpr (HasKinks<F>) {
      const std::span<const Kink> kinks = f.kinks();
      if (!kinks.empty()) {
        kinked_ = true;
        return choose(f, kinks, x, gradient, box);
      }
    }
    return 0;
  }

  /// Turns the derivatives from below at a point of the piece into the piece's own.
  template <class F>
  int correct(F& f, const Vector& x, Vector& gradient) {
    if constexpr (HasKinks<F>) {
      if (!kinked_) {
        return 0;
      }
      bool filled = false;
      for (const Kink& kink : std::span<const Kink>(f.kinks())) {
        const Index i = kink.parameter;
        if (x[i] == kink.position && lower_[i] == kink.position && upper_[i] > kink.position) {
          if (!filled) {
            f.right_gradient(x, right_);
            filled = true;
          }
          gradient[i] = right_[i];
        }
      }
      return filled ? 1 : 0;
    }
    return 0;
  }

  [[nodiscard]] const Vector& lower() const noexcept { return kinked_ ? lower_ : box_->lower; }
  [[nodiscard]] const Vector& upper() const noexcept { return kinked_ ? upper_ : box_->upper; }

  /// Whether the function has kinks anywhere.
  [[nodiscard]] bool kinked() const noexcept { return kinked_; }

  /// Parameters at a kink whose one-sided derivatives bracket 0.
  [[nodiscard]] bool held(Index i) const { return any_held_ && held_[i] != 0.0; }
  [[nodiscard]] bool any_held() const noexcept { return any_held_; }

private:
  template <class F>
  int choose(F& f, std::span<const Kink> kinks, const Vector& x, Vector& gradient, const Box& box) {
    lower_ = box.lower;
    upper_ = box.upper;
    held_.setZero(x.size());
    bool on_kink = false;
    for (const Kink& kink : kinks) {
      const Index i = kink.parameter;
      if (x[i] == kink.position) {
        on_kink = true;
      } else if (x[i] < kink.position) {
        upper_[i] = std::min(upper_[i], kink.position);
      } else {
        lower_[i] = std::max(lower_[i], kink.position);
      }
    }
    if (!on_kink) {
      return 0;
    }
    f.value_and_gradient(x, gradient);
    right_.resize(x.size());
    f.right_gradient(x, right_);
    for (const Kink& kink : kinks) {
      if (x[kink.parameter] == kink.position) {
        choose_side(kink, gradient, box);
      }
    }
    return 2;
  }

  void choose_side(const Kink& kink, Vector& gradient, const Box& box) {
    const Index i = kink.parameter;
    const double fall_left = box.lower[i] < kink.position ? gradient[i] : 0.0;
    const double fall_right = box.upper[i] > kink.position ? -right_[i] : 0.0;
    if (fall_left > 0.0 && fall_left >= fall_right) {
      upper_[i] = kink.position;
    } else if (fall_right > 0.0) {
      lower_[i] = kink.position;
      gradient[i] = right_[i];
    } else {
      lower_[i] = kink.position;
      upper_[i] = kink.position;
      held_[i] = 1.0;
      any_held_ = true;
    }
  }

  const Box* box_ = nullptr;
  Vector lower_, upper_, right_, held_;
  bool kinked_ = false;
  bool any_held_ = false;
};

} // namespace muhat::detail
