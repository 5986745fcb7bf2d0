#pragma once

/// Hypothesis tests with toys: the distribution of the statistic is found by repeating the
/// experiment, instead of assumed to be asymptotic.
///
/// Toys of the tested hypothesis are drawn at the fit to the data with the parameter of interest (POI) at
/// mu, those of the alternative at the one with the POI at 0 (1 for q0). Each toy gets
/// its statistic from fits with the same start, bounds and fixed parameters as the data.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/random.hpp>
#include <muhat/fit/poi.hpp>
#include <muhat/inference/experiment_digest.hpp>
#include <muhat/inference/inference_options.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/sampling.hpp>
#include <muhat/inference/toy_p_values.hpp>
#include <muhat/inference/toys.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// How far a run of toys has come.
struct ToyProgress {
  /// Toys of both hypotheses: made so far (earlier parts included), wanted, and without a certified fit.
  std::size_t made = 0;
  std::size_t wanted = 0;
  std::size_t failed = 0;
  std::chrono::duration<double> elapsed = {};
  /// Estimate from the pace so far; 0 before the first batch.
  std::chrono::duration<double> remaining = {};
};

/// Options of a run of toys, meant for designated initializers.
struct ToyOptions {
  /// Toys of each hypothesis.
  std::size_t ntoys = 2000;
  std::uint64_t seed = 0;
  /// Number of the first toy: 5000 toys from 5000 on complement the first 5000.
  std::uint64_t first = 0;
  /// Stop once the uncertainty of the observed CLs (of p0 for q0) is at most this; 0 to make all toys. Looked
  /// at after every batch, so that the outcome does not depend on the number of threads.
  double cls_error = 0.0;
  /// Toys of each hypothesis between two looks at progress, budget and precision.
  std::size_t batch = 250;
  /// Begin no further batch after this time.
  std::chrono::duration<double> time_budget = std::chrono::duration<double>::max();
  /// Set it to true, from any thread, to end the run with the toys made so far.
  const std::atomic<bool>* cancel = nullptr;
  /// Called after every batch on the calling thread.
  std::function<void(const ToyProgress&)> on_progress = {};
  /// Called after every batch with the ensemble so far, e.g. to save it.
  std::function<void(const ToyEnsemble&)> on_batch = {};
};

namespace detail {

inline void check_toy_options(const ToyOptions& options) {
  if (options.first > most_toy_numbers || options.ntoys > most_toy_numbers - options.first) {
    throw InvalidArgument("the toys " + std::to_string(options.first) + " and following have no room for " +
                          std::to_string(options.ntoys) + " numbers below " +
                          std::to_string(most_toy_numbers) + "; begin at a lower one");
  }
  if (!(options.cls_error >= 0.0)) {
    throw InvalidArgument("the wanted uncertainty of CLs has to be at least 0, not " +
                          number_text(options.cls_error));
  }
  if (std::isnan(options.time_budget.count())) {
    throw InvalidArgument("the time budget of toys is not a number; leave it out for none");
  }
}

} // namespace detail

/// The data, main bins then auxiliary data, of toy `number` of an ensemble that was made with this model.
/// Throws as `Sampler`.
template <class AnyModel>
[[nodiscard]] Vector toy_data(const AnyModel& model, const ToyEnsemble& ensemble, Hypothesis hypothesis,
                              std::uint64_t number) {
  const ToySample& sample = hypothesis == Hypothesis::tested ? ensemble.tested : ensemble.alternative;
  RandomEngine random = toy_stream(ensemble.seed, hypothesis, number);
  Vector data;
  Sampler(model, sample.parameters).draw(random, data);
  return data;
}

/// Makes toys for tests of one data set. Belongs to one thread, which may run its toys on many.
template <class AnyModel, class Optimizer = DefaultOptimizer>
class ToyCalculator {
public:
  /// data: main bins, then auxiliary data. Throws as `AsymptoticCalculator`.
  ToyCalculator(const AnyModel& model, const Vector& data, InferenceOptions options = {},
                const Optimizer& optimizer = Optimizer{})
      : options_(std::move(options)),
        on_data_(model, data, find_poi(model, options_.poi), options_.fit, optimizer), on_toys_(on_data_) {
    on_data_.require_testable(alternative_mu(options_.test_statistic), alternative_text);
    // What the observed data show in several places, toys are tried from; more is not looked for in each.
    on_toys_.minima().set_explore(false);
    settings_ = experiment_digests(model, data, on_data_.setup(), options_.fit);
  }

  /// Lets every ensemble from now on state this setting; ensembles that state it differently do not merge.
  void add_setting(const std::string& name, const std::string& value) { settings_[name] = value; }

  /// How often a minimum of a fit to the data was replaced by a lower one so far: when it grows, ensembles
  /// that were prepared before may belong to one that is none.
  [[nodiscard]] int revision() const noexcept { return on_data_.revision(); }

  /// The worst remarks of the fits to the data made so far (Profile::warnings).
  [[nodiscard]] std::vector<std::string> warnings() const { return on_data_.warnings("fits to the data: "); }

