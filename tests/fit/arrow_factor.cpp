#include <muhat/fit/arrow_factor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include <Eigen/Eigenvalues>

#include <muhat/core/block_jacobian.hpp>
#include <muhat/fit/certificate.hpp>

#include <support/arrow_matrix.hpp>
#include <support/catch.hpp>
#include <support/objectives.hpp>

using namespace muhat;

namespace {

std::vector<Index> all_of(Index n) {
  std::vector<Index> free;
  for (Index i = 0; i < n; ++i) {
    free.push_back(i);
  }
  return free;
}

std::vector<test::ArrowSizes> shapes() {
  return {{},
          {.channels = 1, .bins = 9, .common = 5, .own = 0},
          {.channels = 6, .bins = 2, .common = 0, .own = 4, .single = 1},
          {.channels = 7, .bins = 1, .common = 3, .own = 1, .single = 3, .idle = 3},
          {.channels = 2, .bins = 30, .common = 17, .own = 13, .single = 1}};
}

/// The part of a matrix that the free parameters see, 0 elsewhere.
Matrix masked(const Matrix& full, const std::vector<Index>& free) {
  Vector mask = Vector::Zero(full.rows());
  for (const Index i : free) {
    mask[i] = 1.0;
  }
  return mask.asDiagonal() * full * mask.asDiagonal();
}

} // namespace

TEST_CASE("an arrow is solved exactly on any subset of the parameters") {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> uniform(1e-3, 1e3);
  for (const test::ArrowSizes& sizes : shapes()) {
    for (const Index left_out : {0, 2, 5}) {
      const BlockJacobian<double> jacobian = test::random_jacobian(engine, sizes);
      const Index n = jacobian.parameters;
      ArrowMatrix<double> matrix =
          test::squares(jacobian, Vector::NullaryExpr(n, [&](Index) { return uniform(engine); }));
      std::vector<Index> free = all_of(n);
      free.erase(std::remove_if(free.begin(), free.end(),
                                [&](Index i) { return left_out > 0 && i % left_out == 0; }),
                 free.end());
      const Matrix full = masked(test::written_out(matrix), free);
      ArrowFactor factor;
      detail::PivotFindings findings;
      REQUIRE(factor.factorize(std::move(matrix), free, findings).size() == 0);
      CHECK(findings.flat_directions == 0);
      const Vector r = Vector::LinSpaced(n, -1.0, 2.0);
      Vector z;
      factor.solve(r, z);
      CAPTURE(sizes.channels, sizes.bins, left_out);
      const Vector back = full * z;
      for (const Index i : free) {
        CHECK(back[i] == Approx(r[i]).margin(1e-8));
      }
      for (Index i = 0; left_out > 0 && i < n; i += left_out) {
        CHECK(z[i] == 0.0);
      }
    }
  }
}

TEST_CASE("a parameter of negative curvature is found wherever it stands, and the direction points down") {
  std::mt19937_64 engine(2);
  for (const test::ArrowSizes& sizes : shapes()) {
    const BlockJacobian<double> jacobian = test::random_jacobian(engine, sizes);
    const Index n = jacobian.parameters;
    for (Index bad = 0; bad < n; ++bad) {
      ArrowMatrix<double> matrix = test::squares(jacobian, Vector::Constant(n, 0.1));
      const Matrix positive = test::written_out(matrix);
      // What the others leave of its curvature, and some more.
      const Matrix inverse = positive.inverse();
      for (const double share : {0.9, 1.1}) {
        ArrowMatrix<double> shifted = matrix;
        shifted.diagonal(bad) -= share / inverse(bad, bad);
        const Matrix full = test::written_out(shifted);
        ArrowFactor factor;
        detail::PivotFindings findings;
        const Vector down = factor.factorize(std::move(shifted), all_of(n), findings);
        CAPTURE(sizes.channels, bad, share);
        REQUIRE((down.size() > 0) == (share > 1.0));
        if (down.size() > 0) {
          CHECK(down.dot(full * down) < 0.0);
          CHECK(findings.curvature < 0.0);
        }
      }
    }
  }
}

TEST_CASE("indefinite couplings are judged as the eigenvalues say") {
  std::mt19937_64 engine(3);
  std::normal_distribution<double> normal;
  int negative = 0;
  for (std::size_t instance = 0; instance < 100; ++instance) {
    const BlockJacobian<double> jacobian = test::random_jacobian(engine, shapes()[instance % 5]);
    const Index n = jacobian.parameters;
    ArrowMatrix<double> matrix = test::squares(jacobian, Vector::Constant(n, 0.5));
    matrix.for_each([&](Index p, Index q, double& entry) { entry += p == q ? 0.0 : 0.1 * normal(engine); });
    const Matrix full = test::written_out(matrix);
    const Vector eigenvalues = Eigen::SelfAdjointEigenSolver<Matrix>(full).eigenvalues();
    if (std::abs(eigenvalues[0]) < 1e-6) {
      continue;
    }
    ArrowFactor factor;
    detail::PivotFindings findings;
    const Vector down = factor.factorize(std::move(matrix), all_of(n), findings);
    CAPTURE(instance, eigenvalues[0]);
    REQUIRE((down.size() > 0) == (eigenvalues[0] < 0.0));
    if (down.size() > 0) {
      ++negative;
      CHECK(down.dot(full * down) < 0.0);
    }
  }
  CHECK(negative > 10);
  CHECK(negative < 90);
}

