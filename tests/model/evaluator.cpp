/// Forward and reverse sweeps and both forms of the Jacobian against each other and the oracle.

#include <muhat/model/evaluator.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/arrow_pattern.hpp>
#include <muhat/model/build.hpp>

#include <support/arrow_matrix.hpp>
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
      const auto& before = blocks.locals[k - 1];
      const auto& local = blocks.locals[k];
      CHECK(std::pair{before.parameter, before.row} < std::pair{local.parameter, local.row});
    }
  });
}

TEST_CASE("second derivatives in the shape of an arrow, written out, are the dense ones") {
  for_random_models([](Evaluator& evaluator, const auto& truth, Vector x) {
    test::Draws draws(x.size() > 0 ? static_cast<std::uint64_t>(x.size()) : 1U);
    const muhat::JacobianPattern pattern = evaluator.pattern_around(x);
    for (const bool at_zero : {false, true}) {
      for (const auto& set : truth.parameter_sets()) {
        for (std::size_t i = 0; at_zero && i < set.size; ++i) {
          x[static_cast<Index>(set.first + i)] = 0.0;
        }
      }
      evaluator.forward(x.data(), muhat::Slopes::left);
      Vector adjoint(evaluator.rates().size());
      for (Index b = 0; b < adjoint.size(); ++b) {
        adjoint[b] = draws.uniform(-1.0, 1.0);
      }
      const auto blocks = evaluator.block_jacobian(pattern);
      adjoint[blocks.rows] = 0.0;
      Matrix dense = Matrix::Zero(x.size(), x.size());
      evaluator.add_curvature(adjoint.data(), dense);
      dense = Matrix(dense.selfadjointView<Eigen::Lower>());
      muhat::ArrowMatrix<double> arrow;
      arrow.reset(std::make_shared<const muhat::ArrowPattern>(blocks));
      REQUIRE(evaluator.add_curvature(adjoint.data(), arrow));
      CHECK(difference(test::written_out(arrow), dense) < test::tolerance::identity);
    }
  });
}

TEST_CASE("a pattern that lacks an entry is noticed") {
  const auto model = muhat::build_model(test::single_channel(
      {test::sample("signal", {3.0, 4.0}, {test::normfactor("mu"), test::normsys("alpha", 1.2, 0.9)})}));
  Evaluator evaluator(model.tables());
  const Vector x = Vector::Zero(2);
  evaluator.forward(x.data(), muhat::Slopes::left);
  const Vector adjoint = Vector::Ones(evaluator.rates().size());
  muhat::ArrowMatrix<double> arrow;
  // Where mu = 0, alpha changes nothing, yet its effect grows with mu.
  arrow.reset(std::make_shared<const muhat::ArrowPattern>(evaluator.block_jacobian()));
  CHECK_FALSE(evaluator.add_curvature(adjoint.data(), arrow));
  const muhat::JacobianPattern pattern = evaluator.pattern_around(x);
  evaluator.forward(x.data(), muhat::Slopes::left);
  arrow.reset(std::make_shared<const muhat::ArrowPattern>(evaluator.block_jacobian(pattern)));
  CHECK(evaluator.add_curvature(adjoint.data(), arrow));
}

TEST_CASE("a shape that channels share is local, unless it ties too many parameters together") {
  const auto locals_of = [](std::size_t channels, const auto& modifiers) {
    muhat::spec::Model spec;
    for (std::size_t c = 0; c < channels; ++c) {
      spec.channels.push_back({"c" + std::to_string(c), {test::sample("a", {5.0}, modifiers(c))}});
    }
    muhat::spec::Measurement measurement;
    measurement.name = "m";
    const auto model = muhat::build_model(spec.channels, measurement);
    Evaluator evaluator(model.tables());
    const Vector x = Vector::Ones(model.nparameters());
    evaluator.forward(x.data(), muhat::Slopes::left);
    return evaluator.block_jacobian().locals.size();
  };
  using Modifiers = std::vector<muhat::spec::Modifier>;
  CHECK(locals_of(4, [](std::size_t) { return Modifiers{test::shapefactor("free")}; }) == 4);
  CHECK(locals_of(5, [](std::size_t) { return Modifiers{test::shapefactor("free")}; }) == 0);
  // One per pair of neighbors: a chain.
  const auto chained = [](std::size_t c) {
    return Modifiers{test::normfactor("k" + std::to_string(c)),
                     test::normfactor("k" + std::to_string(c + 1))};
  };
  CHECK(locals_of(10, chained) == 20);
  CHECK(locals_of(40, chained) == 2);
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
