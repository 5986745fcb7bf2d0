#pragma once

/// What constraint terms mean: their densities.
///
///     Normal:   (a - theta)^2 / sigma^2 + 2 log(sigma sqrt(2 pi))
///     Poisson:  2 a (r - 1 - log r) + 2 R(a) ,  r = tau theta / a ,  R of core/stirling.hpp
///
/// as parts of -2 log L for an auxiliary datum a. likelihood/constraint_sampling.hpp draws from them: a
/// further density is one more list here and one more case there.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/stirling.hpp>
#include <muhat/model/constraint_term.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace muhat {

/// The auxiliary datum expected at parameter value theta.
template <class S>
[[nodiscard]] S expected_auxdatum(const ConstraintTerm& term, S theta) {
  return term.constraint == Constraint::poisson ? S(term.scale) * theta : theta;
}

/// The variance of the auxiliary datum at parameter value theta.
template <class S>
[[nodiscard]] S auxdatum_variance(const ConstraintTerm& term, S theta) {
  return term.constraint == Constraint::poisson ? S(term.scale) * theta : S(term.scale) * S(term.scale);
}

namespace detail {

/// A part of -2 log L; +infinity where the formula gives no number.
template <class S>
[[nodiscard]] S finite_or_infinity(S value) {
  return std::isnan(value) ? std::numeric_limits<S>::infinity() : value;
}

} // namespace detail

/// The sum of all constraint terms for given auxiliary data.
template <class S>
class ConstraintSum {
public:
  /// `auxdata`: one entry per term. Throws InvalidArgument for one that is not finite, or
  /// negative where a count is expected, and for a term without a density. Complexity: linear.
  ConstraintSum(const std::vector<ConstraintTerm>& terms, const S* auxdata,
                const std::vector<std::string>& names) {
    using std::isfinite;
    using std::log;
    const S log_two_pi = log(S(6.283185307179586476925286766559005768L));
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const ConstraintTerm& term = terms[i];
      const S a = auxdata[i];
      if (term.constraint != Constraint::normal && term.constraint != Constraint::poisson) {
        throw InvalidArgument("the constraint term of parameter \"" +
                              names[static_cast<std::size_t>(term.parameter)] +
                              "\" has no density: it is \"" + std::string(to_string(term.constraint)) +
                              "\", not normal or poisson");
      }
      const bool is_count = term.constraint == Constraint::poisson;
      if (!isfinite(a) || (is_count && a < S(0))) {
        throw InvalidArgument("auxiliary datum " + std::to_string(i) + " (of parameter \"" +
                              names[static_cast<std::size_t>(term.parameter)] + "\") is " +
                              number_text(static_cast<double>(a)) + "; it has to be a finite" +
                              (is_count ? ", non-negative number" : " number"));
      }
      const auto parameter = static_cast<std::int32_t>(term.parameter);
      if (is_count) {
        poisson_.push_back({parameter, a, S(term.scale)});
        constant_ += S(2) * stirling_remainder(a);
      } else {
        const S sigma = S(term.scale);
        normal_.push_back({parameter, a, S(1) / sigma});
        constant_ += log_two_pi + S(2) * log(sigma);
      }
    }
  }

  /// The sum at parameters x; +infinity where a count has a negative rate.
  [[nodiscard]] S value(const S* x) const {
    using std::log;
    S sum = S(0);
    for (const Term& term : normal_) {
      const S pull = (x[term.parameter] - term.auxdatum) * term.scale;
      sum += pull * pull;
    }
    for (const Term& term : poisson_) {
      const S theta = x[term.parameter];
      if (theta < S(0) || (theta == S(0) && term.auxdatum > S(0))) {
        return std::numeric_limits<S>::infinity();
      }
      const S ratio = term.scale * theta / term.auxdatum;
      sum += S(2) * (term.auxdatum > S(0) ? term.auxdatum * (ratio - S(1) - log(ratio)) : term.scale * theta);
    }
    return sum + constant_;
  }

  /// gradient += derivative at x.
  void add_gradient(const S* x, S* gradient) const {
    for (const Term& term : normal_) {
      const S pull = (x[term.parameter] - term.auxdatum) * term.scale;
      gradient[term.parameter] += S(2) * pull * term.scale;
    }
    for (const Term& term : poisson_) {
      const S ratio = term.auxdatum > S(0) ? term.auxdatum / x[term.parameter] : S(0);
      gradient[term.parameter] += S(2) * (term.scale - ratio);
    }
  }

  /// diagonal += second derivatives at x; there are no mixed ones.
  template <class Diagonal>
  void add_curvature(const S* x, Diagonal&& diagonal) const {
    for (const Term& term : normal_) {
      diagonal[term.parameter] += S(2) * term.scale * term.scale;
    }
    for (const Term& term : poisson_) {
      if (term.auxdatum > S(0)) {
        const S theta = x[term.parameter];
        diagonal[term.parameter] += S(2) * term.auxdatum / (theta * theta);
      }
    }
  }

private:
  /// `scale`: 1/sigma, whose square need not be a number, or the rate per unit parameter.
  struct Term {
    std::int32_t parameter = 0;
    S auxdatum = S(0);
    S scale = S(1);
  };
  std::vector<Term> normal_;
  std::vector<Term> poisson_;
  S constant_ = S(0);
};

} // namespace muhat
