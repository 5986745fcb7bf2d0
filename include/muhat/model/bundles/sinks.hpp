#pragma once

/// Where a reverse sweep puts the derivatives that it finds.
///
/// A bundle's `reverse(adjoint, tape, sink)` multiplies adjoints with local
/// derivatives, one parameter after the other, and hands the products over:
///
///     sink.begin(parameter);  sink.add(first_lane, eight_products); ...  sink.end();
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

  void begin(std::int32_t parameter) {
    parameter_ = parameter;
    sum_.setConstant(T(0));
  }
  void add(Eigen::Index, const LaneArray<T>& product) { sum_ += product; }
  void end() { gradient_[parameter_] += sum_.sum(); }
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
  std::int32_t parameter_ = 0;
  LaneArray<T> sum_;
  std::int32_t run_parameter_ = -1;
  T run_sum_ = T(0);
};

/// Hands each product to a target of the Jacobian (model/jacobian_targets.hpp), for bundles whose lanes are
/// rows.
template <class S, class Target>
class RowJacobianSink {
public:
  RowJacobianSink(const Layout& layout, Target& target) : layout_(&layout), target_(&target) {}

  void begin(std::int32_t parameter) { parameter_ = parameter; }
  void add(Eigen::Index first_row, const LaneArray<S>& product) {
    const std::int32_t* bin = layout_->row_bin.data() + first_row;
    for (Eigen::Index l = 0; l < lane_count; ++l) {
      target_->add(parameter_, bin[l], product[l]);
    }
  }
  void end() {}
  void finish() {}
  void add_single(std::int32_t parameter, Eigen::Index row, S product) {
    target_->add(parameter, layout_->row_bin[static_cast<std::size_t>(row)], product);
  }

private:
  const Layout* layout_;
  Target* target_;
  std::int32_t parameter_ = 0;
};

/// The same for bundles whose lanes are cells: the product times scale(row) for the rows of the cell.
template <class S, class Target>
class CellJacobianSink {
public:
  /// `scale`: per row, the derivative of its bin's rate with respect to its cell's factor.
  CellJacobianSink(const Layout& layout, const S* scale, Target& target)
      : layout_(&layout), scale_(scale), target_(&target) {}

  void begin(std::int32_t parameter) { parameter_ = parameter; }
  void add(Eigen::Index first_cell, const LaneArray<S>& product) {
    for (Eigen::Index l = 0; l < lane_count; ++l) {
      if (product[l] != S(0)) {
        add_single(parameter_, first_cell + l, product[l]);
      }
    }
  }
  void end() {}
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
  std::int32_t parameter_ = 0;
};

} // namespace muhat
