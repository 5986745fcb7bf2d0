#pragma once

/// One likelihood, tested for signal after signal: the calls of a reinterpretation or a global fit.
///
///     delta ln L = ln L(mu) - ln L(0) ,   each at its best fit of all other parameters
///
/// Positive where the data like the signal better than its absence. The signal is whatever the parameter of
/// interest (POI) scales by a normfactor, so that nothing of it is left at mu = 0. Its yields come with each
/// call and are replaced in place (model/signal_hypothesis.hpp); its histosys and staterror keep
/// their size relative to the yields. The fit of the background alone is made once and starts all others.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/fit/fit_setup.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/inference_options.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/model/model.hpp>
#include <muhat/model/modifiers/normfactor.hpp>
#include <muhat/model/signal_hypothesis.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Expected signal events at mu = 1, one number per bin, by region (channel).
using SignalYields = std::map<std::string, std::vector<double>>;

/// A region of a likelihood.
struct SignalRegion {
  std::string name = {};
  std::size_t nbins = 0;
  /// The sample whose yields are replaced; empty where the region takes no signal.
  std::string signal_sample = {};
  /// The signal that the model was built with, in events per bin; empty without one.
  std::vector<double> template_yields = {};
};

/// What to compute for a signal, meant for designated initializers.
struct EvaluationOptions {
  /// The tested signal strength: 1 for the signal as it is.
  double mu = 1.0;
  /// CLs at mu, observed and expected. Without it an evaluation needs three fits instead of five.
  bool cls = true;
  /// The upper limits on mu, with bounds widened as far as it takes.
  bool limit = false;
  double level = 0.05;
  double limit_tolerance = 1e-4;
};

/// Why there is no evaluation; `ok` where there is one.
enum class EvaluationStatus { ok, unknown_name, invalid_input, computation_failed, internal_error };

/// What the data say of a signal. Every number that is there is finite.
struct SignalEvaluation {
  EvaluationStatus status = EvaluationStatus::ok;
  /// What went wrong, and what to do; empty where nothing did.
  std::string message = {};
  /// ln L(mu) - ln L(0): positive where the data prefer the signal.
  double delta_log_likelihood = 0.0;
  /// ln L(0), constants included.
  double log_likelihood_background = 0.0;
  /// The best-fit mu within its bounds, and ln L there.
  double best_mu = 0.0;
  double log_likelihood_best = 0.0;
  /// CLs at mu, and from its -2 to its +2 sigma expectation; absent unless asked for.
  std::optional<double> cls_observed = {};
  std::optional<std::array<double, 5>> cls_expected = {};
  /// Upper limits on mu; absent unless asked for.
  std::optional<UpperLimitResult> limit = {};
  /// Remarks of the fits.
  std::vector<std::string> warnings = {};

  [[nodiscard]] bool ok() const noexcept { return status == EvaluationStatus::ok; }
};

/// Immutable: any number of threads may evaluate at a time, and what one gets depends on its
/// arguments alone, to the last bit. Copies share the model.
template <class AnyModel = Model, class Optimizer = DefaultOptimizer>
class Reinterpretation {
public:
  /// model: with a signal as template. data: main bins, then auxiliary data. signal_sample: the sample to
  /// replace; empty for the one that the POI scales in each region. Other samples that it scales are set to
  /// zero. Throws InvalidArgument and UnknownName where POI, options, data or signal are unusable, as a
  /// signal with a shapesys is. Makes one fit.
  Reinterpretation(AnyModel model, Vector data, InferenceOptions options = {},
                   const std::string& signal_sample = {}, Optimizer optimizer = Optimizer{})
      : model_(std::move(model)), data_(std::move(data)), options_(std::move(options)),
        optimizer_(std::move(optimizer)), poi_(find_poi(model_, options_.poi)) {
    if (options_.test_statistic == TestStatistic::q0) {
      throw InvalidArgument("q0 tests the absence of a signal, not a signal: use q or qtilde");
    }
    find_signal(signal_sample);
    start_from_background();
  }

