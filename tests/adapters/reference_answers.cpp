#include "adapter_checks.hpp"

#include <muhat/fit/default_optimizer.hpp>

namespace muhat::test {

OptimizerResult reference_answer(Rosenbrock& f, const Vector& start, const Box& box) {
  return DefaultOptimizer{}.minimize(f, start, box);
}

OptimizerResult reference_answer(PoissonBins& f, const Vector& start, const Box& box) {
  return DefaultOptimizer{}.minimize(f, start, box);
}

} // namespace muhat::test
