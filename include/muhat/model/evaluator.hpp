#pragma once

/// One evaluation of a model: a forward sweep from parameters to rates that
/// keeps what the reverse sweep needs, and the reverse sweep from derivatives by
/// rate to derivatives by parameter.
///
/// An evaluator owns the scratch memory of one thread. Sweeps allocate nothing
/// after the first. Complexity of each sweep: one pass over the model's constants.

#include <muhat/core/dual.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/bundles/sinks.hpp>
#include <muhat/model/jacobian_targets.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/modifiers/modifier.hpp>
#include <muhat/model/rate_curvature.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>

namespace muhat {

namespace detail {

template <class T, class Bundles>
struct TapesOf;
template <class T, class... Staged>
struct TapesOf<T, std::tuple<Staged...>> {
  using type = std::tuple<typename decltype(Staged::bundle)::template Tape<T>...>;
};

} // namespace detail

/// T is the tables' scalar, or a Dual over it for directional second derivatives.
template <class T, class Tables>
class ModelEvaluator {
public:
  using S = ValueOf<T>;

  /// `tables` has to outlive the evaluator.
  explicit ModelEvaluator(const Tables& tables)
      : tables_(&tables), one_(tables.parameters().size()), parameters_(one_ + 1), gradient_(one_ + 1),
        cells_(padded_size(static_cast<Index>(tables.layout().cells.size()) + 1)),
        cell_adjoint_(cells_.size()), rows_(padded_size(tables.layout().nrows)),
        before_factors_(rows_.size()), row_adjoint_(rows_.size()), row_share_(rows_.size()),
        rates_(padded_size(tables.layout().nbins + 1)) {
    parameters_[one_] = T(1);
    row_adjoint_.setConstant(T(0));
    cell_adjoint_.setConstant(T(0));
    rates_.setConstant(T(0));
  }

  /// Expected events per row, after factors and clip.
  [[nodiscard]] const Column<T>& rows() const noexcept { return rows_; }
  /// Expected events per bin, padded with at least one spare entry.
  [[nodiscard]] const Column<T>& rates() const noexcept { return rates_; }

  /// Computes rows and rates at n parameters. `slopes`: what a reverse sweep will need.
  void forward(const T* pars, Slopes slopes) {
    for (Index i = 0; i < one_; ++i) {
      parameters_[i] = pars[i];
    }
    cells_.setConstant(T(1));
    run_forward<ModifierStage::cell_factor>(cells_, slopes);
    for (Index r = 0; r < rows_.size(); ++r) {
      rows_[r] = T(tables_->nominal[r]);
    }
    run_forward<ModifierStage::shift>(rows_, slopes);
    const Layout& layout = tables_->layout();
    for (Index r = 0; r < layout.nrows; ++r) {
      before_factors_[r] = rows_[r];
      rows_[r] *= cells_[layout.row_cell[static_cast<std::size_t>(r)]];
    }
    run_forward<ModifierStage::row_factor>(rows_, slopes);
    sum_bins();
  }

  /// gradient[p] = sum_b adjoint[b] * d rate_b / d theta_p, after `forward` with slopes.
  void reverse(const T* adjoint, T* gradient) {
    gradient_.setConstant(T(0));
    GradientSink<T> sink(gradient_.data());
    reverse_rows(adjoint, sink);
    run_reverse<ModifierStage::shift>(row_adjoint_, sink);
    const Layout& layout = tables_->layout();
    cell_adjoint_.setConstant(T(0));
    for (Index r = 0; r < layout.nrows; ++r) {
      cell_adjoint_[layout.row_cell[static_cast<std::size_t>(r)]] += row_share_[r];
    }
    run_reverse<ModifierStage::cell_factor>(cell_adjoint_, sink);
    sink.finish();
    for (Index i = 0; i < one_; ++i) {
      gradient[i] = gradient_[i];
    }
  }

  /// jacobian(b, p) = d rate_b / d theta_p, bins x parameters, after `forward` with slopes.
  void jacobian(MatrixOf<S>& jacobian) requires std::same_as<T, S> {
    dense_.setZero(tables_->layout().nbins + 1, one_ + 1);
    DenseJacobianTarget<S> target(dense_);
    scatter_jacobian(target);
    jacobian = dense_.topLeftCorner(tables_->layout().nbins, one_);
  }

  /// The same in blocks by channel: memory and time are those of the entries that are not 0, up to
  /// parameters that act on part of a channel.
  [[nodiscard]] BlockJacobian<S> block_jacobian() requires std::same_as<T, S> {
    JacobianPattern pattern(tables_->layout(), one_);
    scatter_jacobian(pattern);
    BlockJacobian<S> jacobian = pattern.template allocate<S>();
    BlockJacobianTarget<S> target(pattern, jacobian);
    scatter_jacobian(target);
    return jacobian;
  }

