#pragma once

/// The Asimov data set of arXiv:1007.1727, section 3.2: the expectation of a
/// model at given parameters, in place of data. Its best fit is exactly there.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <string_view>

namespace muhat {

/// An Asimov data set and the fit whose parameters it is the expectation of.
struct AsimovData {
  /// Main bins, then auxiliary data; real numbers, not counts.
  Vector data = {};
  FitResult fit = {};
};

/// The expected data at the fit to `data` with the parameter of interest (the
/// measurement's, or `poi`) held at `mu`.
///
/// Throws as `fixed_poi_fit` does, and FitFailed where that fit has no certificate.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] AsimovData asimov_data(double mu, const AnyModel& model, const Vector& data,
                                     const FitOptions& options = {}, const Optimizer& optimizer = Optimizer{},
                                     std::string_view poi = {}) {
  FitResult fit = fixed_poi_fit(mu, model, data, options, optimizer, poi);
  require_certified(fit, "fit for the Asimov data");
  Vector expected = expected_data(model, fit.parameters);
  return {std::move(expected), std::move(fit)};
}

} // namespace muhat
