#pragma once

/// Random auxiliary data and counts.
///
/// Distributions are Boost.Random's, so that equal random bits make equal data
/// on every platform. Counts are 64-bit; beyond a mean of 1e15, where a Poisson and a Normal distribution
/// differ by less than the integers of a double, they are rounded Normal numbers.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/random.hpp>
#include <muhat/model/constraint_term.hpp>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>

#include <cmath>
#include <cstdint>
#include <string>

namespace muhat {

/// A count with this mean. mean: finite, not negative; a mean of 0 gives 0.
/// Throws NegativeRate for any other.
[[nodiscard]] inline double sample_count(double mean, RandomEngine& random) {
  constexpr double largest_exact = 1e15;
  if (mean == 0.0) {
    return 0.0;
  }
  if (!(mean > 0.0 && std::isfinite(mean))) {
    throw NegativeRate("cannot draw a count with mean " + number_text(mean) +
                       ": it has to be finite and not negative");
  }
  if (mean > largest_exact) {
    return std::floor(mean + std::sqrt(mean) * boost::random::normal_distribution<double>()(random) + 0.5);
  }
  return static_cast<double>(boost::random::poisson_distribution<std::int64_t, double>(mean)(random));
}

/// An auxiliary datum as the constraint's density gives it at this value of its parameter.
[[nodiscard]] inline double sample_auxdatum(const ConstraintTerm& term, double parameter,
                                            RandomEngine& random) {
  switch (term.constraint) {
  case Constraint::normal:
    return parameter + term.scale * boost::random::normal_distribution<double>()(random);
  case Constraint::poisson:
    return sample_count(term.scale * parameter, random);
  case Constraint::none:
    break;
  }
  return term.auxdata;
}

} // namespace muhat
