#include <muhat/likelihood/likelihood_evaluator.hpp>

#include <thread>
#include <vector>

#include <muhat/fit/objective.hpp>
#include <muhat/likelihood/expected_data.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>

namespace test = muhat::test;
using muhat::Vector;

using Evaluator = muhat::LikelihoodEvaluator<muhat::Model>;
static_assert(muhat::Objective<Evaluator>);
static_assert(muhat::HasHessian<Evaluator>);
static_assert(muhat::HasHessianProduct<Evaluator>);
static_assert(muhat::HasMetric<Evaluator>);
static_assert(muhat::HasScaledHessian<Evaluator>);
static_assert(muhat::HasArrowHessian<Evaluator>);
static_assert(muhat::PrefersProducts<Evaluator>);
static_assert(muhat::HasResiduals<Evaluator>);
static_assert(muhat::HasKinks<Evaluator>);
static_assert(muhat::HasRounding<Evaluator>);
static_assert(muhat::HasEdges<Evaluator>);

namespace {

/// Everything an evaluator computes at one point.
struct Everything {
  double value = 0.0;
  Vector gradient, product;
  muhat::Matrix hessian;
  muhat::LowRankMetric metric;

  friend bool operator==(const Everything& a, const Everything& b) {
    return a.value == b.value && a.gradient == b.gradient && a.product == b.product &&
           a.hessian == b.hessian && a.metric.diagonal == b.metric.diagonal &&
           a.metric.jacobian == b.metric.jacobian && a.metric.weight == b.metric.weight;
  }
};

Everything evaluate(Evaluator& evaluator, const Vector& x) {
  Everything all;
  all.value = evaluator.value_and_gradient(x, all.gradient);
  evaluator.hessian(x, all.hessian);
  evaluator.hessian_product(x, Vector::LinSpaced(x.size(), -1.0, 1.0), all.product);
  evaluator.metric(x, all.metric);
  return all;
}

struct Problem {
  muhat::Likelihood<muhat::Model> likelihood;
  std::vector<Vector> points;
};

Problem problem(std::uint64_t seed, int npoints) {
  const test::RandomModel random = test::random_model(seed);
  const auto truth = random.truth();
  test::Draws draws(seed);
  std::vector<Vector> points;
  for (int i = 0; i < npoints; ++i) {
    points.push_back(test::to_vector(test::random_point(truth, draws)));
  }
  return {{test::build(random), test::to_vector(random.data)}, points};
}

std::vector<Everything> evaluate_all(const Problem& problem) {
  Evaluator evaluator = problem.likelihood.evaluator();
  std::vector<Everything> results;
  for (const Vector& x : problem.points) {
    results.push_back(evaluate(evaluator, x));
  }
  return results;
}

} // namespace

