#pragma once

/// Factors that are parameters themselves,
///
///     product_i *= theta_{k(i)} ,
///
/// one index per cell (normfactor, lumi) or per row (shapefactor, shapesys,
/// staterror). Where one cell or row has several, they stand in layers. An entry
/// without a factor refers to a constant 1 behind the last parameter.

#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/model/modifier_stage.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace muhat {

/// One factor: lane (a cell or a row) and parameter.
struct IndexedFactor {
  std::int32_t lane = 0;
  std::int32_t parameter = 0;
};

class IndexedFactorBundle {
public:
  /// Per layer and lane: the running product before the factor.
  template <class T>
  struct Tape {
    Column<T> before;
  };

  IndexedFactorBundle() = default;
  /// `lanes`: cells or rows, without padding; `one`: index of the constant 1.
  IndexedFactorBundle(const std::vector<IndexedFactor>& factors, Eigen::Index lanes, std::int32_t one)
      : one_(one), lanes_(lanes) {
    std::vector<std::size_t> filled(static_cast<std::size_t>(lanes), 0);
    for (const IndexedFactor& factor : factors) {
      const std::size_t layer = filled[static_cast<std::size_t>(factor.lane)]++;
      if (layer == layers_.size()) {
        layers_.emplace_back(static_cast<std::size_t>(lanes), one);
      }
      layers_[layer][static_cast<std::size_t>(factor.lane)] = factor.parameter;
    }
  }

  [[nodiscard]] bool empty() const noexcept { return layers_.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return layers_.size() * static_cast<std::size_t>(lanes_) * sizeof(std::int32_t);
  }

  /// product *= factors; `parameters` ends with the constant 1.
  template <class T>
  void forward(const T* parameters, T* product, Tape<T>& tape, Slopes = Slopes::left) const {
    tape.before.resize(lanes_ * static_cast<Eigen::Index>(layers_.size()));
    T* before = tape.before.data();
    for (const std::vector<std::int32_t>& index : layers_) {
      for (Eigen::Index i = 0; i < lanes_; ++i) {
        before[i] = product[i];
        product[i] *= parameters[index[static_cast<std::size_t>(i)]];
      }
      before += lanes_;
    }
  }

  /// Hands sink the derivatives (of the constant 1 too) and takes the factors back into `adjoint`.
  template <class T, class Sink>
  void reverse(const T* parameters, T* adjoint, const Tape<T>& tape, Sink& sink) const {
    const T* before = tape.before.data() + tape.before.size();
    for (auto index = layers_.rbegin(); index != layers_.rend(); ++index) {
      before -= lanes_;
      for (Eigen::Index i = 0; i < lanes_; ++i) {
        const std::int32_t parameter = (*index)[static_cast<std::size_t>(i)];
        sink.add_single(parameter, i, adjoint[i] * before[i]);
        adjoint[i] *= parameters[parameter];
      }
    }
  }

  /// Reports each factor with its derivatives, 1 and 0 (model/rate_curvature.hpp).
  template <ModifierStage stage, class S, class Report>
  void report(const S* parameters, Report& report) const {
    for (const std::vector<std::int32_t>& index : layers_) {
      for (Eigen::Index i = 0; i < lanes_; ++i) {
        const std::int32_t parameter = index[static_cast<std::size_t>(i)];
        if (parameter == one_) {
          continue;
        }
        if constexpr (stage == ModifierStage::cell_factor) {
          report.cell_factor(i, parameter, parameters[parameter]);
        } else {
          report.row_factor(i, parameter, parameters[parameter], S(1), S(0));
        }
      }
    }
  }

private:
  std::int32_t one_ = 0;
  Eigen::Index lanes_ = 0;
  std::vector<std::vector<std::int32_t>> layers_;
};

} // namespace muhat
