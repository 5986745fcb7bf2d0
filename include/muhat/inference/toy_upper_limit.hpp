#pragma once

/// Upper limits with toys: the mu at which CLs, a ratio of two fractions of toys, falls to a level.
///
/// The toys of every mu come from the same random streams, so that CLs(mu) is one function of mu, which
/// scans and searches see alike on any number of threads. The
/// limit's own uncertainty follows with the slope of the Wald approximation (arXiv:1007.1727),
///
///     CLs = Phi(-(T + a)) / Phi(-T),  a = mu / sigma:   d log CLs / d mu = -phi(T + a) / Phi(-(T + a)) a /
///     mu,
///
/// with T and a from the toys' CLs+b and CLb.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/special_functions.hpp>
#include <muhat/inference/failed_toys.hpp>
#include <muhat/inference/limit_curves.hpp>
#include <muhat/inference/limit_search.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/inference/toy_p_values.hpp>
#include <muhat/inference/toys.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// The six CLs curves of toys. `asymptotic` are limits to begin a search with.
template <class Calculator, Executor E>
class ToyCurves {
public:
  /// All of them, with the POI's name in `options`, outlive the curves.
  ToyCurves(Calculator& calculator, const UpperLimitOptions& options, const ToyOptions& toys,
            const E& executor, const UpperLimitResult& asymptotic)
      : calculator_(&calculator), options_(&options), toys_(toys), executor_(&executor),
        asymptotic_(&asymptotic) {}

  [[nodiscard]] double cls(std::size_t curve, double mu) {
    if (mu == alternative_mu(options_->test_statistic)) {
      return 1.0;
    }
    const Estimate& estimate = evaluate(mu)[curve];
    if (!estimate.cls) {
      throw ComputationError("at " + options_->poi + " = " + number_text(mu) + " " + estimate.reason);
    }
    return estimate.cls->value;
  }

  /// The limit in the Wald approximation with the sigma that the toys at mu show.
  [[nodiscard]] double predict(std::size_t curve, double mu) {
    const auto known = points_.find(mu);
    if (known == points_.end()) {
      const Limit& limit = curve == 0 ? asymptotic_->observed : asymptotic_->expected[curve - 1];
      return limit.value.value_or(std::numeric_limits<double>::quiet_NaN());
    }
    const auto [transformed, root_asimov] = known->second.estimates[curve].wald();
    if (!(std::isfinite(transformed) && root_asimov > 0.0)) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    return mu / root_asimov * root_asimov_at_level(transformed, options_->level);
  }

  /// A curve is searched to a quarter of its uncertainty; the data's of a two-sided statistic has its top at
  /// their best fit.
  [[nodiscard]] LimitRange range(std::size_t curve, LimitRange range) {
    if (curve == 0 && is_two_sided_statistic(options_->test_statistic)) {
      range.lower = std::max(range.lower, calculator_->best_fit());
    }
    const auto n = static_cast<double>(std::max<std::size_t>(1, toys_.ntoys));
    // CLs+b at the limit is level times CLb, which for the data is about one half.
    const double clb = curve == 0 ? 0.5 : normal_tail(3.0 - static_cast<double>(curve));
    const double uncertainty = std::sqrt((1.0 - options_->level) / (options_->level * clb * n));
    // d log CLs / d log mu of the expected curve at the usual level.
    constexpr double slope = 4.6;
    // With few toys the uncertainty says nothing any more.
    constexpr double coarsest = 0.3;
    range.level_tolerance = std::min(coarsest, 0.25 * uncertainty);
    range.relative_tolerance = std::max(range.relative_tolerance, range.level_tolerance / slope);
    range.closeness = std::numeric_limits<double>::infinity();
    range.resolution = 0.1 / n;
    return range;
  }

  /// The uncertainty of a limit, from the evaluated point that is nearest to it.
  [[nodiscard]] std::optional<double> error(std::size_t curve, double limit) const {
    std::optional<double> result;
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto& [mu, point] : points_) {
      const std::optional<double> error = point.estimates[curve].limit_error(mu);
      if (error && std::abs(mu - limit) < nearest) {
        nearest = std::abs(mu - limit);
        result = error;
      }
    }
    return result;
  }

  /// Forgets the points whose toys belong to minima of the data that have been replaced since.
  void forget_replaced() {
    for (auto point = points_.begin(); point != points_.end();) {
      const auto& [mu, was] = *point;
      const auto now = if_computed([&, tested = mu] { return calculator_->prepare(tested, toys_.seed); });
      const bool same = now && now->observed == was.experiment.observed &&
                        now->tested.parameters == was.experiment.tested.parameters &&
                        now->alternative.parameters == was.experiment.alternative.parameters;
      point = same ? std::next(point) : points_.erase(point);
    }
  }

  /// What the failed toys of the evaluated point that is nearest to `limit` leave open, "" without any.
  [[nodiscard]] std::string failure_text(double limit) const {
    std::string text;
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto& [mu, point] : points_) {
      if (std::abs(mu - limit) < nearest) {
        nearest = std::abs(mu - limit);
        text = point.failures.empty() ? ""
                                      : "at " + options_->poi + " = " + number_text(mu) +
                                            ", the nearest to the limit, " + point.failures;
      }
    }
    return text;
  }

  [[nodiscard]] std::size_t made() const noexcept { return made_; }
  [[nodiscard]] std::size_t failed() const noexcept { return failed_; }

