#pragma once

/// What every adapter of a third-party optimizer has to get right.

#include <muhat/fit/default_optimizer.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/workspace/load.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>
#include <support/tolerances.hpp>
#include <support/zoo.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace muhat::test {

/// The default optimizer's answers, compiled once for all adapters (reference_answers.cpp).
[[nodiscard]] OptimizerResult reference_answer(Rosenbrock& f, const Vector& start, const Box& box);
[[nodiscard]] OptimizerResult reference_answer(PoissonBins& f, const Vector& start, const Box& box);

/// Throws at its third evaluation.
struct Throwing : Rosenbrock {
  double value_and_gradient(const Vector& x, Vector& g) {
    if (evaluations >= 2) {
      throw std::out_of_range("third evaluation");
    }
    return Rosenbrock::value_and_gradient(x, g);
  }
};

template <class Optimizer>
void check_valleys(const Optimizer& optimizer) {
  for (const Index n : {2, 10}) {
    Rosenbrock f{n};
    const auto free = optimizer.minimize(f, Vector::Constant(n, -0.7), unbounded(n));
    CAPTURE(n);
    CHECK(free.status == FitStatus::converged);
    CHECK((free.x.array() - 1.0).abs().maxCoeff() < 1e-4);
    CHECK(free.evaluations == f.evaluations);
    const auto bounded = optimizer.minimize(f, Vector::Constant(n, -1.2), cube(n, -1.5, 0.8));
    const auto reference = reference_answer(f, Vector::Constant(n, -1.2), cube(n, -1.5, 0.8));
    CHECK(bounded.status == FitStatus::converged);
    CHECK(bounded.value == Approx(reference.value).margin(1e-8));
  }
}

/// Values agree even where rounding keeps the adapter from a certificate.
template <class Optimizer>
void check_likelihoods(const Optimizer& optimizer) {
  std::mt19937_64 engine(21);
  for (int k = 0; k < 20; ++k) {
    auto f = PoissonBins::random(engine, 6 + k, 1 + k % 2, 10 + 3 * k, 40.0);
    Box box = f.box();
    Vector start = f.start();
    start[3] = box.lower[3] = box.upper[3] = 0.2;
    const auto result = optimizer.minimize(f, start, box);
    const auto reference = reference_answer(f, start, box);
    CAPTURE(k);
    REQUIRE(reference.status == FitStatus::converged);
    CHECK(result.x[3] == 0.2);
    CHECK(result.value == Approx(reference.value).margin(1e-5).epsilon(1e-12));
    CHECK((result.status == FitStatus::converged) == (result.projected_gradient < 1e-6));
  }
}

template <class Optimizer>
void check_refusals(const Optimizer& optimizer) {
  Rosenbrock f{2};
  CHECK(optimizer.minimize(f, Vector::Zero(3), unbounded(2)).status == FitStatus::invalid_start);
  CHECK(optimizer.minimize(f, Vector::Constant(2, 3.0), cube(2, 0.0, 1.0)).status ==
        FitStatus::invalid_start);
  const Vector x = Vector::Constant(2, 0.3);
  const auto fixed = optimizer.minimize(f, x, Box{x, x});
  CHECK(fixed.status == FitStatus::converged);
  CHECK(fixed.x == x);
  struct Outside : Rosenbrock {
    double value_and_gradient(const Vector& /*x*/, Vector& g) {
      g.setZero();
      return infinity;
    }
  };
  Outside outside;
  outside.n = 2;
  CHECK(optimizer.minimize(outside, x, unbounded(2)).status == FitStatus::outside_domain);
  // At a kink a look at the certificate costs evaluations too.
  AbsoluteValues kinked(Vector{{0.5, 0.3, 0.2}}, Vector{{2.0, 3.0, -4.0}}, 0.7);
  for (const int limit : {1, 2, 3, 4}) {
    const auto hurried = Optimizer({.max_iterations = limit}).minimize(kinked, Vector::Zero(3), unbounded(3));
    CHECK(hurried.evaluations < 12);
  }
  const auto limited = Optimizer({.max_iterations = 3}).minimize(f, Vector::Constant(2, -1.2), unbounded(2));
  CHECK(limited.status == FitStatus::iteration_limit);
  Throwing throwing;
  throwing.n = 2;
  CHECK_THROWS_AS(optimizer.minimize(throwing, Vector::Constant(2, -1.2), unbounded(2)), std::out_of_range);
}

/// From the ridge, where the gradient vanishes in the middle.
template <class Optimizer>
void check_saddle_points(const Optimizer& optimizer) {
  DoubleWell f;
  Vector start(2);
  start << 1.0, 0.0;
  const auto minimum = optimizer.minimize(f, start, unbounded(2));
  CHECK(minimum.status == FitStatus::converged);
  CHECK(minimum.positive_curvature.value());
  CHECK(minimum.value == Approx(-0.25).epsilon(0.0).margin(1e-9));
  const auto saddle = Optimizer({.check_curvature = false}).minimize(f, start, unbounded(2));
  CHECK(saddle.value == Approx(0.0).margin(1e-9));
}

/// Free fits of the published likelihoods and those with the parameter of interest at 0 and 1.
template <class Optimizer>
void check_published(const Optimizer& optimizer) {
  for (const ZooEntry& entry : zoo_entries()) {
    const auto workspace = load_workspace(entry.workspace_path());
    const Model model = build_model(workspace, {.measurement = entry.reference().measurement});
    const Index poi = model.parameter_index(model.poi_name());
    auto f = Likelihood(model, observed_data(workspace, model)).evaluator();
    Box box{model.suggested_lower(), model.suggested_upper()};
    Vector start = model.suggested_init();
    for (Index i = 0; i < start.size(); ++i) {
      if (model.suggested_fixed()[static_cast<std::size_t>(i)]) {
        box.lower[i] = box.upper[i] = start[i];
      }
    }
    for (const double mu : {-1.0, 0.0, 1.0}) {
      if (mu >= 0.0) {
        start[poi] = box.lower[poi] = box.upper[poi] = mu;
      }
      CAPTURE(entry.name, mu);
      const OptimizerResult result = optimizer.minimize(f, start, box);
      CHECK(result.status == FitStatus::converged);
      CHECK(result.projected_gradient < tolerance::projected_gradient);
      // Of several minima a single start may find another one.
      if (entry.name == "sbottom-A") {
        CHECK(result.value ==
              Approx(DefaultOptimizer{}.minimize(f, start, box).value).margin(1e-5).epsilon(0.0));
      }
    }
  }
}

} // namespace muhat::test
