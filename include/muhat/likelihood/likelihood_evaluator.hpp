#pragma once

/// -2 log L with exact first and second derivatives.
///
///     d/dtheta_p  =  sum_b 2 (1 - n_b/nu_b) dnu_b/dtheta_p + constraints'
///
/// by one forward and one reverse sweep over the model, tile by tile. Products of the Hessian with
/// a vector come from the same two sweeps on dual numbers (forward over reverse); the
/// whole Hessian is assembled cell by cell (model/rate_curvature.hpp). Nothing is
/// allocated after the first call of each function.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/arrow_pattern.hpp>
#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/dual.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/scratch.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/likelihood/softened_edges.hpp>
#include <muhat/model/evaluator.hpp>
#include <muhat/model/jacobian_targets.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace muhat {

/// Satisfies Objective, HasHessian, HasHessianProduct, HasMetric, HasScaledHessian, HasArrowHessian,
/// PrefersProducts, HasResiduals, HasRounding, HasKinks and HasEdges (fit/objective.hpp). Belongs to one
/// thread. All arguments have n = nparameters entries.
template <class AnyModel>
class LikelihoodEvaluator {
public:
  using S = typename AnyModel::scalar_type;
  using Tables = typename AnyModel::Tables;

  explicit LikelihoodEvaluator(const Likelihood<AnyModel>& likelihood)
      : likelihood_(likelihood), sweep_(likelihood.model().tables()),
        adjoint_(Column<S>::Zero(sweep_.rates().size())) {}

  /// A copy has scratch memory of its own.
  LikelihoodEvaluator(const LikelihoodEvaluator& other) : LikelihoodEvaluator(other.likelihood_) {
    structure_ = other.structure_;
  }
  LikelihoodEvaluator(LikelihoodEvaluator&&) = default;
  LikelihoodEvaluator& operator=(const LikelihoodEvaluator& other) {
    return *this = LikelihoodEvaluator(other);
  }
  LikelihoodEvaluator& operator=(LikelihoodEvaluator&&) = default;
  ~LikelihoodEvaluator() = default;

  [[nodiscard]] const Likelihood<AnyModel>& likelihood() const noexcept { return likelihood_; }
  [[nodiscard]] Index dimension() const noexcept { return likelihood_.model().nparameters(); }

  /// Spares memory: uses that of an evaluator of the same thread; less of it where the model is another.
  void share_scratch(const LikelihoodEvaluator& other) {
    slopes_.share(other.slopes_);
    sweep_.share_scratch(other.sweep_);
  }

  /// Exchanges the data, keeping the scratch memory. Throws as Likelihood does.
  void set_data(const VectorOf<S>& data) {
    likelihood_ = Likelihood<AnyModel>(likelihood_.model(), data);
    edges_.reset();
  }

  /// From now on -2 log L stands for itself continued beyond the edges of its domain
  /// (likelihood/softened_edges.hpp), in units taken at x.
  void soften_edges(const VectorOf<S>& x) {
    sweep_.forward(x.data(), Slopes::none);
    edges_.emplace(data().counts, gross_rates(), likelihood_.model().nbins());
  }

  /// Ends that.
  void harden_edges() { edges_.reset(); }

  /// The stiffness of softened edges, > 0; their multipliers stay.
  void set_edge_stiffness(S rho) { edges_->stiffen(rho); }

  /// How far softened edges are from being kept at x, in units of their bins.
  [[nodiscard]] S edge_gap(const VectorOf<S>& x) {
    sweep_.forward(x.data(), Slopes::none);
    return edges_->gap(sweep_.rates());
  }

  /// The multipliers of softened edges that follow from those so far and the rates at x.
  void update_multipliers(const VectorOf<S>& x) {
    sweep_.forward(x.data(), Slopes::none);
    edges_->update_multipliers(sweep_.rates(), gross_rates());
  }

  /// The bins that x puts at zero, of softened edges.
  [[nodiscard]] std::vector<Index> edges_at_zero(const VectorOf<S>& x) {
    sweep_.forward(x.data(), Slopes::none);
    return edges_->at_zero(sweep_.rates());
  }

  /// -2 log L at x; +infinity where the density does not exist.
  [[nodiscard]] S value(const VectorOf<S>& x) {
    return detail::finite_or_infinity(main_value(x) + data().constraints.value(x.data()));
  }

  /// The Poisson part of `value`.
  [[nodiscard]] S main_value(const VectorOf<S>& x) {
    sweep_.forward(x.data(), Slopes::none);
    return detail::finite_or_infinity(main_term());
  }