TEST_CASE("two threads that share a likelihood compute the bits of one") {
  for (const std::uint64_t seed : {3U, 7U, 16U}) {
    const Problem shared = problem(seed, 50);
    const std::vector<Everything> alone = evaluate_all(shared);
    std::vector<std::vector<Everything>> results(2);
    std::vector<std::thread> threads;
    for (auto& result : results) {
      threads.emplace_back([&shared, &result] { result = evaluate_all(shared); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    CHECK((results[0] == alone));
    CHECK((results[1] == alone));
  }
}

TEST_CASE("what was evaluated before leaves no trace") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Problem one = problem(seed, 2);
    Evaluator used = one.likelihood.evaluator();
    (void)evaluate(used, one.points[1]);
    (void)used.value(Vector::Constant(one.points[0].size(), -4.0));
    Evaluator fresh = one.likelihood.evaluator();
    CHECK((evaluate(used, one.points[0]) == evaluate(fresh, one.points[0])));
  }
}

TEST_CASE("a copy of an evaluator has scratch memory of its own") {
  const Problem one = problem(5, 2);
  Evaluator original = one.likelihood.evaluator();
  const Everything first = evaluate(original, one.points[0]);
  Evaluator copy = original;
  CHECK((evaluate(copy, one.points[1]) == evaluate(original, one.points[1])));
  CHECK((evaluate(copy, one.points[0]) == first));
  original = copy;
  CHECK((evaluate(original, one.points[0]) == first));
}

TEST_CASE("exchanged data give what a new likelihood of these data gives") {
  const Problem one = problem(9, 1);
  const muhat::Model& model = one.likelihood.model();
  Vector data = Vector::Constant(model.nbins() + model.nauxdata(), 3.0);
  Evaluator exchanged = one.likelihood.evaluator();
  (void)evaluate(exchanged, one.points[0]);
  exchanged.set_data(data);
  Evaluator fresh = muhat::Likelihood(model, data).evaluator();
  CHECK((evaluate(exchanged, one.points[0]) == evaluate(fresh, one.points[0])));
}

TEST_CASE("a likelihood outlives the model and data it was made of") {
  const auto likelihood = [] {
    const test::RandomModel random = test::random_model(4);
    return muhat::Likelihood(test::build(random), test::to_vector(random.data));
  }();
  const Problem one = problem(4, 1);
  Evaluator evaluator = likelihood.evaluator();
  Evaluator expected = one.likelihood.evaluator();
  CHECK(evaluator.value(one.points[0]) == expected.value(one.points[0]));
}

TEST_CASE("evaluators that share scratch compute the bits of those that do not") {
  const Problem first = problem(5, 6);
  const Problem second = problem(9, 6);
  const std::vector<Everything> first_alone = evaluate_all(first);
  const std::vector<Everything> second_alone = evaluate_all(second);
  Evaluator one = first.likelihood.evaluator();
  Evaluator same = first.likelihood.evaluator();
  Evaluator other = second.likelihood.evaluator();
  Evaluator orphan = second.likelihood.evaluator();
  same.share_scratch(one);
  other.share_scratch(one);
  {
    const Problem gone = problem(7, 1);
    Evaluator donor = gone.likelihood.evaluator();
    (void)evaluate(donor, gone.points.front());
    orphan.share_scratch(donor);
  }
  for (std::size_t k = 0; k < 6; ++k) {
    CAPTURE(k);
    CHECK(evaluate(one, first.points[k]) == first_alone[k]);
    CHECK(evaluate(other, second.points[k]) == second_alone[k]);
    CHECK(evaluate(same, first.points[k]) == first_alone[k]);
    CHECK(evaluate(orphan, second.points[k]) == second_alone[k]);
  }
}

TEST_CASE("the Hessian comes with the diagonal of the metric") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Problem random = problem(seed, 1);
    Evaluator evaluator = random.likelihood.evaluator();
    const Everything all = evaluate(evaluator, random.points.front());
    muhat::Matrix hessian;
    Vector diagonal;
    evaluator.hessian(random.points.front(), hessian, diagonal);
    const Vector truth = all.metric.curvature();
    CAPTURE(seed);
    CHECK(hessian == all.hessian);
    CHECK((diagonal - truth).cwiseAbs().maxCoeff() <= 1e-13 * truth.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("residuals vanish where the data are the expectation, and the Hessian is the metric there") {
  int looked_at = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Problem random = problem(seed, 1);
    const Vector& x = random.points.front();
    const muhat::Model& model = random.likelihood.model();
    Vector data = muhat::expected_data(model, x);
    if (!((data.head(model.nbins()).array() > 0.0).all())) {
      continue;
    }
    ++looked_at;
    CAPTURE(seed);
    Evaluator evaluator = random.likelihood.evaluator();
    evaluator.set_data(data);
    CHECK(evaluator.residuals_vanish(x));
    const Everything all = evaluate(evaluator, x);
    muhat::Matrix squares =
        all.metric.jacobian.transpose() * all.metric.weight.asDiagonal() * all.metric.jacobian;
    squares.diagonal() += all.metric.diagonal;
    CHECK((all.hessian - squares).cwiseAbs().maxCoeff() < 1e-12 * squares.cwiseAbs().maxCoeff());
    data[model.nbins() - 1] *= 1.0 + 1e-15;
    evaluator.set_data(data);
    CHECK_FALSE(evaluator.residuals_vanish(x));
  }
  CHECK(looked_at > 5);
}