  [[nodiscard]] const AnyModel& model() const noexcept { return model_; }
  [[nodiscard]] const InferenceOptions& options() const noexcept { return options_; }
  /// All regions of the model, sorted by name.
  [[nodiscard]] const std::vector<SignalRegion>& regions() const noexcept { return regions_; }

  /// The model with these yields. Regions that are not mentioned get no signal.
  /// Throws UnknownName for a region that is not there; InvalidArgument for one that takes no signal, and for
  /// yields that are too many, too few or not finite.
  [[nodiscard]] AnyModel with_yields(const SignalYields& yields) const {
    SignalHypothesis hypothesis = no_signal_;
    for (const auto& [name, events] : yields) {
      hypothesis[place_of(name)].yields = events;
    }
    return with_signal(model_, hypothesis);
  }

  /// Tests a signal. Throws as `with_yields`; InvalidArgument for unusable options; FitFailed where a fit has
  /// no certificate. Three fits, five with CLs, and some thirty more for the limits.
  [[nodiscard]] SignalEvaluation evaluate(const SignalYields& yields,
                                          const EvaluationOptions& options = {}) const {
    const AnyModel model = with_yields(yields);
    const InferenceOptions inference = options_for(model);
    SignalEvaluation result;
    if (options.cls) {
      AsymptoticCalculator<AnyModel, Optimizer> calculator(model, data_, inference, optimizer_);
      HypotestResult test = hypotest(calculator, options.mu);
      set_likelihoods(result, test.fits.fixed_poi_fit_to_data, test.fits.free_fit_to_data,
                      test.fits.alternative_fit_to_data);
      result.cls_observed = test.cls_observed;
      result.cls_expected = test.cls_expected;
      result.warnings = std::move(test.warnings);
    } else {
      compare(model, inference, options.mu, result);
    }
    if (options.limit) {
      result.limit = upper_limit(model, data_,
                                 {.level = options.level,
                                  .test_statistic = inference.test_statistic,
                                  .poi = inference.poi,
                                  .fit = inference.fit,
                                  .base_distribution = inference.base_distribution,
                                  .relative_tolerance = options.limit_tolerance,
                                  .widen_bounds = true},
                                 optimizer_);
    }
    return result;
  }

private:
  [[nodiscard]] const std::string& poi_name() const {
    return model_.par_names()[static_cast<std::size_t>(poi_)];
  }

  /// Lists the regions and, in each, the samples that the POI scales.
  void find_signal(const std::string& wanted) {
    const auto& tables = model_.tables();
    const Layout& layout = tables.layout();
    for (const ChannelSummary& channel : layout.channels) {
      regions_.push_back({.name = channel.name, .nbins = static_cast<std::size_t>(channel.nbins)});
    }
    std::vector<std::string> scaled;
    for (std::size_t k = 0; k < layout.cells.size(); ++k) {
      const std::vector<ModifierSummary>& modifiers = tables.cell_modifiers()[k];
      const auto scales = [this](const ModifierSummary& modifier) {
        return modifier.type == NormFactor::type && modifier.name == poi_name();
      };
      if (std::any_of(modifiers.begin(), modifiers.end(), scales)) {
        scaled.push_back(layout.samples[static_cast<std::size_t>(layout.cells[k].sample)]);
        add_signal(layout.cells[k], scaled.back(), wanted);
      }
    }
    if (scaled.empty()) {
      throw InvalidArgument("no sample is scaled by a normfactor \"" + poi_name() +
                            "\", so there is no signal to replace; is a signal patch missing?");
    }
    if (places_.empty()) {
      throw UnknownName(unknown_name_message("sample scaled by \"" + poi_name() + "\"", wanted, scaled));
    }
  }

