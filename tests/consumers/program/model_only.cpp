/// Uses a model that somebody else built: no header on the way may pull in the JSON library, which alone
/// takes as long to compile as the rest.

#include "model_only.hpp"

#include <muhat/fit/fit.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/likelihood/likelihood.hpp>

#ifdef INCLUDE_NLOHMANN_JSON_HPP_
#error "a header that needs a built model only includes nlohmann/json.hpp"
#endif

double log_density(const muhat::Model& model, const muhat::Vector& parameters, const muhat::Vector& data) {
  return muhat::logpdf(model, parameters, data);
}
