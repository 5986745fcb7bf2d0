#pragma once

/// The outcome of a maximum likelihood fit, certified or not.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

/// Where a fit ended. Only a result with `certified()` is a minimum.
struct FitResult {
  /// n parameters, in the model's order.
  Vector parameters = {};
  /// Names of the n components, shared with the model's other fits.
  std::shared_ptr<const std::vector<std::string>> par_names = {};
  /// -2 log L at `parameters`, all constants included.
  double twice_nll = std::numeric_limits<double>::infinity();
  FitStatus status = FitStatus::stalled;
  /// Iterations and value-and-gradient evaluations, summed over all starts.
  int iterations = 0;
  int evaluations = 0;
  /// max-norm of x - clamp(x - gradient of twice_nll, bounds), over the free parameters; at the domain's edge
  /// that of the Lagrange function (see OptimizerResult).
  double projected_gradient = std::numeric_limits<double>::infinity();
  /// Whether the exact Hessian is positive on the free subspace, where this was looked at, or so nearly flat
  /// that no lower point was found along its negative direction; false at a saddle point.
  std::optional<bool> positive_curvature = {};
  /// Bins without events, counted over the model, whose rate is 0 up to rounding at a minimum on the edge of
  /// the domain, of which a warning gives the names.
  std::vector<Index> bins_at_zero = {};
  /// Free parameters that ended on one of their bounds.
  std::vector<std::string> at_bounds = {};
  /// Names channel, bin, samples and modifiers of negative rates, or the parameters of auxiliary data that
  /// cannot be, where the fit ended without a certificate and without a density; otherwise empty.
  std::string missing_density = {};
  /// Remarks that do not invalidate the result, e.g. that two starts disagree.
  std::vector<std::string> warnings = {};

  /// Whether this is a certified minimum.
  [[nodiscard]] bool certified() const noexcept { return status == FitStatus::converged; }

  /// The fitted value of one component. Throws UnknownName. O(n).
  [[nodiscard]] double value(std::string_view name) const {
    if (!par_names) {
      throw UnknownName("a fit that was never made has no parameter \"" + std::string(name) + "\"");
    }
    const auto found = std::find(par_names->begin(), par_names->end(), name);
    if (found == par_names->end()) {
      throw UnknownName(unknown_name_message("parameter", name, *par_names));
    }
    return parameters[static_cast<Index>(found - par_names->begin())];
  }
};

/// What is wrong with a fit that has no certificate; "" for one that has.
[[nodiscard]] inline std::string explain_failure(const FitResult& fit) {
  if (fit.certified()) {
    return {};
  }
  std::string text = "no certified minimum: " + std::string(to_string(fit.status)) + " after " +
                     std::to_string(fit.iterations) + " iterations, projected gradient " +
                     number_text(fit.projected_gradient);
  if (!fit.positive_curvature.value_or(true)) {
    text += ", a saddle point: fit from other starts";
  }
  if (!fit.at_bounds.empty()) {
    text += ", at bounds:";
    for (const std::string& name : fit.at_bounds) {
      text += " " + name;
    }
  }
  return fit.missing_density.empty() ? text : text + "; " + fit.missing_density;
}

/// Adds the warnings of a fit that are not there yet, each behind `prefix`.
inline void add_warnings(std::vector<std::string>& warnings, const FitResult& fit,
                         const std::string& prefix = {}) {
  for (const std::string& warning : fit.warnings) {
    if (std::string text = prefix + warning;
        std::find(warnings.begin(), warnings.end(), text) == warnings.end()) {
      warnings.push_back(std::move(text));
    }
  }
}

/// The fit itself if it is certified. Throws FitFailed, naming `what` was fitted, if not.
inline const FitResult& require_certified(const FitResult& fit, std::string_view what) {
  if (!fit.certified()) {
    throw FitFailed(std::string(what) + ": " + explain_failure(fit));
  }
  return fit;
}

} // namespace muhat
