#pragma once

/// One evaluation of a model: a forward sweep from parameters to rates that
/// keeps what the reverse sweep needs, and the reverse sweep from derivatives by
/// rate to derivatives by parameter. Both go tile by tile (model/layout.hpp), and
/// together they finish one tile before the next, while its constants are in the cache.
///
/// An evaluator owns the scratch memory of one thread. Sweeps allocate nothing
/// after the first. Complexity of each sweep: one pass over the model's constants.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/block_jacobian.hpp>
#include <muhat/core/dual.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/scratch.hpp>
#include <muhat/model/bundles/sinks.hpp>
#include <muhat/model/jacobian_targets.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/modifiers/modifier.hpp>
#include <muhat/model/rate_curvature.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

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
    before_factors_.setConstant(T(0));
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
    start_forward(pars, slopes);
    for (std::size_t tile = 0; tile < ntiles(); ++tile) {
      forward_tile(tile, slopes);
    }
  }

  /// gradient[p] = sum_b adjoint[b] * d rate_b / d theta_p, after `forward` with slopes.
  void reverse(const T* adjoint, T* gradient) {
    GradientSink<T> sink = start_reverse();
    for (std::size_t tile = 0; tile < ntiles(); ++tile) {
      reverse_tile(tile, adjoint, sink);
    }
    finish_reverse(sink, gradient);
  }

  /// Both in one pass. `set_adjoint(first, last)` fills that range of `adjoint` once the rates of these bins
  /// are there.
  template <std::invocable<Index, Index> SetAdjoint>
  void forward_and_reverse(const T* pars, Slopes slopes, const T* adjoint, SetAdjoint set_adjoint,
                           T* gradient) {
    start_forward(pars, slopes);
    GradientSink<T> sink = start_reverse();
    for (std::size_t tile = 0; tile < ntiles(); ++tile) {
      forward_tile(tile, slopes);
      set_adjoint(tiles()[tile].first_bin, tiles()[tile].last_bin);
      reverse_tile(tile, adjoint, sink);
    }
    finish_reverse(sink, gradient);
  }

  /// jacobian(b, p) = d rate_b / d theta_p, bins x parameters, after `forward` with slopes.
  void jacobian(MatrixOf<S>& jacobian) requires std::same_as<T, S> {
    const Index nbins = tables_->layout().nbins;
    jacobian.setZero(nbins, one_);
    DenseJacobianTarget<S> target(jacobian.data(), nbins, one_, 1, nbins);
    scatter_jacobian(target);
  }

  /// The same transposed, parameters x bins.
  void transposed_jacobian(MatrixOf<S>& jacobian) requires std::same_as<T, S> {
    const Index nbins = tables_->layout().nbins;
    jacobian.setZero(one_, nbins);
    DenseJacobianTarget<S> target(jacobian.data(), nbins, one_, one_, 1);
    scatter_jacobian(target);
  }

  /// The same in blocks by channel: memory and time are those of the entries that are not 0, up to
  /// parameters that act on part of a channel.
  [[nodiscard]] BlockJacobian<S> block_jacobian() requires std::same_as<T, S> {
    return block_jacobian(JacobianPattern(tables_->layout(), one_));
  }

  /// The same with the entries of `pattern` besides, though they may be 0.
  [[nodiscard]] BlockJacobian<S> block_jacobian(JacobianPattern pattern) requires std::same_as<T, S> {
    scatter_jacobian(pattern);
    BlockJacobian<S> jacobian = pattern.template allocate<S>();
    BlockJacobianTarget<S> target(pattern, jacobian);
    scatter_jacobian(target);
    return jacobian;
  }

  /// Which parameters act where at points beside x, on both sides of it, that are not special in any way:
  /// also what happens to vanish at x. The points need not be inside of bounds.
  [[nodiscard]] JacobianPattern pattern_around(const VectorOf<S>& x) requires std::same_as<T, S> {
    JacobianPattern pattern(tables_->layout(), one_);
    for (const S side : {S(-0.3125), S(0.3125)}) {
      const VectorOf<S> beside = x.array() + side;
      forward(beside.data(), Slopes::left);
      scatter_jacobian(pattern);
    }
    return pattern;
  }

  /// Adds sum_b adjoint[b] d^2 rate_b / dtheta_p dtheta_q to the lower triangle of `h`, after
  /// `forward`. adjoint: nbins + 1 entries, the last one, that of rows which only fill up, 0.
  void add_curvature(const S* adjoint, MatrixOf<S>& h) requires std::same_as<T, S> {
    spread_over_rows(adjoint).add(parameters_.data(), row_adjoint_, before_factors_, h);
  }

  /// The same into a matrix with the pattern of `block_jacobian`; false where that lacks an entry.
  [[nodiscard]] bool add_curvature(const S* adjoint, ArrowMatrix<S>& h) requires std::same_as<T, S> {
    return spread_over_rows(adjoint).add(parameters_.data(), row_adjoint_, before_factors_, h);
  }

  /// Spares memory: second derivatives use that of an evaluator of the same tables and the same thread. That
  /// of others fits not, and is left alone.
  void share_scratch(const ModelEvaluator& other) {
    if (tables_ == other.tables_) {
      curvature_.share(other.curvature_);
    }
  }

