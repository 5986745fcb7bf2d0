#pragma once

/// Where a reverse sweep puts the derivatives that it finds.
///
/// A bundle's `reverse(adjoint, tape, sink)` multiplies adjoints with local
/// derivatives, one parameter after the other, and hands the products over:
///
///     auto run = sink.run(parameter);  run.add(first_lane, eight_products); ...  run.end();
///     sink.add_single(parameter, lane, product);
///     sink.finish();
///
/// The gradient sums them; a Jacobian keeps them apart by bin.

#include <muhat/core/lanes.hpp>
#include <muhat/model/layout.hpp>

#include <cstdint>

namespace muhat {

/// gradient[parameter] += sum of products.
template <class T>
class GradientSink {
public:
  explicit GradientSink(T* gradient) : gradient_(gradient) {}

  /// A sum in registers: in memory, each addition would wait for the last.
  class Run {
  public:
    explicit Run(T& target) : target_(&target), sum_(LaneArray<T>::Constant(T(0))) {}
    void add(Eigen::Index, const LaneArray<T>& product) { sum_ += product; }
    void end() { *target_ += sum_.sum(); }

  private:
    T* target_;
    LaneArray<T> sum_;
  };

  [[nodiscard]] Run run(std::int32_t parameter) { return Run(gradient_[parameter]); }
  /// Runs of one parameter, as a signal strength or the luminosity has, are summed apart:
  /// adding each to memory would wait for the last.
  void add_single(std::int32_t parameter, Eigen::Index, const T& product) {
    if (parameter != run_parameter_) {
      finish();
      run_parameter_ = parameter;
      run_sum_ = T(0);
    }
    run_sum_ += product;
  }
  void finish() {
    if (run_parameter_ >= 0) {
      gradient_[run_parameter_] += run_sum_;
      run_parameter_ = -1;
    }
  }

private:
  T* gradient_;
  std::int32_t run_parameter_ = -1;
  T run_sum_ = T(0);
};

/// Hands each product to a target of the Jacobian (model/jacobian_targets.hpp), for bundles whose lanes are
/// rows.
template <class S, class Target>
class RowJacobianSink {
public:
  RowJacobianSink(const Layout& layout, Target& target) : layout_(&layout), target_(&target) {}

  class Run {
  public:
    Run(const std::int32_t* row_bin, Target& target, std::int32_t parameter)
        : row_bin_(row_bin), target_(&target), parameter_(parameter) {}
    void add(Eigen::Index first_row, const LaneArray<S>& product) {
      const std::int32_t* bin = row_bin_ + first_row;
      for (Eigen::Index l = 0; l < lane_count; ++l) {
        target_->add(parameter_, bin[l], product[l]);
      }
    }
    void end() {}

  private:
    const std::int32_t* row_bin_;
    Target* target_;
    std::int32_t parameter_;
  };

  [[nodiscard]] Run run(std::int32_t parameter) { return {layout_->row_bin.data(), *target_, parameter}; }
  void finish() {}
  void add_single(std::int32_t parameter, Eigen::Index row, S product) {
    target_->add(parameter, layout_->row_bin[static_cast<std::size_t>(row)], product);
  }

private:
  const Layout* layout_;
  Target* target_;
};

/// The same for bundles whose lanes are cells: the product times scale(row) for the rows of the cell.
template <class S, class Target>
class CellJacobianSink {
public:
  /// `scale`: per row, the derivative of its bin's rate with respect to its cell's factor.
  CellJacobianSink(const Layout& layout, const S* scale, Target& target)
      : layout_(&layout), scale_(scale), target_(&target) {}

  class Run {
  public:
    Run(CellJacobianSink& sink, std::int32_t parameter) : sink_(&sink), parameter_(parameter) {}
    void add(Eigen::Index first_cell, const LaneArray<S>& product) {
      for (Eigen::Index l = 0; l < lane_count; ++l) {
        if (product[l] != S(0)) {
          sink_->add_single(parameter_, first_cell + l, product[l]);
        }
      }
    }
    void end() {}

  private:
    CellJacobianSink* sink_;
    std::int32_t parameter_;
  };

  [[nodiscard]] Run run(std::int32_t parameter) { return {*this, parameter}; }
  void finish() {}
  void add_single(std::int32_t parameter, Eigen::Index index, S product) {
    if (index >= static_cast<Eigen::Index>(layout_->cells.size())) {
      return;
    }
    const Cell& cell = layout_->cells[static_cast<std::size_t>(index)];
    const Eigen::Index first_bin = layout_->row_bin[static_cast<std::size_t>(cell.first_row)];
    for (Eigen::Index b = 0; b < cell.nbins; ++b) {
      target_->add(parameter, first_bin + b, product * scale_[cell.first_row + b]);
    }
  }

private:
  const Layout* layout_;
  const S* scale_;
  Target* target_;
};

} // namespace muhat