  /// The statistic of the data at mu (0 for q0). Throws InvalidArgument for mu outside its
  /// bounds, FitFailed where a fit has no certificate.
  [[nodiscard]] double statistic(double mu) { return on_data_.statistic(options_.test_statistic, mu); }

  /// The best fit of the POI to the data. Throws FitFailed where it has no certificate.
  [[nodiscard]] double best_fit() {
    require_certified(on_data_.describe_free(), "fit with " + on_data_.poi_name() + " free");
    return on_data_.free().lowest.x[on_data_.poi()];
  }

  /// Throws InvalidArgument for mu outside the POI's bounds.
  void require_testable(double mu) const { on_data_.require_testable(mu); }

  /// The ensemble for mu (0 for q0) without toys. Throws as `statistic`.
  [[nodiscard]] ToyEnsemble prepare(double mu, std::uint64_t seed) {
    const double tested = tested_mu(options_.test_statistic, mu);
    const double alternative = alternative_mu(options_.test_statistic);
    ToyEnsemble ensemble{.mu = tested,
                         .test_statistic = options_.test_statistic,
                         .poi = on_data_.poi_name(),
                         .seed = seed,
                         .settings = settings_};
    (void)on_data_.settle(options_.test_statistic, {tested, alternative});
    const auto point = [&](double value) {
      const FitResult fit = on_data_.describe_fixed(value);
      return require_certified(fit, "fit that the toys are drawn from").parameters;
    };
    ensemble.alternative.parameters = point(alternative);
    ensemble.tested.parameters = point(tested);
    ensemble.observed = statistic(tested);
    return ensemble;
  }

  /// Makes the toys that `previous` (of this test, or without toys) does not have yet.
  ///
  /// A toy without a certified fit is listed with its reason and enters no p-value. Same seed, same
  /// bits: whatever the executor, and however the run is cut in parts. With `cls_error` the run ends after
  /// the batch after which an uninterrupted one does; toys of `previous` beyond that are kept. Throws
  /// InvalidArgument for unusable options and where `previous` belongs to another run, FitFailed where a fit
  /// to the data has no certificate.
  template <Executor E = ThreadExecutor>
  [[nodiscard]] ToyEnsemble run(double mu, const ToyOptions& options, const E& executor,
                                ToyEnsemble previous) {
    detail::check_toy_options(options);
    const ToyEnsemble empty = prepare(mu, options.seed);
    require_mergeable(previous, empty);
    previous.settings.insert(empty.settings.begin(), empty.settings.end());
    previous.observed = empty.observed;
    const auto started = std::chrono::steady_clock::now();
    const std::uint64_t end = options.first + options.ntoys;
    const std::size_t made_before = previous.tested.made() + previous.alternative.made();
    const std::size_t wanted = made_before + 2 * options.ntoys -
                               previous.tested.made_between(options.first, end) -
                               previous.alternative.made_between(options.first, end);
    for (std::size_t done = 0; done < options.ntoys;) {
      const std::size_t count = std::min(std::max<std::size_t>(1, options.batch), options.ntoys - done);
      const bool complete =
          make_batch(previous, empty, options.first + done, count, options.cancel, executor);
      done += count;
      report(previous, options, made_before, wanted, std::chrono::steady_clock::now() - started);
      if (!complete || is_precise(previous, options.first + done, options.cls_error) ||
          std::chrono::steady_clock::now() - started > options.time_budget) {
        break;
      }
    }
    return previous;
  }

  /// Makes all toys of a run. Throws as `statistic`.
  template <Executor E = ThreadExecutor>
  [[nodiscard]] ToyEnsemble run(double mu, const ToyOptions& options = {}, const E& executor = E{}) {
    detail::check_toy_options(options);
    return run(mu, options, executor, prepare(mu, options.seed));
  }

private:
  struct Outcome {
    bool made = false;
    double statistic = 0.0;
    std::string failure = {};
  };

  /// Draws one toy and finds its statistic.
  [[nodiscard]] static Outcome examine(const Sampler& sampler, RandomEngine random,
                                       Profile<AnyModel, Optimizer>& profile, Vector& toy,
                                       const ToyEnsemble& ensemble) {
    try {
      sampler.draw(random, toy);
      profile.minima().set_data(toy, {ensemble.tested.parameters, ensemble.alternative.parameters});
      return {true, profile.statistic(ensemble.test_statistic, ensemble.mu), {}};
    } catch (const Error& error) {
      // Also data that no experiment could see, drawn where a width is nearly infinite.
      return {true, 0.0, error.what()};
    }
  }

  /// All toys of a hypothesis begin with one metric, that of their expectation.
  [[nodiscard]] Profile<AnyModel, Optimizer> prepare_profile(const Vector& parameters) const {
    Profile<AnyModel, Optimizer> profile = on_toys_;
    profile.minima().set_modes(on_data_.minima().modes());
    profile.minima().set_data(expected_data(on_data_.model(), parameters));
    profile.minima().prepare_metrics(parameters, {parameters[on_data_.poi()]});
    return profile;
  }

