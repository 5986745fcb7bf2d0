#pragma once

/// Data bound to a model,
///
///     -2 log L(theta) = 2 sum_b [n_b (r_b - 1 - log r_b) + R(n_b)] + constraints ,  r_b = nu_b/n_b
///
/// (nu_b alone where n_b = 0), with R of core/stirling.hpp: near the minimum every term is
/// small and flat in r_b, so that differences keep their digits under large counts. nu_b(theta) comes from
/// the model (model/model.hpp) and the constraint terms of likelihood/constraint.hpp. n_b may be any real
/// number >= 0. The density does not exist where a rate is negative, or zero under n_b > 0: there -2 log L is
/// +infinity.
///
/// A likelihood is immutable and cheap to copy; it may be used from any number of
/// threads, each with an evaluator of its own (likelihood/likelihood_evaluator.hpp).

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/stirling.hpp>
#include <muhat/likelihood/constraint.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/model.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace muhat {

/// Everything that depends on the data alone.
template <class S>
struct BoundData {
  /// Events per bin, padded with zeros.
  Column<S> counts;
  /// The unit in which a bin's rate is measured, and its inverse: n, or 1 in bins where rate / n may not be
  /// a number.
  Column<S> unit, inverse_unit;
  /// n in that unit: 1, or n itself.
  Column<S> count_in_unit;
  /// The smallest rate at which the bin's density exists.
  Column<S> smallest_rate;
  /// 2 sum [R(n) - n log(unit/n)].
  S constant = S(0);
  /// Whether a count is so large that n times the rounding of r_b matters.
  bool large = false;
  ConstraintSum<S> constraints;
};

template <class AnyModel>
class LikelihoodEvaluator;

template <class AnyModel>
class Likelihood {
public:
  using model_type = AnyModel;
  using scalar_type = typename AnyModel::scalar_type;

  /// `data`: events per bin, then one entry per constraint term. Throws InvalidArgument for a
  /// wrong size, or for an entry that is not a finite number or a negative count, naming it.
  Likelihood(const AnyModel& model, const VectorOf<scalar_type>& data)
      : model_(model), data_(std::make_shared<const BoundData<scalar_type>>(bind(model, data))) {}

  [[nodiscard]] const AnyModel& model() const noexcept { return model_; }
  [[nodiscard]] const BoundData<scalar_type>& bound_data() const noexcept { return *data_; }

  /// The scratch memory of one thread, and the functions to evaluate. It keeps a copy of this.
  [[nodiscard]] LikelihoodEvaluator<AnyModel> evaluator() const {
    return LikelihoodEvaluator<AnyModel>(*this);
  }

private:
  static BoundData<scalar_type> bind(const AnyModel& model, const VectorOf<scalar_type>& data) {
    using std::isfinite;
    if (data.size() != model.nbins() + model.nauxdata()) {
      throw InvalidArgument("the model takes " + std::to_string(model.nbins()) + " bins and " +
                            std::to_string(model.nauxdata()) + " auxiliary data, but " +
                            std::to_string(data.size()) + " numbers were given");
    }
    using std::log;
    using std::sqrt;
    const scalar_type smallest_unit = sqrt(std::numeric_limits<scalar_type>::min());
    constexpr scalar_type large_count(1'000'000);
    const Index padded = padded_size(model.nbins() + 1);
    BoundData<scalar_type> bound{
        Column<scalar_type>::Zero(padded),
        Column<scalar_type>::Ones(padded),
        Column<scalar_type>::Ones(padded),
        Column<scalar_type>::Zero(padded),
        Column<scalar_type>::Zero(padded),
        scalar_type(0),
        false,
        ConstraintSum<scalar_type>(model.constraints(), data.data() + model.nbins(), model.par_names())};
    for (Index b = 0; b < model.nbins(); ++b) {
      const scalar_type n = data[b];
      if (!isfinite(n) || n < scalar_type(0)) {
        const ChannelSummary& channel = channel_of(model.tables().layout(), b);
        throw InvalidArgument("the data of " + bin_text(channel, b - channel.first_bin) + " are " +
                              number_text(static_cast<double>(n)) + " events; give a finite number >= 0");
      }
      bound.counts[b] = n;
      bound.large = bound.large || n > large_count;
      if (n >= smallest_unit) {
        bound.unit[b] = n;
        bound.inverse_unit[b] = scalar_type(1) / n;
        bound.count_in_unit[b] = scalar_type(1);
      } else if (n > scalar_type(0)) {
        bound.count_in_unit[b] = n;
        bound.constant += scalar_type(2) * n * log(n);
      }
      bound.smallest_rate[b] = n > scalar_type(0) ? std::numeric_limits<scalar_type>::min() : scalar_type(0);
      bound.constant += scalar_type(2) * stirling_remainder(n);
    }
    return bound;
  }

  AnyModel model_;
  std::shared_ptr<const BoundData<scalar_type>> data_;
};

} // namespace muhat

#include <muhat/likelihood/likelihood_evaluator.hpp>

namespace muhat {

namespace detail {

template <class S>
[[nodiscard]] S half_negative(S twice_nll) {
  return -finite_or_infinity(twice_nll) / S(2);
}

} // namespace detail

/// log L at given parameters and data; -infinity, never NaN, where the density does not exist. Binds the
/// data anew: loops should keep an evaluator. Throws InvalidArgument for wrong sizes.
template <class Scalar, class Modifiers>
[[nodiscard]] Scalar logpdf(const BasicModel<Scalar, Modifiers>& model,
                            const std::type_identity_t<VectorOf<Scalar>>& pars,
                            const std::type_identity_t<VectorOf<Scalar>>& data) {
  check_parameters(model, pars);
  return detail::half_negative(Likelihood(model, data).evaluator().value(pars));
}

/// The Poisson part of `logpdf`.
template <class Scalar, class Modifiers>
[[nodiscard]] Scalar main_logpdf(const BasicModel<Scalar, Modifiers>& model,
                                 const std::type_identity_t<VectorOf<Scalar>>& pars,
                                 const std::type_identity_t<VectorOf<Scalar>>& data) {
  check_parameters(model, pars);
  return detail::half_negative(Likelihood(model, data).evaluator().main_value(pars));
}

/// The auxiliary part of `logpdf`.
template <class Scalar, class Modifiers>
[[nodiscard]] Scalar constraint_logpdf(const BasicModel<Scalar, Modifiers>& model,
                                       const std::type_identity_t<VectorOf<Scalar>>& pars,
                                       const std::type_identity_t<VectorOf<Scalar>>& data) {
  check_parameters(model, pars);
  return detail::half_negative(Likelihood(model, data).bound_data().constraints.value(pars.data()));
}

} // namespace muhat