  /// `value` and its gradient, which is zero where the value is +infinity. At a kink the
  /// derivative from below.
  S value_and_gradient(const VectorOf<S>& x, VectorOf<S>& gradient) {
    return value_and_gradient(x, gradient, Slopes::left);
  }

  /// Where one-sided derivatives differ: parameters under interpolation code0 or code1, at 0.
  [[nodiscard]] const std::vector<Kink>& kinks() const noexcept { return likelihood_.model().kinks(); }

  /// The gradient with the derivative from above at every kink.
  void right_gradient(const VectorOf<S>& x, VectorOf<S>& gradient) {
    value_and_gradient(x, gradient, Slopes::right);
  }

  /// The exact n x n second derivative. Complexity: n^2 nbins, plus the squared number of
  /// parameters that act on each cell (model/rate_curvature.hpp).
  void hessian(const VectorOf<S>& x, MatrixOf<S>& hessian) { this->hessian(x, hessian, metric_diagonal_); }

  /// The same, and the diagonal of the metric at x, n entries.
  void hessian(const VectorOf<S>& x, MatrixOf<S>& hessian, VectorOf<S>& metric_diagonal) {
    const Index n = dimension();
    sweep_.forward(x.data(), Slopes::left);
    MatrixOf<S>& slopes = *slopes_;
    sweep_.transposed_jacobian(slopes);
    hessian.setZero(n, n);
    const Index nbins = likelihood_.model().nbins();
    set_adjoint(0, nbins);
    sweep_.add_curvature(adjoint_.data(), hessian);
    const Column<S>& weight = curvature_weight();
    metric_diagonal.setZero(n);
    for (Index b = 0; b < nbins; ++b) {
      slopes.col(b) *= std::sqrt(weight[b]);
      metric_diagonal += slopes.col(b).cwiseAbs2();
    }
    for (Index p = 0; p < n; ++p) {
      dense::add_product<S>({&slopes(p, 0), n - p, nbins, n}, S(1), &slopes(p, 0), n, &hessian(p, p));
    }
    dense::mirror_lower(dense::view(hessian));
    data().constraints.add_curvature(x.data(), hessian.diagonal());
    data().constraints.add_curvature(x.data(), metric_diagonal);
  }

  /// The same for large models, without what is empty: false, and nothing done, for small ones and those of
  /// which too much is left when parameters that act on few bins or one channel have been eliminated.
  /// Complexity: the squares of the parameters that act on each channel, times its bins.
  [[nodiscard]] bool hessian(const VectorOf<S>& x, ArrowMatrix<S>& hessian, VectorOf<S>& metric_diagonal) {
    if (!look_at_structure().has_arrow) {
      return false;
    }
    sweep_.forward(x.data(), Slopes::left);
    const BlockJacobian<S> jacobian = sweep_.block_jacobian(*structure_->pattern);
    hessian.reset(std::make_shared<const ArrowPattern>(jacobian));
    set_adjoint(0, likelihood_.model().nbins());
    if (!sweep_.add_curvature(adjoint_.data(), hessian)) {
      return false;
    }
    const VectorOf<S> weight = curvature_weight().matrix();
    hessian.add_squares(jacobian, weight);
    metric_diagonal.setZero(dimension());
    data().constraints.add_curvature(x.data(), metric_diagonal);
    for (Index p = 0; p < dimension(); ++p) {
      hessian.diagonal(p) += metric_diagonal[p];
    }
    jacobian.add_curvature(weight, metric_diagonal);
    return true;
  }

  /// Whether there are so many fewer bins than parameters that products tell as much as the Hessian.
  [[nodiscard]] bool prefers_products() { return look_at_structure().prefers_products; }

  /// product = H(x) direction, without forming H. Complexity: a few gradients.
  void hessian_product(const VectorOf<S>& x, const VectorOf<S>& direction, VectorOf<S>& product) {
    if (!dual_) {
      dual_ = std::make_unique<DualScratch>(likelihood_.model().tables());
    }
    for (Index i = 0; i < dimension(); ++i) {
      dual_->parameters[i] = {x[i], direction[i]};
    }
    const auto set_adjoint = [this](Index first, Index last) {
      for (Index b = first; b < last; ++b) {
        const S n = data().counts[b];
        const Dual<S>& nu = dual_->sweep.rates()[b];
        if (edges_) {
          dual_->adjoint[b] = chain(nu, edges_->slope(b, nu.value), edges_->curvature(b, nu.value));
        } else {
          dual_->adjoint[b] = n > S(0)
                                  ? chain(nu, S(2) * (S(1) - n / nu.value), S(2) * n / (nu.value * nu.value))
                                  : Dual<S>(S(2));
        }
      }
    };
    dual_->sweep.forward_and_reverse(dual_->parameters.data(), Slopes::left, dual_->adjoint.data(),
                                     set_adjoint, dual_->gradient.data());
    curvature_.setZero(dimension());
    data().constraints.add_curvature(x.data(), curvature_);
    product = curvature_.cwiseProduct(direction);
    for (Index i = 0; i < dimension(); ++i) {
      product[i] += dual_->gradient[i].tangent;
    }
  }