private:
  /// What the toys at one mu say of one curve.
  struct Estimate {
    double clsb = 0.0;
    double clb = 0.0;
    std::optional<Fraction> cls = {};
    /// Why `cls` is missing.
    std::string reason = {};

    /// T and a of the Wald approximation; not finite where a fraction is 0 or 1.
    [[nodiscard]] std::pair<double, double> wald() const {
      const double transformed = normal_significance(clb);
      return {transformed, normal_significance(clsb) - transformed};
    }

    [[nodiscard]] std::optional<double> limit_error(double mu) const {
      const auto [transformed, root_asimov] = wald();
      if (!cls || !std::isfinite(transformed) || !std::isfinite(root_asimov) || !(root_asimov > 0.0)) {
        return std::nullopt;
      }
      const double x = transformed + root_asimov;
      constexpr double inverse_root_two_pi = 0.39894228040143267794;
      const double slope = inverse_root_two_pi * std::exp(-0.5 * x * x) / clsb * root_asimov / mu;
      return cls->error / cls->value / slope;
    }
  };
  using Estimates = std::array<Estimate, 6>;

  struct Point {
    /// Without toys.
    ToyEnsemble experiment;
    Estimates estimates;
    /// failed_toys_warning.
    std::string failures = {};
  };

  [[nodiscard]] static Estimates estimates(const ToyEnsemble& ensemble) {
    Estimates result;
    for (const ToySample* sample : {&ensemble.tested, &ensemble.alternative}) {
      if (sample->statistics.empty() && !sample->failed.empty()) {
        result.fill(
            {.reason = "no toy has a statistic, for example because: " + sample->failed.front().reason});
        return result;
      }
    }
    const ToyPValues observed = observed_p_values(ensemble);
    result[0] = {observed.clsb.value, observed.clb.value, observed.cls, observed.reason};
    const ExpectedBand band = expected_p_values(ensemble);
    const std::array<double, 5> errors = expected_errors(ensemble);
    for (std::size_t k = 0; k < band.size(); ++k) {
      result[k + 1] = {band[k].clsb, band[k].clb, Fraction{band[k].cls, errors[k]}, {}};
    }
    return result;
  }

  const Estimates& evaluate(double mu) {
    const auto known = points_.find(mu);
    if (known != points_.end()) {
      return known->second.estimates;
    }
    const std::string place = options_->poi + " = " + number_text(mu);
    const auto canceled = [&] { return toys_.cancel != nullptr && toys_.cancel->load(); };
    if (canceled()) {
      throw ComputationError("the run was stopped before the toys at " + place);
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started_;
    if (spent > toys_.time_budget) {
      throw ComputationError("the time budget of the toys was used up before those at " + place);
    }
    ToyOptions options = toys_;
    options.time_budget -= spent;
    options.on_progress = [&](const ToyProgress& progress) { report(progress); };
    ToyEnsemble ensemble = calculator_->run(mu, options, *executor_);
    made_ += ensemble.tested.made() + ensemble.alternative.made();
    failed_ += ensemble.tested.failed.size() + ensemble.alternative.failed.size();
    if (canceled()) {
      throw ComputationError("the run was stopped among the toys at " + place);
    }
    const Estimates found = estimates(ensemble);
    std::string failures = failed_toys_warning(ensemble);
    const bool precise = toys_.cls_error > 0.0 && found[0].cls && found[0].cls->error <= toys_.cls_error;
    if (ensemble.alternative.made() < toys_.ntoys && !precise) {
      throw ComputationError("the time budget of the toys was used up among those at " + place);
    }
    for (ToySample* sample : {&ensemble.tested, &ensemble.alternative}) {
      *sample = {.parameters = std::move(sample->parameters)};
    }
    return points_.emplace(mu, Point{std::move(ensemble), found, std::move(failures)})
        .first->second.estimates;
  }

  /// Counts the toys of all points; a search does not know how many will come.
  void report(ToyProgress progress) const {
    if (!toys_.on_progress) {
      return;
    }
    const std::size_t scanned = 2 * toys_.ntoys * options_->scan.size();
    progress.wanted = std::max(scanned, made_ + progress.wanted);
    progress.made += made_;
    progress.failed += failed_;
    progress.elapsed = std::chrono::steady_clock::now() - started_;
    progress.remaining = progress.elapsed * (static_cast<double>(progress.wanted - progress.made) /
                                             static_cast<double>(std::max<std::size_t>(1, progress.made)));
    toys_.on_progress(progress);
  }

  Calculator* calculator_;
  const UpperLimitOptions* options_;
  ToyOptions toys_;
  const E* executor_;
  const UpperLimitResult* asymptotic_;
  std::map<double, Point> points_;
  std::size_t made_ = 0;
  std::size_t failed_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// Makes the fits to the data that the limits are known to need: where a later one lowers the minimum of an
/// earlier one, the toys of that are in vain.
template <class Calculator>
void prepare_fits(Calculator& calculator, const UpperLimitOptions& options,
                  const UpperLimitResult& asymptotic) {
  std::vector<double> mus = options.scan;
  if (mus.empty()) {
    mus.push_back(asymptotic.observed.value.value_or(0.0));
    for (const Limit& limit : asymptotic.expected) {
      mus.push_back(limit.value.value_or(0.0));
    }
  }
  for (const double mu : mus) {
    // Where it fails, the limits that need it will say so.
    (void)if_computed([&] { return calculator.prepare(mu, 0); });
  }
}

/// The POI's bounds for limits with toys: those of the asymptotic limits, and for a search that may raise
/// them, with room for limits that come out at twice the asymptotic ones.
inline std::pair<double, double> toy_bounds(const UpperLimitResult& asymptotic, bool widen) {
  std::pair<double, double> bounds = asymptotic.poi_bounds;
  if (widen) {
    bounds.second = std::max(bounds.second, 2.0 * asymptotic.observed.value.value_or(0.0));
    for (const Limit& limit : asymptotic.expected) {
      bounds.second = std::max(bounds.second, 2.0 * limit.value.value_or(0.0));
    }
  }
  return bounds;
}

/// How many toys of all failed, and what that leaves open at the observed limit.
template <class Curves>
void add_failure_warning(const Curves& curves, UpperLimitResult& result) {
  if (result.failed_toys == 0) {
    return;
  }
  const std::string nearest = result.observed.value ? curves.failure_text(*result.observed.value) : "";
  result.warnings.push_back(share_text(result.failed_toys, result.toys) +
                            " have no certified fit and enter no limit" +
                            (nearest.empty() ? "" : "; " + nearest));
}

} // namespace detail