  /// Adds sum_b adjoint[b] d^2 rate_b / dtheta_p dtheta_q to the lower triangle of `h`, after
  /// `forward`.
  void add_curvature(const S* adjoint, MatrixOf<S>& h) requires std::same_as<T, S> {
    const Layout& layout = tables_->layout();
    for (Index r = 0; r < layout.nrows; ++r) {
      const Index bin = layout.row_bin[static_cast<std::size_t>(r)];
      row_adjoint_[r] = is_clipped(r, bin) ? S(0) : adjoint[bin];
    }
    if (!curvature_) {
      curvature_ = std::make_unique<RateCurvature<S, Tables>>(*tables_);
    }
    curvature_->add(parameters_.data(), row_adjoint_, before_factors_, h);
  }

private:
  /// Hands every entry of the Jacobian to `target` (model/jacobian_targets.hpp).
  template <class Target>
  void scatter_jacobian(Target& target) {
    unit_.setOnes(tables_->layout().nbins + 1);
    RowJacobianSink<S, Target> row_sink(tables_->layout(), target);
    reverse_rows(unit_.data(), row_sink);
    run_reverse<ModifierStage::shift>(row_adjoint_, row_sink);
    cell_adjoint_.setConstant(S(1));
    CellJacobianSink<S, Target> cell_sink(tables_->layout(), row_share_.data(), target);
    run_reverse<ModifierStage::cell_factor>(cell_adjoint_, cell_sink);
  }

  template <ModifierStage stage, class Visit>
  void for_each(Visit visit) {
    for_each_of<stage>(visit, std::make_index_sequence<std::tuple_size_v<decltype(Tables::bundles)>>{});
  }
  template <ModifierStage stage, class Visit, std::size_t... I>
  void for_each_of(Visit& visit, std::index_sequence<I...>) {
    (visit_one<stage>(visit, std::get<I>(tables_->bundles), std::get<I>(tapes_)), ...);
  }
  template <ModifierStage stage, class Visit, std::size_t... I>
  void for_each_backwards(Visit visit, std::index_sequence<I...>) {
    (visit_one<stage>(visit, std::get<sizeof...(I) - 1 - I>(tables_->bundles),
                      std::get<sizeof...(I) - 1 - I>(tapes_)),
     ...);
  }
  template <ModifierStage stage, class Visit, class Staged, class Tape>
  static void visit_one(Visit& visit, const Staged& staged, Tape& tape) {
    if constexpr (Staged::stage == stage) {
      if (!staged.bundle.empty()) {
        visit(staged.bundle, tape);
      }
    }
  }

  template <ModifierStage stage>
  void run_forward(Column<T>& out, Slopes slopes) {
    for_each<stage>([&](const auto& bundle, auto& tape) {
      bundle.forward(parameters_.data(), out.data(), tape, slopes);
    });
  }
  template <ModifierStage stage, class Sink>
  void run_reverse(Column<T>& adjoint, Sink& sink) {
    for_each_backwards<stage>(
        [&](const auto& bundle, auto& tape) {
          bundle.reverse(parameters_.data(), adjoint.data(), tape, sink);
        },
        std::make_index_sequence<std::tuple_size_v<decltype(Tables::bundles)>>{});
  }

  void sum_bins() {
    const Layout& layout = tables_->layout();
    if (tables_->clip_sample_data) {
      for (Index r = 0; r < layout.nrows; ++r) {
        if (value_of(rows_[r]) < *tables_->clip_sample_data) {
          rows_[r] = T(*tables_->clip_sample_data);
        }
      }
    }
    rates_.setConstant(T(0));
    for (Index r = 0; r < layout.nrows; ++r) {
      rates_[layout.row_bin[static_cast<std::size_t>(r)]] += rows_[r];
    }
    if (tables_->clip_bin_data) {
      for (Index b = 0; b < layout.nbins; ++b) {
        if (value_of(rates_[b]) < *tables_->clip_bin_data) {
          rates_[b] = T(*tables_->clip_bin_data);
        }
      }
    }
  }

  /// Down to the adjoint of each row before all factors; `row_share_` is the derivative with
  /// respect to its cell's factor.
  template <class Sink>
  void reverse_rows(const T* adjoint, Sink& sink) {
    const Layout& layout = tables_->layout();
    for (Index r = 0; r < layout.nrows; ++r) {
      const Index bin = layout.row_bin[static_cast<std::size_t>(r)];
      row_adjoint_[r] = is_clipped(r, bin) ? T(0) : adjoint[bin];
    }
    run_reverse<ModifierStage::row_factor>(row_adjoint_, sink);
    for (Index r = 0; r < layout.nrows; ++r) {
      row_share_[r] = row_adjoint_[r] * before_factors_[r];
      row_adjoint_[r] *= cells_[layout.row_cell[static_cast<std::size_t>(r)]];
    }
  }

  [[nodiscard]] bool is_clipped(Index row, Index bin) const {
    return (tables_->clip_sample_data && !(value_of(rows_[row]) > *tables_->clip_sample_data)) ||
           (tables_->clip_bin_data && !(value_of(rates_[bin]) > *tables_->clip_bin_data));
  }

  const Tables* tables_;
  /// Index of the constant 1 behind the last parameter.
  Index one_;
  Column<T> parameters_, gradient_;
  Column<T> cells_, cell_adjoint_;
  Column<T> rows_, before_factors_, row_adjoint_, row_share_;
  Column<T> rates_;
  typename detail::TapesOf<T, decltype(Tables::bundles)>::type tapes_;
  MatrixOf<S> dense_;
  std::unique_ptr<RateCurvature<S, Tables>> curvature_;
  VectorOf<S> unit_;
};

} // namespace muhat