  /// The Gauss-Newton part of the Hessian: diagonal n entries, jacobian nbins x n (in blocks where that is
  /// less work or memory), weight 2 n_b/nu_b^2 per bin.
  template <class Metric>
  void metric(const VectorOf<S>& x, Metric& metric) {
    const bool in_blocks = look_at_structure().metric_in_blocks;
    sweep_.forward(x.data(), Slopes::left);
    metric.blocks = nullptr;
    if (in_blocks) {
      metric.jacobian.resize(0, dimension());
      metric.blocks = std::make_shared<const BlockJacobian<S>>(sweep_.block_jacobian());
    } else {
      sweep_.jacobian(metric.jacobian);
    }
    metric.weight = curvature_weight();
    metric.diagonal.setZero(dimension());
    data().constraints.add_curvature(x.data(), metric.diagonal);
  }

  /// The same with weights that make the diagonal of jacobian^T diag(weight) jacobian the square of what
  /// rounding of the rates, by one part in 2^52 of the samples' yields, changes the gradient by; no diagonal.
  template <class Metric>
  void gradient_rounding(const VectorOf<S>& x, Metric& rounding) {
    metric(x, rounding);
    const Column<S> gross = gross_rates().head(rounding.weight.size());
    rounding.weight =
        (rounding.weight.array() * gross * std::numeric_limits<S>::epsilon()).square().matrix().eval();
    rounding.diagonal.setZero();
  }

  /// Whether every rate is its count to the last bit: then the Hessian is what `metric` gives.
  [[nodiscard]] bool residuals_vanish(const VectorOf<S>& x) {
    const Index nbins = likelihood_.model().nbins();
    sweep_.forward(x.data(), Slopes::none);
    set_adjoint(0, nbins);
    return (adjoint_.head(nbins) == S(0)).all();
  }

private:
  [[nodiscard]] const BoundData<S>& data() const noexcept { return likelihood_.bound_data(); }

  /// Per bin the sum of what its samples have nominally or in the last sweep, whichever is larger, without
  /// their signs.
  [[nodiscard]] Column<S> gross_rates() const {
    const Tables& tables = likelihood_.model().tables();
    const Layout& layout = tables.layout();
    Column<S> gross = Column<S>::Zero(sweep_.rates().size());
    for (Index r = 0; r < layout.nrows; ++r) {
      gross[layout.row_bin[static_cast<std::size_t>(r)]] +=
          std::max(std::abs(sweep_.rows()[r]), std::abs(S(tables.nominal[r])));
    }
    return gross;
  }

  struct Structure {
    /// Whether `metric` gives the Jacobian in blocks, and whether `hessian` gives an arrow, or better
    /// neither.
    bool metric_in_blocks = false;
    bool has_arrow = false;
    bool prefers_products = false;
    /// Which parameters act where; of large models.
    std::optional<JacobianPattern> pattern = {};
  };

  /// Looked at once, and always around the model's start: which form is used must not depend on where an
  /// evaluator has been before. Small models have all in dense matrices.
  const Structure& look_at_structure() {
    constexpr double small = 20'000;
    constexpr double large = 4e7;
    constexpr double seconds_of_work = 5e10;
    // Operations of a probe by products, per entry of the Jacobian.
    constexpr double probing = 200;
    if (structure_) {
      return *structure_;
    }
    structure_ = std::make_shared<Structure>();
    const auto bins = static_cast<double>(likelihood_.model().nbins());
    const auto n = static_cast<double>(dimension());
    if (bins * n <= small) {
      return *structure_;
    }
    structure_->pattern = sweep_.pattern_around(likelihood_.model().suggested_init().template cast<S>());
    const auto jacobian = structure_->pattern->template allocate<S>();
    const ArrowPattern arrow(jacobian);
    const double unconstrained = n - static_cast<double>(likelihood_.model().constraints().size());
    const double rank = std::min(bins + unconstrained, n);
    const double low_rank = rank * rank * n;
    const bool is_affordable = arrow.is_affordable();
    structure_->metric_in_blocks =
        is_affordable ? arrow.work() < low_rank : bins * n > large || low_rank > seconds_of_work;
    structure_->prefers_products =
        !structure_->metric_in_blocks &&
        arrow.work() > 4 * (low_rank + probing * static_cast<double>(jacobian.size()));
    structure_->has_arrow = is_affordable && !structure_->prefers_products;
    return *structure_;
  }

