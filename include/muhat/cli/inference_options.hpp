#pragma once

/// Options that several commands of inference share: statistics, grids, toys, limits.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/interruption.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/progress.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/inference/failed_toys.hpp>
#include <muhat/inference/limit_curves.hpp>
#include <muhat/inference/scan_control.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/model/model.hpp>
#include <muhat/spec/json_object.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat::cli {

/// `--calctype`'s values.
inline constexpr const char* asymptotic_calculator = "asymptotics";
inline constexpr const char* toy_calculator = "toybased";

/// What a command does with a test statistic: test a value of the parameter of interest, 0 included, or find
/// limits, which q0 sets none.
enum class StatisticUse { test, limit };

/// `--test-stat`.
inline void add_statistic_option(CLI::App& command, std::string& statistic, StatisticUse use) {
  std::vector<std::string> names{"t", "ttilde", "q", "qtilde"};
  if (use == StatisticUse::test) {
    names.emplace_back("q0");
  }
  command.add_option("--test-stat", statistic, "The test statistic")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
}

/// `--test-poi`.
inline void add_tested_value_option(CLI::App& command, double& mu) {
  add_number(command, "--test-poi", mu, "The tested value of the parameter of interest; q0 always tests 0");
}

/// Which model of a workspace is fitted, and how: what two runs on the same workspace may differ in, whatever
/// they compute.
inline nlohmann::json fit_settings(const ModelArguments& model, const OptimizerChoice& optimizer) {
  return json_object({{"measurement", model.measurement},
                      {"interpcode", model.interpolation_codes},
                      {"optimizer", optimizer.name},
                      {"optconf", optimizer.settings}});
}

/// What `check` of a document from `source` returns. An InvalidArgument that it throws names the source.
template <class Check>
auto name_source(const std::string& source, Check check) {
  try {
    return check();
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(source_name(source) + ": " + error.what());
  }
}

/// How many toys, from which random numbers, on how many threads.
struct ToyArguments {
  std::size_t ntoys = 2000;
  std::uint64_t seed = 0;
  std::size_t threads = 0;
};

inline void add_toy_options(CLI::App& command, ToyArguments& toys) {
  add_number(command, "--ntoys", toys.ntoys, "Toys of each hypothesis")
      ->check(CLI::Range(std::size_t{1}, std::numeric_limits<std::size_t>::max() / 4));
  add_number(command, "--seed", toys.seed, "Seed of the toys: equal seeds give equal toys");
  add_threads_option(command, toys.threads);
}

/// `--calctype`, and the options of toys.
inline void add_calculator_options(CLI::App& command, std::string& calculator, ToyArguments& toys) {
  command.add_option("--calctype", calculator, "How p-values are calculated")
      ->check(CLI::IsMember({asymptotic_calculator, toy_calculator}))
      ->capture_default_str();
  add_toy_options(command, toys);
}

/// Which limits, and how well.
struct LimitArguments {
  double level = 0.05;
  double relative_tolerance = 1e-4;
  bool widen_bounds = false;
};

inline void add_limit_options(CLI::App& command, LimitArguments& limit) {
  add_number(command, "--level", limit.level, "The CLs at the limit: 0.05 for 95 % confidence");
  add_number(command, "--rtol", limit.relative_tolerance, "Relative tolerance of limits found by search");
  command.add_flag("--widen-bounds", limit.widen_bounds,
                   "Raise the upper bound of the parameter of interest where the limit lies beyond it");
}

/// The library's options for these arguments.
inline UpperLimitOptions limit_options(const LimitArguments& limit) {
  return {.level = limit.level,
          .relative_tolerance = limit.relative_tolerance,
          .widen_bounds = limit.widen_bounds};
}

/// Warnings, one a line, as messages of a command.
inline void print_warnings(Context& context, std::string_view command,
                           const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    context.err << "muhat " << command << ": warning: " << warning << '\n';
  }
}

/// The library's options for these arguments.
inline InferenceOptions inference_options(const std::string& statistic, const OptimizerChoice& optimizer) {
  return {.test_statistic = test_statistic_from(statistic), .fit = fit_options(optimizer)};
}

