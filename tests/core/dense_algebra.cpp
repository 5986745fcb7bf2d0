#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>

#include <support/catch.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <random>

using muhat::Index;
using muhat::Matrix;
using muhat::Vector;
namespace dense = muhat::dense;

namespace {

Matrix random_matrix(std::mt19937_64& engine, Index rows, Index cols) {
  std::normal_distribution<double> normal;
  Matrix m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) {
    m.data()[i] = normal(engine);
  }
  return m;
}

Matrix random_positive_matrix(std::mt19937_64& engine, Index n) {
  const Matrix root = random_matrix(engine, n, n);
  return root * root.transpose() + static_cast<double>(n) * Matrix::Identity(n, n);
}

Matrix lower(const Matrix& m, Index n) {
  return m.topRows(n).triangularView<Eigen::Lower>();
}

} // namespace

TEST_CASE("the Cholesky factor makes up its matrix, with and without padding", "[dense_algebra]") {
  std::mt19937_64 engine(5);
  // Around groups of 4, lanes of 8, blocks of 48 and depths of 64.
  for (const Index n : {1, 3, 4, 5, 8, 9, 31, 47, 48, 49, 64, 65, 97, 113, 150}) {
    CAPTURE(n);
    const Matrix whole = random_positive_matrix(engine, n);
    Matrix plain = whole;
    REQUIRE(dense::cholesky(dense::view(plain)));
    CHECK((lower(plain, n) * lower(plain, n).transpose() - whole).cwiseAbs().maxCoeff() <
          1e-11 * whole.trace());
    Matrix padded = Matrix::Zero(muhat::padded_size(n), n);
    padded.topRows(n) = whole;
    REQUIRE(dense::cholesky(dense::view(padded)));
    CHECK((lower(padded, n) - lower(plain, n)).cwiseAbs().maxCoeff() < 1e-12 * whole.trace());
    CHECK(padded.bottomRows(padded.rows() - n).isZero(0.0));
  }
}

TEST_CASE("a Cholesky factorization stays inside its view and off the upper triangle's values",
          "[dense_algebra]") {
  std::mt19937_64 engine(8);
  for (const Index n : {5, 30, 50, 70}) {
    CAPTURE(n);
    const Matrix whole = random_positive_matrix(engine, n);
    Matrix plain = whole;
    REQUIRE(dense::cholesky(dense::view(plain)));
    Matrix around = Matrix::Constant(n + 3, n + 2, 7.0);
    around.topLeftCorner(n, n).triangularView<Eigen::Lower>() = whole;
    around.topLeftCorner(n, n).triangularView<Eigen::StrictlyUpper>().setConstant(
        std::numeric_limits<double>::quiet_NaN());
    REQUIRE(dense::cholesky<double>({around.data(), n, n, n + 3}));
    CHECK(lower(around.leftCols(n), n) == lower(plain, n));
    CHECK((around.bottomRows(3).array() == 7.0).all());
    CHECK((around.rightCols(2).array() == 7.0).all());
  }
}

TEST_CASE("a pivot that is not positive is found in its column", "[dense_algebra]") {
  std::mt19937_64 engine(6);
  constexpr Index n = 70;
  const Matrix whole = random_positive_matrix(engine, n);
  Matrix factor = whole;
  REQUIRE(dense::cholesky(dense::view(factor)));
  for (Index k = 0; k < n; ++k) {
    CAPTURE(k);
    const double pivot = factor(k, k) * factor(k, k);
    Matrix changed = whole;
    changed(k, k) -= 1.001 * pivot;
    CHECK_FALSE(dense::cholesky<double>({changed.data(), k + 1, k + 1, n}));
    changed = whole;
    changed(k, k) -= 0.999 * pivot;
    CHECK(dense::cholesky<double>({changed.data(), k + 1, k + 1, n}));
  }
}

TEST_CASE("four products at once are four products", "[dense_algebra]") {
  std::mt19937_64 engine(7);
  for (const Index rows : {1, 7, 8, 19, 24}) {
    for (const Index cols : {0, 1, 5}) {
      const Matrix a = random_matrix(engine, rows, cols);
      const Matrix x = random_matrix(engine, cols, 4);
      const Matrix before = random_matrix(engine, rows, 4);
      Matrix y = before;
      std::array<const double*, 4> from;
      std::array<double*, 4> to;
      for (Index j = 0; j < 4; ++j) {
        from[static_cast<std::size_t>(j)] = x.data() + j * cols;
        to[static_cast<std::size_t>(j)] = y.data() + j * rows;
      }
      dense::add_four_products<double>(dense::view(a), -2.0, from, 1, to);
      CAPTURE(rows, cols);
      CHECK((y - before + 2.0 * a * x).cwiseAbs().maxCoeff() < 1e-13);
    }
  }
}

TEST_CASE("transposed products and triangular solutions are those of Eigen", "[dense_algebra]") {
  std::mt19937_64 engine(9);
  // Around groups of 4 columns and lanes of 8 rows; one row more in memory.
  for (const Index n : {0, 1, 3, 4, 5, 7, 8, 9, 12, 13, 31, 64, 97}) {
    CAPTURE(n);
    const Matrix a = random_matrix(engine, n + 1, n);
    const dense::View<const double> top{a.data(), n, n, n + 1};
    const Vector x = random_matrix(engine, n, 1);
    Vector y(n);
    dense::transposed_product(top, x.data(), y.data());
    CHECK((y - a.topRows(n).transpose() * x).norm() <= 1e-13 * static_cast<double>(n));
    Matrix factor = Matrix::Constant(n + 1, n, std::numeric_limits<double>::quiet_NaN());
    factor.topRows(n).triangularView<Eigen::Lower>() = random_positive_matrix(engine, n);
    const dense::View<const double> l{factor.data(), n, n, n + 1};
    Vector solution = x;
    dense::solve_lower(l, solution.data());
    CHECK((lower(factor, n) * solution - x).norm() <= 1e-13 * static_cast<double>(n));
    solution = x;
    dense::solve_lower_transposed(l, solution.data());
    CHECK((lower(factor, n).transpose() * solution - x).norm() <= 1e-13 * static_cast<double>(n));
  }
}
