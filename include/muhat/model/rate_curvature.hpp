#pragma once

/// The weighted second derivatives of all rates,
///
///     C_pq = sum_r a_r d^2 lambda_r / dtheta_p dtheta_q ,
///     lambda_r = A_r prod_k f_k .
///
/// With M_r = prod_k f_k, u_k = f_k'/f_k and the shift slopes A', each row adds
///
///     a_r M_r [ A_r (sum_{k != l} u_k u_l^T + sum_k f_k''/f_k)
///               + A' u^T + u A'^T + A'' ] .
///
/// Rows of a cell share the u of its cell factors. So with s = sum_r a_r M_r A_r and t the sum of all that
/// multiplies this u (the shifts' a_r M_r A', the row factors' a_r M_r A_r u), a cell adds
///
///     s u u^T + t u^T + u t^T = v u^T + u v^T ,  v = t + s/2 u   (off the diagonal)
///
/// of which the first half is done for a group of cells at a time, by columns. What acts on single rows only
/// meets there. Diagonal terms are summed apart, where nothing is subtracted. A factor of exactly zero stands
/// as 1e-100: every term is linear in each factor, so the tiny number cancels and the result is exact (no
/// catastrophe at mu = 0). Complexity: cell factors times parameters, plus rows.
///
/// Into a large matrix that is mostly empty the same pairs are put one by one, cell by cell: cell factors
/// times the parameters that act on their cell.

#include <muhat/core/arrow_matrix.hpp>
#include <muhat/core/dense_algebra.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/modifier_stage.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace muhat {

/// Entries per row, in the reverse order of their coming.
template <class Entry>
class RowChains {
public:
  void clear(Index rows) {
    // Groups of rows end with padding.
    last_.assign(static_cast<std::size_t>(padded_size(rows)), -1);
    links_.clear();
  }
  void add(Index row, const Entry& entry) {
    std::int32_t& last = last_[static_cast<std::size_t>(row)];
    links_.push_back({entry, last});
    last = static_cast<std::int32_t>(links_.size()) - 1;
  }
  template <class Visit>
  void for_each(Index row, Visit&& visit) const {
    for (std::int32_t k = last_[static_cast<std::size_t>(row)]; k >= 0;) {
      const Link& link = links_[static_cast<std::size_t>(k)];
      visit(link.entry);
      k = link.before;
    }
  }

private:
  struct Link {
    Entry entry;
    std::int32_t before;
  };
  std::vector<std::int32_t> last_;
  std::vector<Link> links_;
};

/// Scratch of one thread; allocates in its first uses only.
template <class S, class Tables>
class RateCurvature {
public:
  explicit RateCurvature(const Tables& tables)
      : tables_(&tables), cell_product_(padded_size(static_cast<Index>(tables.layout().cells.size()) + 1)),
        weighted_yield_(cell_product_.size()), row_product_(tables.layout().nrows),
        weight_(Column<S>::Zero(padded_size(tables.layout().nrows))),
        groups_(static_cast<std::size_t>(cell_product_.size() / lane_count)),
        slopes_(static_cast<std::size_t>(tables.parameters().size()), LaneArray<S>::Zero()),
        panel_(MatrixOf<S>::Zero(padded_size(tables.parameters().size()), lane_count)),
        is_touched_(static_cast<std::size_t>(tables.parameters().size()), false),
        diagonal_(tables.parameters().size()) {}

