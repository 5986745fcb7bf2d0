#pragma once

/// The profile likelihood of one parameter of interest (POI) for one data set, and its test statistics.
///
/// Its minima, with the POI free and held at values, are settled together (inference/settled_minima.hpp)
/// before anything is computed from them, so no call has to come before another.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/fitter.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/inference/settled_minima.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace muhat {

namespace detail {

/// The value of `compute()`, nothing where a computation of it does not succeed.
template <class Compute>
[[nodiscard]] auto if_computed(const Compute& compute) -> std::optional<decltype(compute())> {
  try {
    return compute();
  } catch (const ComputationError&) {
    return std::nullopt;
  }
}

/// How often a computation is begun anew at most, the first time included, because of lower minima.
inline constexpr int most_passes = 3;

/// Warns of a result that may have used minima which were replaced at last.
inline void warn_unsettled(std::vector<std::string>& warnings) {
  const char* const warning =
      "the last pass still found lower minima, which may change this result: fit from more starts";
  if (warnings.empty() || warnings.back() != warning) {
    warnings.emplace_back(warning);
  }
}

/// Calls `pass` until it leaves the minima of `fits`, whose `revision` tells, as they were: what it computed
/// before one was replaced has used one that is none. False where `most_passes` passes do not get there.
template <class Fits, class Pass>
[[nodiscard]] bool until_settled(const Fits& fits, const Pass& pass) {
  for (int k = 0; k < most_passes; ++k) {
    const int revision = fits.revision();
    pass();
    if (fits.revision() == revision) {
      return true;
    }
  }
  return false;
}

} // namespace detail

/// Profiles the -2 log L of one model along its POI. Minima are kept until the data change.
/// Belongs to one thread, which may lend its work to others; copies are independent.
template <class AnyModel, class Optimizer = DefaultOptimizer>
class Profile {
public:
  /// data: main bins, then auxiliary data. poi: index of the parameter of interest.
  /// Throws as `make_setup`, `require_free_poi` and Likelihood do.
  Profile(const AnyModel& model, const Vector& data, Index poi, const FitOptions& options = {},
          const Optimizer& optimizer = Optimizer{})
      : minima_(model, data, {poi}, options, optimizer), poi_(poi) {
    require_free_poi(minima_.setup(), poi_, poi_name());
  }

  /// What settles the minima, and knows what else was found.
  [[nodiscard]] SettledMinima<AnyModel, Optimizer>& minima() noexcept { return minima_; }
  [[nodiscard]] const SettledMinima<AnyModel, Optimizer>& minima() const noexcept { return minima_; }

  [[nodiscard]] const FitSetup& setup() const noexcept { return minima_.setup(); }
  [[nodiscard]] Index poi() const noexcept { return poi_; }
  [[nodiscard]] const std::string& poi_name() const {
    return model().par_names()[static_cast<std::size_t>(poi_)];
  }
  [[nodiscard]] const AnyModel& model() const noexcept { return minima_.model(); }

  /// How many minima were replaced by lower ones so far.
  [[nodiscard]] int revision() const noexcept { return minima_.revision(); }

  /// Throws InvalidArgument for mu, which messages call `what`, outside the POI's bounds.
  void require_testable(double mu, const char* what = tested_value_text) const {
    require_inside_bounds(setup(), poi_, poi_name(), mu, what);
  }

  /// Settles the minima with the POI free and held at each of `values`, on the executor's threads, and what
  /// else a statistic of this kind takes. False where the last round still found lower ones, or `watch`
  /// stopped it. Throws InvalidArgument for a value outside its bounds.
  template <Executor E = SerialExecutor>
  bool settle(TestStatistic kind, const std::vector<double>& values, const E& executor = E{},
              ScanWatch* watch = nullptr) {
    // First, since a map takes NaN for any of its keys.
    for (const double value : values) {
      require_testable(value);
    }
    minima_.add({});
    for (const double value : values) {
      minima_.add({value});
    }
    bool settled = minima_.settle(executor, watch);
    if (needs_zero(kind)) {
      minima_.add({0.0});
      settled = minima_.settle(executor, watch) && settled;
    }
    return settled;
  }

