#include <muhat/core/arrow_matrix.hpp>

#include <cstddef>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include <support/arrow_matrix.hpp>
#include <support/block_jacobian.hpp>
#include <support/catch.hpp>

using namespace muhat;

namespace {

std::vector<test::ArrowSizes> shapes() {
  return {{},
          {.channels = 1, .bins = 7, .common = 4, .own = 0},
          {.channels = 5, .bins = 3, .common = 0, .own = 3, .single = 1},
          {.channels = 6, .bins = 1, .common = 2, .own = 1, .single = 3, .idle = 3},
          {.channels = 3, .bins = 4, .common = 2, .own = 2, .single = 0, .pairs = false, .idle = 0}};
}

} // namespace

TEST_CASE("the squares of a Jacobian in blocks, written out, are J^T W J") {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> uniform(0.0, 2.0);
  for (const test::ArrowSizes& sizes : shapes()) {
    const BlockJacobian<double> jacobian = test::random_jacobian(engine, sizes);
    const Vector weight =
        Vector::NullaryExpr(jacobian.rows, [&](Index b) { return b % 4 == 3 ? 0.0 : uniform(engine); });
    ArrowMatrix<double> arrow;
    arrow.reset(std::make_shared<const ArrowPattern>(jacobian));
    arrow.add_squares(jacobian, weight);
    const Matrix dense = test::written_out(jacobian);
    const Matrix expected = dense.transpose() * weight.asDiagonal() * dense;
    CAPTURE(sizes.channels, sizes.bins);
    CHECK((test::written_out(arrow) - expected).cwiseAbs().maxCoeff() < 1e-12);
    for (Index p = 0; p < jacobian.parameters; ++p) {
      CHECK(arrow.diagonal(p) == Approx(expected(p, p)).margin(1e-12));
    }
  }
}

TEST_CASE("a pattern puts every parameter where it acts") {
  std::mt19937_64 engine(2);
  const test::ArrowSizes sizes{.channels = 4, .bins = 3, .common = 2, .own = 2, .single = 1, .idle = 2};
  const ArrowPattern pattern(test::random_jacobian(engine, sizes));
  // Pairs of channels make a cluster.
  REQUIRE(pattern.clusters().size() == 2);
  CHECK(pattern.root() == std::vector<std::int32_t>{0, 1});
  CHECK(pattern.alone().size() == 2);
  for (const ArrowPattern::Cluster& cluster : pattern.clusters()) {
    CHECK(cluster.own == 4);
    CHECK(cluster.wide.size() == 6);
    CHECK(cluster.locals.size() == 9);
    CHECK(cluster.groups.size() == 3);
    for (const ArrowPattern::Group& group : cluster.groups) {
      CHECK(group.count == 3);
    }
  }
  CHECK(pattern.spot(0, pattern.clusters()[1].locals.front()) == ArrowPattern::absent);
  CHECK(pattern.spot(0, pattern.alone().front()) == ArrowPattern::absent);
  CHECK(pattern.spot(1, pattern.clusters()[1].locals[5]) == ~5);
  CHECK(pattern.spot(1, 1) == 5);
}

TEST_CASE("locals of different groups have no entry") {
  std::mt19937_64 engine(3);
  const BlockJacobian<double> jacobian = test::random_jacobian(engine, {});
  ArrowMatrix<double> arrow;
  arrow.reset(std::make_shared<const ArrowPattern>(jacobian));
  const ArrowPattern::Cluster& cluster = arrow.pattern().clusters().front();
  const auto second = static_cast<ArrowPattern::Spot>(cluster.groups[1].first);
  CHECK(arrow.entry(0, ~0, ~second) == nullptr);
  CHECK(arrow.entry(0, ~0, ~1) == arrow.entry(0, ~1, ~0));
  CHECK(arrow.entry(0, ~0, ~1) != nullptr);
  CHECK(arrow.entry(0, ~0, ArrowPattern::absent) == nullptr);
}

TEST_CASE("a matrix that is used again starts from zeros") {
  std::mt19937_64 engine(4);
  ArrowMatrix<double> arrow;
  for (const test::ArrowSizes& sizes : shapes()) {
    const BlockJacobian<double> jacobian = test::random_jacobian(engine, sizes);
    arrow.reset(std::make_shared<const ArrowPattern>(jacobian));
    CHECK(test::written_out(arrow).isZero(0.0));
    arrow.add_squares(jacobian, Vector::Ones(jacobian.rows));
  }
}
