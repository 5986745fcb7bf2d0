#pragma once

/// Hypothesis tests with the asymptotic distributions of arXiv:1007.1727.
///
/// Five fits make a test: to the data with the parameter of interest (POI) at mu and free, and at
/// the alternative's value mu' (0 for limits, 1 for discovery); to the Asimov
/// data of the latter with the POI at mu and free. All but two of them do not depend on mu, so a
/// calculator kept for many mu makes two fits for each.

#include <muhat/core/errors.hpp>
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

/// Tests of many values of the POI against one data set. Belongs to one thread; copies are independent.
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
    on_asimov_.share_scratch(on_data_);
    on_data_.require_testable(alternative_, alternative_text);
  }

  AsymptoticCalculator(const AsymptoticCalculator& other)
      : options_(other.options_), on_data_(other.on_data_), on_asimov_(other.on_asimov_),
        alternative_(other.alternative_), asimov_data_(other.asimov_data_),
        asimov_origin_(other.asimov_origin_) {
    on_asimov_.share_scratch(on_data_);
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

  /// Lets all fits from now on start from the init as well (Profile).
  void start_from_init() {
    on_data_.start_from_init();
    on_asimov_.start_from_init();
  }

  /// Fits again from the init where limits were found: to the data with the POI free, at the alternative and
  /// at `observed`, and to the Asimov data at `mus` (Profile::check). All values inside their bounds.
  void check(const std::optional<double>& observed, const std::vector<double>& mus) {
    on_data_.check_free();
    on_data_.check(alternative_);
    if (observed) {
      on_data_.check(*observed);
    }
    for (const double mu : mus) {
      prepare_asimov(mu);
      on_asimov_.check(mu);
    }
  }

  /// Further points to start fits to the data from, n parameters each.
  void add_known(const std::vector<Vector>& points) { on_data_.add_known(points); }

  /// The minima that all statistics share: of the free fit to the data, and at the alternative.
  [[nodiscard]] std::array<OptimizerResult, 2> shared_minima() {
    return {on_data_.free().lowest, on_data_.fixed(alternative_).lowest};
  }

  /// The minima with the POI held at mu (0 for q0): for the data, and for the Asimov data. Throws as
  /// `statistic`.
  [[nodiscard]] std::array<OptimizerResult, 2> held_minima(double mu) {
    OptimizerResult on_data = on_data_.fixed(tested(mu)).lowest;
    prepare_asimov(tested(mu));
    return {std::move(on_data), on_asimov_.fixed(tested(mu)).lowest};
  }

  /// -2 log L at `minima`, moved to mu (0 for q0): of the data at the first, of the Asimov data at the
  /// second. Throws as `statistic`.
  [[nodiscard]] std::array<double, 2> twice_nll(double mu, const std::array<OptimizerResult, 2>& minima) {
    prepare_asimov(tested(mu));
    return {on_data_.twice_nll(tested(mu), minima[0].x), on_asimov_.twice_nll(tested(mu), minima[1].x)};
  }

  /// Fits again from `others` with the POI held at mu, where that promises better minima (Profile::offer).
  /// True if it replaced one.
  bool offer(double mu, const std::array<OptimizerResult, 2>& others) {
    const bool lower = on_data_.offer(tested(mu), others[0].x);
    prepare_asimov(tested(mu));
    return on_asimov_.offer(tested(mu), others[1].x) || lower;
  }

  /// How often a minimum was replaced by a lower one so far: when it grows, statistics and distributions
  /// that were computed before may have changed.
  [[nodiscard]] int revision() const noexcept { return on_data_.revision() + on_asimov_.revision(); }

  /// The worst remarks of all fits made so far, to data and to Asimov data (Profile::warnings).
  [[nodiscard]] std::vector<std::string> warnings() const {
    std::vector<std::string> result = on_data_.warnings("fits to the data: ");
    for (std::string& warning : on_asimov_.warnings("fits to the Asimov data: ")) {
      result.push_back(std::move(warning));
    }
    return result;
  }

  /// The statistic of the data at mu (0 for q0). Throws InvalidArgument for mu outside its
  /// bounds, FitFailed where a fit has no certificate.
  [[nodiscard]] double statistic(double mu) { return on_data_.statistic(options_.test_statistic, mu); }

  /// The statistic of the Asimov data at mu (0 for q0). Throws as `statistic`.
  [[nodiscard]] double asimov_statistic(double mu) {
    prepare_asimov(tested(mu));
    return on_asimov_.statistic(options_.test_statistic, tested(mu));
  }

  /// The distributions of the statistic at mu (0 for q0). Throws as `statistic`. Ask for `statistic(mu)`
  /// first where both are wanted: its fits may lower the minimum that the Asimov data come from.
  [[nodiscard]] AsymptoticDistributions distributions(double mu) {
    return {options_.test_statistic, asimov_statistic(mu), options_.base_distribution};
  }

  /// The alternative's Asimov data: main bins, then auxiliary data.
  [[nodiscard]] const Vector& asimov_data() {
    prepare_asimov(alternative_);
    return *asimov_data_;
  }

  /// The best fit of the POI to the data. Throws FitFailed where it has no certificate.
  [[nodiscard]] double best_fit() {
    require_certified(on_data_.describe_free(), "fit with " + poi_name() + " free");
    return on_data_.free().lowest.x[on_data_.poi()];
  }

  /// The fits behind the test at mu. Makes those that are still missing.
  [[nodiscard]] AsymptoticFits fits(double mu) {
    prepare_asimov(tested(mu));
    (void)statistic(tested(mu));
    (void)asimov_statistic(tested(mu));
    return {on_data_.describe_fixed(tested(mu)), on_data_.describe_free(),
            on_data_.describe_fixed(alternative_), on_asimov_.describe_fixed(tested(mu)),
            on_asimov_.describe_free()};
  }

private:
  /// The value of the POI in a test of mu.
  [[nodiscard]] double tested(double mu) const noexcept { return tested_mu(options_.test_statistic, mu); }

  /// Makes the Asimov data, or makes them anew when a later fit has found a lower minimum at the
  /// alternative. The fit to the data at mu comes first, so that the chain starts with it.
  void prepare_asimov(double mu) {
    if (!asimov_data_) {
      (void)statistic(mu);
    }
    const Minimum& alternative = on_data_.fixed(alternative_);
    if (asimov_data_ && alternative.lowest.value == asimov_origin_) {
      return;
    }
    if (!alternative.certified()) {
      require_certified(on_data_.describe_fixed(alternative_),
                        "fit for the Asimov data, with " + poi_name() + " = " + number_text(alternative_));
    }
    asimov_data_ = expected_data(on_data_.model(), alternative.lowest.x);
    asimov_origin_ = alternative.lowest.value;
    on_asimov_.set_data(*asimov_data_, {alternative.lowest.x, on_data_.fixed(mu).lowest.x});
    (void)on_asimov_.free();
  }

  InferenceOptions options_;
  Profile<AnyModel, Optimizer> on_data_;
  Profile<AnyModel, Optimizer> on_asimov_;
  double alternative_;
  std::optional<Vector> asimov_data_;
  /// twice_nll of the minimum the Asimov data come from.
  double asimov_origin_ = 0.0;
};

} // namespace muhat
