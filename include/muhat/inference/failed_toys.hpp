#pragma once

/// What toys without a certified fit leave open. Of n toys with a statistic, k reach the observed one; if all
/// f failed toys did, or none, the p-value would be
///
///     k / (n + f)  ...  (k + f) / (n + f) ,
///
/// and CLs lies between the ratios of the opposite ends.

#include <muhat/core/number_text.hpp>
#include <muhat/inference/test_statistic.hpp>
#include <muhat/inference/toys.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace muhat {

/// Where a p-value may lie.
struct PValueRange {
  double lowest = 0.0;
  double highest = 1.0;
};

/// The range of the fraction of toys that reach `observed`; 0 to 1 without toys. O(n).
[[nodiscard]] inline PValueRange p_value_range(const ToySample& sample, double observed) {
  if (sample.made() == 0) {
    return {};
  }
  const auto reach = std::count_if(sample.statistics.begin(), sample.statistics.end(),
                                   [observed](double statistic) { return statistic >= observed; });
  const auto failed = static_cast<double>(sample.failed.size());
  const auto made = static_cast<double>(sample.made());
  return {static_cast<double>(reach) / made, (static_cast<double>(reach) + failed) / made};
}

/// The range of the observed CLs, of p0 for q0. O(n).
[[nodiscard]] inline PValueRange observed_range(const ToyEnsemble& ensemble) {
  const PValueRange clsb = p_value_range(ensemble.tested, ensemble.observed);
  if (ensemble.test_statistic == TestStatistic::q0) {
    return clsb;
  }
  const PValueRange clb = p_value_range(ensemble.alternative, ensemble.observed);
  const auto ratio = [](double numerator, double denominator) {
    return denominator > 0.0 ? std::min(1.0, numerator / denominator) : 1.0;
  };
  return {ratio(clsb.lowest, clb.highest), ratio(clsb.highest, clb.lowest)};
}

namespace detail {

/// To so many decimals, for messages.
[[nodiscard]] inline std::string rounded_text(double value, double scale) {
  return number_text(std::round(scale * value) / scale);
}

/// `2 of 100 toys (2 %)`.
[[nodiscard]] inline std::string share_text(std::size_t failed, std::size_t made) {
  const double percent = 100.0 * static_cast<double>(failed) / static_cast<double>(made);
  return std::to_string(failed) + " of " + std::to_string(made) + " toys (" + rounded_text(percent, 100.0) +
         " %)";
}

} // namespace detail

/// A warning with the share of failed toys and how far they could move the observed p-value, "" without any.
/// O(n).
[[nodiscard]] inline std::string failed_toys_warning(const ToyEnsemble& ensemble) {
  std::string shares;
  for (const Hypothesis hypothesis : {Hypothesis::tested, Hypothesis::alternative}) {
    const ToySample& sample = hypothesis == Hypothesis::tested ? ensemble.tested : ensemble.alternative;
    if (!sample.failed.empty()) {
      shares += (shares.empty() ? "" : " and ") + detail::share_text(sample.failed.size(), sample.made()) +
                " of the " + std::string(to_string(hypothesis)) + " hypothesis";
    }
  }
  if (shares.empty()) {
    return {};
  }
  const PValueRange range = observed_range(ensemble);
  return shares + " have no certified fit and enter no p-value: depending on them, the observed " +
         (ensemble.test_statistic == TestStatistic::q0 ? "p0" : "CLs") + " could be anything from " +
         detail::rounded_text(range.lowest, 1e6) + " to " + detail::rounded_text(range.highest, 1e6);
}

} // namespace muhat
