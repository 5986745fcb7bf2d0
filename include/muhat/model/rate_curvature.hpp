#pragma once

/// The weighted second derivatives of all rates,
///
///     C_pq = sum_r a_r d^2 lambda_r / dtheta_p dtheta_q ,
///     lambda_r = A_r prod_k f_k .
///
/// With M_r = prod_k f_k, u_k = f_k'/f_k and the shift slopes A', each row adds
///
///     a_r M_r [ A_r (sum_{k != l} u_k u_l^T + sum_k f_k''/f_k)
///               + A' u^T + u A'^T + A'' ] ,
///
/// and the pairs within one cell are added once for all its rows. A factor of
/// exactly zero stands as 1e-100: every term is linear in each factor, so the
/// tiny number cancels and the result is exact (no catastrophe at mu = 0).
/// Complexity: sum over cells of (parameters in the cell)^2, plus that over rows for
/// the parameters that act on single rows.

#include <muhat/core/lanes.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/modifiers/modifier.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

namespace muhat {

/// Lists of entries per lane, filled by the same sequence of calls again and again: sorted once.
template <class Entry>
class LaneLists {
public:
  void add(Index lane, const Entry& entry) {
    if (is_sorted_) {
      entries_[slot_[next_++]] = entry;
    } else {
      lanes_.push_back(lane);
      entries_.push_back(entry);
    }
  }
  /// Ends a pass.
  void finish(Index lanes) {
    next_ = 0;
    if (is_sorted_) {
      return;
    }
    first_.assign(static_cast<std::size_t>(lanes) + 1, 0);
    for (const Index lane : lanes_) {
      ++first_[static_cast<std::size_t>(lane) + 1];
    }
    for (std::size_t i = 1; i < first_.size(); ++i) {
      first_[i] += first_[i - 1];
    }
    std::vector<std::size_t> fill(first_.begin(), first_.end() - 1);
    const std::vector<Entry> unsorted = entries_;
    slot_.resize(lanes_.size());
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      slot_[i] = fill[static_cast<std::size_t>(lanes_[i])]++;
      entries_[slot_[i]] = unsorted[i];
    }
    is_sorted_ = true;
  }
  [[nodiscard]] std::span<const Entry> of(Index lane) const {
    const auto k = static_cast<std::size_t>(lane);
    return {entries_.data() + first_[k], first_[k + 1] - first_[k]};
  }

private:
  bool is_sorted_ = false;
  std::size_t next_ = 0;
  std::vector<Index> lanes_;
  std::vector<Entry> entries_;
  std::vector<std::size_t> slot_, first_;
};

/// Scratch of one thread; sorts its lists once per model.
template <class S, class Tables>
class RateCurvature {
public:
  explicit RateCurvature(const Tables& tables)
      : tables_(&tables), cell_product_(static_cast<Index>(tables.layout().cells.size())),
        row_product_(tables.layout().nrows), shift_sum_(VectorOf<S>::Zero(tables.parameters().size())) {}

  /// Adds C to the lower triangle of `h`. `parameters` ends with the constant 1, `adjoint` has one
  /// entry per row, `before_factors` is A_r.
  void add(const S* parameters, const Column<S>& adjoint, const Column<S>& before_factors, MatrixOf<S>& h) {
    collect(parameters);
    for (std::size_t k = 0; k < tables_->layout().cells.size(); ++k) {
      add_cell(static_cast<Index>(k), adjoint, before_factors, h);
    }
  }

  // What bundles report, each for a stage of theirs:

  /// A shift of `row` with its first and second derivative in one parameter.
  void shift(Index row, std::int32_t parameter, S slope, S curvature) {
    shifts_.add(row, {parameter, slope, curvature});
  }
  /// A factor of `cell` with its derivatives.
  void cell_factor(Index cell, std::int32_t parameter, S factor, S slope, S curvature) {
    const S f = nonzero(factor);
    cell_product_[cell] *= f;
    cell_factors_.add(cell, {parameter, next_factor_++, slope / f, curvature / f});
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
        mixed_.add(row, {parameter[j], parameter[k], curvature[j][k] / f, true});
      }
    }
    ++next_factor_;
  }
  /// The mixed second derivative of a shift.
  void mixed_shift(Index row, std::int32_t a, std::int32_t b, S curvature) {
    mixed_.add(row, {a, b, curvature, false});
  }

