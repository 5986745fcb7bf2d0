#pragma once

/// The data that a model expects at given parameters: events per bin, then the
/// auxiliary data (the parameter itself for Normal terms, tau * gamma for Poisson
/// ones). With the fitted parameters: the Asimov data set (arXiv:1007.1727, section 3.2).

#include <muhat/core/linear_algebra.hpp>
#include <muhat/likelihood/constraint.hpp>
#include <muhat/model/model.hpp>

#include <type_traits>
#include <vector>

namespace muhat {

/// One entry per constraint term. Throws InvalidArgument for a wrong number of parameters.
template <class Scalar, class Modifiers>
[[nodiscard]] VectorOf<Scalar> expected_auxdata(const BasicModel<Scalar, Modifiers>& model,
                                                const std::type_identity_t<VectorOf<Scalar>>& pars) {
  check_parameters(model, pars);
  VectorOf<Scalar> data(model.nauxdata());
  for (Index i = 0; i < data.size(); ++i) {
    const ConstraintTerm& term = model.constraints()[static_cast<std::size_t>(i)];
    data[i] = expected_auxdatum(term, pars[term.parameter]);
  }
  return data;
}

/// Expected events per bin (nbins entries), without auxiliary data.
template <class Scalar, class Modifiers>
[[nodiscard]] VectorOf<Scalar> expected_actualdata(const BasicModel<Scalar, Modifiers>& model,
                                                   const std::type_identity_t<VectorOf<Scalar>>& pars) {
  return model.expected_actualdata(pars);
}

/// nbins + nauxdata entries.
template <class Scalar, class Modifiers>
[[nodiscard]] VectorOf<Scalar> expected_data(const BasicModel<Scalar, Modifiers>& model,
                                             const std::type_identity_t<VectorOf<Scalar>>& pars) {
  VectorOf<Scalar> data(model.nbins() + model.nauxdata());
  data << model.expected_actualdata(pars), expected_auxdata(model, pars);
  return data;
}

/// The same at a minimum on the edge of the domain: exactly 0 in the bins whose rate is 0 up to rounding
/// there (FitResult::bins_at_zero, OptimizerResult::active_edges), each below nbins.
template <class Scalar, class Modifiers>
[[nodiscard]] VectorOf<Scalar> expected_data(const BasicModel<Scalar, Modifiers>& model,
                                             const std::type_identity_t<VectorOf<Scalar>>& pars,
                                             const std::vector<Index>& bins_at_zero) {
  VectorOf<Scalar> data = expected_data(model, pars);
  for (const Index bin : bins_at_zero) {
    data[bin] = Scalar(0);
  }
  return data;
}

} // namespace muhat
