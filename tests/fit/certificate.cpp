#include <muhat/fit/certificate.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <cmath>
#include <random>

using muhat::Index;
using muhat::Matrix;
using muhat::Vector;
using namespace muhat::test;

TEST_CASE("the projected gradient ignores what a bound holds") {
  const muhat::Box box = cube(3, 0.0, 1.0);
  Vector x(3), g(3);
  x << 0.0, 1.0, 0.5;
  g << 2.0, -3.0, 1e-3;
  CHECK(muhat::projected_gradient(x, g, box) == Approx(1e-3));
  g << -2.0, -3.0, 1e-3;
  CHECK(muhat::projected_gradient(x, g, box) == Approx(1.0));
  CHECK(muhat::projected_gradient(Vector(0), Vector(0), cube(0, 0.0, 1.0)) == 0.0);
}

TEST_CASE("negative curvature is found exactly where it exists") {
  std::mt19937_64 engine(3);
  std::normal_distribution<double> normal;
  for (int instance = 0; instance < 200; ++instance) {
    const Index n = instance < 180 ? 2 + instance % 12 : 30 + 5 * (instance % 20);
    Matrix root(n, n);
    for (Index i = 0; i < n * n; ++i) {
      root.data()[i] = normal(engine);
    }
    Vector eigenvalues = Vector::LinSpaced(n, 0.1, 3.0);
    const bool negative = instance % 2 == 1;
    if (negative) {
      eigenvalues[instance % n] = -0.5;
    }
    const Matrix h = root * eigenvalues.asDiagonal() * root.transpose();
    Quadratic f{h, Vector::Zero(n)};
    const auto certificate = muhat::certify(f, Vector::Zero(n), unbounded(n));
    CAPTURE(instance, n);
    REQUIRE(certificate.positive_curvature.has_value());
    CHECK(*certificate.positive_curvature == !negative);
    if (negative) {
      REQUIRE(certificate.descent.size() == n);
      CHECK(certificate.descent.dot(h * certificate.descent) < 0.0);
    }
  }
}

TEST_CASE("curvature along held parameters does not count") {
  Quadratic f{Matrix(Vector(Vector::LinSpaced(3, -1.0, 1.0)).asDiagonal()), Vector::Constant(3, 1.0)};
  muhat::Box box = cube(3, 0.0, 1.0);
  CHECK(muhat::certify(f, Vector::Zero(3), box).positive_curvature.value());
  f.g[0] = -1.0;
  CHECK_FALSE(muhat::certify(f, Vector::Zero(3), box).positive_curvature.value());
  box.upper[0] = 0.0;
  CHECK(muhat::certify(f, Vector::Zero(3), box).positive_curvature.value());
}

TEST_CASE("flat directions are counted, not taken for negative ones") {
  const Vector a = Vector::LinSpaced(4, 1.0, 2.0);
  Quadratic f{a * a.transpose(), Vector::Zero(4)};
  const auto certificate = muhat::certify(f, Vector::Zero(4), unbounded(4));
  CHECK(certificate.positive_curvature.value());
  CHECK(certificate.flat_directions == 3);
}

TEST_CASE("flat directions are counted wherever they stand among many") {
  // Each of these parameters is another one's double: their sum alone has curvature.
  constexpr Index n = 101;
  for (const Index flat : {1, 3, 4, 40, 47, 48, 49, 64, 97, 100}) {
    Matrix h = Vector::LinSpaced(n, 1.0, 2.0).asDiagonal();
    h.row(flat) = h.row(flat - 1);
    h.col(flat) = h.col(flat - 1);
    h(flat, flat) = h(flat - 1, flat - 1);
    Quadratic f{h, Vector::Zero(n)};
    const auto certificate = muhat::certify(f, Vector::Zero(n), unbounded(n));
    CAPTURE(flat);
    CHECK(certificate.positive_curvature.value());
    CHECK(certificate.flat_directions == 1);
  }
}

