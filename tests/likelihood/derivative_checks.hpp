#pragma once

/// Derivatives of a likelihood against differences of the oracle. Every measure is
/// the largest deviation relative to the larger of one and the largest entry.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <support/block_jacobian.hpp>
#include <support/differences.hpp>
#include <support/draws.hpp>
#include <support/library.hpp>
#include <support/oracle.hpp>

namespace muhat::test {

/// A model with data, as the library and as the oracle see it, and a function of the point for differences.
struct Compared {
  oracle::Model truth;
  oracle::Reals data;

  [[nodiscard]] long double operator()(const RealVector& x) const { return truth.twice_nll(x, data); }
};

inline double relative(const Vector& found, const Vector& expected) {
  if (expected.size() == 0) {
    return 0.0;
  }
  return (found - expected).cwiseAbs().maxCoeff() / std::max(1.0, expected.cwiseAbs().maxCoeff());
}

/// Gradient: four differences for each component.
template <class Evaluator>
double gradient_deviation(Evaluator& evaluator, const Compared& compared, const Vector& x) {
  Vector gradient;
  (void)evaluator.value_and_gradient(x, gradient);
  Vector expected(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    expected[i] = static_cast<double>(first_difference(compared, to_reals(x), static_cast<std::size_t>(i)));
  }
  return relative(gradient, expected);
}

/// Hessian: `npairs` random diagonal entries and as many random pairs, and `ndirections` random quadratic
/// forms v^T H v with |v| = 1, which every entry takes part in.
template <class Evaluator>
double hessian_deviation(Evaluator& evaluator, const Compared& compared, const Vector& x, Draws& draws,
                         int npairs, int ndirections) {
  Matrix hessian;
  evaluator.hessian(x, hessian);
  const RealVector point = to_reals(x);
  const auto n = static_cast<std::size_t>(x.size());
  std::vector<double> found, expected;
  const auto compare = [&](std::size_t i, std::size_t j) {
    found.push_back(hessian(static_cast<Index>(i), static_cast<Index>(j)));
    expected.push_back(static_cast<double>(second_difference(compared, point, i, j)));
  };
  for (int k = 0; k < npairs && n > 0; ++k) {
    const std::size_t i = draws.index(n);
    compare(i, i);
    compare(i, draws.index(n));
  }
  for (int k = 0; k < ndirections && n > 0; ++k) {
    Vector v(x.size());
    std::generate(v.begin(), v.end(), [&] { return draws.normal(); });
    v.normalize();
    const auto along = [&](const RealVector& step) {
      RealVector shifted = point;
      for (std::size_t i = 0; i < n; ++i) {
        shifted[i] += step[0] * static_cast<long double>(v[static_cast<Index>(i)]);
      }
      return compared(shifted);
    };
    found.push_back(v.dot(hessian * v));
    expected.push_back(static_cast<double>(second_difference(along, {0.0L}, 0, 0)));
  }
  return relative(to_vector(found), to_vector(expected));
}

/// H v against the product without H; and how far H is from symmetric.
template <class Evaluator>
double product_deviation(Evaluator& evaluator, const Vector& x, Draws& draws) {
  Matrix hessian;
  evaluator.hessian(x, hessian);
  Vector v(x.size());
  std::generate(v.begin(), v.end(), [&] { return draws.normal(); });
  Vector product;
  evaluator.hessian_product(x, v, product);
  const double scale = hessian.size() == 0 ? 1.0 : std::max(1.0, hessian.cwiseAbs().maxCoeff());
  const double asymmetry = hessian.size() == 0 ? 0.0 : (hessian - hessian.transpose()).cwiseAbs().maxCoeff();
  return std::max(relative(product / scale, hessian * v / scale), asymmetry / scale);
}

/// The metric's Jacobian as one matrix, whichever form it came in.
inline Matrix written_out(const LowRankMetric& metric) {
  return metric.blocks ? written_out(*metric.blocks) : metric.jacobian;
}

inline Matrix gauss_newton(const LowRankMetric& metric) {
  const Matrix jacobian = written_out(metric);
  Matrix result = jacobian.transpose() * metric.weight.asDiagonal() * jacobian;
  result.diagonal() += metric.diagonal;
  return result;
}

/// The metric's Jacobian against differences of the oracle's rates.
template <class Evaluator>
double jacobian_deviation(Evaluator& evaluator, const Compared& compared, const Vector& x) {
  LowRankMetric metric;
  evaluator.metric(x, metric);
  const Matrix jacobian = written_out(metric);
  double worst = 0.0;
  for (Index bin = 0; bin < jacobian.rows(); ++bin) {
    const auto rate = [&](const RealVector& point) {
      return compared.truth.expected_actualdata(point)[static_cast<std::size_t>(bin)];
    };
    Vector expected(x.size());
    for (Index i = 0; i < x.size(); ++i) {
      expected[i] = static_cast<double>(first_difference(rate, to_reals(x), static_cast<std::size_t>(i)));
    }
    worst = std::max(worst, relative(jacobian.row(bin).transpose(), expected));
  }
  return worst;
}

/// On the data that the model expects at x, the Hessian *is* the Gauss-Newton matrix.
template <class AnyModel>
double gauss_newton_deviation(const AnyModel& model, const Vector& expected_data, const Vector& x) {
  auto evaluator = Likelihood(model, expected_data).evaluator();
  Matrix hessian;
  evaluator.hessian(x, hessian);
  LowRankMetric metric;
  evaluator.metric(x, metric);
  const Matrix expected = gauss_newton(metric);
  const double scale = expected.size() == 0 ? 1.0 : std::max(1.0, expected.cwiseAbs().maxCoeff());
  return expected.size() == 0 ? 0.0 : (hessian - expected).cwiseAbs().maxCoeff() / scale;
}

} // namespace muhat::test
