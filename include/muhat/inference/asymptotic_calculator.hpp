#pragma once

/// Hypothesis tests with the asymptotic distributions of arXiv:1007.1727.
///
/// Five fits make a test: to the data with the parameter of interest (POI) at mu and free, and at
/// the alternative's value mu' (0 for limits, 1 for discovery); to the Asimov
/// data of the latter with the POI at mu and free. All but two of them do not depend on mu, so a
/// calculator kept for many mu makes two fits for each. The minima are settled first, and what a test says is
/// computed from them afterwards, so that tests may come in any order.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fit_result.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/inference/asymptotic_distributions.hpp>
#include <muhat/inference/inference_options.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// The five fits behind an asymptotic test.
struct AsymptoticFits {
  FitResult fixed_poi_fit_to_data = {};
  FitResult free_fit_to_data = {};
  /// POI at mu': the Asimov data are the expectation at these parameters.
  FitResult alternative_fit_to_data = {};
  FitResult fixed_poi_fit_to_asimov = {};
  FitResult free_fit_to_asimov = {};
};

/// The warnings of all five, which name the fit.
[[nodiscard]] inline std::vector<std::string> fit_warnings(const AsymptoticFits& fits) {
  std::vector<std::string> warnings;
  add_warnings(warnings, fits.fixed_poi_fit_to_data, "fit to the data at the tested value: ");
  add_warnings(warnings, fits.free_fit_to_data, "free fit to the data: ");
  add_warnings(warnings, fits.alternative_fit_to_data, "fit to the data at the alternative: ");
  add_warnings(warnings, fits.fixed_poi_fit_to_asimov, "fit to the Asimov data at the tested value: ");
  add_warnings(warnings, fits.free_fit_to_asimov, "free fit to the Asimov data: ");
  return warnings;
}

/// A test of one value of the POI. What certified fits do not give is missing, with the reason.
struct AsymptoticTest {
  /// The statistic of the data.
  std::optional<double> statistic = {};
  std::string statistic_failure = {};
  /// The statistic of the Asimov data, and the distributions that follow from it.
  std::optional<double> statistic_asimov = {};
  std::optional<AsymptoticDistributions> distributions = {};
  std::string distributions_failure = {};

  /// `statistic`. Throws FitFailed where it is missing.
  [[nodiscard]] double observed() const {
    if (!statistic) {
      throw FitFailed(statistic_failure);
    }
    return *statistic;
  }

  /// `distributions`. Throws FitFailed where they are missing.
  [[nodiscard]] const AsymptoticDistributions& expected() const {
    if (!distributions) {
      throw FitFailed(distributions_failure);
    }
    return *distributions;
  }
};

/// Tests of many values of the POI against one data set. Belongs to one thread, which may lend its work to
/// others; copies are independent.
template <class AnyModel, class Optimizer = DefaultOptimizer>
class AsymptoticCalculator {
public:
  /// data: main bins, then auxiliary data.
  /// Throws InvalidArgument and UnknownName where data, options or POI are unusable; fits nothing yet.
  AsymptoticCalculator(const AnyModel& model, const Vector& data, InferenceOptions options = {},
                       const Optimizer& optimizer = Optimizer{})
      : options_(std::move(options)),
        on_data_(model, data, find_poi(model, options_.poi), options_.fit, optimizer), on_asimov_(on_data_),
        alternative_(alternative_mu(options_.test_statistic)) {
    on_asimov_.minima().share_scratch(on_data_.minima());
    on_data_.require_testable(alternative_, alternative_text);
  }

  AsymptoticCalculator(const AsymptoticCalculator& other)
      : options_(other.options_), on_data_(other.on_data_), on_asimov_(other.on_asimov_),
        alternative_(other.alternative_), asimov_data_(other.asimov_data_),
        asimov_origin_(other.asimov_origin_), asimov_changes_(other.asimov_changes_) {
    on_asimov_.minima().share_scratch(on_data_.minima());
  }
  AsymptoticCalculator(AsymptoticCalculator&&) = default;
  AsymptoticCalculator& operator=(const AsymptoticCalculator& other) {
    return *this = AsymptoticCalculator(other);
  }
  AsymptoticCalculator& operator=(AsymptoticCalculator&&) = default;
  ~AsymptoticCalculator() = default;

  [[nodiscard]] const InferenceOptions& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& poi_name() const { return on_data_.poi_name(); }

  /// Throws InvalidArgument for mu outside the POI's bounds.
  void require_testable(double mu) const { on_data_.require_testable(mu); }

  /// Lower and upper bound of the POI.
  [[nodiscard]] std::pair<double, double> poi_bounds() const {
    const Box& bounds = on_data_.setup().bounds;
    return {bounds.lower[on_data_.poi()], bounds.upper[on_data_.poi()]};
  }

  /// Makes the fits that tests of `mus` need, on the executor's threads: to the data, then to the Asimov
  /// data, which those at the alternative make. False where the last round still found lower minima, or
  /// `watch` stopped it. Throws InvalidArgument for a mu outside the POI's bounds.
  template <Executor E = SerialExecutor>
  bool settle(const std::vector<double>& mus, const E& executor = E{}, ScanWatch* watch = nullptr) {
    std::vector<double> values;
    for (const double mu : mus) {
      values.push_back(tested(mu));
    }
    std::vector<double> on_data = values;
    on_data.push_back(alternative_);
    if (watch != nullptr) {
      watch->set_counting(false);
    }
    bool settled = on_data_.settle(options_.test_statistic, on_data, executor, watch);
    if (watch != nullptr) {
      watch->set_counting(true);
    }
    if (make_asimov_data()) {
      settled = on_asimov_.settle(options_.test_statistic, values, executor, watch) && settled;
    }
    return settled;
  }

