#pragma once

/// Yields that the interpolation of a normalization drives negative. The polynomial of code4 has a minimum
/// below 0 between the variations where these are far from 1 (hi = 1000 and lo = 0.001, say); the bin's sum
/// may be positive all the same, so that a likelihood and its minimum exist, with a background of -38 events.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/model/bundles/interpolated_factor_bundle.hpp>
#include <muhat/model/evaluator.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/model.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace muhat {

namespace detail {

struct NegativeFactor {
  Index cell = 0;
  std::int32_t parameter = 0;
  double factor = 0.0;
};

/// Keeps the negative ones among the factors that bundles report (model/rate_curvature.hpp).
template <class S>
class NegativeFactors {
public:
  void cell_factors(Index first_cell, std::int32_t parameter, const LaneArray<S>& factor,
                    const LaneArray<S>& /*slope*/, const LaneArray<S>& /*curvature*/) {
    if (factor.minCoeff() >= S(0)) {
      return;
    }
    for (Index lane = 0; lane < lane_count; ++lane) {
      if (factor[lane] < S(0)) {
        found_.push_back({first_cell + lane, parameter, static_cast<double>(factor[lane])});
      }
    }
  }

  [[nodiscard]] const std::vector<NegativeFactor>& found() const noexcept { return found_; }

  /// Only interpolated factors: one that is a parameter is as negative as it is meant to be.
  template <ModifierStage stage, class Bundle>
  void look_at(const Bundle&, const S*) {}
  template <ModifierStage stage>
  void look_at(const InterpolatedFactorBundle<S>& bundle, const S* parameters) {
    if (bundle.may_be_negative()) {
      bundle.template report<stage>(parameters, *this);
    }
  }

private:
  std::vector<NegativeFactor> found_;
};

/// The negative factors of normsys at a point. The cost of these factors, none where all are near 1.
template <class AnyModel>
[[nodiscard]] std::vector<NegativeFactor>
negative_factors(const AnyModel& model, const VectorOf<typename AnyModel::scalar_type>& point) {
  NegativeFactors<typename AnyModel::scalar_type> factors;
  const auto look_at = [&](const auto& staged) {
    factors.template look_at<std::decay_t<decltype(staged)>::stage>(staged.bundle, point.data());
  };
  std::apply([&](const auto&... staged) { (look_at(staged), ...); }, model.tables().bundles);
  return factors.found();
}

} // namespace detail

/// One sentence per sample and channel whose yield at `pars` is negative in a bin because a normsys has a
/// negative factor, about its lowest bin; "" if there is none. Names channel, bin, sample, modifier and value
/// for three, and counts the others. Rows that are negative for another reason, such as negative weights, are
/// not meant. The cost of one evaluation at most. Throws InvalidArgument for a wrong number of parameters.
template <class AnyModel>
[[nodiscard]] std::string describe_negative_factors(const AnyModel& model, const Vector& pars) {
  using Scalar = typename AnyModel::scalar_type;
  check_parameters(model, pars);
  const VectorOf<Scalar> point = pars.template cast<Scalar>();
  const std::vector<detail::NegativeFactor> factors = detail::negative_factors(model, point);
  if (factors.empty()) {
    return {};
  }
  const Layout& layout = model.tables().layout();
  ModelEvaluator<Scalar, typename AnyModel::Tables> evaluator(model.tables());
  evaluator.forward(point.data(), Slopes::none);
  constexpr std::size_t most = 3;
  std::size_t count = 0;
  std::string text;
  for (const auto& [index, parameter, factor] : factors) {
    const Cell& cell = layout.cells[static_cast<std::size_t>(index)];
    const auto rows = evaluator.rows().segment(cell.first_row, cell.nbins);
    Index lowest = 0;
    const Scalar yield = rows.minCoeff(&lowest);
    if (!(yield < Scalar(0)) || ++count > most) {
      continue;
    }
    const std::string& name = model.par_names()[static_cast<std::size_t>(parameter)];
    text += (text.empty() ? "" : "; ") + std::string("sample \"") +
            layout.samples[static_cast<std::size_t>(cell.sample)] + "\" has a negative yield of " +
            number_text(static_cast<double>(yield)) + " events in " +
            bin_text(layout.channels[static_cast<std::size_t>(cell.channel)], lowest) +
            ": the factor of normsys \"" + name + "\" is " + number_text(factor) + " at " +
            number_text(pars[parameter]) +
            ", between variations that are too far apart for its interpolation (code1 stays positive)";
  }
  return count > most ? text + "; and " + std::to_string(count - most) + " more such yields" : text;
}

} // namespace muhat
