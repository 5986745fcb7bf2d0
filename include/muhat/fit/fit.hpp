#pragma once

/// Maximum likelihood fits: the minimum of
///
///     twice_nll(x) = -2 log L(data | x)
///
/// over the free parameters inside their bounds. A fit that ends without a
/// certificate says so in its status: read `certified()` before its numbers.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/fit_options.hpp>
#include <muhat/fit/fit_result.hpp>
#include <muhat/fit/fit_setup.hpp>
#include <muhat/fit/fitter.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/fit/starts.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// Tries the minima of the boxes in which a hypothesis test would look, too: with the POI free, and held at
/// its init and at 0. Where nothing bends, they lead nowhere else.
template <class AnyModel, class Optimizer>
void explore_poi(Fitter<AnyModel, Optimizer>& fitter, Minimum& minimum, const FitSetup& setup,
                 const Box& box) {
  const auto& names = fitter.model().par_names();
  const auto found = std::find(names.begin(), names.end(), fitter.model().poi_name());
  if (found == names.end() || !minimum.certified() || !fitter.bends()) {
    return;
  }
  const auto poi = static_cast<Index>(found - names.begin());
  std::vector<Box> boxes;
  const auto add = [&](double lower, double upper) {
    if (lower != box.lower[poi] || upper != box.upper[poi]) {
      boxes.push_back(box);
      boxes.back().lower[poi] = lower;
      boxes.back().upper[poi] = upper;
    }
  };
  const double lower = setup.bounds.lower[poi];
  const double upper = setup.bounds.upper[poi];
  add(lower, upper);
  const double init = std::clamp(fitter.model().suggested_init()[poi], lower, upper);
  add(init, init);
  if (lower <= 0.0 && 0.0 <= upper && init != 0.0) {
    add(0.0, 0.0);
  }
  for (const Box& other : boxes) {
    Minimum there;
    (void)fitter.refine(there, clamp(minimum.lowest.x, other), other);
    if (!there.certified()) {
      continue;
    }
    (void)fitter.attempt(there, clamp(setup.start, other), other);
    fitter.explore(there, other);
    if (fitter.attempt(minimum, there.lowest.x, box)) {
      fitter.explore(minimum, box);
    }
  }
}

} // namespace detail

/// Fits `model` to `data` (main bins, then auxiliary data).
///
/// A start without a density is left for a point with one, if any is found inside the bounds. Around the
/// minimum it looks for lower ones, unless `explore` is false. Deterministic. Throws UnknownName
/// and InvalidArgument as `make_setup` and `Likelihood` do; never throws for want of convergence. The cost is
/// that of some tens of likelihood evaluations per start; to look around, of some three for each parameter
/// whose two sides pull the same way, in up to four boxes.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] FitResult fit(const AnyModel& model, const Vector& data, const FitOptions& options = {},
                            const Optimizer& optimizer = Optimizer{}) {
  const FitSetup setup = make_setup(model, options);
  Fitter<AnyModel, Optimizer> fitter(model, data, optimizer);
  std::vector<Vector> starts{setup.start};
  for (Vector& start : detail::wanted_starts(fitter.objective(), setup, options)) {
    if (start != setup.start) {
      starts.push_back(std::move(start));
    }
  }
  const Box box = setup.box();
  Minimum minimum = fitter.minimize(starts, box);
  if (options.explore) {
    fitter.explore(minimum, box);
    detail::explore_poi(fitter, minimum, setup, box);
  }
  return fitter.describe(minimum, box);
}

/// Fits with the parameter of interest held at mu, all else as `fit`. The parameter is
/// the measurement's, or the one `poi` names.
///
/// Throws InvalidArgument also where there is no usable parameter of interest, or
/// where mu lies outside its bounds.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] FitResult fixed_poi_fit(double mu, const AnyModel& model, const Vector& data,
                                      FitOptions options = {}, const Optimizer& optimizer = Optimizer{},
                                      std::string_view poi = {}) {
  const Index index = find_poi(model, poi);
  const std::string& name = model.par_names()[static_cast<std::size_t>(index)];
  const FitSetup setup = make_setup(model, options);
  require_free_poi(setup, index, name);
  require_inside_bounds(setup, index, name, mu);
  options.fix.emplace_back(name, mu);
  return fit(model, data, options, optimizer);
}

} // namespace muhat
