#pragma once

/// LBFGS++'s L-BFGS-B solver as a muhat optimizer (https://lbfgspp.statr.me; needs the
/// CMake target muhat::lbfgspp).
///
/// LBFGS++ 0.1.0 throws where its line search meets rounding errors, which happens near minima, and its
/// own stopping rules end early. Here it is started again from the best point for as long as that helps, and
/// the status is decided by muhat's own projected gradient and curvature at the best point seen. Where that
/// is no certified minimum yet, the exact trust region goes on from there (`fallback` in the result).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/reduced_problem.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <LBFGSB.h>

#include <algorithm>
#include <exception>

namespace muhat {

class LbfgsppOptimizer {
public:
  explicit LbfgsppOptimizer(OptimizerOptions options = {}) : options_(options) {}

  [[nodiscard]] const OptimizerOptions& options() const noexcept { return options_; }

  /// Throws only what f throws. Iterations of a run that LBFGS++ ends by an exception count as its
  /// evaluations.
  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    detail::explain_objective<F>();
    if (!detail::valid_start(f.dimension(), x0, box)) {
      return detail::refuse_start(x0);
    }
    detail::ReducedProblem<F> problem(f, x0, box);
    int iterations = 0;
    if (problem.usable() && problem.size() > 0) {
      double epsilon = 0.1 * options_.tolerance;
      for (int start = 0; start < max_starts && iterations < options_.max_iterations; ++start) {
        const double before = problem.best_value();
        const double gradient_before = problem.certify_best();
        iterations += run(problem, epsilon, options_.max_iterations - iterations);
        const double gradient = problem.certify_best();
        const bool helped = problem.best_value() < before || gradient < 0.5 * gradient_before;
        const bool small = gradient < options_.tolerance;
        if (small ? !problem.leave_saddle_point(options_) : !helped) {
          break;
        }
        epsilon *= small ? 1.0 : 0.3;
      }
    }
    return problem.result(options_, iterations);
  }

private:
  static constexpr int max_starts = 50;

  template <class F>
  static int run(detail::ReducedProblem<F>& problem, double epsilon, int max_iterations) {
    LBFGSpp::LBFGSBParam<double> settings;
    settings.m = 10;
    settings.epsilon = epsilon;
    settings.epsilon_rel = 0.0;
    settings.past = 0;
    settings.max_iterations = max_iterations;
    settings.max_linesearch = 40;
    Vector z = problem.best();
    double value = 0.0;
    const int before = problem.evaluations();
    std::exception_ptr failure;
    const auto evaluate = [&problem, &failure](const Vector& point, Vector& gradient) {
      try {
        return problem.value_and_gradient(point, gradient);
      } catch (...) {
        failure = std::current_exception();
        throw;
      }
    };
    try {
      LBFGSpp::LBFGSBSolver<double> solver(settings);
      return solver.minimize(evaluate, z, value, problem.lower(), problem.upper());
    } catch (const std::exception&) {
      // Its own complaints are no reason to stop: the best point seen is kept.
      if (failure) {
        std::rethrow_exception(failure);
      }
    }
    return std::max(1, problem.evaluations() - before);
  }

  OptimizerOptions options_;
};

} // namespace muhat
