#pragma once

/// Small models of which everything, or at least what the manual prints, is known.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>
#include <muhat/model/simple_models.hpp>
#include <muhat/spec/specification.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace muhat::test {

inline Vector vector(std::initializer_list<double> values) {
  Vector result(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

/// Main data followed by the model's nominal auxiliary data.
inline Vector with_auxdata(const Model& model, std::initializer_list<double> main) {
  Vector data(model.nbins() + model.nauxdata());
  data << vector(main), model.auxdata();
  return data;
}

/// One bin that expects mu * s + b, with mu in the given bounds and nothing else.
inline Model counting_experiment(double s, double b, std::pair<double, double> bounds = {0.0, 10.0},
                                 const std::string& poi = "mu") {
  const spec::Modifier mu{"mu", "normfactor", {}};
  return build_model(spec::Model{{{"channel", {{"background", {b}, {}}, {"signal", {s}, {mu}}}}},
                                 {{.name = "mu", .bounds = std::vector{bounds}}}},
                     poi);
}

/// The manual's shape factor example: a control region fixes the shape of the background.
/// Data: 200, 300 (control), 220, 230 (signal).
inline Model shape_factor_model() {
  const spec::Modifier mu{"mu", "normfactor", {}};
  const spec::Modifier shape{"coupled_shapefactor", "shapefactor", {}};
  return build_model(
      spec::Model{{{"signal", {{"signal", {20.0, 20.0}, {mu}}, {"bkg1", {100.0, 70.0}, {shape}}}},
                   {"control", {{"background", {100.0, 100.0}, {shape}}}}},
                  {}},
      "mu");
}

inline Vector shape_factor_data() {
  return vector({200.0, 300.0, 220.0, 230.0});
}

/// The manual's two-bin counting experiment with background uncertainty.
inline Model hello_world_model() {
  return uncorrelated_background({12.0, 11.0}, {50.0, 52.0}, {3.0, 7.0});
}

} // namespace muhat::test
