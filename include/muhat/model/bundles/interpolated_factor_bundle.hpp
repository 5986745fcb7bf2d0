#pragma once

/// All interpolated normalization factors of a model (normsys),
///
///     F_c = prod_p f_cp(alpha_p)     for every cell c .
///
/// Entries stand parameter by parameter, in groups of eight cells; a lane whose
/// cell does not carry the parameter has the constant factor 1. The forward
/// sweep keeps the running product before each factor, so that the reverse
/// sweep needs no division and stays exact where a factor is zero:
///
///     dF/dalpha_k = (product before k) * f_k' * (product after k) .

#include <muhat/core/dual.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/model/interpolation/code1.hpp>
#include <muhat/model/interpolation/code4.hpp>
#include <muhat/model/interpolation/codes.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace muhat {

/// The factor of one cell under one parameter; hi > 0 and lo > 0.
template <class S>
struct InterpolatedFactor {
  std::int32_t parameter = 0;
  std::int32_t cell = 0;
  S hi = S(1);
  S lo = S(1);
};

namespace detail {

template <class Code, class S>
[[nodiscard]] bool has_finite_constants(S hi, S lo) {
  S constants[static_cast<std::size_t>(Code::constants * lane_count)] = {};
  Code::prepare(hi, lo, constants);
  return std::all_of(std::begin(constants), std::end(constants), [](S c) { return std::isfinite(c); });
}

} // namespace detail

/// Whether the constants of an interpolation between `lo` and `hi` are numbers: in code4 those of
/// factors like 1e308 are not.
template <class S>
[[nodiscard]] bool has_finite_constants(InterpolationCode code, S hi, S lo) {
  return code == InterpolationCode::code1 ? detail::has_finite_constants<Code1>(hi, lo)
                                          : detail::has_finite_constants<Code4>(hi, lo);
}

template <class S>
class InterpolatedFactorBundle {
public:
  /// Per group of eight: the running product before it, the factor, its slope.
  template <class T>
  struct Tape {
    Column<T> steps;
  };

  InterpolatedFactorBundle() = default;
  /// Entries with hi = lo = 1 must have been left out.
  InterpolatedFactorBundle(std::vector<InterpolatedFactor<S>> entries, InterpolationCode code) : code_(code) {
    if (code_ == InterpolationCode::code1) {
      build<Code1>(std::move(entries));
    } else {
      build<Code4>(std::move(entries));
    }
  }

  [[nodiscard]] InterpolationCode code() const noexcept { return code_; }
  [[nodiscard]] bool empty() const noexcept { return parameters_.empty(); }
  /// Whether derivatives jump at alpha = 0.
  [[nodiscard]] bool has_kinks() const noexcept { return !empty() && code_ == InterpolationCode::code1; }
  /// False only if every factor is positive wherever the parameters are.
  [[nodiscard]] bool may_be_negative() const noexcept { return may_be_negative_; }
  [[nodiscard]] const std::vector<std::int32_t>& parameters() const noexcept { return parameters_; }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return static_cast<std::size_t>(constants_.size()) * sizeof(S) + groups_.size() * sizeof(std::int32_t);
  }

  /// Changes the factor of one cell under one parameter, and no bit of any other. Complexity:
  /// logarithmic, unless it needs a new group: then that of a copy of the table.
  void set(const InterpolatedFactor<S>& entry) {
    code_ == InterpolationCode::code1 ? set_with<Code1>(entry) : set_with<Code4>(entry);
  }

  /// product *= factors at `parameters`; `product` has one entry per cell, padded.
  template <class T>
  void forward(const T* parameters, T* product, Tape<T>& tape, Slopes slopes) const {
    if (empty()) {
      return;
    }
    if (code_ == InterpolationCode::code1) {
      start_sweep<Code1>(parameters, product, tape, slopes);
    } else {
      start_sweep<Code4>(parameters, product, tape, slopes);
    }
  }

  /// Hands sink the derivatives and takes the factors back into `adjoint`, one entry per cell.
  template <class T, class Sink>
  void reverse(const T*, T* adjoint, const Tape<T>& tape, Sink& sink) const {
    const T* step = tape.steps.data() + 3 * lane_count * static_cast<Eigen::Index>(groups_.size());
    for (std::size_t k = parameters_.size(); k-- > 0;) {
      auto run = sink.run(parameters_[k]);
      for (std::int32_t g = first_group_[k + 1]; g-- > first_group_[k];) {
        step -= 3 * lane_count;
        const Eigen::Index cell = groups_[static_cast<std::size_t>(g)];
        auto a = lanes(adjoint + cell);
        run.add(cell, a * lanes(step) * lanes(step + 2 * lane_count));
        a *= lanes(step + lane_count);
      }
      run.end();
    }
  }

  /// Reports each factor with its first and second derivative (model/rate_curvature.hpp).
  template <auto, class Report>
  void report(const S* parameters, Report& report) const {
    code_ == InterpolationCode::code1 ? report_with<Code1>(parameters, report)
                                      : report_with<Code4>(parameters, report);
  }

  /// Calls visit(parameter, cell, hi, lo) for every factor that is not constant: its values at +1 and -1.
  template <class Visit>
  void for_each_factor(Visit visit) const {
    code_ == InterpolationCode::code1 ? visit_with<Code1>(visit) : visit_with<Code4>(visit);
  }