  /// The test at mu (0 for q0). Throws InvalidArgument for mu outside its bounds.
  [[nodiscard]] AsymptoticTest test(double mu) {
    (void)settle({mu});
    return settled_test(mu);
  }

  /// The same from fits that were made before.
  [[nodiscard]] AsymptoticTest settled_test(double mu) const {
    AsymptoticTest test;
    try {
      test.statistic = on_data_.settled_statistic(options_.test_statistic, mu);
    } catch (const ComputationError& error) {
      test.statistic_failure = error.what();
    }
    try {
      require_alternative();
      test.statistic_asimov = on_asimov_.settled_statistic(options_.test_statistic, mu);
      test.distributions.emplace(options_.test_statistic, *test.statistic_asimov, options_.base_distribution);
    } catch (const ComputationError& error) {
      test.distributions_failure = error.what();
    }
    return test;
  }

  /// Whether the fits for the test at mu were reached.
  [[nodiscard]] bool is_reached(double mu) const {
    return on_data_.minima().is_reached({tested(mu)}) &&
           (on_asimov_.minima().is_reached({tested(mu)}) || !asimov_data_);
  }
  /// Whether a stop has kept one of them, or one that all tests share, from minima that may be lower.
  [[nodiscard]] bool is_due(double mu) const {
    const auto& data = on_data_.minima();
    const auto& asimov = on_asimov_.minima();
    return data.is_due({}) || data.is_due({0.0}) || data.is_due({alternative_}) ||
           data.is_due({tested(mu)}) || asimov.is_due({}) || asimov.is_due({0.0}) ||
           asimov.is_due({tested(mu)});
  }

  /// Whether the last fits came to an end without finding lower minima.
  [[nodiscard]] bool is_settled() const noexcept {
    return on_data_.minima().is_settled() && on_asimov_.minima().is_settled();
  }

  /// How often a minimum was replaced by a lower one so far: when it grows, tests that were made before may
  /// have changed.
  [[nodiscard]] int revision() const noexcept {
    return on_data_.revision() + on_asimov_.revision() + asimov_changes_;
  }

  /// The worst remarks of all fits made so far, to data and to Asimov data (Profile::warnings).
  [[nodiscard]] std::vector<std::string> warnings() const {
    std::vector<std::string> result = on_data_.warnings("fits to the data: ");
    for (std::string& warning : on_asimov_.warnings("fits to the Asimov data: ")) {
      result.push_back(std::move(warning));
    }
    return result;
  }

  /// The best fit of the POI to the data. Throws FitFailed where it has no certificate.
  [[nodiscard]] double best_fit() {
    require_certified(on_data_.describe_free(), on_data_.free_fit_text());
    return on_data_.free().lowest.x[on_data_.poi()];
  }

  /// The fits behind the test at mu, which were made before.
  [[nodiscard]] AsymptoticFits fits(double mu) const {
    const auto& data = on_data_.minima();
    const auto& asimov = on_asimov_.minima();
    return {data.describe({tested(mu)}), data.describe({}), data.describe({alternative_}),
            asimov.describe({tested(mu)}), asimov.describe({})};
  }

private:
  /// The value of the POI in a test of mu.
  [[nodiscard]] double tested(double mu) const noexcept { return tested_mu(options_.test_statistic, mu); }

  /// Throws FitFailed where the fit that the Asimov data come from has no certificate.
  void require_alternative() const {
    if (!on_data_.minima()[{alternative_}].certified()) {
      require_certified(on_data_.minima().describe({alternative_}), "fit for the Asimov data, with " +
                                                                        on_data_.poi_name() + " = " +
                                                                        number_text(alternative_));
    }
  }

  /// Makes the Asimov data, or makes them anew where a later fit has found another minimum at the
  /// alternative. False where there is none.
  bool make_asimov_data() {
    const auto& minima = on_data_.minima();
    if (!minima.has({alternative_}) || !minima[{alternative_}].certified()) {
      return false;
    }
    const OptimizerResult& alternative = minima[{alternative_}].lowest;
    const Vector& origin = alternative.x;
    if (asimov_data_ && origin == asimov_origin_) {
      return true;
    }
    asimov_changes_ += asimov_data_ ? 1 : 0;
    asimov_data_ = expected_data(on_data_.model(), origin, alternative.active_edges);
    asimov_origin_ = origin;
    on_asimov_.minima().set_modes(minima.modes());
    on_asimov_.minima().set_data(*asimov_data_, {origin});
    return true;
  }

  InferenceOptions options_;
  Profile<AnyModel, Optimizer> on_data_;
  Profile<AnyModel, Optimizer> on_asimov_;
  double alternative_;
  std::optional<Vector> asimov_data_;
  /// The parameters that the Asimov data are the expectation of.
  Vector asimov_origin_;
  int asimov_changes_ = 0;
};

} // namespace muhat
