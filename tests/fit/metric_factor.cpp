#include <muhat/fit/metric_factor.hpp>

#include <support/catch.hpp>

#include <Eigen/LU>

#include <random>
#include <vector>

using muhat::Index;
using muhat::Matrix;
using muhat::Vector;

namespace {

muhat::LowRankMetric random_metric(std::mt19937_64& engine, Index n, Index bins, Index unconstrained) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.5, 2.0);
  muhat::LowRankMetric metric;
  metric.diagonal.resize(n);
  metric.jacobian.resize(bins, n);
  metric.weight.resize(bins);
  for (Index i = 0; i < n; ++i) {
    metric.diagonal[i] = i % 3 == 1 && i / 3 < unconstrained ? 0.0 : uniform(engine);
    for (Index b = 0; b < bins; ++b) {
      metric.jacobian(b, i) = normal(engine);
    }
  }
  for (Index b = 0; b < bins; ++b) {
    metric.weight[b] = b % 4 == 3 ? 0.0 : uniform(engine);
  }
  return metric;
}

Vector expected(const muhat::LowRankMetric& metric, const std::vector<Index>& free, const Vector& r) {
  Matrix full = metric.jacobian.transpose() * metric.weight.asDiagonal() * metric.jacobian;
  full.diagonal() += metric.diagonal;
  const auto n = static_cast<Index>(free.size());
  Matrix m(n, n);
  Vector rhs(n);
  for (Index j = 0; j < n; ++j) {
    rhs[j] = r[free[static_cast<std::size_t>(j)]];
    for (Index i = 0; i < n; ++i) {
      m(i, j) = full(free[static_cast<std::size_t>(i)], free[static_cast<std::size_t>(j)]);
    }
  }
  const Vector solution = m.fullPivLu().solve(rhs);
  Vector out = Vector::Zero(r.size());
  for (Index j = 0; j < n; ++j) {
    out[free[static_cast<std::size_t>(j)]] = solution[j];
  }
  return out;
}

} // namespace

TEST_CASE("the factorized metric solves as the dense one does, on any subset") {
  std::mt19937_64 engine(11);
  for (const Index bins : {1, 5, 12, 60}) {
    for (const Index unconstrained : {0, 1, 2}) {
      const Index n = 30;
      const auto metric = random_metric(engine, n, bins, bins > 2 ? unconstrained : 0);
      std::vector<Index> free;
      for (Index i = 0; i < n; ++i) {
        if (i % 7 != 5) {
          free.push_back(i);
        }
      }
      muhat::MetricFactor factor;
      factor.factorize(metric, free);
      const Vector r = Vector::Random(n);
      Vector z, scratch;
      factor.apply(r, z, scratch);
      const Vector truth = expected(metric, free, r);
      CAPTURE(bins, unconstrained);
      CHECK((z - truth).norm() < 1e-6 * truth.norm());
      CHECK(z[5] == 0.0);
    }
  }
}

TEST_CASE("a singular metric is regularized into a positive one") {
  muhat::LowRankMetric metric;
  metric.diagonal = Vector::Zero(6);
  metric.diagonal[5] = 2.0;
  metric.jacobian = Matrix::Zero(2, 6);
  metric.jacobian.row(0) << 1.0, 2.0, 0.0, 1.0, 2.0, 0.5;
  metric.weight = Vector::Constant(2, 3.0);
  const std::vector<Index> free{0, 1, 2, 3, 4, 5};
  muhat::MetricFactor factor;
  factor.factorize(metric, free);
  for (Index i = 0; i < 6; ++i) {
    Vector z, scratch;
    factor.apply(Vector::Unit(6, i), z, scratch);
    CHECK(z.allFinite());
    CHECK(z[i] > 0.0);
  }
}

TEST_CASE("a metric without any bin is its diagonal") {
  muhat::LowRankMetric metric;
  metric.diagonal = Vector::Constant(3, 4.0);
  metric.jacobian = Matrix::Zero(0, 3);
  metric.weight = Vector(0);
  muhat::MetricFactor factor;
  factor.factorize(metric, {0, 2});
  Vector z, scratch;
  factor.apply(Vector::Ones(3), z, scratch);
  CHECK(z[0] == Approx(0.25));
  CHECK(z[1] == 0.0);
  CHECK(z[2] == Approx(0.25));
}
