#pragma once

/// One hypothesis test: is a signal of strength mu compatible with the data?
///
///     CLs = CLs+b / CLb        (limits; a signal is excluded at 95 % where CLs < 0.05)
///     p0  = CLs+b of mu = 0    (discovery, q0)

#include <muhat/core/linear_algebra.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/p_values.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace muhat {

/// Options of a hypothesis test, meant for designated initializers.
struct HypotestOptions {
  /// The tested value of the parameter of interest; q0 always tests 0.
  double mu = 1.0;
  TestStatistic test_statistic = TestStatistic::q_mu_tilde;
  /// Parameter of interest; empty for the measurement's.
  std::string poi = {};
  /// Start, bounds and fixed parameters of every fit.
  FitOptions fit = {};
  BaseDistribution base_distribution = BaseDistribution::normal;
};

/// The outcome of a hypothesis test. Every number is finite.
struct HypotestResult {
  double mu = 0.0;
  TestStatistic test_statistic = TestStatistic::q_mu_tilde;
  std::string poi = {};
  /// The statistic on the data and on the alternative's Asimov data.
  double statistic = 0.0;
  double statistic_asimov = 0.0;
  double cls_observed = 1.0;
  /// From the -2 to the +2 sigma expectation of the limit, as in `ExpectedBand`.
  std::array<double, 5> cls_expected = {};
  /// CLs+b and CLb of the data.
  double clsb = 1.0;
  double clb = 1.0;
  /// Natural logarithms of `cls_observed` and `clsb`, for values that have become 0.
  double log_cls_observed = 0.0;
  double log_clsb = 0.0;
  /// All expected tail probabilities, in the order of `cls_expected`.
  ExpectedBand expected = {};
  /// The p-value of the background-only hypothesis, observed and expected; only for q0.
  std::optional<double> p0_observed = {};
  std::optional<std::array<double, 5>> p0_expected = {};
  AsymptoticFits fits = {};
  /// Remarks of the test and of its fits.
  std::vector<std::string> warnings = {};
};

namespace detail {

/// p-values into a result, and for q0 under their own names.
inline void set_p_values(HypotestResult& result, const PValues& observed, const ExpectedBand& expected) {
  result.cls_observed = observed.cls;
  result.clsb = observed.clsb;
  result.clb = observed.clb;
  result.log_cls_observed = observed.log_cls;
  result.log_clsb = observed.log_clsb;
  result.expected = expected;
  std::array<double, 5> clsb{};
  for (std::size_t k = 0; k < expected.size(); ++k) {
    result.cls_expected[k] = expected[k].cls;
    clsb[k] = expected[k].clsb;
  }
  if (result.test_statistic == TestStatistic::q0) {
    result.p0_observed = observed.clsb;
    result.p0_expected = clsb;
  }
}

} // namespace detail

/// The test at mu by a calculator that may have served others before.
/// Throws InvalidArgument for mu outside its bounds, FitFailed where a fit has no certificate.
template <class AnyModel, class Optimizer>
[[nodiscard]] HypotestResult hypotest(AsymptoticCalculator<AnyModel, Optimizer>& calculator, double mu) {
  HypotestResult result;
  result.test_statistic = calculator.options().test_statistic;
  result.mu = tested_mu(result.test_statistic, mu);
  result.poi = calculator.poi_name();
  const AsymptoticTest test = calculator.test(result.mu);
  result.statistic = test.observed();
  result.statistic_asimov = test.statistic_asimov.value_or(0.0);
  detail::set_p_values(result, observed_p_values(test.expected(), result.statistic),
                       expected_p_values(test.expected()));
  result.fits = calculator.fits(result.mu);
  const std::string unsuitable =
      check_poi_bounds(result.test_statistic, result.poi, calculator.poi_bounds().first);
  const std::string at_bound =
      poi_at_bound_warning(result.test_statistic, result.poi, result.fits.free_fit_to_data.value(result.poi),
                           calculator.poi_bounds().second);
  for (const std::string& warning : {unsuitable, at_bound}) {
    if (!warning.empty()) {
      result.warnings.push_back(warning);
    }
  }
  if (!calculator.is_settled()) {
    detail::warn_unsettled(result.warnings);
  }
  const std::vector<std::string> remarks = fit_warnings(result.fits);
  result.warnings.insert(result.warnings.end(), remarks.begin(), remarks.end());
  return result;
}

/// Tests the signal strength `options.mu` on `data` (main bins, then auxiliary data).
///
/// Throws InvalidArgument where there is no usable parameter of interest, where the tested
/// or the alternative value lies outside its bounds, or where data or options
/// are unusable; UnknownName; FitFailed where one of the five fits has no certificate.
template <class AnyModel, class Optimizer = DefaultOptimizer>
[[nodiscard]] HypotestResult hypotest(const AnyModel& model, const Vector& data,
                                      const HypotestOptions& options = {},
                                      const Optimizer& optimizer = Optimizer{}) {
  AsymptoticCalculator<AnyModel, Optimizer> calculator(
      model, data,
      InferenceOptions{options.test_statistic, options.poi, options.fit, options.base_distribution},
      optimizer);
  return hypotest(calculator, options.mu);
}

} // namespace muhat