TEST_CASE("the smallest curvature is found in units of the metric, of one parameter or of many together") {
  struct Scaled : Quadratic {
    Vector diagonal;
    void metric(const Vector& /*x*/, muhat::LowRankMetric& m) { m.diagonal = diagonal; }
    using Quadratic::hessian;
    void hessian(const Vector& x, Matrix& out, Vector& scale) {
      Quadratic::hessian(x, out);
      scale = diagonal;
    }
  };
  constexpr Index n = 100;
  for (const double smallest : {1e-6, 1e-3, 0.05}) {
    for (const bool together : {false, true}) {
      const Vector weak = together ? Vector(Vector::Constant(n, 0.1)) : Vector(Vector::Unit(n, 37));
      const Vector units = Vector::LinSpaced(n, 1e-3, 1e3);
      const Matrix curvature = Matrix::Identity(n, n) - (1.0 - smallest) * weak * weak.transpose();
      const Vector root = units.cwiseSqrt();
      Scaled f{{root.asDiagonal() * curvature * root.asDiagonal(), Vector::Zero(n)}, units};
      muhat::CertificateScratch scratch;
      CAPTURE(smallest, together);
      REQUIRE(muhat::certify(f, Vector::Zero(n), unbounded(n), scratch).positive_curvature.value());
      CHECK(scratch.smallest_curvature() >= 0.999 * smallest);
      CHECK(scratch.smallest_curvature() < 3.0 * smallest);
      f.diagonal[5] = 0.0;
      REQUIRE(muhat::certify(f, Vector::Zero(n), unbounded(n), scratch).positive_curvature.value());
      CHECK(scratch.smallest_curvature() == 0.0);
    }
  }
}

TEST_CASE("the factorized Hessian solves on the free subspace") {
  std::mt19937_64 engine(13);
  std::normal_distribution<double> normal;
  constexpr Index n = 21;
  Matrix root(n, n);
  for (Index i = 0; i < n * n; ++i) {
    root.data()[i] = normal(engine);
  }
  Quadratic f{root * root.transpose() + Matrix::Identity(n, n), Vector::Ones(n)};
  muhat::Box box = unbounded(n);
  box.lower[4] = box.lower[5] = box.lower[17] = 0.0;
  muhat::CertificateScratch scratch;
  REQUIRE(muhat::certify(f, Vector::Zero(n), box, scratch).positive_curvature.value());
  REQUIRE(scratch.free.size() == 18);
  const Vector r = Vector::LinSpaced(n, -1.0, 2.0);
  Vector z(n);
  scratch.solve(r, z);
  const Vector back = f.h * z;
  for (Index i = 0; i < n; ++i) {
    CAPTURE(i);
    if (i == 4 || i == 5 || i == 17) {
      CHECK(z[i] == 0.0);
    } else {
      CHECK(back[i] == Approx(r[i]).margin(1e-10));
    }
  }
}

TEST_CASE("where residuals vanish the Hessian needs no look") {
  struct Squares : Quadratic {
    bool vanish = true;
    void metric(const Vector& /*x*/, muhat::LowRankMetric& /*m*/) {}
    [[nodiscard]] bool residuals_vanish(const Vector& /*x*/) const { return vanish; }
  };
  Squares f{{Matrix(Vector(Vector::LinSpaced(3, -1.0, 1.0)).asDiagonal()), Vector::Zero(3)}};
  CHECK(muhat::certify(f, Vector::Zero(3), unbounded(3)).positive_curvature.value());
  f.vanish = false;
  CHECK_FALSE(muhat::certify(f, Vector::Zero(3), unbounded(3)).positive_curvature.value());
}

