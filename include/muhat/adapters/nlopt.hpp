#pragma once

/// NLopt's SLSQP as a muhat optimizer (Kraft, ACM TOMS 20 (1994) 262; https://nlopt.readthedocs.io; needs the
/// CMake target muhat::nlopt).
///
/// SLSQP keeps a dense n x n matrix: for problems of up to some hundred parameters. It is started again from
/// the best point for as long as that helps, and the status is decided by muhat's own projected gradient and
/// curvature at the best point seen. Where that is no certified minimum yet, the exact trust region goes on
/// from there (`fallback` in the result). No exception crosses NLopt's C code.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/detail/reduced_problem.hpp>
#include <muhat/fit/detail/start.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>

#include <nlopt.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <vector>

namespace muhat {

class SlsqpOptimizer {
public:
  explicit SlsqpOptimizer(OptimizerOptions options = {}) : options_(options) {}

  [[nodiscard]] const OptimizerOptions& options() const noexcept { return options_; }

  /// Throws only what f throws. NLopt counts evaluations, not iterations, so both are the same here.
  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    detail::explain_objective<F>();
    if (!detail::valid_start(f.dimension(), x0, box)) {
      return detail::refuse_start(x0);
    }
    detail::ReducedProblem<F> problem(f, x0, box);
    if (problem.usable() && problem.size() > 0) {
      for (int start = 0; start < max_starts && problem.evaluations() < options_.max_iterations; ++start) {
        const double before = problem.best_value();
        const double gradient_before = problem.certify_best();
        // NLopt takes 0 for no limit.
        run(problem, std::max(1, options_.max_iterations - problem.evaluations()));
        const double gradient = problem.certify_best();
        const bool helped = problem.best_value() < before || gradient < 0.5 * gradient_before;
        const bool small = gradient < options_.tolerance;
        if (small ? !problem.leave_saddle_point(options_) : !helped) {
          break;
        }
      }
    }
    return problem.result(options_, problem.evaluations());
  }

private:
  static constexpr int max_starts = 50;

  /// What the callback needs; an exception of the objective waits here until NLopt has returned.
  template <class F>
  struct Callback {
    detail::ReducedProblem<F>& problem;
    nlopt::opt& solver;
    Vector z, gradient;
    std::exception_ptr failure = nullptr;

    static double evaluate(unsigned n, const double* z, double* gradient, void* data) noexcept {
      auto& self = *static_cast<Callback*>(data);
      try {
        self.z = Eigen::Map<const Vector>(z, static_cast<Index>(n));
        const double value = self.problem.value_and_gradient(self.z, self.gradient);
        if (gradient != nullptr) {
          Eigen::Map<Vector>(gradient, static_cast<Index>(n)) = self.gradient;
        }
        return value;
      } catch (...) {
        self.failure = std::current_exception();
        self.solver.force_stop();
        return 0.0;
      }
    }
  };

  template <class F>
  static void run(detail::ReducedProblem<F>& problem, int max_evaluations) {
    const Index n = problem.size();
    nlopt::opt solver(nlopt::LD_SLSQP, static_cast<unsigned>(n));
    Callback<F> callback{problem, solver, Vector(n), Vector(n)};
    const auto list = [](const Vector& v) { return std::vector<double>(v.data(), v.data() + v.size()); };
    std::vector<double> z = list(problem.best());
    double value = 0.0;
    try {
      solver.set_min_objective(&Callback<F>::evaluate, &callback);
      solver.set_lower_bounds(list(problem.lower()));
      solver.set_upper_bounds(list(problem.upper()));
      solver.set_ftol_rel(1e-15);
      solver.set_maxeval(max_evaluations);
      solver.optimize(z, value);
    } catch (const std::exception&) {
      // SLSQP also throws where rounding errors stop it: the best point seen is kept either way.
    }
    if (callback.failure) {
      std::rethrow_exception(callback.failure);
    }
  }

  OptimizerOptions options_;
};

} // namespace muhat
