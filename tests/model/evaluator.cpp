/// Forward and reverse sweeps and both forms of the Jacobian against each other and the oracle.

#include <muhat/model/evaluator.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <muhat/model/build.hpp>

#include <support/block_jacobian.hpp>
#include <support/catch.hpp>
#include <support/differences.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>
#include <support/specs.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Index;
using muhat::Matrix;
using muhat::Vector;
using Evaluator = muhat::ModelEvaluator<double, muhat::Model::Tables>;

/// Calls check(evaluator after a forward sweep at x, truth, x) for random models.
template <class Check>
void for_random_models(const Check& check) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const auto truth = random.truth();
    const muhat::Model model = test::build(random);
    test::Draws draws(seed);
    const Vector x = test::to_vector(test::random_point(truth, draws));
    Evaluator evaluator(model.tables());
    evaluator.forward(x.data(), muhat::Slopes::left);
    check(evaluator, truth, x);
  }
}

double difference(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff() / std::max(1.0, b.cwiseAbs().maxCoeff());
}

} // namespace

TEST_CASE("the Jacobian in blocks, written out, is the dense one") {
  for_random_models([](Evaluator& evaluator, const auto&, const Vector&) {
    Matrix dense;
    evaluator.jacobian(dense);
    const auto blocks = evaluator.block_jacobian();
    REQUIRE(blocks.rows == dense.rows());
    REQUIRE(blocks.parameters == dense.cols());
    CHECK(difference(test::written_out(blocks), dense) < test::tolerance::identity);
    for (std::size_t k = 1; k < blocks.locals.size(); ++k) {
      CHECK(blocks.locals[k - 1].parameter < blocks.locals[k].parameter);
    }
  });
}

TEST_CASE("the Jacobian comes transposed, too") {
  for_random_models([](Evaluator& evaluator, const auto&, const Vector&) {
    Matrix jacobian, transposed;
    evaluator.jacobian(jacobian);
    evaluator.transposed_jacobian(transposed);
    CHECK(transposed == jacobian.transpose());
  });
}

TEST_CASE("a reverse sweep is the transposed Jacobian times its seed") {
  for_random_models([](Evaluator& evaluator, const auto&, const Vector& x) {
    Matrix jacobian;
    evaluator.jacobian(jacobian);
    Vector seed = Vector::Zero(evaluator.rates().size());
    seed.head(jacobian.rows()).setLinSpaced(jacobian.rows(), -1.0, 2.0);
    Vector gradient(x.size());
    evaluator.reverse(seed.data(), gradient.data());
    CHECK(difference(gradient, jacobian.transpose() * seed.head(jacobian.rows())) <
          test::tolerance::identity);
  });
}

TEST_CASE("the Jacobian holds the oracle's differences of the rates") {
  for_random_models([](Evaluator& evaluator, const auto& truth, const Vector& x) {
    Matrix found, expected;
    evaluator.jacobian(found);
    expected.resizeLike(found);
    for (Index bin = 0; bin < found.rows(); ++bin) {
      const auto rate = [&](const test::RealVector& point) {
        return truth.expected_actualdata(point)[static_cast<std::size_t>(bin)];
      };
      for (Index i = 0; i < found.cols(); ++i) {
        expected(bin, i) =
            static_cast<double>(test::first_difference(rate, test::to_reals(x), static_cast<std::size_t>(i)));
      }
    }
    CHECK(difference(found, expected) < test::tolerance::gradient);
  });
}

TEST_CASE("the Jacobian is right where factors are zero") {
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("a", {10.0, 20.0},
                    {test::normfactor("mu"), test::normfactor("k"), test::shapefactor("f"),
                     test::histosys("shift", {12.0, 19.0}, {9.0, 22.0})}),
       test::sample("b", {5.0, 6.0})}));
  REQUIRE(model.par_names() == std::vector<std::string>{"shift", "k", "mu", "f[0]", "f[1]"});
  Evaluator evaluator(model.tables());
  Matrix jacobian;
  const Vector one_zero{{0.0, 2.0, 0.0, 3.0, 1.0}};
  evaluator.forward(one_zero.data(), muhat::Slopes::left);
  evaluator.jacobian(jacobian);
  CHECK(jacobian == Matrix{{0.0, 0.0, 60.0, 0.0, 0.0}, {0.0, 0.0, 40.0, 0.0, 0.0}});
  const Vector two_zeros{{0.0, 0.0, 0.0, 3.0, 1.0}};
  evaluator.forward(two_zeros.data(), muhat::Slopes::left);
  evaluator.jacobian(jacobian);
  CHECK(jacobian == Matrix::Zero(2, 5));
}