private:
  template <class Code, class Visit>
  void visit_with(Visit& visit) const {
    const S* constant = constants_.data();
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      for (std::int32_t g = first_group_[k]; g < first_group_[k + 1]; ++g) {
        LaneArray<S> hi[1];
        LaneArray<S> lo[1];
        Code::template evaluate<0>(S(1), constant, hi);
        Code::template evaluate<0>(S(-1), constant, lo);
        for (Eigen::Index l = 0; l < lane_count; ++l) {
          if (hi[0][l] != S(1) || lo[0][l] != S(1)) {
            visit(parameters_[k], groups_[static_cast<std::size_t>(g)] + static_cast<std::int32_t>(l),
                  hi[0][l], lo[0][l]);
          }
        }
        constant += Code::constants * lane_count;
      }
    }
  }

  template <class Code>
  void set_with(const InterpolatedFactor<S>& entry) {
    const auto lane = static_cast<std::int32_t>(entry.cell % lane_count);
    const auto found = std::lower_bound(parameters_.begin(), parameters_.end(), entry.parameter);
    const auto k = static_cast<std::size_t>(found - parameters_.begin());
    const bool has_parameter = found != parameters_.end() && *found == entry.parameter;
    const auto last = groups_.begin() + (has_parameter ? first_group_[k + 1] : first_group_[k]);
    const auto place = std::lower_bound(groups_.begin() + first_group_[k], last, entry.cell - lane);
    const auto group = place - groups_.begin();
    if (place == last || *place != entry.cell - lane) {
      if (entry.hi == S(1) && entry.lo == S(1)) {
        return;
      }
      if (!has_parameter) {
        parameters_.insert(found, entry.parameter);
        first_group_.insert(first_group_.begin() + static_cast<std::ptrdiff_t>(k), first_group_[k]);
      }
      std::for_each(first_group_.begin() + static_cast<std::ptrdiff_t>(k + 1), first_group_.end(),
                    [](std::int32_t& first) { ++first; });
      groups_.insert(place, entry.cell - lane);
      insert_constants(Code::constants * lane_count * group, Code::constants * lane_count);
    }
    prepare<Code>(entry, constants_.data() + Code::constants * lane_count * group + lane);
  }

  template <class Code>
  void prepare(const InterpolatedFactor<S>& entry, S* lane) {
    Code::prepare(entry.hi, entry.lo, lane);
    may_be_negative_ = may_be_negative_ || Code::may_be_negative(lane);
  }

  /// Makes room for `count` constants 0; the others keep their bits.
  void insert_constants(Eigen::Index first, Eigen::Index count) {
    const Eigen::Index behind = constants_.size() - first;
    Column<S> longer = Column<S>::Zero(constants_.size() + count);
    longer.head(first) = constants_.head(first);
    longer.tail(behind) = constants_.tail(behind);
    constants_.swap(longer);
  }

  template <class Code, class Report>
  void report_with(const S* parameters, Report& report) const {
    const S* constant = constants_.data();
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      for (std::int32_t g = first_group_[k]; g < first_group_[k + 1]; ++g) {
        LaneArray<S> f[3];
        Code::template evaluate<2>(parameters[parameters_[k]], constant, f);
        report.cell_factors(groups_[static_cast<std::size_t>(g)], parameters_[k], f[0], f[1], f[2]);
        constant += Code::constants * lane_count;
      }
    }
  }

  template <class Code, class T>
  void start_sweep(const T* parameters, T* product, Tape<T>& tape, Slopes slopes) const {
    if constexpr (std::is_same_v<T, S>) {
      slopes == Slopes::none ? sweep<Code, 0>(parameters, product, tape, slopes)
                             : sweep<Code, 1>(parameters, product, tape, slopes);
    } else {
      sweep<Code, 2>(parameters, product, tape, slopes);
    }
  }

  /// `order`: derivatives of the factors that are needed.
  template <class Code, int order, class T>
  void sweep(const T* parameters, T* product, Tape<T>& tape, Slopes slopes) const {
    tape.steps.resize(3 * lane_count * static_cast<Eigen::Index>(groups_.size()));
    T* step = tape.steps.data();
    const S* constant = constants_.data();
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      const T& alpha = parameters[parameters_[k]];
      const S position = beside_kink(value_of(alpha), slopes);
      for (std::int32_t g = first_group_[k]; g < first_group_[k + 1]; ++g) {
        LaneArray<S> f[order + 1];
        Code::template evaluate<order>(position, constant, f);
        constant += Code::constants * lane_count;
        apply(alpha, f, product + groups_[static_cast<std::size_t>(g)], step);
        step += 3 * lane_count;
      }
    }
  }

  template <class T, int n>
  static void apply(const T& alpha, const LaneArray<S> (&f)[n], T* product, T* step) {
    if constexpr (n < 3) {
      auto running = lanes(product);
      if constexpr (n == 2) {
        lanes(step) = running;
        lanes(step + lane_count) = f[0];
        lanes(step + 2 * lane_count) = f[1];
      }
      running *= f[0];
    } else {
      for (Eigen::Index l = 0; l < lane_count; ++l) {
        step[l] = product[l];
        step[lane_count + l] = chain(alpha, f[0][l], f[1][l]);
        step[2 * lane_count + l] = chain(alpha, f[1][l], f[2][l]);
        product[l] *= step[lane_count + l];
      }
    }
  }

  template <class Code>
  void build(std::vector<InterpolatedFactor<S>> entries) {
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return a.parameter != b.parameter ? a.parameter < b.parameter : a.cell < b.cell;
    });
    constexpr auto stride = static_cast<std::size_t>(Code::constants * lane_count);
    std::vector<S> constants;
    std::int32_t group = -1;
    for (const InterpolatedFactor<S>& entry : entries) {
      const bool new_parameter = parameters_.empty() || parameters_.back() != entry.parameter;
      if (new_parameter) {
        parameters_.push_back(entry.parameter);
        first_group_.push_back(first_group_.back());
      }
      if (new_parameter || group != entry.cell / lane_count) {
        group = entry.cell / static_cast<std::int32_t>(lane_count);
        groups_.push_back(group * static_cast<std::int32_t>(lane_count));
        ++first_group_.back();
        constants.resize(constants.size() + stride, S(0));
      }
      prepare<Code>(entry, constants.data() + constants.size() - stride + entry.cell % lane_count);
    }
    constants_ = Eigen::Map<const Column<S>>(constants.data(), static_cast<Eigen::Index>(constants.size()));
  }

  InterpolationCode code_ = InterpolationCode::code4;
  bool may_be_negative_ = false;
  std::vector<std::int32_t> parameters_;
  /// By parameter: where its groups begin; then where the last one's end.
  std::vector<std::int32_t> first_group_ = {0};
  std::vector<std::int32_t> groups_;
  Column<S> constants_;
};

} // namespace muhat