/// The warning of a test statistic that does not suit the bounds of the parameter of interest, where results
/// have no place for it.
inline void warn_of_bounds(Context& context, std::string_view command, const InferenceOptions& options,
                           const Model& model) {
  const FitSetup setup = make_setup(model, options.fit);
  const Index poi = find_poi(model, options.poi);
  const std::string unsuitable =
      check_poi_bounds(options.test_statistic, model.poi_name(), setup.bounds.lower[poi]);
  if (!unsuitable.empty()) {
    print_warnings(context, command, {unsuitable});
  }
}

/// The warnings of finished toys: of those that failed, and of a best fit to the data at the upper bound of
/// the parameter of interest.
inline void warn_of_toys(Context& context, std::string_view command, const ToyEnsemble& ensemble,
                         const InferenceOptions& options, const Model& model, double best_fit) {
  const double upper = make_setup(model, options.fit).bounds.upper[find_poi(model, options.poi)];
  for (const std::string& warning :
       {poi_at_bound_warning(options.test_statistic, ensemble.poi, best_fit, upper),
        failed_toys_warning(ensemble)}) {
    if (!warning.empty()) {
      print_warnings(context, command, {warning});
    }
  }
}

/// FIRST:LAST:POINTS as equally spaced numbers, both ends exact. Throws InvalidArgument.
inline std::vector<double> parse_grid(std::string_view option, std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) {
    throw InvalidArgument(std::string(option) + ": expected FIRST:LAST:POINTS, such as 0:5:51, found \"" +
                          std::string(text) + "\"");
  }
  const double low = parse_number(option, text.substr(0, first));
  const double high = parse_number(option, text.substr(first + 1, second - first - 1));
  const auto points = parse_number<std::size_t>(option, text.substr(second + 1));
  if (!(low < high) || points < 2 || points > most_scan_points) {
    throw InvalidArgument(std::string(option) + ": expected FIRST below LAST and 2 to " +
                          std::to_string(most_scan_points) + " POINTS, found \"" + std::string(text) + "\"");
  }
  std::vector<double> grid(points);
  const double step = (high - low) / static_cast<double>(points - 1);
  for (std::size_t i = 0; i < points; ++i) {
    grid[i] = low + static_cast<double>(i) * step;
  }
  grid.back() = high;
  return grid;
}

/// Where a result holds no observed p-value, says why and fails.
inline ExitCode report_missing_p_values(Context& context, std::string_view command,
                                        const nlohmann::json& result) {
  const auto reason = result.find("reason");
  if (reason == result.end()) {
    return ExitCode::success;
  }
  context.err << "muhat " << command << ": no observed p-value: " << reason->get<std::string>() << '\n';
  return ExitCode::computation_failed;
}

/// `run(options)` with progress on standard error; Ctrl-C ends the run with the toys made so far and sets
/// `interrupted`.
template <class Run>
auto run_with_progress(ToyOptions options, Context& context, bool& interrupted, Run run) {
  const Interruption interruption(context);
  ProgressReporter reporter(context, "toys");
  options.cancel = &interruption.requested();
  options.on_progress = [&](const ToyProgress& progress) {
    reporter({progress.made, progress.wanted, progress.elapsed, progress.remaining});
  };
  auto result = run(options);
  interrupted = interruption.requested().load();
  return result;
}

/// Makes toys with progress, as `run_with_progress` does. Throws as ToyCalculator::run.
template <class Optimizer>
ToyEnsemble make_toys(ToyCalculator<Model, Optimizer>& calculator, double mu, const ToyOptions& options,
                      std::size_t threads, std::optional<ToyEnsemble> previous, Context& context,
                      bool& interrupted) {
  ToyEnsemble start = previous ? std::move(*previous) : calculator.prepare(mu, options.seed);
  return run_with_progress(options, context, interrupted, [&](const ToyOptions& watched) {
    return calculator.run(mu, watched, ThreadExecutor(threads), std::move(start));
  });
}

} // namespace muhat::cli
