#pragma once

/// `muhat signal-grid`: every signal of a patch set tested on its background-only
/// workspace, kept in a file that grows as the signals come and can be continued.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/interruption.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/cli/patchset.hpp>
#include <muhat/cli/progress.hpp>
#include <muhat/cli/surgery.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/inference/patch_set_signals.hpp>
#include <muhat/inference/signal_grid.hpp>
#include <muhat/report/signal_grid.hpp>
#include <muhat/workspace/digest.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

struct SignalGridCommandOptions {
  PatchSetOptions files;
  /// Its measurement and interpolation codes alone.
  ModelArguments model;
  OptimizerChoice optimizer;
  double tested_mu = 1.0;
  std::string statistic = "qtilde";
  bool limits = false;
  LimitArguments limit;
  std::size_t threads = 0;
  /// File of a grid to continue; empty to begin anew.
  std::string previous;
};

namespace detail {

/// What makes two runs parts of one: the files by their digests, and every option that a result depends on.
/// The measurement goes by its name, also where it was not given.
inline nlohmann::json signal_grid_settings(const SignalGridCommandOptions& options,
                                           const Workspace& background, const std::string& patches_digest) {
  ModelArguments model = options.model;
  model.measurement = background.measurement_names().at(measurement_index(background, model));
  nlohmann::json settings = fit_settings(model, options.optimizer);
  settings["background"] = json_digest(background.document(), DigestAlgorithm::sha256);
  settings["patch_set"] = patches_digest;
  settings["test_poi"] = options.tested_mu;
  settings["test_stat"] = options.statistic;
  settings["limits"] = options.limits;
  if (options.limits) {
    settings["level"] = options.limit.level;
    settings["rtol"] = options.limit.relative_tolerance;
    settings["widen_bounds"] = options.limit.widen_bounds;
  }
  return settings;
}

/// The points done so far, on their way to the file.
class SignalGridRecord {
public:
  using Clock = std::chrono::steady_clock;

  SignalGridRecord(const PatchSet& patches, nlohmann::json settings,
                   std::map<std::string, nlohmann::json> points, InterimOutput interim)
      : names_(names_of(patches.patches())), settings_(std::move(settings)), points_(std::move(points)),
        interim_(std::move(interim)) {
    for (const Patch& patch : patches) {
      values_[patch.name] = patch.metadata.at("values");
    }
  }

  [[nodiscard]] std::vector<std::string> done() const {
    std::vector<std::string> names;
    for (const auto& [name, point] : points_) {
      names.push_back(name);
    }
    return names;
  }

  [[nodiscard]] std::size_t count() const noexcept { return points_.size(); }
  [[nodiscard]] std::size_t wanted() const noexcept { return names_.size(); }

  /// The signals that could not be tested, in order.
  [[nodiscard]] std::vector<std::string> failed() const {
    return names_where([](const nlohmann::json& point) { return point.contains("reason"); });
  }

  /// The signals that were tested and have no observed limit, although limits were wanted.
  [[nodiscard]] std::vector<std::string> without_limit() const {
    return names_where([](const nlohmann::json& point) {
      const auto limit = point.find("upper_limit_obs");
      return limit != point.end() && limit->is_null();
    });
  }

  [[nodiscard]] nlohmann::json json() const { return signal_grid_json(settings_, names_, points_); }

  /// Saves the points so far, unless that would take more than a tenth of the time.
  void add(const SignalGridPoint& point) {
    points_[point.name] = signal_point_json(point, values_.at(point.name));
    constexpr int share = 10;
    if (interim_.wanted() && Clock::now() >= next_) {
      const Clock::time_point begin = Clock::now();
      interim_.save(json());
      const Clock::time_point end = Clock::now();
      next_ = end + share * (end - begin);
    }
  }

private:
  template <class Condition>
  [[nodiscard]] std::vector<std::string> names_where(Condition condition) const {
    std::vector<std::string> found;
    for (const std::string& name : names_) {
      if (const auto point = points_.find(name); point != points_.end() && condition(point->second)) {
        found.push_back(name);
      }
    }
    return found;
  }