  /// Toys first ... first + count - 1 of both hypotheses, those that are missing. False when canceled.
  template <Executor E>
  bool make_batch(ToyEnsemble& ensemble, const ToyEnsemble& empty, std::uint64_t first, std::size_t count,
                  const std::atomic<bool>* cancel, const E& executor) {
    const Sampler samplers[] = {Sampler(on_data_.model(), empty.tested.parameters),
                                Sampler(on_data_.model(), empty.alternative.parameters)};
    const ToySample* present[] = {&ensemble.tested, &ensemble.alternative};
    std::vector<std::pair<Hypothesis, std::uint64_t>> tasks;
    for (const Hypothesis hypothesis : {Hypothesis::tested, Hypothesis::alternative}) {
      for (std::uint64_t number = first; number < first + count; ++number) {
        if (!present[static_cast<std::size_t>(hypothesis)]->contains(number)) {
          tasks.emplace_back(hypothesis, number);
        }
      }
    }
    if (tasks.empty()) {
      return true;
    }
    std::vector<Outcome> outcomes(tasks.size());
    const Profile<AnyModel, Optimizer> prepared[] = {prepare_profile(empty.tested.parameters),
                                                     prepare_profile(empty.alternative.parameters)};
    const auto make_task = [&] {
      std::vector<Profile<AnyModel, Optimizer>> profiles(std::begin(prepared), std::end(prepared));
      profiles[1].minima().share_scratch(profiles[0].minima());
      return [&, profiles = std::move(profiles), toy = Vector()](std::size_t k) mutable {
        const auto& [hypothesis, number] = tasks[k];
        const auto index = static_cast<std::size_t>(hypothesis);
        outcomes[k] =
            examine(samplers[index], toy_stream(empty.seed, hypothesis, number), profiles[index], toy, empty);
      };
    };
    parallel_for(executor, tasks.size(), make_task, cancel);
    ToyEnsemble part = empty;
    ToySample* parts[] = {&part.tested, &part.alternative};
    bool complete = true;
    for (std::size_t k = 0; k < tasks.size(); ++k) {
      ToySample& sample = *parts[static_cast<std::size_t>(tasks[k].first)];
      if (!outcomes[k].made) {
        complete = false;
      } else if (outcomes[k].failure.empty()) {
        sample.numbers.push_back(tasks[k].second);
        sample.statistics.push_back(outcomes[k].statistic);
      } else {
        sample.failed.push_back({tasks[k].second, std::move(outcomes[k].failure)});
      }
    }
    detail::merge_into(ensemble.tested, part.tested);
    detail::merge_into(ensemble.alternative, part.alternative);
    return complete;
  }

  /// Whether the toys numbered below `end` fix the observed p-value to `wanted`. Later ones, which an earlier
  /// run may have left, have no say: without them the run would end here as well.
  [[nodiscard]] static bool is_precise(const ToyEnsemble& ensemble, std::uint64_t end, double wanted) {
    if (!(wanted > 0.0)) {
      return false;
    }
    ToyEnsemble looked_at{.test_statistic = ensemble.test_statistic, .observed = ensemble.observed};
    looked_at.tested.statistics = statistics_below(ensemble.tested, end);
    looked_at.alternative.statistics = statistics_below(ensemble.alternative, end);
    if (looked_at.tested.statistics.empty() || looked_at.alternative.statistics.empty()) {
      return false;
    }
    const ToyPValues values = observed_p_values(looked_at);
    if (ensemble.test_statistic == TestStatistic::q0) {
      return values.clsb.error <= wanted;
    }
    return values.cls && values.cls->error <= wanted;
  }

  [[nodiscard]] static std::vector<double> statistics_below(const ToySample& sample, std::uint64_t end) {
    const auto last = std::lower_bound(sample.numbers.begin(), sample.numbers.end(), end);
    return {sample.statistics.begin(), sample.statistics.begin() + (last - sample.numbers.begin())};
  }

  static void report(const ToyEnsemble& ensemble, const ToyOptions& options, std::size_t made_before,
                     std::size_t wanted, std::chrono::duration<double> elapsed) {
    if (options.on_batch) {
      options.on_batch(ensemble);
    }
    if (!options.on_progress) {
      return;
    }
    ToyProgress progress;
    progress.made = ensemble.tested.made() + ensemble.alternative.made();
    progress.wanted = wanted;
    progress.failed = ensemble.tested.failed.size() + ensemble.alternative.failed.size();
    progress.elapsed = elapsed;
    const std::size_t made_now = progress.made - made_before;
    if (made_now > 0) {
      progress.remaining =
          elapsed * (static_cast<double>(progress.wanted - progress.made) / static_cast<double>(made_now));
    }
    options.on_progress(progress);
  }

  InferenceOptions options_;
  Profile<AnyModel, Optimizer> on_data_;
  /// Without minima, for the fits to toys.
  Profile<AnyModel, Optimizer> on_toys_;
  std::map<std::string, std::string> settings_;
};

} // namespace muhat