TEST_CASE("a zero pivot beside a coupling is a saddle") {
  std::mt19937_64 engine(4);
  const BlockJacobian<double> jacobian = test::random_jacobian(engine, {.common = 1, .own = 1, .single = 2});
  const Index n = jacobian.parameters;
  ArrowMatrix<double> pattern = test::squares(jacobian, Vector::Zero(n));
  std::vector<std::pair<Index, Index>> couplings;
  pattern.for_each([&](Index p, Index q, double&) {
    if (p != q) {
      couplings.emplace_back(p, q);
    }
  });
  REQUIRE(couplings.size() > 50);
  for (const auto& [p, q] : couplings) {
    ArrowMatrix<double> matrix = pattern;
    matrix.for_each([p = p, q = q](Index i, Index j, double& entry) {
      const bool zero = i == j && (i == p || i == q);
      entry = zero ? 0.0 : i == j ? 1.0 : (i == p && j == q) ? 0.5 : 0.0;
    });
    const Matrix full = test::written_out(matrix);
    ArrowFactor factor;
    detail::PivotFindings findings;
    const Vector down = factor.factorize(std::move(matrix), all_of(n), findings);
    CAPTURE(p, q);
    REQUIRE(down.size() == n);
    CHECK(down.dot(full * down) < 0.0);
  }
}

TEST_CASE("directions without curvature are counted as in a dense matrix") {
  std::mt19937_64 engine(5);
  for (const test::ArrowSizes& sizes : shapes()) {
    const BlockJacobian<double> jacobian = test::random_jacobian(engine, sizes);
    const Index n = jacobian.parameters;
    // Every row can determine one parameter only.
    ArrowMatrix<double> matrix = test::squares(jacobian, Vector::Zero(n));
    test::Quadratic dense{test::written_out(matrix), Vector::Zero(n)};
    const Certificate certificate = certify(dense, Vector::Zero(n), test::unbounded(n));
    ArrowFactor factor;
    detail::PivotFindings findings;
    CHECK(factor.factorize(std::move(matrix), all_of(n), findings).size() == 0);
    CAPTURE(sizes.channels, sizes.bins);
    CHECK(certificate.positive_curvature.value());
    CHECK(findings.flat_directions == certificate.flat_directions);
    CHECK(findings.flat_directions >= n - jacobian.rows);
  }
}

TEST_CASE("a certificate takes the arrow where there is one, with the same results") {
  struct Arrow : test::Quadratic {
    ArrowMatrix<double> arrow;
    Vector units;
    bool offers_arrow = true;
    using Quadratic::hessian;
    void metric(const Vector& /*x*/, LowRankMetric& m) const { m.diagonal = units; }
    void hessian(const Vector& x, Matrix& out, Vector& scale) {
      if (offers_arrow) {
        FAIL("formed");
      }
      Quadratic::hessian(x, out);
      scale = units;
    }
    [[nodiscard]] bool hessian(const Vector& /*x*/, ArrowMatrix<double>& out, Vector& scale) const {
      if (offers_arrow) {
        out = arrow;
        scale = units;
      }
      return offers_arrow;
    }
  };
  std::mt19937_64 engine(6);
  std::uniform_real_distribution<double> uniform(0.5, 2.0);
  for (const test::ArrowSizes& sizes : shapes()) {
    const BlockJacobian<double> jacobian = test::random_jacobian(engine, sizes);
    const Index n = jacobian.parameters;
    Arrow f;
    f.arrow = test::squares(jacobian, Vector::NullaryExpr(n, [&](Index) { return uniform(engine); }));
    f.h = test::written_out(f.arrow);
    f.g = Vector::Ones(n);
    f.units = f.h.diagonal();
    Box box = test::unbounded(n);
    box.lower[n / 2] = box.lower[1] = 0.0;
    const Vector r = Vector::LinSpaced(n, 1.0, -2.0);
    CertificateScratch scratch;
    Vector by_arrow, by_dense;
    REQUIRE(certify(f, Vector::Zero(n), box, scratch).positive_curvature.value());
    REQUIRE(scratch.uses_arrow);
    const double smallest = scratch.smallest_curvature();
    scratch.solve(r, by_arrow);
    f.offers_arrow = false;
    REQUIRE(certify(f, Vector::Zero(n), box, scratch).positive_curvature.value());
    REQUIRE_FALSE(scratch.uses_arrow);
    scratch.solve(r, by_dense);
    CAPTURE(sizes.channels, sizes.bins);
    CHECK(scratch.smallest_curvature() == Approx(smallest));
    CHECK((by_arrow - by_dense).lpNorm<Eigen::Infinity>() < 1e-9);
  }
}