TEST_CASE("products with the Hessian alone show a saddle, too") {
  struct Saddle {
    Vector curvature;
    [[nodiscard]] Index dimension() const { return curvature.size(); }
    double value(const Vector& x) { return 0.5 * x.dot(curvature.cwiseProduct(x)); }
    double value_and_gradient(const Vector& x, Vector& g) {
      g = curvature.cwiseProduct(x);
      return value(x);
    }
    void hessian_product(const Vector& /*x*/, const Vector& v, Vector& hv) { hv = curvature.cwiseProduct(v); }
  };
  Saddle f{Vector::LinSpaced(30, -0.2, 4.0)};
  CHECK_FALSE(muhat::certify(f, Vector::Zero(30), unbounded(30)).positive_curvature.value());
  f.curvature.array() += 0.3;
  CHECK(muhat::certify(f, Vector::Zero(30), unbounded(30)).positive_curvature.value());
}

TEST_CASE("of many parameters the Hessian is not formed, however few are free") {
  struct Large {
    [[nodiscard]] Index dimension() const { return 2001; }
    double value(const Vector& x) { return 0.5 * x.squaredNorm(); }
    double value_and_gradient(const Vector& x, Vector& g) {
      g = x;
      return value(x);
    }
    void hessian(const Vector& /*x*/, Matrix& /*h*/) { FAIL("formed"); }
    void hessian_product(const Vector& /*x*/, const Vector& v, Vector& hv) { hv = v; }
  };
  Large f;
  muhat::Box box = cube(2001, 0.0, 0.0);
  box.upper[7] = 1.0;
  box.lower[7] = -1.0;
  CHECK(muhat::certify(f, Vector::Zero(2001), box).positive_curvature.value());
}

TEST_CASE("products preconditioned by the metric see a single weak direction among many parameters") {
  struct Products {
    Vector units;
    Matrix extra;
    [[nodiscard]] Index dimension() const { return units.size(); }
    double value(const Vector& x) {
      Vector unused(x.size());
      return value_and_gradient(x, unused);
    }
    double value_and_gradient(const Vector& x, Vector& g) {
      hessian_product(x, x, g);
      return 0.5 * x.dot(g);
    }
    void metric(const Vector& /*x*/, muhat::LowRankMetric& m) {
      m = {units, Matrix(0, units.size()), Vector(0), {}};
    }
    void hessian(const Vector& /*x*/, Matrix& /*h*/) { FAIL("formed"); }
    void hessian_product(const Vector& /*x*/, const Vector& v, Vector& hv) {
      hv = units.cwiseProduct(v) + extra * (extra.transpose() * v) * -1.0;
    }
    [[nodiscard]] bool prefers_products() const { return true; }
  };
  constexpr Index n = 400;
  Vector units(n);
  for (Index i = 0; i < n; ++i) {
    units[i] = std::pow(10.0, static_cast<double>(i % 9) - 4.0);
  }
  for (const double share : {0.99, 1.01}) {
    for (const Index weak : {0, 8, 217}) {
      Products f{units, Matrix::Zero(n, 1)};
      f.extra(weak, 0) = std::sqrt(share * units[weak]);
      const auto certificate = muhat::certify(f, Vector::Zero(n), unbounded(n));
      CAPTURE(share, weak);
      CHECK(certificate.positive_curvature.value() == (share < 1.0));
      if (share > 1.0) {
        Vector image(n);
        f.hessian_product(certificate.descent, certificate.descent, image);
        CHECK(certificate.descent.dot(image) < 0.0);
      }
    }
  }
}

TEST_CASE("a kink whose one-sided derivatives bracket zero is stationary") {
  AbsoluteValues f(Vector::Constant(2, 1.0), Vector::Constant(2, 0.5), 0.0);
  CHECK(muhat::certify(f, Vector::Zero(2), unbounded(2)).projected_gradient == 0.0);
  f.center[1] = 1.5;
  CHECK(muhat::certify(f, Vector::Zero(2), unbounded(2)).projected_gradient == Approx(0.5));
  CHECK_FALSE(muhat::certify(f, Vector::Zero(2), unbounded(2)).positive_curvature.has_value());
}
