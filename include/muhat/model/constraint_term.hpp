#pragma once

/// A constraint term as data: which density, of which parameter component,
/// around which auxiliary datum. What it means is likelihood/constraint.hpp's.

#include <Eigen/Core>

#include <string_view>

namespace muhat {

/// The density of an auxiliary measurement.
enum class Constraint { none, normal, poisson };

[[nodiscard]] constexpr std::string_view to_string(Constraint constraint) noexcept {
  switch (constraint) {
  case Constraint::none:
    return "none";
  case Constraint::normal:
    return "normal";
  case Constraint::poisson:
    return "poisson";
  }
  return "unknown";
}

struct ConstraintTerm {
  Constraint constraint = Constraint::normal;
  /// The constrained parameter component.
  Eigen::Index parameter = 0;
  /// Nominal auxiliary datum.
  double auxdata = 0.0;
  /// Normal: the width, in units of the parameter. Poisson: the rate per unit of the parameter.
  double scale = 1.0;
};

} // namespace muhat