private:
  struct Shift {
    std::int32_t parameter;
    S slope, curvature;
  };
  /// Slope and curvature relative to the factor.
  struct Factor {
    std::int32_t parameter, id;
    S slope, curvature;
  };
  struct Mixed {
    std::int32_t a, b;
    S curvature;
    bool times_yield;
  };

  static S nonzero(S factor) {
    constexpr S tiny = S(1e-100);
    return factor < tiny && factor > -tiny ? tiny : factor;
  }

  void collect(const S* parameters) {
    cell_product_.setOnes();
    row_product_.setOnes();
    next_factor_ = 0;
    std::apply(
        [&](const auto&... staged) {
          (staged.bundle.template report<std::decay_t<decltype(staged)>::stage>(parameters, *this), ...);
        },
        tables_->bundles);
    const Index rows = tables_->layout().nrows;
    cell_factors_.finish(static_cast<Index>(tables_->layout().cells.size()));
    row_factors_.finish(rows);
    shifts_.finish(rows);
    mixed_.finish(rows);
  }

  static void add_pair(MatrixOf<S>& h, std::int32_t p, std::int32_t q, S value) {
    if (p == q) {
      h(p, q) += S(2) * value;
    } else {
      h(std::max(p, q), std::min(p, q)) += value;
    }
  }

  static void add_pairs(MatrixOf<S>& h, std::span<const Factor> factors, S weight) {
    for (std::size_t i = 0; i < factors.size(); ++i) {
      const Factor& a = factors[i];
      h(a.parameter, a.parameter) += weight * a.curvature;
      const S scaled = weight * a.slope;
      for (std::size_t j = 0; j < i; ++j) {
        if (factors[j].id != a.id) {
          add_pair(h, a.parameter, factors[j].parameter, scaled * factors[j].slope);
        }
      }
    }
  }

  void add_cell(Index index, const Column<S>& adjoint, const Column<S>& before_factors, MatrixOf<S>& h) {
    const Cell& cell = tables_->layout().cells[static_cast<std::size_t>(index)];
    const std::span<const Factor> factors = cell_factors_.of(index);
    S sum = S(0);
    for (Index row = cell.first_row; row < cell.first_row + cell.nbins; ++row) {
      const S weight = adjoint[row] * cell_product_[index] * row_product_[row];
      sum += weight * before_factors[row];
      add_row(row, weight, before_factors[row], factors, h);
    }
    add_pairs(h, factors, sum);
    for (const std::int32_t parameter : shifted_) {
      for (const Factor& factor : factors) {
        add_pair(h, parameter, factor.parameter, shift_sum_[parameter] * factor.slope);
      }
      shift_sum_[parameter] = S(0);
    }
    shifted_.clear();
  }

  void add_row(Index row, S weight, S yield, std::span<const Factor> cell_factors, MatrixOf<S>& h) {
    const std::span<const Factor> factors = row_factors_.of(row);
    for (const Shift& shift : shifts_.of(row)) {
      h(shift.parameter, shift.parameter) += weight * shift.curvature;
      if (shift_sum_[shift.parameter] == S(0)) {
        shifted_.push_back(shift.parameter);
      }
      shift_sum_[shift.parameter] += weight * shift.slope;
      for (const Factor& factor : factors) {
        add_pair(h, shift.parameter, factor.parameter, weight * shift.slope * factor.slope);
      }
    }
    add_pairs(h, factors, weight * yield);
    for (const Factor& factor : factors) {
      for (const Factor& other : cell_factors) {
        add_pair(h, factor.parameter, other.parameter, weight * yield * factor.slope * other.slope);
      }
    }
    for (const Mixed& mixed : mixed_.of(row)) {
      add_pair(h, mixed.a, mixed.b, weight * (mixed.times_yield ? yield : S(1)) * mixed.curvature);
    }
  }

  const Tables* tables_;
  Column<S> cell_product_, row_product_;
  LaneLists<Factor> cell_factors_, row_factors_;
  LaneLists<Shift> shifts_;
  LaneLists<Mixed> mixed_;
  std::int32_t next_factor_ = 0;
  /// Summed over the rows of a cell, and the parameters for which it is not zero.
  VectorOf<S> shift_sum_;
  std::vector<std::int32_t> shifted_;
};

} // namespace muhat
