#pragma once

#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/optimizer.hpp>

#include <memory>

namespace muhat::test {

/// Ends lower every time, so that nothing that is made of its fits ever settles. For one thread.
struct SinkingOptimizer {
  std::shared_ptr<int> count = std::make_shared<int>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    result.value -= 10.0 * ++*count;
    return result;
  }
};

} // namespace muhat::test
