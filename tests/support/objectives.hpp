#pragma once

/// Functions to minimize whose answers are known, and random functions that look like likelihoods.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/objective.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/likelihood/softened_edges.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace muhat::test {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

inline Box unbounded(Index n) {
  return {Vector::Constant(n, -infinity), Vector::Constant(n, infinity)};
}

inline Box cube(Index n, double lower, double upper) {
  return {Vector::Constant(n, lower), Vector::Constant(n, upper)};
}

/// sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: value and gradient only.
struct Rosenbrock {
  Index n;
  int evaluations = 0;

  [[nodiscard]] Index dimension() const { return n; }

  double value(const Vector& x) {
    Vector unused(n);
    return value_and_gradient(x, unused);
  }

  double value_and_gradient(const Vector& x, Vector& g) {
    ++evaluations;
    double sum = 0.0;
    g.setZero();
    for (Index i = 0; i + 1 < n; ++i) {
      const double a = x[i + 1] - x[i] * x[i];
      const double b = 1.0 - x[i];
      sum += 100.0 * a * a + b * b;
      g[i] += -400.0 * a * x[i] - 2.0 * b;
      g[i + 1] += 200.0 * a;
    }
    return sum;
  }
};

/// x0^2 - x1^2 + x1^4: a saddle point at the origin, minima at x1 = +-1/sqrt(2).
struct DoubleWell {
  [[nodiscard]] Index dimension() const { return 2; }
  double value(const Vector& x) { return x[0] * x[0] - x[1] * x[1] + std::pow(x[1], 4); }
  double value_and_gradient(const Vector& x, Vector& g) {
    g << 2.0 * x[0], -2.0 * x[1] + 4.0 * std::pow(x[1], 3);
    return value(x);
  }
  void hessian(const Vector& x, Matrix& h) {
    h.setZero(2, 2);
    h(0, 0) = 2.0;
    h(1, 1) = -2.0 + 12.0 * x[1] * x[1];
  }
};

/// A quadratic in x0 - x1, and nearly a cone in their mean s: 500 (x0 - x1)^2 + sqrt(1 + (s - far)^2) / 1000.
struct SteepValley {
  double far = 0.0;

  [[nodiscard]] Index dimension() const { return 2; }
  double value(const Vector& x) {
    const double s = 0.5 * (x[0] + x[1]) - far;
    return 500.0 * std::pow(x[0] - x[1], 2) + 1e-3 * std::sqrt(1.0 + s * s);
  }
  double value_and_gradient(const Vector& x, Vector& g) {
    const double s = 0.5 * (x[0] + x[1]) - far;
    const double along = 0.5e-3 * s / std::sqrt(1.0 + s * s);
    const double across = 1000.0 * (x[0] - x[1]);
    g << across + along, -across + along;
    return value(x);
  }
  void hessian(const Vector& x, Matrix& h) {
    const double s = 0.5 * (x[0] + x[1]) - far;
    const double along = 0.25e-3 / std::pow(1.0 + s * s, 1.5);
    h << 1000.0 + along, -1000.0 + along, -1000.0 + along, 1000.0 + along;
  }
};

/// Rosenbrock's function with its Hessian.
struct RosenbrockWithHessian : Rosenbrock {
  void hessian(const Vector& x, Matrix& h) {
    h.setZero(n, n);
    for (Index i = 0; i + 1 < n; ++i) {
      h(i, i) += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
      h(i + 1, i + 1) += 200.0;
      h(i, i + 1) -= 400.0 * x[i];
      h(i + 1, i) -= 400.0 * x[i];
    }
  }
};

/// g^T x + x^T H x / 2.
struct Quadratic {
  Matrix h;
  Vector g;

  [[nodiscard]] Index dimension() const { return g.size(); }
  double value(const Vector& x) { return g.dot(x) + 0.5 * x.dot(h * x); }
  double value_and_gradient(const Vector& x, Vector& gradient) {
    gradient = g + h * x;
    return value(x);
  }
  void hessian(const Vector& /*x*/, Matrix& out) { out = h; }
};

