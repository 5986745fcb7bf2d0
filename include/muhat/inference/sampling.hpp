#pragma once

/// Toy data: what an experiment would have seen if the model at given parameters were true.
/// Main bins are Poisson, auxiliary data follow their constraint's density.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/random.hpp>
#include <muhat/likelihood/constraint_sampling.hpp>

#include <vector>

namespace muhat {

/// Draws data sets of one model at one point. Immutable, so threads may share it.
class Sampler {
public:
  /// pars: n parameters. Throws InvalidArgument for a wrong number of them.
  template <class AnyModel>
  Sampler(const AnyModel& model, const Vector& pars)
      : rates_(model.expected_actualdata(pars)), parameters_(pars), constraints_(model.constraints()) {}

  /// One data set, main bins then auxiliary data, into `data`.
  /// Throws NegativeRate where the expectation of a bin is negative. O(bins + auxiliary data).
  void draw(RandomEngine& random, Vector& data) const {
    const auto naux = static_cast<Index>(constraints_.size());
    data.resize(rates_.size() + naux);
    for (Index bin = 0; bin < rates_.size(); ++bin) {
      data[bin] = sample_count(rates_[bin], random);
    }
    for (Index k = 0; k < naux; ++k) {
      const ConstraintTerm& term = constraints_[static_cast<std::size_t>(k)];
      data[rates_.size() + k] = sample_auxdatum(term, parameters_[term.parameter], random);
    }
  }

private:
  Vector rates_;
  Vector parameters_;
  std::vector<ConstraintTerm> constraints_;
};

/// The data set that random stream `number` of this seed draws at these parameters. (The toys of a test have
/// streams of their own for each hypothesis: `toy_data`.)
template <class AnyModel>
[[nodiscard]] Vector sample_data(const AnyModel& model, const Vector& pars, std::uint64_t seed,
                                 std::uint64_t number = 0) {
  RandomEngine random = random_stream(seed, number);
  Vector data;
  Sampler(model, pars).draw(random, data);
  return data;
}

} // namespace muhat
