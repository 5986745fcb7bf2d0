#pragma once

/// The parameter of interest (POI): the one component whose value a hypothesis
/// fixes. A model needs none; calls that do look it up here, and say exactly what is amiss.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit_setup.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace muhat {

/// Index of the POI called `name`, or of the measurement's where `name` is empty.
///
/// Throws InvalidArgument when the measurement names none, when nothing in the
/// model declares it, and when it has several components.
template <class AnyModel>
[[nodiscard]] Index find_poi(const AnyModel& model, std::string_view name = {}) {
  const std::string poi(name.empty() ? std::string_view(model.poi_name()) : name);
  if (poi.empty()) {
    throw InvalidArgument(
        "no parameter of interest: the measurement names none, so name one of the parameters");
  }
  for (const auto& set : model.parameter_sets()) {
    if (set.name == poi) {
      const std::string first = model.par_names()[static_cast<std::size_t>(set.first)];
      if (set.size > 1) {
        throw InvalidArgument("parameter of interest \"" + poi + "\" has " + std::to_string(set.size) +
                              " components: name one of them, such as \"" + first + "\"");
      }
      return static_cast<Index>(set.first);
    }
  }
  const auto& names = model.par_names();
  const auto component = std::find(names.begin(), names.end(), poi);
  if (component == names.end()) {
    throw InvalidArgument(
        "parameter of interest \"" + poi +
        "\" is undeclared: no modifier of the model has this name; is a signal patch missing? " +
        suggestion(poi, names));
  }
  return static_cast<Index>(component - names.begin());
}

/// Requires the POI to be free in `setup`. Throws InvalidArgument when it is fixed.
inline void require_free_poi(const FitSetup& setup, Index poi, const std::string& name) {
  if (setup.fixed[static_cast<std::size_t>(poi)]) {
    throw InvalidArgument("parameter of interest \"" + name +
                          "\" is fixed: release it in the measurement or in the fit options");
  }
}

/// What messages call a value that the POI is held at.
inline constexpr const char* tested_value_text = "the tested value";

/// Requires mu, which messages call `what`, to be finite and to lie inside the POI's bounds. Throws
/// InvalidArgument when it does not.
inline void require_inside_bounds(const FitSetup& setup, Index poi, const std::string& name, double mu,
                                  const std::string& what = tested_value_text) {
  const double lower = setup.bounds.lower[poi];
  const double upper = setup.bounds.upper[poi];
  if (!std::isfinite(mu)) {
    throw InvalidArgument(what + " of \"" + name + "\" must be a finite number, not " + number_text(mu));
  }
  if (mu < lower || mu > upper) {
    throw InvalidArgument(
        what + " " + number_text(mu) + " of \"" + name + "\" is outside its bounds [" + number_text(lower) +
        ", " + number_text(upper) +
        "]: give the parameter wider `bounds` in the measurement (in C++ also by the fit options), [" +
        number_text(std::min(mu, lower)) + ", " + number_text(std::max(mu, upper)) + "] or more");
  }
}

} // namespace muhat