  S value_and_gradient(const VectorOf<S>& x, VectorOf<S>& gradient, Slopes slopes) {
    gradient.resize(dimension());
    sweep_.forward_and_reverse(
        x.data(), slopes, adjoint_.data(), [this](Index first, Index last) { set_adjoint(first, last); },
        gradient.data());
    const S value = detail::finite_or_infinity(main_term() + data().constraints.value(x.data()));
    if (std::isfinite(value)) {
      data().constraints.add_gradient(x.data(), gradient.data());
    } else {
      gradient.setZero();
    }
    return value;
  }

  /// 2 sum [n (r - 1 - log r)] + constant at the rates of the last sweep.
  [[nodiscard]] S main_term() const {
    const Column<S>& rates = sweep_.rates();
    if (edges_) {
      return softened_main_term();
    }
    if (!(rates >= data().smallest_rate).all()) {
      return std::numeric_limits<S>::infinity();
    }
    if (data().large) {
      return large_main_term();
    }
    const auto ratio = rates * data().inverse_unit;
    const auto logarithm = ratio.max(std::numeric_limits<S>::min()).log();
    const S sum = ((ratio - data().count_in_unit) * data().unit - data().counts * logarithm).sum();
    return S(2) * sum + data().constant;
  }

  [[nodiscard]] S softened_main_term() const {
    S sum = S(0);
    for (Index b = 0; b < likelihood_.model().nbins(); ++b) {
      sum += edges_->value(b, sweep_.rates()[b]);
    }
    return sum;
  }

  /// The main term for large counts: a ratio that compilers fuse with the difference would be rounded
  /// otherwise there than under the logarithm, and n times that matters. A division is never fused.
  [[nodiscard]] S large_main_term() const {
    S sum = S(0);
    for (Index b = 0; b < likelihood_.model().nbins(); ++b) {
      const S ratio = sweep_.rates()[b] / data().unit[b];
      const S logarithm = std::log(std::max(ratio, std::numeric_limits<S>::min()));
      sum += (ratio - data().count_in_unit[b]) * data().unit[b] - data().counts[b] * logarithm;
    }
    return S(2) * sum + data().constant;
  }

  /// Derivatives of the main term by the rates of a range of bins.
  void set_adjoint(Index first, Index last) {
    if (edges_) {
      for (Index b = first; b < last; ++b) {
        adjoint_[b] = edges_->slope(b, sweep_.rates()[b]);
      }
      return;
    }
    for (Index b = first; b < last; ++b) {
      const S n = data().counts[b];
      adjoint_[b] = n > S(0) ? S(2) * (S(1) - n / sweep_.rates()[b]) : S(2);
    }
  }

  /// Second derivatives of the main term by rate, one per bin.
  [[nodiscard]] const Column<S>& curvature_weight() {
    weight_.resize(likelihood_.model().nbins());
    for (Index b = 0; b < weight_.size(); ++b) {
      const S n = data().counts[b];
      const S nu = sweep_.rates()[b];
      if (edges_) {
        weight_[b] = edges_->curvature(b, nu);
      } else {
        weight_[b] = n > S(0) && nu > S(0) ? S(2) * n / (nu * nu) : S(0);
      }
    }
    return weight_;
  }

  struct DualScratch {
    explicit DualScratch(const Tables& tables)
        : sweep(tables), parameters(tables.parameters().size()), adjoint(sweep.rates().size()),
          gradient(tables.parameters().size()) {}
    ModelEvaluator<Dual<S>, Tables> sweep;
    Column<Dual<S>> parameters, adjoint, gradient;
  };

  Likelihood<AnyModel> likelihood_;
  std::optional<SoftenedEdges<S>> edges_;
  ModelEvaluator<S, Tables> sweep_;
  Column<S> adjoint_, weight_;
  /// Of the rates, parameters x bins.
  Scratch<MatrixOf<S>> slopes_;
  VectorOf<S> curvature_, metric_diagonal_;
  std::unique_ptr<DualScratch> dual_;
  std::shared_ptr<Structure> structure_;
};

} // namespace muhat
