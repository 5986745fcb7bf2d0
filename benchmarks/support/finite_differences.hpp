#pragma once

/// Gradients as pyhf without autodiff and Minuit take them: central differences of the
/// same likelihood, two values for each parameter that may move. The metric and all second derivatives are
/// out of sight.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace muhat::benchmark {

/// An objective without derivatives of its own. Differences are one-sided at a bound.
template <class F>
class NumericalGradient {
public:
  NumericalGradient(F& f, const Box& box) : f_(f), box_(box) {}

  [[nodiscard]] Index dimension() const { return f_.dimension(); }
  [[nodiscard]] double value(const Vector& x) { return f_.value(x); }

  double value_and_gradient(const Vector& x, Vector& gradient) {
    gradient.setZero(x.size());
    const double center = f_.value(x);
    if (!std::isfinite(center)) {
      return center;
    }
    point_ = x;
    for (Index i = 0; i < x.size(); ++i) {
      if (!(box_.lower[i] < box_.upper[i])) {
        continue;
      }
      const double step = 1e-5 * std::max(1.0, std::abs(x[i]));
      const double above = std::min(x[i] + step, box_.upper[i]);
      const double below = std::max(x[i] - step, box_.lower[i]);
      gradient[i] = (at(i, above) - at(i, below)) / (above - below);
      point_[i] = x[i];
    }
    return center;
  }

private:
  double at(Index i, double x) {
    point_[i] = x;
    return f_.value(point_);
  }

  F& f_;
  const Box& box_;
  Vector point_;
};

/// An optimizer fed with numerical gradients.
template <class Inner>
class WithNumericalGradient {
public:
  explicit WithNumericalGradient(OptimizerOptions options = loose()) : inner_(options) {}

  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    NumericalGradient<F> numerical(f, box);
    return inner_.minimize(numerical, x0, box);
  }

  /// Differences are good to some five digits.
  static OptimizerOptions loose() {
    OptimizerOptions options;
    options.tolerance = 1e-2;
    return options;
  }

private:
  Inner inner_;
};

} // namespace muhat::benchmark
