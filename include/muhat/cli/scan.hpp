#pragma once

/// `muhat scan`: CLs along the parameter of interest, or the profile of -2 log L
/// along one parameter or two.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/inference/scan.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/scans.hpp>

#include <CLI/CLI.hpp>

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
  const Vector data = observed_data(loaded.workspace, loaded.model);
  const ChosenOptimizer optimizer = make_optimizer(options.optimizer);
  const ThreadExecutor executor(options.threads);
  if (!axes.empty()) {
    const ProfileScan scan =
        profile_scan(loaded.model, data, std::move(axes), FitOptions{}, optimizer, executor);
    print_warnings(context, "scan", scan.best_fit.warnings);
    write_result(context, options.output, profile_scan_json(loaded.model, scan));
    return ExitCode::success;
  }
  const TestStatistic statistic = test_statistic_from(options.statistic);
  const auto points =
      cls_scan(loaded.model, data, grid, InferenceOptions{.test_statistic = statistic}, optimizer, executor);
  write_result(context, options.output, cls_scan_json(loaded.model.poi_name(), statistic, points));
  return ExitCode::success;
}

inline void add_scan_command(CLI::App& app, Selection& selection) {
  add_command<ScanOptions>(
      app, selection,
      {"scan", "CLs along the parameter of interest, or profiles of -2 log L",
       "muhat scan --scan 0:5:51 workspace.json"},
      [](CLI::App& command, ScanOptions& options) {
        add_model_options(command, options.model);
        command.add_option("--scan", options.grid, "FIRST:LAST:POINTS of the parameter of interest, for CLs");
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
