#pragma once

/// All additive shifts of a model as one constant sparse matrix.
///
/// Every histosys shift is alpha * S + q(alpha) * D with constant vectors S and
/// D (see model/interpolation/code4p.hpp), so that
///
///     lambda_r += sum_p  S_rp alpha_p + D_rp q(alpha_p) .
///
/// Entries stand tile by tile of rows (model/layout.hpp), in each tile stripe by stripe, so that the rows at
/// work stay in the innermost cache while constants stream by, and in each stripe parameter by parameter: in
/// groups of eight rows where enough of a group is there and one by one otherwise. In small tables two
/// entries make a group, as that is fastest; in large ones half of it, so that the table never holds more
/// than twice what is not zero. Forward and reverse sweep of a tile are one pass each.

#include <muhat/core/dual.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/model/interpolation/code0.hpp>
#include <muhat/model/interpolation/code2.hpp>
#include <muhat/model/interpolation/code4p.hpp>
#include <muhat/model/interpolation/codes.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace muhat {

/// The shift of one row under one parameter.
template <class S>
struct ShiftEntry {
  std::int32_t parameter = 0;
  std::int32_t row = 0;
  /// (hi - lo)/2 and (hi + lo)/2 - nominal, in events.
  S linear = S(0);
  S bend = S(0);

  /// False where templates like 1e308 and -1e308 lie further apart than double reaches.
  [[nodiscard]] bool is_finite() const { return std::isfinite(linear) && std::isfinite(bend); }
  [[nodiscard]] std::int32_t nrows() const { return 1; }
  [[nodiscard]] const ShiftEntry& entry(std::int32_t) const { return *this; }
};

/// The entry of a row whose yields at -1, 0 and +1 standard deviation are given.
template <class S>
[[nodiscard]] ShiftEntry<S> shift_entry(std::int32_t parameter, std::int32_t row, S nominal, S hi, S lo) {
  const S up = hi - nominal;
  const S down = nominal - lo;
  return {parameter, row, (up + down) / S(2), (up - down) / S(2)};
}

/// The yields of one cell at -1, 0 and +1 standard deviation of one parameter; refers to the
/// specification, so that nothing is copied before it stands where it belongs.
template <class S>
struct ShiftSource {
  std::int32_t parameter = 0;
  std::int32_t row = 0;
  const std::vector<double>* nominal = nullptr;
  const std::vector<double>* hi = nullptr;
  const std::vector<double>* lo = nullptr;

  [[nodiscard]] std::int32_t nrows() const { return static_cast<std::int32_t>(nominal->size()); }
  [[nodiscard]] ShiftEntry<S> entry(std::int32_t i) const {
    const auto b = static_cast<std::size_t>(i);
    return shift_entry(parameter, row + i, S((*nominal)[b]), S((*hi)[b]), S((*lo)[b]));
  }
};

template <class S>
class ShiftBundle {
public:
  /// alpha and its weight of one parameter, and their derivatives.
  template <class T>
  struct Weights {
    T alpha, bend, bend_slope;
  };
  template <class T>
  struct Tape {
    std::vector<Weights<T>> weights;
  };

  ShiftBundle() = default;
  /// `sources`: ShiftSource or ShiftEntry. Entries that shift nothing are left out. `tile_starts`: the first
  /// row of each tile, multiples of `lane_count` ascending from 0.
  /// Complexity: the size of the sources, and sorting them; no memory beyond the table itself.
  template <class Source>
  ShiftBundle(const std::vector<Source>& sources, InterpolationCode code,
              std::vector<Eigen::Index> tile_starts = {0})
      : code_(code), tile_starts_(std::move(tile_starts)) {
    build(sources);
  }

