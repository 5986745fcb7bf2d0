#include <muhat/fit/block_metric_factor.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/trust_region.hpp>
#include <muhat/model/simple_models.hpp>

#include <support/block_jacobian.hpp>
#include <support/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

using namespace muhat;

namespace {

/// Channels of `bins` rows; parameter 0 acts on all, the others on some; then two local parameters per row.
LowRankMetric random_metric(std::mt19937_64& engine, Index channels, Index bins, std::int32_t globals) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.5, 2.0);
  const Index rows = channels * bins;
  const Index n = globals + 2 * rows;
  BlockJacobian<double> jacobian{rows, n, {}, {}};
  for (Index c = 0; c < channels; ++c) {
    BlockJacobian<double>::Block block{c * bins, {}, {}};
    for (std::int32_t p = 0; p < globals; ++p) {
      if (p == 0 || normal(engine) > 0.0) {
        block.parameters.push_back(p);
      }
    }
    block.slopes = Matrix::NullaryExpr(bins, static_cast<Index>(block.parameters.size()),
                                       [&](Index, Index) { return normal(engine); });
    jacobian.blocks.push_back(block);
  }
  for (std::int32_t i = 0; i < 2 * rows; ++i) {
    jacobian.locals.push_back({globals + i, i / 2, normal(engine)});
  }
  LowRankMetric metric;
  metric.diagonal = Vector::NullaryExpr(n, [&](Index) { return uniform(engine); });
  metric.diagonal[0] = 0.0;
  metric.weight = Vector::NullaryExpr(rows, [&](Index b) { return b % 5 == 4 ? 0.0 : uniform(engine); });
  metric.blocks = std::make_shared<const BlockJacobian<double>>(std::move(jacobian));
  return metric;
}

Matrix full_metric(const LowRankMetric& metric) {
  const Matrix jacobian = test::written_out(*metric.blocks);
  Matrix full = jacobian.transpose() * metric.weight.asDiagonal() * jacobian;
  full.diagonal() += metric.diagonal;
  return full;
}

} // namespace

TEST_CASE("a metric in blocks is solved exactly on any subset of the parameters") {
  std::mt19937_64 engine(3);
  for (const Index channels : {1, 4}) {
    for (const std::size_t left_out : {0U, 3U, 7U}) {
      const LowRankMetric metric = random_metric(engine, channels, 6, 5);
      const Index n = metric.diagonal.size();
      std::vector<Index> free;
      for (Index i = 0; i < n; ++i) {
        if (left_out == 0 || static_cast<std::size_t>(i) % left_out != 1) {
          free.push_back(i);
        }
      }
      const Vector r = Vector::LinSpaced(n, -1.0, 2.0);
      BasicMetricFactor<double> factor;
      factor.factorize(metric, free);
      Vector z, scratch;
      factor.apply(r, z, scratch);

      const Vector back = full_metric(metric) * z;
      double worst = 0.0;
      double outside = z.squaredNorm();
      for (const Index i : free) {
        worst = std::max(worst, std::abs(back[i] - r[i]));
        outside -= z[i] * z[i];
      }
      INFO(channels << " channels, every " << left_out << "th left out");
      CHECK(worst < 1e-7);
      CHECK(std::abs(outside) < 1e-12 * z.squaredNorm());
    }
  }
}

TEST_CASE("the diagonal of a metric in blocks is that of the matrix") {
  std::mt19937_64 engine(4);
  const LowRankMetric metric = random_metric(engine, 3, 7, 4);
  CHECK((metric.curvature() - full_metric(metric).diagonal()).lpNorm<Eigen::Infinity>() < 1e-12);
}

TEST_CASE("parameters that act on nothing and bins without weight leave a usable factor") {
  std::mt19937_64 engine(5);
  LowRankMetric metric = random_metric(engine, 2, 4, 3);
  metric.weight.setZero();
  metric.diagonal.setZero();
  std::vector<Index> free;
  for (Index i = 0; i < metric.diagonal.size(); ++i) {
    free.push_back(i);
  }
  BasicBlockMetricFactor<double> factor;
  factor.factorize(metric.diagonal, *metric.blocks, metric.weight, free);
  Vector z;
  factor.apply(Vector::Ones(metric.diagonal.size()), z);
  CHECK(z.allFinite());
  CHECK(z.minCoeff() > 0.0);
}

TEST_CASE("a fit of many bins with a gamma each takes the metric in blocks and ends in the minimum") {
  constexpr std::size_t bins = 200;
  std::vector<double> signal(bins), background(bins), uncertainty(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    signal[b] = 2.0 + static_cast<double>(b % 5);
    background[b] = 50.0 - 0.2 * static_cast<double>(b);
    uncertainty[b] = 1.0 + static_cast<double>(b % 7);
  }
  const Model model = uncorrelated_background(signal, background, uncertainty);
  Vector data(model.nbins() + model.nauxdata());
  for (Index b = 0; b < model.nbins(); ++b) {
    data[b] = std::floor(background[static_cast<std::size_t>(b)] + static_cast<double>(b % 11) - 3.0);
  }
  data.tail(model.nauxdata()) = model.auxdata();

  auto evaluator = Likelihood<Model>(model, data).evaluator();
  LowRankMetric metric;
  evaluator.metric(model.suggested_init(), metric);
  REQUIRE(metric.blocks != nullptr);
  CHECK(static_cast<std::size_t>(metric.blocks->locals.size()) == bins);

  const FitResult by_default = fit(model, data);
  const FitResult by_newton = fit(model, data, {}, TrustRegionOptimizer());
  REQUIRE(by_default.certified());
  REQUIRE(by_newton.certified());
  CHECK(std::abs(by_default.twice_nll - by_newton.twice_nll) < 1e-7);
  CHECK((by_default.parameters - by_newton.parameters).lpNorm<Eigen::Infinity>() < 1e-4);
}