  /// Adds C to the lower triangle of `h`. `parameters` ends with the constant 1, `adjoint` has one
  /// entry per row, `before_factors` is A_r.
  void add(const S* parameters, const Column<S>& adjoint, const Column<S>& before_factors, MatrixOf<S>& h) {
    const Layout& layout = tables_->layout();
    // As at the parameters that Asimov data come from, where the rates are the data.
    if ((adjoint.head(layout.nrows) == S(0)).all()) {
      return;
    }
    both_.setZero(panel_.rows(), diagonal_.size());
    sum_rows(parameters, adjoint, before_factors);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      add_group(groups_[g], &weighted_yield_[static_cast<Index>(g) * lane_count]);
    }
    dense::add_both_halves<S>({both_.data(), h.rows(), h.cols(), both_.rows()}, dense::view(h));
    h.diagonal() += diagonal_;
  }

  /// Adds C to a matrix whose pattern is that of the model's Jacobian, with the channels as its blocks. False
  /// where C has an entry that the pattern has not; then some are missing.
  [[nodiscard]] bool add(const S* parameters, const Column<S>& adjoint, const Column<S>& before_factors,
                         ArrowMatrix<S>& matrix) {
    const Layout& layout = tables_->layout();
    if ((adjoint.head(layout.nrows) == S(0)).all()) {
      return true;
    }
    arrow_ = &matrix;
    is_complete_ = true;
    cluster_of_cell_.assign(static_cast<std::size_t>(cell_product_.size()), -1);
    for (std::size_t cell = 0; cell < layout.cells.size(); ++cell) {
      cluster_of_cell_[cell] =
          matrix.pattern().cluster_of_block(static_cast<std::size_t>(layout.cells[cell].channel));
    }
    sum_rows(parameters, adjoint, before_factors);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      add_cells(groups_[g], static_cast<Index>(g) * lane_count);
    }
    for (Index p = 0; p < diagonal_.size(); ++p) {
      matrix.diagonal(p) += diagonal_[p];
    }
    arrow_ = nullptr;
    return is_complete_;
  }

  // What bundles report, each for a stage of theirs, shifts last:

  /// Factors of a group of cells with their derivatives.
  void cell_factors(Index first_cell, std::int32_t parameter, const LaneArray<S>& factor,
                    const LaneArray<S>& slope, const LaneArray<S>& curvature) {
    const LaneArray<S> f = (factor.abs() < tiny).select(tiny, factor);
    lanes(&cell_product_[first_cell]) *= f;
    groups_[static_cast<std::size_t>(first_cell / lane_count)].factors.push_back(
        {parameter, slope / f, curvature / f});
  }
  /// A factor of one cell that is its parameter.
  void cell_factor(Index cell, std::int32_t parameter, S factor) {
    const S f = nonzero(factor);
    cell_product_[cell] *= f;
    CellFactors& entry = entry_for(group_of(cell).factors, parameter);
    // A parameter may act on a cell twice; then its other factor is an entry of its own.
    CellFactors& free = entry.slope[cell % lane_count] == S(0)
                            ? entry
                            : group_of(cell).factors.emplace_back(CellFactors{parameter});
    free.slope[cell % lane_count] = S(1) / f;
  }
  /// A factor of `row`, and its derivatives in one or several parameters.
  void row_factor(Index row, std::int32_t parameter, S factor, S slope, S curvature) {
    const S f = nonzero(factor);
    row_product_[row] *= f;
    row_factors_.add(row, {parameter, next_factor_++, slope / f, curvature / f});
  }
  template <std::size_t n>
  void row_factor(Index row, const std::array<std::int32_t, n>& parameter, S factor,
                  const std::array<S, n>& slope, const std::array<std::array<S, n>, n>& curvature) {
    const S f = nonzero(factor);
    row_product_[row] *= f;
    for (std::size_t j = 0; j < n; ++j) {
      row_factors_.add(row, {parameter[j], next_factor_, slope[j] / f, curvature[j][j] / f});
      for (std::size_t k = 0; k < j; ++k) {
        mixed_.add(row, {parameter[j], parameter[k], curvature[j][k] / f});
      }
    }
    ++next_factor_;
  }
  /// A shift of `row` with its first and second derivative in one parameter.
  void shift(Index row, std::int32_t parameter, S slope, S curvature) {
    diagonal_[parameter] += weight_[row] * curvature;
    add_shift(row, parameter, weight_[row] * slope);
  }
  /// Shifts of the group of rows from `first_row` on.
  void shifts(Index first_row, std::int32_t parameter, const LaneArray<S>& slope,
              const LaneArray<S>& curvature) {
    const auto weight = lanes(&weight_[first_row]);
    diagonal_[parameter] += (weight * curvature).sum();
    const LaneArray<S> weighted = weight * slope;
    for (Index l = 0; l < lane_count; ++l) {
      if (weighted[l] != S(0)) {
        add_shift(first_row + l, parameter, weighted[l]);
      }
    }
  }
  /// The mixed second derivative of a shift.
  void mixed_shift(Index row, std::int32_t a, std::int32_t b, S curvature) {
    add_pair(row, a, b, weight_[row] * curvature);
  }

