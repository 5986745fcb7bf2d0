#pragma once

#include <muhat/fit/default_optimizer.hpp>

namespace muhat::test {

/// Gives up where the best fit is a large signal.
struct MoodyOptimizer {
  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (box.lower[0] < box.upper[0] && result.x[0] > 1.2) {
      result.status = FitStatus::stalled;
    }
    return result;
  }
};

} // namespace muhat::test
