#pragma once

/// A model evaluated at points: expected data and log-density, as JSON. Where
/// the density does not exist, or is zero, `logpdf` is null and `reason` says why.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/likelihood/expected_data.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/likelihood/missing_density.hpp>
#include <muhat/report/json.hpp>
#include <muhat/spec/json_object.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

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
      const std::string reason = describe_missing_density(model, point, data);
      entry["reason"] = reason.empty() ? "the logarithm of the density is too small for a number" : reason;
    }
    entries.push_back(std::move(entry));
  }
  return json_object({{"par_names", model.par_names()}, {"points", std::move(entries)}});
}

} // namespace muhat