private:
  /// Slopes and curvatures relative to the factors, of the cells of a group.
  struct CellFactors {
    std::int32_t parameter = 0;
    LaneArray<S> slope = LaneArray<S>::Zero();
    LaneArray<S> curvature = LaneArray<S>::Zero();
  };
  /// What multiplies the slopes of the cells' factors.
  struct CellSums {
    std::int32_t parameter = 0;
    LaneArray<S> slope = LaneArray<S>::Zero();
  };
  struct Group {
    std::vector<CellFactors> factors;
    std::vector<CellSums> sums;
  };
  /// Slope and curvature relative to the factor.
  struct RowFactor {
    std::int32_t parameter, id;
    S slope, curvature;
  };
  /// Part of v, and where it stands in the arrow.
  struct Spotted {
    std::int32_t parameter;
    ArrowPattern::Spot spot;
    S value;
  };
  struct Mixed {
    std::int32_t a, b;
    S curvature;
  };

  static constexpr S tiny = S(1e-100);
  static S nonzero(S factor) { return factor < tiny && factor > -tiny ? tiny : factor; }

  void clear() {
    cell_product_.setOnes();
    row_product_.setOnes();
    next_factor_ = 0;
    for (Group& group : groups_) {
      group.factors.clear();
      group.sums.clear();
    }
    row_factors_.clear(tables_->layout().nrows);
    mixed_.clear(tables_->layout().nrows);
    diagonal_.setZero();
  }

  /// Everything but what the cells' factors make of each other.
  void sum_rows(const S* parameters, const Column<S>& adjoint, const Column<S>& before_factors) {
    const Layout& layout = tables_->layout();
    clear();
    report(parameters, [](ModifierStage stage) { return stage != ModifierStage::shift; });
    weighted_yield_.setZero();
    for (Index row = 0; row < layout.nrows; ++row) {
      const std::int32_t cell = layout.row_cell[static_cast<std::size_t>(row)];
      weight_[row] = adjoint[row] * cell_product_[cell] * row_product_[row];
      weighted_yield_[cell] += weight_[row] * before_factors[row];
      add_row_factors(row, weight_[row] * before_factors[row]);
    }
    report(parameters, [](ModifierStage stage) { return stage == ModifierStage::shift; });
  }

  template <class Wanted>
  void report(const S* parameters, const Wanted& wanted) {
    const auto visit = [&](const auto& staged) {
      constexpr ModifierStage stage = std::decay_t<decltype(staged)>::stage;
      if (wanted(stage)) {
        staged.bundle.template report<stage>(parameters, *this);
      }
    };
    std::apply([&](const auto&... staged) { (visit(staged), ...); }, tables_->bundles);
  }

  [[nodiscard]] Group& group_of(Index cell) { return groups_[static_cast<std::size_t>(cell / lane_count)]; }

  /// Bundles report one parameter after the other, so the last entry is likely the one.
  template <class Entry>
  static Entry& entry_for(std::vector<Entry>& entries, std::int32_t parameter) {
    if (entries.empty() || entries.back().parameter != parameter) {
      entries.emplace_back(Entry{parameter});
    }
    return entries.back();
  }

  void add_to_cell(Index row, std::int32_t parameter, S slope) {
    const std::int32_t cell = tables_->layout().row_cell[static_cast<std::size_t>(row)];
    entry_for(group_of(cell).sums, parameter).slope[cell % lane_count] += slope;
  }

  /// One half of a pair that is not there yet; both halves of the diagonal fall together.
  void add_pair(Index row, std::int32_t p, std::int32_t q, S value) {
    if (p == q) {
      diagonal_[p] += S(2) * value;
    } else if (arrow_ == nullptr) {
      both_(p, q) += value;
    } else {
      const std::int32_t cell = tables_->layout().row_cell[static_cast<std::size_t>(row)];
      const std::int32_t cluster = cluster_of_cell_[static_cast<std::size_t>(cell)];
      if (cluster >= 0) {
        put(cluster, arrow_->pattern().spot(cluster, p), arrow_->pattern().spot(cluster, q), value);
      }
    }
  }

  void put(std::int32_t cluster, ArrowPattern::Spot p, ArrowPattern::Spot q, S value) {
    if (S* entry = arrow_->entry(cluster, p, q)) {
      *entry += value;
    } else {
      is_complete_ = is_complete_ && value == S(0);
    }
  }

  /// What meets the slope of a shift: the factors of its cell and its row.
  void add_shift(Index row, std::int32_t parameter, S weighted_slope) {
    add_to_cell(row, parameter, weighted_slope);
    row_factors_.for_each(row, [&](const RowFactor& factor) {
      // Into the column of the shift's parameter, since its shifts come one after the other.
      add_pair(row, factor.parameter, parameter, weighted_slope * factor.slope);
    });
  }

  void add_row_factors(Index row, S weighted_yield) {
    row_factors_.for_each(row, [&](const RowFactor& factor) {
      diagonal_[factor.parameter] += weighted_yield * factor.curvature;
      add_to_cell(row, factor.parameter, weighted_yield * factor.slope);
      row_factors_.for_each(row, [&](const RowFactor& other) {
        if (other.id < factor.id) {
          add_pair(row, factor.parameter, other.parameter, weighted_yield * factor.slope * other.slope);
        }
      });
    });
    mixed_.for_each(
        row, [&](const Mixed& mixed) { add_pair(row, mixed.a, mixed.b, weighted_yield * mixed.curvature); });
  }

  void add_group(const Group& group, const S* yields) {
    if (group.factors.empty()) {
      return;
    }
    gather(group, yields);
    const Index stride = panel_.rows();
    const dense::View<const S> panel = dense::view(std::as_const(panel_));
    std::size_t k = 0;
    for (; k + 4 <= touched_.size(); k += 4) {
      std::array<const S*, 4> slopes;
      std::array<S*, 4> columns;
      for (std::size_t j = 0; j < 4; ++j) {
        slopes[j] = slopes_[static_cast<std::size_t>(touched_[k + j])].data();
        columns[j] = both_.data() + touched_[k + j] * stride;
      }
      dense::add_four_products<S>(panel, S(1), slopes, 1, columns);
    }
    for (; k < touched_.size(); ++k) {
      const std::int32_t q = touched_[k];
      dense::add_product<S>(panel, S(1), slopes_[static_cast<std::size_t>(q)].data(), 1,
                            both_.data() + q * stride);
    }
    forget(group);
  }

  /// Clears the slopes and the panel.
  void forget(const Group& group) {
    for (const std::int32_t q : touched_) {
      slopes_[static_cast<std::size_t>(q)].setZero();
      panel_.row(q).setZero();
      is_touched_[static_cast<std::size_t>(q)] = false;
    }
    for (const CellSums& entry : group.sums) {
      panel_.row(entry.parameter).setZero();
    }
  }

  /// u v^T and v u^T of the cells from `first_cell` on into the arrow, one cell after the other.
  void add_cells(const Group& group, Index first_cell) {
    if (group.factors.empty()) {
      return;
    }
    gather(group, &weighted_yield_[first_cell]);
    active_ = touched_;
    for (const CellSums& entry : group.sums) {
      if (!is_touched_[static_cast<std::size_t>(entry.parameter)]) {
        active_.push_back(entry.parameter);
      }
    }
    std::sort(active_.begin(), active_.end());
    active_.erase(std::unique(active_.begin(), active_.end()), active_.end());
    for (Index l = 0; l < lane_count; ++l) {
      const std::int32_t cluster = cluster_of_cell_[static_cast<std::size_t>(first_cell + l)];
      if (cluster >= 0) {
        add_cell(cluster, l);
      }
    }
    forget(group);
  }

  void add_cell(std::int32_t cluster, Index lane) {
    spots_.clear();
    for (const std::int32_t p : active_) {
      if (panel_(p, lane) != S(0)) {
        spots_.push_back({p, arrow_->pattern().spot(cluster, p), panel_(p, lane)});
      }
    }
    for (const std::int32_t q : touched_) {
      const S slope = slopes_[static_cast<std::size_t>(q)][lane];
      if (slope == S(0)) {
        continue;
      }
      const ArrowPattern::Spot spot = arrow_->pattern().spot(cluster, q);
      for (const Spotted& other : spots_) {
        if (other.parameter != q) {
          put(cluster, spot, other.spot, slope * other.value);
        }
      }
    }
  }

  /// The u of a group by parameter, and its v as a panel whose columns are its cells. What they make of the
  /// diagonal of C goes there, which that of their products is no part of.
  void gather(const Group& group, const S* yields) {
    touched_.clear();
    for (const CellFactors& entry : group.factors) {
      LaneArray<S>& slope = slopes_[static_cast<std::size_t>(entry.parameter)];
      diagonal_[entry.parameter] += (lanes(yields) * (entry.curvature + S(2) * slope * entry.slope)).sum();
      slope += entry.slope;
      if (!is_touched_[static_cast<std::size_t>(entry.parameter)]) {
        is_touched_[static_cast<std::size_t>(entry.parameter)] = true;
        touched_.push_back(entry.parameter);
      }
    }
    for (const CellSums& entry : group.sums) {
      const LaneArray<S>& slope = slopes_[static_cast<std::size_t>(entry.parameter)];
      diagonal_[entry.parameter] += S(2) * (entry.slope * slope).sum();
      panel_.row(entry.parameter) += entry.slope.matrix().transpose();
    }
    for (const std::int32_t q : touched_) {
      panel_.row(q) += (S(0.5) * lanes(yields) * slopes_[static_cast<std::size_t>(q)]).matrix().transpose();
    }
  }

  const Tables* tables_;
  /// Per cell, padded: the product of its factors, and s of the formula above.
  Column<S> cell_product_, weighted_yield_;
  /// Per row: the product of its own factors, and a_r M_r.
  Column<S> row_product_, weight_;
  std::vector<Group> groups_;
  RowChains<RowFactor> row_factors_;
  RowChains<Mixed> mixed_;
  std::int32_t next_factor_ = 0;
  /// Of the present group, zero between the groups: u by parameter, and v by cell, whose rows are padded.
  std::vector<LaneArray<S>> slopes_;
  MatrixOf<S> panel_;
  /// The parameters of the present group's factors, each once.
  std::vector<std::int32_t> touched_;
  std::vector<bool> is_touched_;
  /// C = both + both^T off the diagonal; rows are padded. Not where C is put into an arrow.
  MatrixOf<S> both_;
  ArrowMatrix<S>* arrow_ = nullptr;
  bool is_complete_ = true;
  std::vector<std::int32_t> cluster_of_cell_, active_;
  std::vector<Spotted> spots_;
  VectorOf<S> diagonal_;
};

} // namespace muhat
