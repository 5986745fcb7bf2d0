#pragma once

/// From a model's suggestions and a caller's options to start, bounds and
/// fixed parameters. Everything a caller can get wrong is found here, and
/// named.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit_options.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// Where a fit starts and where it may go; n entries each.
struct FitSetup {
  Vector start = {};
  /// The bounds of all parameters, also of fixed ones.
  Box bounds = {};
  std::vector<bool> fixed = {};

  /// The box an optimizer works in: fixed parameters have both bounds at their start.
  [[nodiscard]] Box box() const {
    Box result = bounds;
    for (Index i = 0; i < start.size(); ++i) {
      if (fixed[static_cast<std::size_t>(i)]) {
        result.lower[i] = result.upper[i] = start[i];
      }
    }
    return result;
  }
};

namespace detail {

/// First component and number of components that a name stands for: a
/// component, or a whole parameter set. Throws UnknownName.
template <class AnyModel>
std::pair<Index, Index> find_parameters(const AnyModel& model, std::string_view name) {
  const auto& names = model.par_names();
  const auto component = std::find(names.begin(), names.end(), name);
  if (component != names.end()) {
    return {static_cast<Index>(component - names.begin()), Index{1}};
  }
  std::vector<std::string> candidates(names.begin(), names.end());
  for (const auto& set : model.parameter_sets()) {
    if (set.name == name) {
      return {static_cast<Index>(set.first), static_cast<Index>(set.size)};
    }
    candidates.push_back(set.name);
  }
  throw UnknownName(unknown_name_message("parameter", name, candidates));
}

inline void require_size(const Vector& x, Index n, std::string_view what) {
  if (x.size() != n) {
    throw InvalidArgument(std::string(what) + " has " + std::to_string(x.size()) +
                          " entries, but the model has " + std::to_string(n) + " parameters");
  }
}

template <class AnyModel>
void apply_bounds(const AnyModel& model, const FitOptions& options, FitSetup& setup) {
  for (const auto& [name, range] : options.bounds) {
    if (!(range.first <= range.second)) {
      throw InvalidArgument("bounds of parameter \"" + name + "\": lower " + number_text(range.first) +
                            " is not below upper " + number_text(range.second));
    }
    const auto [first, size] = find_parameters(model, name);
    setup.bounds.lower.segment(first, size).setConstant(range.first);
    setup.bounds.upper.segment(first, size).setConstant(range.second);
  }
}

/// A start, or fixed value, outside its bounds names the parameter.
inline void check_start(const FitSetup& setup, const std::vector<std::string>& names) {
  for (Index i = 0; i < setup.start.size(); ++i) {
    const double x = setup.start[i];
    const auto at = static_cast<std::size_t>(i);
    if (std::isinf(x)) {
      throw InvalidArgument(std::string(setup.fixed[at] ? "fixed value " : "start ") + "of parameter \"" +
                            names[at] + "\" is infinite; give it a finite one");
    }
    if (!(x >= setup.bounds.lower[i] && x <= setup.bounds.upper[i])) {
      throw InvalidArgument(std::string(setup.fixed[at] ? "fixed value " : "start ") + number_text(x) +
                            " of parameter \"" + names[at] + "\" is outside its bounds [" +
                            number_text(setup.bounds.lower[i]) + ", " + number_text(setup.bounds.upper[i]) +
                            "]: move it, or widen the bounds");
    }
  }
}

} // namespace detail

/// The setup of a fit to `model`.
///
/// Throws UnknownName for a name the model does not have, and InvalidArgument for
/// vectors of the wrong length, bounds in the wrong order, a parameter fixed twice, and a start or fixed
/// value that is not a finite number or lies outside its bounds. O(n) for each option.
template <class AnyModel>
[[nodiscard]] FitSetup make_setup(const AnyModel& model, const FitOptions& options) {
  FitSetup setup{model.suggested_init(),
                 {model.suggested_lower(), model.suggested_upper()},
                 {model.suggested_fixed().begin(), model.suggested_fixed().end()}};
  const Index n = setup.start.size();
  if (options.starts < 1) {
    throw InvalidArgument("a fit needs at least one start, not " + std::to_string(options.starts));
  }
  if (options.start) {
    detail::require_size(*options.start, n, "the start");
    setup.start = *options.start;
  }
  for (const Vector& extra : options.extra_starts) {
    detail::require_size(extra, n, "an extra start");
    for (Index i = 0; i < n; ++i) {
      if (!std::isfinite(extra[i])) {
        throw InvalidArgument("an extra start has " + number_text(extra[i]) + " for parameter \"" +
                              model.par_names()[static_cast<std::size_t>(i)] + "\"; give a finite number");
      }
    }
  }
  detail::apply_bounds(model, options, setup);
  for (const auto& [name, value] : options.init) {
    const auto [first, size] = detail::find_parameters(model, name);
    setup.start.segment(first, size).setConstant(value);
  }
  const auto set_fixed = [&](const std::string& name, bool fixed) {
    const auto [first, size] = detail::find_parameters(model, name);
    std::fill_n(setup.fixed.begin() + first, size, fixed);
    return std::pair{first, size};
  };
  for (const std::string& name : options.release) {
    set_fixed(name, false);
  }
  std::vector<bool> given(setup.fixed.size(), false);
  for (const auto& [name, value] : options.fix) {
    const auto [first, size] = set_fixed(name, true);
    const auto begin = given.begin() + first;
    if (std::find(begin, begin + size, true) != begin + size) {
      throw InvalidArgument("parameter \"" + name + "\" is fixed twice; give it one value");
    }
    std::fill_n(begin, size, true);
    setup.start.segment(first, size).setConstant(value);
  }
  detail::check_start(setup, model.par_names());
  return setup;
}

} // namespace muhat
