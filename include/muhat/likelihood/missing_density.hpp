#pragma once

/// Why -2 log L is no number at a point: bins without a density, auxiliary measurements without a rate, and
/// auxiliary data so far from what is expected that the square of the pull is too large for a number.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/likelihood/constraint.hpp>
#include <muhat/likelihood/negative_bins.hpp>
#include <muhat/model/constraint_term.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace muhat {

namespace detail {

/// What is wrong with one auxiliary measurement, "" if nothing is.
[[nodiscard]] inline std::string describe_auxiliary_datum(const ConstraintTerm& term, const std::string& name,
                                                          double theta, double datum) {
  const double expected = expected_auxdatum(term, theta);
  if (term.constraint == Constraint::poisson && !(expected > 0.0)) {
    return "the auxiliary measurement of \"" + name + "\" has an expected rate of " + number_text(expected) +
           " events";
  }
  const double pull = (datum - expected) / std::sqrt(auxdatum_variance(term, theta));
  if (std::isfinite(pull * pull)) {
    return {};
  }
  return "the auxiliary datum " + number_text(datum) + " of \"" + name + "\" is " + number_text(pull) +
         " standard deviations from the expected " + number_text(expected);
}

template <class AnyModel>
[[nodiscard]] std::string describe_auxiliary_data(const AnyModel& model, const Vector& pars,
                                                  const Vector& data) {
  constexpr std::size_t most = 5;
  std::size_t count = 0;
  std::string text;
  const std::vector<ConstraintTerm>& terms = model.constraints();
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const std::string problem =
        describe_auxiliary_datum(terms[i], model.par_names()[static_cast<std::size_t>(terms[i].parameter)],
                                 pars[terms[i].parameter], data[model.nbins() + static_cast<Index>(i)]);
    if (!problem.empty() && ++count <= most) {
      text += (text.empty() ? "" : "; ") + problem;
    }
  }
  return count > most ? text + "; and " + std::to_string(count - most) + " more auxiliary measurements"
                      : text;
}

} // namespace detail

/// Sentences that name channels, bins, samples and modifiers (describe_negative_bins), or the parameters of
/// auxiliary measurements, of which five at most; "" if nothing stands out. `data`: main bins, then auxiliary
/// data. Meant for error messages: costs one evaluation per modifier of the samples concerned. Throws
/// InvalidArgument for parameters or data of a wrong size.
template <class AnyModel>
[[nodiscard]] std::string describe_missing_density(const AnyModel& model, const Vector& pars,
                                                   const Vector& data) {
  if (data.size() != model.nbins() + model.nauxdata()) {
    throw InvalidArgument("the model takes " + std::to_string(model.nbins() + model.nauxdata()) +
                          " data, but " + std::to_string(data.size()) + " numbers were given");
  }
  const std::string bins = describe_negative_bins(model, pars, data);
  const std::string auxiliary = detail::describe_auxiliary_data(model, pars, data);
  return bins + (bins.empty() || auxiliary.empty() ? "" : "; ") + auxiliary;
}

} // namespace muhat