private:
  /// What second derivatives start from.
  RateCurvature<S, Tables>& spread_over_rows(const S* adjoint) requires std::same_as<T, S> {
    const Layout& layout = tables_->layout();
    for (Index r = 0; r < layout.nrows; ++r) {
      const Index bin = layout.row_bin[static_cast<std::size_t>(r)];
      row_adjoint_[r] = is_clipped(r, bin) ? S(0) : adjoint[bin];
    }
    std::optional<RateCurvature<S, Tables>>& curvature = *curvature_;
    if (!curvature) {
      curvature.emplace(*tables_);
    }
    return *curvature;
  }

  /// Hands every entry of the Jacobian to `target` (model/jacobian_targets.hpp).
  template <class Target>
  void scatter_jacobian(Target& target) {
    unit_.setOnes(tables_->layout().nbins + 1);
    RowJacobianSink<S, Target> row_sink(tables_->layout(), target);
    for (std::size_t tile = 0; tile < ntiles(); ++tile) {
      reverse_rows(tile, unit_.data(), row_sink);
    }
    cell_adjoint_.setConstant(S(1));
    CellJacobianSink<S, Target> cell_sink(tables_->layout(), row_share_.data(), target);
    run_reverse<ModifierStage::cell_factor>(cell_adjoint_, cell_sink);
  }

  [[nodiscard]] const std::vector<Tile>& tiles() const noexcept { return tables_->layout().tiles; }
  [[nodiscard]] std::size_t ntiles() const noexcept { return tiles().size(); }

  /// Everything before the rows.
  void start_forward(const T* pars, Slopes slopes) {
    for (Index i = 0; i < one_; ++i) {
      parameters_[i] = pars[i];
    }
    cells_.setConstant(T(1));
    for_each<ModifierStage::cell_factor>([&](const auto& bundle, auto& tape) {
      bundle.forward(parameters_.data(), cells_.data(), tape, slopes);
    });
    for_each<ModifierStage::shift>([&](const auto& bundle, auto& tape) {
      if constexpr (requires { bundle.prepare(parameters_.data(), tape, slopes); }) {
        bundle.prepare(parameters_.data(), tape, slopes);
      }
    });
  }

  /// The rows and rates of one tile.
  void forward_tile(std::size_t index, Slopes slopes) {
    const Layout& layout = tables_->layout();
    const Tile& tile = layout.tiles[index];
    const Index padded = padded_size(tile.last_row);
    for (Index r = tile.first_row; r < padded; ++r) {
      rows_[r] = T(tables_->nominal[r]);
    }
    run_forward<ModifierStage::shift>(index, slopes);
    for (Index r = tile.first_row; r < tile.last_row; ++r) {
      before_factors_[r] = rows_[r];
      rows_[r] *= cells_[layout.row_cell[static_cast<std::size_t>(r)]];
    }
    run_forward<ModifierStage::row_factor>(index, slopes);
    sum_bins(tile);
  }

  [[nodiscard]] GradientSink<T> start_reverse() {
    gradient_.setConstant(T(0));
    cell_adjoint_.setConstant(T(0));
    return GradientSink<T>(gradient_.data());
  }

  void reverse_tile(std::size_t index, const T* adjoint, GradientSink<T>& sink) {
    reverse_rows(index, adjoint, sink);
    const Layout& layout = tables_->layout();
    const Tile& tile = layout.tiles[index];
    for (Index r = tile.first_row; r < tile.last_row; ++r) {
      cell_adjoint_[layout.row_cell[static_cast<std::size_t>(r)]] += row_share_[r];
    }
  }

  void finish_reverse(GradientSink<T>& sink, T* gradient) {
    run_reverse<ModifierStage::cell_factor>(cell_adjoint_, sink);
    sink.finish();
    for (Index i = 0; i < one_; ++i) {
      gradient[i] = gradient_[i];
    }
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
  void run_forward(std::size_t tile, Slopes slopes) {
    for_each<stage>([&](const auto& bundle, auto& tape) {
      bundle.forward(parameters_.data(), rows_.data(), tape, slopes, tile);
    });
  }
  /// `tile`: of a row stage.
  template <ModifierStage stage, class Sink, class... Place>
  void run_reverse(Column<T>& adjoint, Sink& sink, Place... tile) {
    for_each_backwards<stage>(
        [&](const auto& bundle, auto& tape) {
          bundle.reverse(parameters_.data(), adjoint.data(), tape, sink, tile...);
        },
        std::make_index_sequence<std::tuple_size_v<decltype(Tables::bundles)>>{});
  }

  void sum_bins(const Tile& tile) {
    const Layout& layout = tables_->layout();
    if (tables_->clip_sample_data) {
      for (Index r = tile.first_row; r < tile.last_row; ++r) {
        if (value_of(rows_[r]) < *tables_->clip_sample_data) {
          rows_[r] = T(*tables_->clip_sample_data);
        }
      }
    }
    for (Index b = tile.first_bin; b < tile.last_bin; ++b) {
      rates_[b] = T(0);
    }
    for (Index r = tile.first_row; r < tile.last_row; ++r) {
      rates_[layout.row_bin[static_cast<std::size_t>(r)]] += rows_[r];
    }
    if (tables_->clip_bin_data) {
      for (Index b = tile.first_bin; b < tile.last_bin; ++b) {
        if (value_of(rates_[b]) < *tables_->clip_bin_data) {
          rates_[b] = T(*tables_->clip_bin_data);
        }
      }
    }
  }

  /// Down to the nominal yields of a tile: `row_share_` is the derivative with respect to each row's cell
  /// factor.
  template <class Sink>
  void reverse_rows(std::size_t index, const T* adjoint, Sink& sink) {
    const Layout& layout = tables_->layout();
    const Tile& tile = layout.tiles[index];
    for (Index r = tile.first_row; r < tile.last_row; ++r) {
      const Index bin = layout.row_bin[static_cast<std::size_t>(r)];
      row_adjoint_[r] = is_clipped(r, bin) ? T(0) : adjoint[bin];
    }
    run_reverse<ModifierStage::row_factor>(row_adjoint_, sink, index);
    for (Index r = tile.first_row; r < tile.last_row; ++r) {
      row_share_[r] = row_adjoint_[r] * before_factors_[r];
      row_adjoint_[r] *= cells_[layout.row_cell[static_cast<std::size_t>(r)]];
    }
    run_reverse<ModifierStage::shift>(row_adjoint_, sink, index);
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
  Scratch<std::optional<RateCurvature<S, Tables>>> curvature_;
  VectorOf<S> unit_;
};

} // namespace muhat