  /// The minimum over all free parameters, settled with all others asked for so far.
  [[nodiscard]] const Minimum& free() {
    minima_.add({});
    (void)minima_.settle();
    return minima_[{}];
  }

  /// The minimum with the POI held at mu. Throws InvalidArgument where mu is outside its bounds.
  [[nodiscard]] const Minimum& fixed(double mu) {
    require_testable(mu);
    minima_.add({mu});
    (void)minima_.settle();
    return minima_[{mu}];
  }

  /// The test statistic at mu (0 for q0). Throws InvalidArgument for mu outside its bounds, FitFailed where a
  /// fit that it needs has no certificate.
  [[nodiscard]] double statistic(TestStatistic kind, double mu) {
    (void)settle(kind, {tested_mu(kind, mu)});
    return settled_statistic(kind, mu);
  }

  /// The same from minima that were settled before. Throws FitFailed, also where they were not.
  [[nodiscard]] double settled_statistic(TestStatistic kind, double mu) const {
    const double tested = tested_mu(kind, mu);
    const Minimum& held = minima_[{tested}];
    const Minimum& free = minima_[{}];
    if (!held.certified()) {
      require_certified(minima_.describe({tested}), fit_text(tested));
    }
    if (!free.certified()) {
      require_certified(minima_.describe({}), free_fit_text());
    }
    double reference = free.lowest.value;
    if (needs_zero(kind)) {
      if (!minima_[{0.0}].certified()) {
        require_certified(minima_.describe({0.0}), fit_text(0.0));
      }
      reference = minima_[{0.0}].lowest.value;
    }
    return test_statistic_value(kind, tested, free.lowest.x[poi_], held.lowest.value, reference);
  }

  [[nodiscard]] FitResult describe_free() {
    (void)free();
    return minima_.describe({});
  }
  [[nodiscard]] FitResult describe_fixed(double mu) {
    (void)fixed(mu);
    return minima_.describe({mu});
  }

  /// What messages call the fits.
  [[nodiscard]] std::string fit_text(double mu) const {
    return "fit with " + poi_name() + " = " + number_text(mu);
  }
  [[nodiscard]] std::string free_fit_text() const { return "fit with " + poi_name() + " free"; }

  /// The remarks of the free fit, and of the fits with the POI held that have two equally low minima, whose
  /// starts disagree most or that missed most; each once, behind `prefix`. Of the fits made so far.
  [[nodiscard]] std::vector<std::string> warnings(const std::string& prefix = {}) const {
    std::vector<std::string> result;
    const std::vector<double>* disagree = nullptr;
    const std::vector<double>* miss = nullptr;
    const std::vector<double>* ambiguous = nullptr;
    double spread = same_minimum_tolerance;
    double missed = same_minimum_tolerance;
    minima_.for_each([&](const std::vector<double>& values, const Minimum& minimum) {
      if (values.empty()) {
        add_warnings(result, minima_.describe(values), prefix);
        return;
      }
      if (ambiguous == nullptr && minimum.equally_low() != nullptr) {
        ambiguous = &values;
      }
      if (minimum.spread > spread) {
        spread = minimum.spread;
        disagree = &values;
      }
      if (minimum.missed > missed) {
        missed = minimum.missed;
        miss = &values;
      }
    });
    for (const std::vector<double>* worst : {ambiguous, disagree, miss}) {
      if (worst != nullptr) {
        add_warnings(result, minima_.describe(*worst), prefix);
      }
    }
    return result;
  }

private:
  /// Whether the statistic takes the minimum at 0 in place of the free one, which lies below.
  [[nodiscard]] bool needs_zero(TestStatistic kind) const {
    return is_bounded_statistic(kind) && setup().bounds.lower[poi_] < 0.0 && minima_.has({}) &&
           minima_[{}].certified() && minima_[{}].lowest.x[poi_] < 0.0;
  }

  SettledMinima<AnyModel, Optimizer> minima_;
  Index poi_;
};

} // namespace muhat