  [[nodiscard]] bool empty() const noexcept { return parameters_.empty(); }
  /// Whether derivatives jump at alpha = 0.
  [[nodiscard]] bool has_kinks() const noexcept { return !empty() && code_ == InterpolationCode::code0; }
  [[nodiscard]] const std::vector<std::int32_t>& parameters() const noexcept { return parameters_; }
  /// Bytes of constants that one sweep reads.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return static_cast<std::size_t>(constants_.size()) * sizeof(S) + groups_.size() * sizeof(std::int32_t) +
           singles_.size() * sizeof(ShiftEntry<S>) + runs_.size() * sizeof(Run);
  }

  /// Calls visit(entry) for every entry, in no particular order.
  template <class Visit>
  void for_each_entry(Visit visit) const {
    for (const ShiftEntry<S>& entry : singles_) {
      visit(entry);
    }
    const S* constant = constants_.data();
    for (std::size_t k = 0; k + 1 < runs_.size(); ++k) {
      for (std::int32_t g = runs_[k].first_group; g < runs_[k + 1].first_group;
           ++g, constant += 2 * lane_count) {
        for (std::int32_t l = 0; l < static_cast<std::int32_t>(lane_count); ++l) {
          if (constant[l] != S(0) || constant[lane_count + l] != S(0)) {
            visit(ShiftEntry<S>{parameter_of(runs_[k]), groups_[static_cast<std::size_t>(g)] + l, constant[l],
                                constant[lane_count + l]});
          }
        }
      }
    }
  }

  /// All entries, in no particular order.
  [[nodiscard]] std::vector<ShiftEntry<S>> entries() const {
    std::vector<ShiftEntry<S>> all;
    for_each_entry([&all](const ShiftEntry<S>& entry) { all.push_back(entry); });
    return all;
  }

  /// The shift of one row under one parameter; zero where there is none. Complexity:
  /// logarithmic, up to the entries of the parameter in one stripe that no group holds.
  [[nodiscard]] ShiftEntry<S> get(std::int32_t parameter, std::int32_t row) const {
    const Place place = locate(parameter, row);
    if (place.single >= 0) {
      return singles_[static_cast<std::size_t>(place.single)];
    }
    if (place.constant >= 0) {
      return {parameter, row, constants_[place.constant], constants_[place.constant + lane_count]};
    }
    return {parameter, row, S(0), S(0)};
  }

  /// Changes what `get` returns. Complexity: logarithmic, unless the entry is new: then the
  /// table is built anew.
  void set(const ShiftEntry<S>& entry) {
    const Place place = locate(entry.parameter, entry.row);
    if (place.single >= 0) {
      singles_[static_cast<std::size_t>(place.single)] = entry;
    } else if (place.constant >= 0) {
      constants_[place.constant] = entry.linear;
      constants_[place.constant + lane_count] = entry.bend;
    } else if (entry.linear != S(0) || entry.bend != S(0)) {
      std::vector<ShiftEntry<S>> all = entries();
      all.push_back(entry);
      *this = ShiftBundle(all, code_, tile_starts_);
    }
  }

  /// Fills the tape for sweeps at `parameters`.
  template <class T>
  void prepare(const T* parameters, Tape<T>& tape, Slopes slopes) const {
    tape.weights.resize(parameters_.size());
    switch (code_) {
    case InterpolationCode::code0:
      return weigh_with<Code0>(parameters, tape, slopes);
    case InterpolationCode::code2:
      return weigh_with<Code2>(parameters, tape, slopes);
    default:
      return weigh_with<Code4p>(parameters, tape, slopes);
    }
  }

  /// out += shifts of the rows of a tile, after `prepare`; `out` has one entry per row, padded.
  template <class T>
  void forward(const T*, T* out, const Tape<T>& tape, Slopes, std::size_t tile = 0) const {
    if (empty()) {
      return;
    }
    const S* constant = constants_.data() + 2 * lane_count * runs_[tile_runs_[tile]].first_group;
    const std::int32_t* group = groups_.data() + runs_[tile_runs_[tile]].first_group;
    for (std::size_t k = tile_runs_[tile]; k < tile_runs_[tile + 1]; ++k) {
      const Weights<T> w = tape.weights[static_cast<std::size_t>(runs_[k].weight)];
      for (const std::int32_t* end = groups_.data() + runs_[k + 1].first_group; group != end;
           ++group, constant += 2 * lane_count) {
        prefetch_constants(constant);
        add_scaled(out + *group, w.alpha, constant, w.bend, constant + lane_count);
      }
      for (std::int32_t e = runs_[k].first_single; e < runs_[k + 1].first_single; ++e) {
        const ShiftEntry<S>& entry = singles_[static_cast<std::size_t>(e)];
        out[entry.row] += entry.linear * w.alpha + entry.bend * w.bend;
      }
    }
  }

  /// Hands sink the derivatives; `adjoint` is that of each row. Needs the tape of `prepare`. The stripes come
  /// backwards: the cache still holds the last ones.
  template <class T, class Sink>
  void reverse(const T*, const T* adjoint, const Tape<T>& tape, Sink& sink, std::size_t tile = 0) const {
    if (empty()) {
      return;
    }
    for (std::size_t end = tile_runs_[tile + 1]; end > tile_runs_[tile];) {
      std::size_t first = end - 1;
      while (first > tile_runs_[tile] && runs_[first - 1].stripe == runs_[end - 1].stripe) {
        --first;
      }
      for (std::size_t k = first; k < end; ++k) {
        reverse_run(k, adjoint, tape, sink);
      }
      end = first;
    }
  }

  /// Reports each shift with its first and second derivative (model/rate_curvature.hpp).
  template <auto, class Report>
  void report(const S* parameters, Report& report) const {
    const S* constant = constants_.data();
    for (std::size_t k = 0; k + 1 < runs_.size(); ++k) {
      const std::int32_t parameter = parameter_of(runs_[k]);
      const auto [slope, curvature] = weight_derivatives(parameters[parameter]);
      for (std::int32_t g = runs_[k].first_group; g < runs_[k + 1].first_group;
           ++g, constant += 2 * lane_count) {
        const LaneArray<S> bend = lanes(constant + lane_count);
        report.shifts(groups_[static_cast<std::size_t>(g)], parameter, lanes(constant) + bend * slope,
                      bend * curvature);
      }
      for (std::int32_t e = runs_[k].first_single; e < runs_[k + 1].first_single; ++e) {
        const ShiftEntry<S>& entry = singles_[static_cast<std::size_t>(e)];
        report.shift(entry.row, parameter, entry.linear + entry.bend * slope, entry.bend * curvature);
      }
    }
  }

