#pragma once

/// What all hypothesis tests have in common.

#include <muhat/fit/fit_options.hpp>
#include <muhat/inference/asymptotic_distributions.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <string>

namespace muhat {

/// The statistic of a test, its parameter of interest, and its fits.
struct InferenceOptions {
  TestStatistic test_statistic = TestStatistic::q_mu_tilde;
  /// Parameter of interest; empty for the measurement's.
  std::string poi = {};
  /// Start, bounds and fixed parameters of every fit.
  FitOptions fit = {};
  BaseDistribution base_distribution = BaseDistribution::normal;
};

} // namespace muhat