  std::vector<std::string> names_;
  std::map<std::string, nlohmann::json> values_;
  nlohmann::json settings_;
  std::map<std::string, nlohmann::json> points_;
  InterimOutput interim_;
  Clock::time_point next_ = Clock::now();
};

/// The points of an earlier run. Throws as `read_signal_grid`, naming the file.
inline std::map<std::string, nlohmann::json> read_previous_grid(const std::string& source,
                                                                const nlohmann::json& settings,
                                                                const std::vector<std::string>& names,
                                                                Context& context) {
  const nlohmann::json document = load_document(source, context);
  return name_source(source, [&] {
    return with_source(source_name(source), [&] { return read_signal_grid(document, settings, names); });
  });
}

/// Tests what is missing, with progress on standard error; Ctrl-C ends the run with the signals done so far.
/// Returns whether it did.
inline bool test_signals(const SignalGridCommandOptions& options,
                         const PatchSetSignals<nlohmann::json>& signals, SignalGridRecord& record,
                         Context& context) {
  const Interruption interruption(context);
  ProgressReporter reporter(context, "signals");
  const auto started = SignalGridRecord::Clock::now();
  const std::size_t before = record.count();
  SignalGridOptions grid{.test = {.mu = options.tested_mu,
                                  .test_statistic = test_statistic_from(options.statistic),
                                  .fit = fit_options(options.optimizer)},
                         .limits = options.limits,
                         .limit = limit_options(options.limit),
                         .done = record.done()};
  grid.cancel = &interruption.requested();
  grid.on_point = [&](const SignalGridPoint& point) {
    record.add(point);
    reporter(progress_at(record.count(), record.wanted(), before, SignalGridRecord::Clock::now() - started));
  };
  (void)signal_grid(signals.names(), signals, grid, make_optimizer(options.optimizer),
                    ThreadExecutor(options.threads));
  return interruption.requested().load();
}

/// "2 of 6 signals (m100, m300)", the first ten of them by name.
inline std::string signals_text(const std::vector<std::string>& names, std::size_t of) {
  constexpr std::size_t most = 10;
  std::string list;
  for (std::size_t k = 0; k < std::min(most, names.size()); ++k) {
    list += (k > 0 ? ", " : "") + names[k];
  }
  return std::to_string(names.size()) + " of " + std::to_string(of) + " signals (" + list +
         (names.size() > most ? ", ..." : "") + ")";
}

/// Says which signals lack a test or an observed limit, and fails where any does.
inline ExitCode report_incomplete(const SignalGridCommandOptions& options, const SignalGridRecord& record,
                                  Context& context) {
  const std::vector<std::string> failed = record.failed();
  const std::vector<std::string> without_limit = record.without_limit();
  if (!failed.empty()) {
    context.err << "muhat signal-grid: " << signals_text(failed, record.wanted())
                << " could not be tested; \"reason\" says why\n";
  }
  if (!without_limit.empty()) {
    context.err << "muhat signal-grid: no observed limit for " << signals_text(without_limit, record.wanted())
                << "; \"reasons\" says why"
                << (options.limit.widen_bounds ? "" : ", --widen-bounds looks beyond the bounds") << '\n';
  }
  return failed.empty() && without_limit.empty() ? ExitCode::success : ExitCode::computation_failed;
}

} // namespace detail

/// Prints every signal, those that failed with their reason. Without all tests, and all observed limits where
/// limits are wanted, the exit code is 1. Throws PatchSetMismatch for another background,
/// InvalidArgument, ReadError and SpecificationError.
inline ExitCode run_signal_grid(const SignalGridCommandOptions& options, Context& context) {
  check_output(options.files.output);
  require_one_standard_input({options.files.background, options.files.patch_set, options.previous});
  if (options.limits) {
    UpperLimitOptions wanted = limit_options(options.limit);
    wanted.test_statistic = test_statistic_from(options.statistic);
    muhat::detail::check_limit_options(wanted);
  }
  const nlohmann::json document = load_exact_document(options.files.patch_set, context);
  const PatchSet patches =
      with_source(source_name(options.files.patch_set), [&] { return PatchSet(document); });
  const Workspace background = load_exact_workspace(options.files.background, context);
  if (!options.model.measurement.empty()) {
    (void)background.measurement(options.model.measurement);
  }
  const auto signals = patch_set_signals(
      background, patches,
      ModelOptions{.measurement = options.model.measurement,
                   .interpolation = parse_interpolation_codes(options.model.interpolation_codes)});
  const nlohmann::json settings =
      detail::signal_grid_settings(options, background, json_digest(document, DigestAlgorithm::sha256));
  std::map<std::string, nlohmann::json> previous;
  if (!options.previous.empty()) {
    previous = detail::read_previous_grid(options.previous, settings, signals.names(), context);
  }
  detail::SignalGridRecord record(patches, settings, std::move(previous),
                                  InterimOutput("signal-grid", options.files.output, context));
  const bool interrupted = detail::test_signals(options, signals, record, context);
  write_result(context, options.files.output, record.json());
  if (interrupted) {
    context.err << "muhat signal-grid: interrupted; the signals done so far are kept, and --continue goes on "
                   "from them\n";
    return ExitCode::computation_failed;
  }
  return detail::report_incomplete(options, record, context);
}

inline void add_signal_grid_command(CLI::App& app, Selection& selection) {
  add_command<SignalGridCommandOptions>(
      app, selection,
      {"signal-grid", "Test every signal of a patch set: CLs and limits",
       "muhat signal-grid --limits --output-file grid.json BkgOnly.json patchset.json"},
      [](CLI::App& command, SignalGridCommandOptions& options) {
        detail::add_patch_set_arguments(command, options.files, true);
        add_measurement_options(command, options.model);
        add_tested_value_option(command, options.tested_mu);
        add_statistic_option(command, options.statistic, StatisticUse::test);
        command.add_flag("--limits", options.limits, "Also find the upper limits, as upper-limit does");
        add_limit_options(command, options.limit);
        add_text(command, "--continue", options.previous,
                 "A file that this command wrote for the same files and options: test only the "
                 "signals it lacks");
        add_threads_option(command, options.threads);
        add_optimizer_options(command, options.optimizer);
      },
      run_signal_grid);
}

} // namespace muhat::cli
