#pragma once

/// `muhat scan`: CLs along the parameter of interest, or the profile of -2 log L
/// along one parameter or two.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/interruption.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/cli/progress.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/inference/cls_scan.hpp>
#include <muhat/inference/profile_scan.hpp>
#include <muhat/inference/scan_control.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/scans.hpp>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

struct ScanOptions {
  ModelArguments model;
  OptimizerChoice optimizer;
  OutputOptions output;
  std::string statistic = "qtilde";
  std::string grid;
  std::vector<std::string> profiles;
  std::size_t threads = 0;
};

/// `NAME=FIRST:LAST:POINTS` texts as axes. Throws InvalidArgument.
inline std::vector<ScanAxis> parse_axes(const std::vector<std::string>& texts) {
  std::vector<ScanAxis> axes;
  for (const std::string& text : texts) {
    const auto [name, grid] = parse_assignment("--profile", text, "NAME=FIRST:LAST:POINTS");
    axes.push_back({name, parse_grid("--profile " + name, grid)});
  }
  return axes;
}

namespace detail {

/// `run(control)` with progress on standard error; Ctrl-C ends it with the points done so far and sets
/// `interrupted`.
template <class Run>
auto scan_with_progress(std::size_t wanted, Context& context, bool& interrupted, Run run) {
  using Clock = std::chrono::steady_clock;
  const Interruption interruption(context);
  ProgressReporter reporter(context, "points");
  const Clock::time_point started = Clock::now();
  Clock::time_point next = started;
  ScanControl control{.cancel = &interruption.requested()};
  control.on_point = [&](std::size_t done) {
    constexpr std::chrono::milliseconds interval{100};
    const Clock::time_point now = Clock::now();
    if (now >= next || done == wanted) {
      reporter(progress_at(done, wanted, 0, now - started));
      next = now + interval;
    }
  };
  auto result = run(control);
  interrupted = interruption.requested().load();
  return result;
}

inline nlohmann::json profile_result(const ScanOptions& options, std::vector<ScanAxis> axes,
                                     const LoadedModel& loaded, Context& context, bool& interrupted) {
  const Vector data = observed_data(loaded.workspace, loaded.model);
  std::size_t wanted = 1;
  for (const ScanAxis& axis : axes) {
    wanted *= axis.values.size();
  }
  const ProfileScan scan = scan_with_progress(wanted, context, interrupted, [&](const ScanControl& control) {
    return profile_scan(loaded.model, data, std::move(axes), fit_options(options.optimizer),
                        make_optimizer(options.optimizer), ThreadExecutor(options.threads), control);
  });
  print_warnings(context, "scan", scan.best_fit.warnings);
  return profile_scan_json(loaded.model, scan);
}

inline nlohmann::json cls_result(const ScanOptions& options, const std::vector<double>& grid,
                                 const LoadedModel& loaded, Context& context, bool& interrupted) {
  const Vector data = observed_data(loaded.workspace, loaded.model);
  const InferenceOptions inference = inference_options(options.statistic, options.optimizer);
  warn_of_bounds(context, "scan", inference, loaded.model);
  const auto points = scan_with_progress(grid.size(), context, interrupted, [&](const ScanControl& control) {
    return cls_scan(loaded.model, data, grid, inference, make_optimizer(options.optimizer),
                    ThreadExecutor(options.threads), control);
  });
  return cls_scan_json(loaded.model.poi_name(), inference.test_statistic, points);
}

/// Says how many points have warnings, and gives the first.
inline void report_point_warnings(Context& context, const nlohmann::json& points) {
  const auto has_warnings = [](const nlohmann::json& point) { return point.contains("warnings"); };
  const auto first = std::find_if(points.begin(), points.end(), has_warnings);
  if (first != points.end()) {
    print_warnings(context, "scan",
                   {std::to_string(std::count_if(first, points.end(), has_warnings)) + " of " +
                    std::to_string(points.size()) +
                    " points have warnings, such as: " + first->at("warnings").front().get<std::string>()});
  }
}

} // namespace detail

/// Prints every point. Those without certified fits, and after Ctrl-C those without a result yet, are null,
/// and the exit code is 1.
inline ExitCode run_scan(const ScanOptions& options, Context& context) {
  check_output(options.output);
  if (options.grid.empty() == options.profiles.empty()) {
    throw InvalidArgument("give either --scan FIRST:LAST:POINTS for CLs, or --profile NAME=FIRST:LAST:POINTS "
                          "once or twice");
  }
  const std::vector<double> grid =
      options.grid.empty() ? std::vector<double>{} : parse_grid("--scan", options.grid);
  std::vector<ScanAxis> axes = parse_axes(options.profiles);
  const LoadedModel loaded = load_model(options.model, context);
  bool interrupted = false;
  const nlohmann::json result =
      axes.empty() ? detail::cls_result(options, grid, loaded, context, interrupted)
                   : detail::profile_result(options, std::move(axes), loaded, context, interrupted);
  const nlohmann::json& points = result.at("points");
  detail::report_point_warnings(context, points);
  write_result(context, options.output, result);
  if (interrupted) {
    context.err << "muhat scan: interrupted; points without a result are null, \"reason\" says why\n";
    return ExitCode::computation_failed;
  }
  const auto failed = std::count_if(points.begin(), points.end(),
                                    [](const nlohmann::json& point) { return point.contains("reason"); });
  if (failed > 0) {
    context.err << "muhat scan: " << failed << " of " << points.size()
                << " points have no certified fit and are null; \"reason\" says why\n";
    return ExitCode::computation_failed;
  }
  return ExitCode::success;
}

inline void add_scan_command(CLI::App& app, Selection& selection) {
  add_command<ScanOptions>(
      app, selection,
      {"scan", "CLs along the parameter of interest, or profiles of -2 log L",
       "muhat scan --scan 0:5:51 workspace.json"},
      [](CLI::App& command, ScanOptions& options) {
        add_model_options(command, options.model);
        add_text(command, "--scan", options.grid, "FIRST:LAST:POINTS of the parameter of interest, for CLs");
        add_statistic_option(command, options.statistic, StatisticUse::limit);
        add_repeatable(command, "--profile", options.profiles,
                       "NAME=FIRST:LAST:POINTS: profile -2 log L along this parameter; twice for a plane");
        add_threads_option(command, options.threads);
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
      },
      run_scan);
}

} // namespace muhat::cli