private:
  /// Index of an entry among the constants or the singles; -1 for none.
  struct Place {
    Eigen::Index constant = -1;
    std::ptrdiff_t single = -1;
  };

  template <class T, class Sink>
  void reverse_run(std::size_t k, const T* adjoint, const Tape<T>& tape, Sink& sink) const {
    const T slope = tape.weights[static_cast<std::size_t>(runs_[k].weight)].bend_slope;
    const std::int32_t parameter = parameter_of(runs_[k]);
    const S* constant = constants_.data() + 2 * lane_count * runs_[k].first_group;
    const std::int32_t* group = groups_.data() + runs_[k].first_group;
    const std::int32_t* end = groups_.data() + runs_[k + 1].first_group;
    auto run = sink.run(parameter);
    for (; group != end; ++group, constant += 2 * lane_count) {
      prefetch_constants(constant);
      run.add(*group, shift_slope(adjoint + *group, constant, slope));
    }
    run.end();
    for (std::int32_t e = runs_[k].first_single; e < runs_[k + 1].first_single; ++e) {
      const ShiftEntry<S>& entry = singles_[static_cast<std::size_t>(e)];
      sink.add_single(parameter, entry.row, adjoint[entry.row] * (entry.linear + entry.bend * slope));
    }
  }

  [[nodiscard]] Place locate(std::int32_t parameter, std::int32_t row) const {
    Place place;
    const auto before = [this](const Run& run, const std::pair<std::int32_t, std::int32_t>& sought) {
      return std::pair{run.stripe, parameter_of(run)} < sought;
    };
    const auto end = runs_.end() - (runs_.empty() ? 0 : 1);
    const std::int32_t stripe = stripe_of(row).first;
    const auto run = std::lower_bound(runs_.begin(), end, std::pair{stripe, parameter}, before);
    if (run == end || run->stripe != stripe || parameter_of(*run) != parameter) {
      return place;
    }
    const auto next = run + 1;
    const auto lane = static_cast<std::int32_t>(row % lane_count);
    const auto last = groups_.begin() + next->first_group;
    const auto group = std::lower_bound(groups_.begin() + run->first_group, last, row - lane);
    if (group != last && *group == row - lane) {
      place.constant = 2 * lane_count * (group - groups_.begin()) + lane;
    }
    for (std::int32_t e = run->first_single; e < next->first_single; ++e) {
      if (singles_[static_cast<std::size_t>(e)].row == row) {
        place.single = e;
      }
    }
    return place;
  }

  [[nodiscard]] std::pair<S, S> weight_derivatives(S alpha) const {
    switch (code_) {
    case InterpolationCode::code0:
      return {Code0::weight_derivative(alpha), Code0::weight_second_derivative(alpha)};
    case InterpolationCode::code2:
      return {Code2::weight_derivative(alpha), Code2::weight_second_derivative(alpha)};
    default:
      return {Code4p::weight_derivative(alpha), Code4p::weight_second_derivative(alpha)};
    }
  }

  template <class T>
  static LaneArray<T> shift_slope(const T* adjoint, const S* constant, const T& slope) {
    if constexpr (std::same_as<T, S>) {
      return lanes(adjoint) * (lanes(constant) + slope * lanes(constant + lane_count));
    } else {
      LaneArray<T> result;
      for (Eigen::Index l = 0; l < lane_count; ++l) {
        result[l] = adjoint[l] * (constant[l] + slope * constant[lane_count + l]);
      }
      return result;
    }
  }

  template <class Code, class T>
  void weigh_with(const T* parameters, Tape<T>& tape, Slopes slopes) const {
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      const T& alpha = parameters[parameters_[k]];
      const S a = beside_kink(value_of(alpha), slopes);
      const S slope = Code::weight_derivative(a);
      tape.weights[k] = {alpha, chain(alpha, Code::weight(a), slope),
                         chain(alpha, slope, Code::weight_second_derivative(a))};
    }
  }

  /// The stripe of a row: its first row, and the one behind its last.
  [[nodiscard]] std::pair<std::int32_t, std::int32_t> stripe_of(std::int32_t row) const {
    const auto next = std::upper_bound(tile_starts_.begin(), tile_starts_.end(), row);
    const auto tile = static_cast<std::int32_t>(*(next - 1));
    const std::int32_t first = tile + (row - tile) / stripe_rows * stripe_rows;
    const std::int32_t last = first + stripe_rows;
    return {first, next == tile_starts_.end() ? last : std::min(last, static_cast<std::int32_t>(*next))};
  }

  /// The rows of a source that fall into one stripe.
  template <class Source>
  struct Piece {
    const Source* source = nullptr;
    std::int32_t stripe = 0;
    std::int32_t first = 0;
    std::int32_t last = 0;

    [[nodiscard]] std::tuple<std::int32_t, std::int32_t, std::int32_t> key() const {
      return {stripe, source->parameter, source->row + first};
    }
  };

  template <class Source>
  [[nodiscard]] std::vector<Piece<Source>> sorted_pieces(const std::vector<Source>& sources) const {
    std::vector<Piece<Source>> pieces;
    pieces.reserve(sources.size());
    for (const Source& source : sources) {
      for (std::int32_t first = 0; first < source.nrows();) {
        const auto [stripe, end] = stripe_of(source.row + first);
        const std::int32_t last = std::min(source.nrows(), end - source.row);
        pieces.push_back({&source, stripe, first, last});
        first = last;
      }
    }
    std::stable_sort(pieces.begin(), pieces.end(),
                     [](const auto& a, const auto& b) { return a.key() < b.key(); });
    return pieces;
  }

  /// Calls `use` with the entries of each run, by row.
  template <class Source, class Use>
  static void for_each_run(const std::vector<Piece<Source>>& pieces, Use use) {
    std::vector<ShiftEntry<S>> run;
    for (std::size_t i = 0; i < pieces.size();) {
      const std::int32_t stripe = pieces[i].stripe;
      const std::int32_t parameter = pieces[i].source->parameter;
      run.clear();
      for (; i < pieces.size() && pieces[i].stripe == stripe && pieces[i].source->parameter == parameter;
           ++i) {
        for (std::int32_t row = pieces[i].first; row < pieces[i].last; ++row) {
          const ShiftEntry<S> entry = pieces[i].source->entry(row);
          if (entry.linear != S(0) || entry.bend != S(0)) {
            run.push_back(entry);
          }
        }
      }
      const auto by_row = [](const auto& a, const auto& b) { return a.row < b.row; };
      if (!std::is_sorted(run.begin(), run.end(), by_row)) {
        std::stable_sort(run.begin(), run.end(), by_row);
      }
      if (!run.empty()) {
        use(stripe, run);
      }
    }
  }

  /// Calls `group` or `single` with each range of entries of one group of rows.
  template <class Group, class Single>
  void split(const std::vector<ShiftEntry<S>>& run, std::ptrdiff_t smallest_group, Group group,
             Single single) const {
    const ShiftEntry<S>* end = run.data() + run.size();
    for (const ShiftEntry<S>* first = run.data(); first != end;) {
      const ShiftEntry<S>* last = first;
      while (last != end && last->row / lane_count == first->row / lane_count) {
        ++last;
      }
      if (last - first < smallest_group) {
        single(first, last);
      } else {
        group(first, last);
      }
      first = last;
    }
  }

  /// Two passes, so that every table is allocated once.
  template <class Source>
  void build(const std::vector<Source>& sources) {
    const std::vector<Piece<Source>> pieces = sorted_pieces(sources);
    std::size_t size = 0;
    for (const Piece<Source>& piece : pieces) {
      size += static_cast<std::size_t>(piece.last - piece.first);
    }
    const std::ptrdiff_t smallest_group = size < small_table ? 2 : lane_count / 2;
    std::size_t runs = 0;
    std::size_t groups = 0;
    std::size_t singles = 0;
    for_each_run(pieces, [&](std::int32_t, const std::vector<ShiftEntry<S>>& run) {
      ++runs;
      parameters_.push_back(run.front().parameter);
      split(
          run, smallest_group, [&](const auto*, const auto*) { ++groups; },
          [&](const auto* first, const auto* last) { singles += static_cast<std::size_t>(last - first); });
    });
    std::sort(parameters_.begin(), parameters_.end());
    parameters_.erase(std::unique(parameters_.begin(), parameters_.end()), parameters_.end());
    parameters_.shrink_to_fit();
    runs_.reserve(runs + 1);
    groups_.reserve(groups);
    singles_.reserve(singles);
    constants_.setZero(static_cast<Eigen::Index>(groups) * 2 * lane_count);
    for_each_run(pieces, [&](std::int32_t stripe, const std::vector<ShiftEntry<S>>& run) {
      const auto weight = std::lower_bound(parameters_.begin(), parameters_.end(), run.front().parameter);
      add_run(stripe, static_cast<std::int32_t>(weight - parameters_.begin()));
      split(
          run, smallest_group, [&](const auto* first, const auto* last) { add_group(first, last); },
          [&](const auto* first, const auto* last) { singles_.insert(singles_.end(), first, last); });
    });
    find_tile_runs();
    add_run(0, 0);
  }

  void find_tile_runs() {
    for (const Eigen::Index start : tile_starts_) {
      const auto run = std::lower_bound(runs_.begin(), runs_.end(), start,
                                        [](const Run& a, Eigen::Index row) { return a.stripe < row; });
      tile_runs_.push_back(static_cast<std::size_t>(run - runs_.begin()));
    }
    tile_runs_.push_back(runs_.size());
  }

  void add_run(std::int32_t stripe, std::int32_t weight) {
    runs_.push_back({stripe, weight, static_cast<std::int32_t>(groups_.size()),
                     static_cast<std::int32_t>(singles_.size())});
  }

  void add_group(const ShiftEntry<S>* begin, const ShiftEntry<S>* end) {
    S* constant = constants_.data() + 2 * lane_count * static_cast<Eigen::Index>(groups_.size());
    groups_.push_back(static_cast<std::int32_t>(begin->row / lane_count * lane_count));
    for (; begin != end; ++begin) {
      const Eigen::Index lane = begin->row % lane_count;
      constant[lane] += begin->linear;
      constant[lane_count + lane] += begin->bend;
    }
  }

  /// What one parameter does in one stripe; ends where the next run begins.
  struct Run {
    /// Its first row.
    std::int32_t stripe = 0;
    /// Index into `parameters_`.
    std::int32_t weight = 0;
    std::int32_t first_group = 0;
    std::int32_t first_single = 0;
  };

  [[nodiscard]] std::int32_t parameter_of(const Run& run) const {
    return parameters_[static_cast<std::size_t>(run.weight)];
  }

  /// Rows of a stripe: a quarter of an innermost cache of 32 kB.
  static constexpr std::int32_t stripe_rows = 1024;
  /// Entries of a table that stays in the cache even with a quarter of each group in use.
  static constexpr std::size_t small_table = 20'000;

  InterpolationCode code_ = InterpolationCode::code4p;
  /// Ascending.
  std::vector<std::int32_t> parameters_;
  std::vector<Eigen::Index> tile_starts_ = {0};
  /// The first run of each tile, and the number of runs.
  std::vector<std::size_t> tile_runs_;
  /// With one more at the end.
  std::vector<Run> runs_;
  std::vector<std::int32_t> groups_;
  Column<S> constants_;
  std::vector<ShiftEntry<S>> singles_;
};

} // namespace muhat
