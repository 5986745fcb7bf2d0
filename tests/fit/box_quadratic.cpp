#include <muhat/fit/detail/box_quadratic.hpp>

#include <support/catch.hpp>

#include <Eigen/LU>

#include <random>

using muhat::Index;
using muhat::Matrix;
using muhat::Vector;

namespace {

/// The minimum by trying every assignment of parameters to {free, lower, upper}.
Vector enumerate(const Matrix& b, const Vector& g, const Vector& lower, const Vector& upper) {
  const Index n = g.size();
  Index combinations = 1;
  for (Index i = 0; i < n; ++i) {
    combinations *= 3;
  }
  Vector best;
  double lowest = 1e300;
  for (Index code = 0; code < combinations; ++code) {
    Matrix system = b;
    Vector rhs = -g;
    Index rest = code;
    for (Index i = 0; i < n; ++i, rest /= 3) {
      if (rest % 3 != 0) {
        system.row(i) = Vector::Unit(n, i).transpose();
        rhs[i] = rest % 3 == 1 ? lower[i] : upper[i];
      }
    }
    const Vector d = system.partialPivLu().solve(rhs);
    const double value = g.dot(d) + 0.5 * d.dot(b * d);
    const bool inside = ((d - lower).array() > -1e-12).all() && ((upper - d).array() > -1e-12).all();
    if (inside && value < lowest) {
      lowest = value;
      best = d;
    }
  }
  return best;
}

} // namespace

TEST_CASE("the box-constrained quadratic agrees with brute force") {
  std::mt19937_64 engine(5);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  muhat::detail::BoxQuadratic quadratic;
  for (int instance = 0; instance < 300; ++instance) {
    const Index n = 1 + instance % 6;
    Matrix root(n, n);
    Vector g(n), x(n), lower(n), upper(n);
    for (Index i = 0; i < n; ++i) {
      g[i] = 3.0 * normal(engine);
      for (Index j = 0; j < n; ++j) {
        root(i, j) = normal(engine);
      }
      lower[i] = -uniform(engine);
      upper[i] = uniform(engine);
      const double where = uniform(engine);
      x[i] = where < 0.2 ? lower[i] : (where > 0.8 ? upper[i] : 0.0);
      if (where > 0.45 && where < 0.55) {
        lower[i] = upper[i] = x[i];
      }
    }
    const Matrix b = root * root.transpose() + 0.1 * Matrix::Identity(n, n);
    const Matrix h = b.inverse();
    const Vector truth = enumerate(b, g, lower - x, upper - x);
    quadratic.reset(n);
    Vector d;
    const bool descent =
        quadratic.solve([&h](const Vector& r, Vector& z) { z = h * r; }, x, g, lower, upper, d);
    CAPTURE(instance, n);
    CHECK(descent == (truth.norm() > 1e-12));
    CHECK(g.dot(d) + 0.5 * d.dot(b * d) <= g.dot(truth) + 0.5 * truth.dot(b * truth) + 1e-8);
    CHECK((d - truth).norm() < 1e-6);
    CHECK(((x + d - lower).array() >= -1e-15).all());
    CHECK(((upper - x - d).array() >= -1e-15).all());
  }
}
