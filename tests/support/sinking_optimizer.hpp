#pragma once

#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/optimizer.hpp>

#include <memory>

namespace muhat::test {

/// With the first parameter held, ends above the minimum every time, but less so than before: whatever is
/// known in another box promises something lower, and nothing that is made of its fits ever settles. For one
/// thread.
struct SinkingOptimizer {
  std::shared_ptr<int> count = std::make_shared<int>(0);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    OptimizerResult result = DefaultOptimizer().minimize(f, x0, box);
    if (box.lower[0] == box.upper[0]) {
      result.value += 1e4 / ++*count;
    }
    return result;
  }
};

} // namespace muhat::test