  void add_signal(const Cell& cell, const std::string& sample, const std::string& wanted) {
    SignalRegion& region = regions_[static_cast<std::size_t>(cell.channel)];
    if (wanted.empty() || sample == wanted) {
      if (!places_.emplace(region.name, no_signal_.size()).second) {
        throw InvalidArgument("\"" + poi_name() + "\" scales \"" + region.signal_sample + "\" and \"" +
                              sample + "\" in region \"" + region.name +
                              "\": name one of them as the signal sample");
      }
      region.signal_sample = sample;
      for (Index b = 0; b < cell.nbins; ++b) {
        region.template_yields.push_back(static_cast<double>(model_.tables().nominal[cell.first_row + b]));
      }
    }
    no_signal_.push_back({region.name, sample, std::vector<double>(region.nbins, 0.0)});
  }

  /// Where a region's signal stands in `no_signal_`.
  [[nodiscard]] std::size_t place_of(const std::string& region) const {
    const auto found = places_.find(region);
    if (found != places_.end()) {
      return found->second;
    }
    std::vector<std::string> names;
    for (const SignalRegion& known : regions_) {
      if (known.name == region) {
        throw InvalidArgument("region \"" + region + "\" takes no signal: \"" + poi_name() +
                              "\" scales no sample there; leave it out");
      }
      names.push_back(known.name);
    }
    throw UnknownName(unknown_name_message("region", region, names));
  }

  void start_from_background() {
    start_ = make_setup(model_, options_.fit).start;
    background_ = start_;
    Profile<AnyModel, Optimizer> profile(with_signal(model_, no_signal_), data_, poi_, options_.fit,
                                         optimizer_);
    const Minimum& minimum = profile.fixed(0.0);
    if (minimum.certified()) {
      background_ = minimum.lowest.x;
      background_[poi_] = start_[poi_];
    }
  }

  /// The options of fits of one model: they start at the best fit of the background, except for parameters
  /// that stay where they start.
  [[nodiscard]] InferenceOptions options_for(const AnyModel& model) const {
    InferenceOptions options = options_;
    options.fit.start = background_;
    for (Index i = 0; i < start_.size(); ++i) {
      if (model.suggested_fixed()[static_cast<std::size_t>(i)]) {
        (*options.fit.start)[i] = start_[i];
      }
    }
    return options;
  }

  /// The likelihoods at mu, at its best fit and at 0.
  void compare(const AnyModel& model, const InferenceOptions& options, double mu,
               SignalEvaluation& result) const {
    Profile<AnyModel, Optimizer> profile(model, data_, poi_, options.fit, optimizer_);
    (void)profile.settle(options.test_statistic, {mu, 0.0});
    (void)profile.settled_statistic(options.test_statistic, mu);
    (void)profile.settled_statistic(options.test_statistic, 0.0);
    const FitResult tested = profile.describe_fixed(mu);
    const FitResult best = profile.describe_free();
    const FitResult background = profile.describe_fixed(0.0);
    set_likelihoods(result, tested, best, background);
    add_warnings(result.warnings, tested, "fit to the data at the tested value: ");
    add_warnings(result.warnings, best, "free fit to the data: ");
    add_warnings(result.warnings, background, "fit to the data without signal: ");
  }

  void set_likelihoods(SignalEvaluation& result, const FitResult& tested, const FitResult& best,
                       const FitResult& background) const {
    result.delta_log_likelihood = (background.twice_nll - tested.twice_nll) / 2.0;
    result.log_likelihood_background = -background.twice_nll / 2.0;
    result.log_likelihood_best = -best.twice_nll / 2.0;
    result.best_mu = best.parameters[poi_];
  }

  AnyModel model_;
  Vector data_;
  InferenceOptions options_;
  Optimizer optimizer_;
  Index poi_;
  std::vector<SignalRegion> regions_;
  /// Every sample that the POI scales, without yields.
  SignalHypothesis no_signal_;
  /// Region to place in `no_signal_`.
  std::map<std::string, std::size_t> places_;
  /// Where fits start for themselves, and at the best fit of the background.
  Vector start_, background_;
};

} // namespace muhat