/// sum_i w_i |x_i| + (x - c)^T (x - c) / 2 + coupling (sum_i x_i)^2 / 2: a kink in every parameter at 0.
struct AbsoluteValues {
  Vector weight, center;
  double coupling = 0.0;
  std::vector<Kink> kinks_at_zero;

  AbsoluteValues(Vector weights, Vector centers, double c)
      : weight(std::move(weights)), center(std::move(centers)), coupling(c) {
    for (Index i = 0; i < weight.size(); ++i) {
      kinks_at_zero.push_back({i, 0.0});
    }
  }

  [[nodiscard]] Index dimension() const { return weight.size(); }
  [[nodiscard]] const std::vector<Kink>& kinks() const { return kinks_at_zero; }

  double value(const Vector& x) {
    return weight.dot(x.cwiseAbs()) + 0.5 * (x - center).squaredNorm() + 0.5 * coupling * x.sum() * x.sum();
  }
  double value_and_gradient(const Vector& x, Vector& g) {
    one_sided(x, g, -1.0);
    return value(x);
  }
  void right_gradient(const Vector& x, Vector& g) { one_sided(x, g, 1.0); }

private:
  void one_sided(const Vector& x, Vector& g, double side) const {
    g = x - center;
    g.array() += coupling * x.sum();
    for (Index i = 0; i < x.size(); ++i) {
      g[i] += weight[i] * (x[i] > 0.0 ? 1.0 : (x[i] < 0.0 ? -1.0 : side));
    }
  }
};

/// -2 log of a product of Poisson bins and unit Normal constraints, constants left out:
///
///     nu_b = sum_s mu_s n_sb exp(sum_j e_sj theta_j) + sum_j h_bj theta_j
///
/// for the first `strengths` parameters mu and the rest theta; +infinity where some nu_b < 0.
class PoissonBins {
public:
  Index bins = 0, strengths = 0, nuisances = 0;
  /// bins x strengths, strengths x nuisances, bins x nuisances.
  Matrix nominal, effect, shift;
  Vector observed;

  static PoissonBins random(std::mt19937_64& engine, Index bins, Index strengths, Index nuisances,
                            double events) {
    const auto uniform = [&engine](double a, double b) {
      return std::uniform_real_distribution<double>(a, b)(engine);
    };
    PoissonBins f;
    f.bins = bins;
    f.strengths = strengths;
    f.nuisances = nuisances;
    f.nominal.resize(bins, strengths);
    f.effect.resize(strengths, nuisances);
    f.shift.resize(bins, nuisances);
    f.observed.resize(bins);
    for (Index b = 0; b < bins; ++b) {
      for (Index s = 0; s < strengths; ++s) {
        f.nominal(b, s) = events * uniform(0.1, 1.0);
      }
      for (Index j = 0; j < nuisances; ++j) {
        f.shift(b, j) = 0.05 * events * uniform(-1.0, 1.0);
      }
      f.observed[b] = std::poisson_distribution<int>(f.nominal.row(b).sum())(engine);
    }
    for (Index s = 0; s < strengths; ++s) {
      for (Index j = 0; j < nuisances; ++j) {
        f.effect(s, j) = uniform(-0.15, 0.15);
      }
    }
    return f;
  }

  [[nodiscard]] Index dimension() const { return strengths + nuisances; }

  [[nodiscard]] Vector start() const {
    Vector x = Vector::Zero(dimension());
    x.head(strengths).setOnes();
    return x;
  }

  [[nodiscard]] Box box() const {
    Box out{Vector::Constant(dimension(), -5.0), Vector::Constant(dimension(), 5.0)};
    out.lower.head(strengths).setZero();
    out.upper.head(strengths).setConstant(10.0);
    return out;
  }

  double value(const Vector& x) {
    rates(x);
    return twice_nll(x);
  }

  double value_and_gradient(const Vector& x, Vector& g) {
    rates(x);
    const double result = twice_nll(x);
    const Vector slope = slopes();
    derivative(x);
    g = jacobian_.transpose() * slope;
    g.tail(nuisances) += 2.0 * x.tail(nuisances);
    return result;
  }

