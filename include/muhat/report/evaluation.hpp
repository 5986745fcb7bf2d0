#pragma once

/// A model evaluated at points: expected data and log-density, as JSON. Where
/// the density does not exist, or is zero, `logpdf` is null and `reason` says why.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/likelihood/expected_data.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/likelihood/negative_bins.hpp>
#include <muhat/model/constraint_term.hpp>
#include <muhat/report/json.hpp>
#include <muhat/spec/json_object.hpp>
#include <muhat/spec/write_json.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// The auxiliary measurements with an unusable rate; "" where there is none.
template <class AnyModel>
std::string describe_auxiliary_rates(const AnyModel& model, const Vector& point) {
  std::string text;
  for (const ConstraintTerm& term : model.constraints()) {
    const double rate = term.scale * point[term.parameter];
    if (term.constraint == Constraint::poisson && !(rate > 0.0)) {
      text += (text.empty() ? "" : "; ") + std::string("the auxiliary measurement of \"") +
              model.par_names()[static_cast<std::size_t>(term.parameter)] + "\" has an expected rate of " +
              muhat::json_number_text(rate) + " events";
    }
  }
  return text;
}

template <class AnyModel>
std::string describe_missing_density(const AnyModel& model, const Vector& point, const Vector& data) {
  const std::string bins = describe_negative_bins(model, point, data);
  const std::string auxiliary = describe_auxiliary_rates(model, point);
  if (bins.empty() && auxiliary.empty()) {
    return "the logarithm of the density is too small for a number";
  }
  return bins + (bins.empty() || auxiliary.empty() ? "" : "; ") + auxiliary;
}

} // namespace detail

/// `{"par_names", "points": [{"logpdf", "expected_actualdata", "expected_auxdata"}]}`; `data` holds the
/// main bins and the auxiliary data. Costs one evaluation a point.
template <class AnyModel>
nlohmann::json evaluation_json(const AnyModel& model, const Vector& data, const std::vector<Vector>& points) {
  auto evaluator = Likelihood<AnyModel>(model, data).evaluator();
  nlohmann::json entries = nlohmann::json::array();
  for (const Vector& point : points) {
    const Vector expected = model.expected_actualdata(point);
    const double logpdf = -0.5 * evaluator.value(point);
    nlohmann::json entry = json_object({{"logpdf", number_json(logpdf)},
                                        {"expected_actualdata", numbers_json(expected)},
                                        {"expected_auxdata", numbers_json(expected_auxdata(model, point))}});
    if (!std::isfinite(logpdf)) {
      entry["reason"] = detail::describe_missing_density(model, point, data);
    }
    entries.push_back(std::move(entry));
  }
  return json_object({{"par_names", model.par_names()}, {"points", std::move(entries)}});
}

} // namespace muhat
