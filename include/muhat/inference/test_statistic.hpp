#pragma once

/// The profile likelihood test statistics of arXiv:1007.1727, as functions of
/// two minima of -2 log L: the one with the parameter of interest (POI) held
/// at mu, and the one over all parameters, which lies at mu-hat.
///
///     t_mu  = max(0, twice_nll(mu, theta(mu)) - twice_nll(mu-hat, theta-hat))   eqs. (8), (11)
///     q_mu  = t_mu where mu-hat <= mu, else 0                                   eqs. (14), (16)
///     q_0   = t_0 where mu-hat >= 0, else 0                                     eq. (12)
///
/// The tilde names the case of a signal that cannot be negative: where mu-hat < 0, the minimum with the POI
/// held at 0 takes the place of the free one (eqs. 10, 16), whatever the POI's bounds. Without it the bounds
/// have to leave mu-hat free, and `check_poi_bounds` tells when they do not.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace muhat {

/// t_mu, t_mu_tilde: two-sided. q_mu, q_mu_tilde: upper limits. q0: discovery.
enum class TestStatistic { t_mu, t_mu_tilde, q_mu, q_mu_tilde, q0 };

[[nodiscard]] constexpr std::string_view to_string(TestStatistic statistic) noexcept {
  constexpr std::array<std::string_view, 5> names{"t", "ttilde", "q", "qtilde", "q0"};
  return names[static_cast<std::size_t>(statistic)];
}

/// The statistic of a short name: t, ttilde, q, qtilde or q0.
/// Throws InvalidArgument for any other, listing these.
[[nodiscard]] inline TestStatistic test_statistic_from(std::string_view name) {
  for (const TestStatistic statistic : {TestStatistic::t_mu, TestStatistic::t_mu_tilde, TestStatistic::q_mu,
                                        TestStatistic::q_mu_tilde, TestStatistic::q0}) {
    if (to_string(statistic) == name) {
      return statistic;
    }
  }
  throw InvalidArgument("unknown test statistic \"" + std::string(name) +
                        "\": expected t, ttilde, q, qtilde or q0");
}

/// Whether the statistic is defined for a POI bounded below at 0.
[[nodiscard]] constexpr bool is_bounded_statistic(TestStatistic statistic) noexcept {
  return statistic == TestStatistic::t_mu_tilde || statistic == TestStatistic::q_mu_tilde;
}

/// Whether the statistic grows on both sides of the best fit.
[[nodiscard]] constexpr bool is_two_sided_statistic(TestStatistic statistic) noexcept {
  return statistic == TestStatistic::t_mu || statistic == TestStatistic::t_mu_tilde;
}

/// The signal strength whose expectation serves as the alternative hypothesis:
/// 1 for discovery, 0 for limits and intervals.
[[nodiscard]] constexpr double alternative_mu(TestStatistic statistic) noexcept {
  return statistic == TestStatistic::q0 ? 1.0 : 0.0;
}

/// The value of the POI that a test of mu holds it at: discovery tests 0, whatever mu.
[[nodiscard]] constexpr double tested_mu(TestStatistic statistic, double mu) noexcept {
  return statistic == TestStatistic::q0 ? 0.0 : mu;
}

/// What messages call the value of the POI that `alternative_mu` gives.
inline constexpr const char* alternative_text = "the alternative hypothesis' value";

/// The statistic at mu, from twice the negative log-likelihood at the minimum
/// with the POI held at mu (`constrained`) and at the free one (`free`), which
/// lies at mu_hat. For q0, mu is 0. Never negative. Throws InvalidArgument unless all are finite.
[[nodiscard]] inline double test_statistic_value(TestStatistic statistic, double mu, double mu_hat,
                                                 double constrained, double free) {
  for (const double value : {mu, mu_hat, constrained, free}) {
    if (!std::isfinite(value)) {
      throw InvalidArgument("a test statistic of " + number_text(value) +
                            ": tested value, best fit and both minima have to be finite");
    }
  }
  const double t = std::max(0.0, constrained - free);
  switch (statistic) {
  case TestStatistic::q_mu:
  case TestStatistic::q_mu_tilde:
    return mu_hat > mu ? 0.0 : t;
  case TestStatistic::q0:
    return mu_hat < 0.0 ? 0.0 : t;
  case TestStatistic::t_mu:
  case TestStatistic::t_mu_tilde:
    break;
  }
  return t;
}

/// A warning where the statistic does not suit the POI's bounds, "" where it does: without the tilde it wants
/// a lower bound below 0; with it, the best fit counts as 0 where it is below, whatever the bounds.
[[nodiscard]] inline std::string check_poi_bounds(TestStatistic statistic, const std::string& poi,
                                                  double lower) {
  if ((statistic == TestStatistic::t_mu || statistic == TestStatistic::q_mu) && lower == 0.0) {
    return "test statistic " + std::string(to_string(statistic)) +
           " is meant for a parameter of interest that "
           "may be negative, but " +
           poi + " is bounded below at 0: consider " +
           (statistic == TestStatistic::q_mu ? "qtilde" : "ttilde");
  }
  return {};
}

/// A warning where the best fit of the POI lies at its upper bound, "" where it does not: the lowest minimum
/// is then beyond, so that t is too small, and no value inside the bounds can be excluded from above.
[[nodiscard]] inline std::string poi_at_bound_warning(TestStatistic statistic, const std::string& poi,
                                                      double mu_hat, double upper) {
  if (mu_hat < upper) {
    return {};
  }
  const std::string place = "the best fit of " + poi + " lies at its upper bound " + number_text(upper) +
                            ", so the minimum is beyond it: ";
  const std::string advice = "give " + poi + " a higher upper bound";
  switch (statistic) {
  case TestStatistic::q0:
    return place + "q0 and the significance are too small and p0 is too large; " + advice;
  case TestStatistic::q_mu:
  case TestStatistic::q_mu_tilde:
    return place + "the data exclude no value inside the bounds, their upper limit lies beyond; " + advice;
  case TestStatistic::t_mu:
  case TestStatistic::t_mu_tilde:
    break;
  }
  return place + std::string(to_string(statistic)) + " is too small and its p-values are too large; " +
         advice;
}

} // namespace muhat
