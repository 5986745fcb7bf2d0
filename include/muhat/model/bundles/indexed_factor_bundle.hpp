#pragma once

/// Factors that are parameters themselves,
///
///     product_i *= theta_{k(i)} ,
///
/// one index per cell (normfactor, lumi) or per row (shapefactor, shapesys,
/// staterror). The first factor of every cell or row stands in a dense table, where
/// an entry without a factor refers to a constant 1 behind the last parameter.
/// Where a cell or row has more, these stand in a list: memory and time are those
/// of the cells or rows plus the factors, however unevenly they are spread. Rows are swept
/// tile by tile (model/layout.hpp), cells all at once.

#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/model/modifier_stage.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace muhat {

/// One factor: lane (a cell or a row) and parameter.
struct IndexedFactor {
  std::int32_t lane = 0;
  std::int32_t parameter = 0;
};

class IndexedFactorBundle {
public:
  /// The running product before each factor: those of the table, then those of the list.
  template <class T>
  struct Tape {
    Column<T> before;
  };

  IndexedFactorBundle() = default;
  /// `lanes`: cells or rows, without padding at the end; `one`: index of the constant 1; `tile_starts`: the
  /// first lane of each tile, ascending from 0.
  IndexedFactorBundle(const std::vector<IndexedFactor>& factors, Eigen::Index lanes, std::int32_t one,
                      const std::vector<Eigen::Index>& tile_starts = {0})
      : one_(one) {
    if (factors.empty()) {
      return;
    }
    first_.assign(static_cast<std::size_t>(lanes), one);
    std::vector<std::int32_t> met(static_cast<std::size_t>(lanes), 0);
    std::vector<Further> further;
    for (const IndexedFactor& factor : factors) {
      const auto lane = static_cast<std::size_t>(factor.lane);
      const std::int32_t before = met[lane]++;
      if (before == 0) {
        first_[lane] = factor.parameter;
        continue;
      }
      const auto after = std::upper_bound(tile_starts.begin(), tile_starts.end(), factor.lane);
      further.push_back({after - tile_starts.begin() - 1, before, factor});
    }
    // By how many their lane has before them, so that runs of one parameter stay together.
    sort_stably(further, [](const Further& a, const Further& b) {
      return a.tile != b.tile ? a.tile < b.tile : a.before < b.before;
    });
    set_tiles(further, lanes, tile_starts);
  }

  [[nodiscard]] bool empty() const noexcept { return first_.empty(); }
  /// Bytes of constants that one sweep reads.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return first_.size() * sizeof(std::int32_t) + further_.size() * sizeof(IndexedFactor);
  }

  /// product *= factors of a tile; `parameters` ends with the constant 1.
  template <class T>
  void forward(const T* parameters, T* product, Tape<T>& tape, Slopes = Slopes::left,
               std::size_t tile = 0) const {
    if (empty()) {
      return;
    }
    const Eigen::Index lanes = lane_total();
    tape.before.resize(lanes + static_cast<Eigen::Index>(further_.size()));
    T* before = tape.before.data();
    for (Eigen::Index i = tiles_[tile].lane; i < tiles_[tile + 1].lane; ++i) {
      before[i] = product[i];
      product[i] *= parameters[first_[static_cast<std::size_t>(i)]];
    }
    before += lanes;
    for (std::size_t k = tiles_[tile].further; k < tiles_[tile + 1].further; ++k) {
      const IndexedFactor& factor = further_[k];
      before[k] = product[factor.lane];
      product[factor.lane] *= parameters[factor.parameter];
    }
  }

  /// Hands sink the derivatives (of the constant 1 too) and takes the factors back into `adjoint`.
  template <class T, class Sink>
  void reverse(const T* parameters, T* adjoint, const Tape<T>& tape, Sink& sink, std::size_t tile = 0) const {
    if (empty()) {
      return;
    }
    const T* before = tape.before.data() + lane_total();
    for (std::size_t k = tiles_[tile + 1].further; k-- > tiles_[tile].further;) {
      const IndexedFactor& factor = further_[k];
      sink.add_single(factor.parameter, factor.lane, adjoint[factor.lane] * before[k]);
      adjoint[factor.lane] *= parameters[factor.parameter];
    }
    before -= lane_total();
    for (Eigen::Index i = tiles_[tile].lane; i < tiles_[tile + 1].lane; ++i) {
      const std::int32_t parameter = first_[static_cast<std::size_t>(i)];
      sink.add_single(parameter, i, adjoint[i] * before[i]);
      adjoint[i] *= parameters[parameter];
    }
  }

  /// Reports each factor with its derivatives, 1 and 0 (model/rate_curvature.hpp).
  template <ModifierStage stage, class S, class Report>
  void report(const S* parameters, Report& report) const {
    for (Eigen::Index i = 0; i < lane_total(); ++i) {
      const std::int32_t parameter = first_[static_cast<std::size_t>(i)];
      if (parameter != one_) {
        report_factor<stage>(i, parameter, parameters[parameter], report);
      }
    }
    for (const IndexedFactor& factor : further_) {
      report_factor<stage>(factor.lane, factor.parameter, parameters[factor.parameter], report);
    }
  }

private:
  /// A factor that is not the first of its lane.
  struct Further {
    std::ptrdiff_t tile;
    std::int32_t before;
    IndexedFactor factor;
  };
  /// Where a tile begins.
  struct TileStart {
    Eigen::Index lane;
    std::size_t further;
  };

  void set_tiles(const std::vector<Further>& further, Eigen::Index lanes,
                 const std::vector<Eigen::Index>& tile_starts) {
    for (const Further& entry : further) {
      further_.push_back(entry.factor);
    }
    auto next = further.begin();
    for (std::size_t tile = 0; tile < tile_starts.size(); ++tile) {
      next = std::find_if(next, further.end(), [tile](const Further& entry) {
        return entry.tile >= static_cast<std::ptrdiff_t>(tile);
      });
      tiles_.push_back({tile_starts[tile], static_cast<std::size_t>(next - further.begin())});
    }
    tiles_.push_back({lanes, further.size()});
  }

  template <ModifierStage stage, class S, class Report>
  static void report_factor(Eigen::Index lane, std::int32_t parameter, S factor, Report& report) {
    if constexpr (stage == ModifierStage::cell_factor) {
      report.cell_factor(lane, parameter, factor);
    } else {
      report.row_factor(lane, parameter, factor, S(1), S(0));
    }
  }

  [[nodiscard]] Eigen::Index lane_total() const noexcept { return static_cast<Eigen::Index>(first_.size()); }

  std::int32_t one_ = 0;
  /// By lane: the parameter of its first factor.
  std::vector<std::int32_t> first_;
  /// What lanes carry beyond, tile by tile: second factors by lane, then third ones, and so on.
  std::vector<IndexedFactor> further_;
  /// With one more at the end.
  std::vector<TileStart> tiles_;
};

} // namespace muhat