/// Upper limits for `data` (main bins, then auxiliary data) with toys.
///
/// `options` and `toys` mean what they do to `upper_limit` and `ToyCalculator::run`, the latter at every
/// value of the POI. A search begins at the asymptotic limits and ends at a quarter of the statistical
/// uncertainty or at `relative_tolerance`, whichever is larger; a scan evaluates all its points. Where the
/// POI has the alternative's value, CLs is 1 by definition and costs no toys.
///
/// A limit that does not exist is absent, with the reason; when `toys.cancel` ends the run, the limits that
/// the points finished before do not fix are absent; likewise when `toys.time_budget`, which is that of all
/// points together, is used up. Same seed, same bits: whatever the executor. Throws
/// InvalidArgument for unusable options, data or POI, and UnknownName. Some 20 ensembles of toys, or one for
/// each point of the scan.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] UpperLimitResult toy_upper_limit(const AnyModel& model, const Vector& data,
                                               UpperLimitOptions options = {}, const ToyOptions& toys = {},
                                               const Optimizer& optimizer = Optimizer{},
                                               const E& executor = E{}) {
  const auto [asymptotic, declared_upper] = detail::find_limits(model, data, options, optimizer);
  if (static_cast<double>(toys.ntoys) * options.level < 1.0) {
    throw InvalidArgument(number_text(static_cast<double>(toys.ntoys)) + " toys cannot show a CLs of " +
                          number_text(options.level) + ": make at least " +
                          number_text(std::ceil(1.0 / options.level)));
  }
  options.poi = asymptotic.poi;
  const auto [lower, upper] = detail::toy_bounds(asymptotic, options.widen_bounds && options.scan.empty());
  InferenceOptions inference{options.test_statistic, options.poi, options.fit, options.base_distribution};
  if (options.widen_bounds) {
    inference.fit.bounds.push_back({options.poi, {lower, upper}});
  }
  ToyCalculator<AnyModel, Optimizer> calculator(model, data, inference, optimizer);
  for (const double mu : options.scan) {
    calculator.require_testable(mu);
  }
  detail::prepare_fits(calculator, options, asymptotic);
  detail::ToyCurves curves(calculator, options, toys, executor, asymptotic);
  const LimitRange range{.lower = std::max(0.0, lower),
                         .upper = upper,
                         .level = options.level,
                         .relative_tolerance = options.relative_tolerance};
  UpperLimitResult result;
  const bool settled = detail::until_settled(calculator, [&] {
    curves.forget_replaced();
    result = limits_of_curves(curves, options.poi, range, options);
  });
  result.poi_bounds = {lower, upper};
  result.best_fit = detail::if_computed([&] { return calculator.best_fit(); });
  result.warnings = calculator.warnings();
  if (!settled) {
    detail::warn_unsettled(result.warnings);
  }
  detail::add_bounds_warnings(result, declared_upper);
  result.toys = curves.made();
  result.failed_toys = curves.failed();
  detail::add_failure_warning(curves, result);
  for (std::size_t curve = 0; curve < 6; ++curve) {
    Limit& limit = curve == 0 ? result.observed : result.expected[curve - 1];
    if (limit.value) {
      limit.error = curves.error(curve, *limit.value);
    }
  }
  return result;
}

} // namespace muhat