  void hessian(const Vector& x, Matrix& h) {
    rates(x);
    derivative(x);
    const Vector weight = weights();
    const Vector slope = slopes();
    h = jacobian_.transpose() * weight.asDiagonal() * jacobian_;
    for (Index s = 0; s < strengths; ++s) {
      const double total = slope.dot(scaled_.col(s));
      for (Index j = 0; j < nuisances; ++j) {
        h(s, strengths + j) += total * effect(s, j);
        h(strengths + j, s) += total * effect(s, j);
        for (Index k = 0; k < nuisances; ++k) {
          h(strengths + j, strengths + k) += x[s] * total * effect(s, j) * effect(s, k);
        }
      }
    }
    h.diagonal().tail(nuisances).array() += 2.0;
  }

  void hessian(const Vector& x, Matrix& h, Vector& scale) {
    hessian(x, h);
    LowRankMetric m;
    metric(x, m);
    scale = m.curvature();
  }

  void hessian_product(const Vector& x, const Vector& v, Vector& hv) {
    Matrix h;
    hessian(x, h);
    hv = h * v;
  }

  void soften_edges(const Vector& x) {
    rates(x);
    edges_.emplace(observed.array(), gross(x), bins);
  }
  void harden_edges() { edges_.reset(); }
  void set_edge_stiffness(double rho) { edges_->stiffen(rho); }
  double edge_gap(const Vector& x) {
    rates(x);
    return edges_->gap(nu_.array());
  }
  void update_multipliers(const Vector& x) {
    rates(x);
    edges_->update_multipliers(nu_.array(), gross(x));
  }
  std::vector<Index> edges_at_zero(const Vector& x) {
    rates(x);
    return edges_->at_zero(nu_.array());
  }

  void metric(const Vector& x, LowRankMetric& m) {
    rates(x);
    derivative(x);
    m.diagonal = Vector::Constant(dimension(), 2.0);
    m.diagonal.head(strengths).setZero();
    m.jacobian = jacobian_;
    m.weight = weights();
  }

private:
  void rates(const Vector& x) {
    scaled_.resize(bins, strengths);
    nu_ = shift * x.tail(nuisances);
    for (Index s = 0; s < strengths; ++s) {
      scaled_.col(s) = nominal.col(s) * std::exp(effect.row(s).dot(x.tail(nuisances)));
      nu_ += x[s] * scaled_.col(s);
    }
  }

  void derivative(const Vector& x) {
    jacobian_.resize(bins, dimension());
    jacobian_.leftCols(strengths) = scaled_;
    jacobian_.rightCols(nuisances) = shift;
    for (Index s = 0; s < strengths; ++s) {
      jacobian_.rightCols(nuisances) += x[s] * scaled_.col(s) * effect.row(s);
    }
  }

  [[nodiscard]] Column<double> gross(const Vector& x) const {
    return (nominal.rowwise().sum() + shift.cwiseAbs() * x.tail(nuisances).cwiseAbs()).array();
  }

  [[nodiscard]] Vector slopes() const {
    Vector result(bins);
    for (Index b = 0; b < bins; ++b) {
      result[b] = edges_ ? edges_->slope(b, nu_[b]) : 2.0 * (1.0 - observed[b] / std::max(nu_[b], 1e-300));
    }
    return result;
  }

  [[nodiscard]] Vector weights() const {
    Vector result(bins);
    for (Index b = 0; b < bins; ++b) {
      result[b] =
          edges_ ? edges_->curvature(b, nu_[b]) : 2.0 * observed[b] / std::max(nu_[b] * nu_[b], 1e-300);
    }
    return result;
  }

  double twice_nll(const Vector& x) const {
    double sum = x.tail(nuisances).squaredNorm();
    for (Index b = 0; b < bins; ++b) {
      if (edges_) {
        sum += edges_->value(b, nu_[b]);
        continue;
      }
      if (nu_[b] < 0.0 || (nu_[b] == 0.0 && observed[b] > 0.0)) {
        return infinity;
      }
      sum += 2.0 * nu_[b] - (observed[b] > 0.0 ? 2.0 * observed[b] * std::log(nu_[b]) : 0.0);
    }
    return sum;
  }

  std::optional<SoftenedEdges<double>> edges_;
  Vector nu_;
  Matrix scaled_, jacobian_;
};

} // namespace muhat::test
