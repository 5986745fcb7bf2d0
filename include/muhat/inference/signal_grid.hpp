#pragma once

/// Many signals tested against the same data: every patch of a patch set, or every point of a
/// parameter scan of a theory, to CLs and if wanted limits, on all cores.

#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/upper_limit.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// The outcome for one signal: the test, the limits, or what went wrong.
struct SignalGridPoint {
  std::string name = {};
  std::optional<HypotestResult> test = {};
  std::optional<UpperLimitResult> limit = {};
  /// Empty unless the signal could not be tested.
  std::string error = {};
};

/// Options of a signal grid, meant for designated initializers.
struct SignalGridOptions {
  HypotestOptions test = {};
  /// Also find the limits on the POI, with the test's statistic, POI and fit options.
  bool limits = false;
  UpperLimitOptions limit = {};
  /// Names that an earlier, interrupted run has done already.
  std::vector<std::string> done = {};
  /// Called for every point as it comes, one call at a time, from any thread: the place to write partial
  /// results.
  std::function<void(const SignalGridPoint&)> on_point = {};
  /// Set it to true, from any thread, to begin no further point.
  const std::atomic<bool>* cancel = nullptr;
};

/// A model with the data to test it on: main bins, then auxiliary data.
template <class AnyModel>
struct SignalCase {
  AnyModel model;
  Vector data;
};

/// Tests the signals called `names`. `make(k)` gives the SignalCase of signal k; it is called from several
/// threads at a time. Returns the points not done before, in the order of `names`; a signal that fails keeps
/// its error and stops none of the others; canceled ones are missing. Never throws but what `on_point` does.
template <class Make, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] std::vector<SignalGridPoint>
signal_grid(const std::vector<std::string>& names, const Make& make, const SignalGridOptions& options = {},
            const Optimizer& optimizer = Optimizer{}, const E& executor = E{}) {
  UpperLimitOptions limit = options.limit;
  limit.test_statistic = options.test.test_statistic;
  limit.poi = options.test.poi;
  limit.fit = options.test.fit;
  std::vector<std::size_t> wanted;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (std::find(options.done.begin(), options.done.end(), names[k]) == options.done.end()) {
      wanted.push_back(k);
    }
  }
  std::vector<std::optional<SignalGridPoint>> outcomes(wanted.size());
  std::mutex mutex;
  const auto examine = [&](std::size_t task) {
    SignalGridPoint point{.name = names[wanted[task]]};
    try {
      const auto signal = make(wanted[task]);
      point.test = hypotest(signal.model, signal.data, options.test, optimizer);
      if (options.limits) {
        point.limit = upper_limit(signal.model, signal.data, limit, optimizer);
      }
    } catch (const std::exception& error) {
      point.error = error.what();
    }
    if (options.on_point) {
      const std::lock_guard lock(mutex);
      options.on_point(point);
    }
    outcomes[task] = std::move(point);
  };
  parallel_for(
      executor, wanted.size(), [&] { return examine; }, options.cancel);
  std::vector<SignalGridPoint> points;
  for (std::optional<SignalGridPoint>& outcome : outcomes) {
    if (outcome) {
      points.push_back(std::move(*outcome));
    }
  }
  return points;
}

} // namespace muhat
