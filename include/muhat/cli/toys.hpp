#pragma once

/// `muhat toys`: pseudo-experiments, kept in a file that can be continued and
/// merged; `muhat merge`: several such files into one.

#include <muhat/cli/command.hpp>
#include <muhat/cli/context.hpp>
#include <muhat/cli/inference_options.hpp>
#include <muhat/cli/input.hpp>
#include <muhat/cli/model_options.hpp>
#include <muhat/cli/optimizer_options.hpp>
#include <muhat/cli/output.hpp>
#include <muhat/inference/toy_calculator.hpp>
#include <muhat/inference/toys.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/report/toys.hpp>
#include <muhat/workspace/digest.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat::cli {

struct ToysOptions {
  ModelArguments model;
  OptimizerChoice optimizer;
  OutputOptions output;
  ToyArguments toys;
  double tested_mu = 1.0;
  std::string statistic = "qtilde";
  std::uint64_t first = 0;
  /// File of toys to continue; empty to begin anew.
  std::string previous;
  bool seed_given = false;
  double cls_error = 0.0;
  /// In seconds; 0 for no limit.
  double time_budget = 0.0;
};

namespace detail {

inline ToyOptions toy_options(const ToysOptions& options, const std::optional<ToyEnsemble>& previous) {
  ToyOptions result{.ntoys = options.toys.ntoys,
                    .seed = previous && !options.seed_given ? previous->seed : options.toys.seed,
                    .first = options.first,
                    .cls_error = options.cls_error};
  if (options.time_budget > 0.0) {
    result.time_budget = std::chrono::duration<double>(options.time_budget);
  }
  return result;
}

/// What the file of toys says that they are made for besides data and model, so that others are not mixed
/// with them. The measurement goes by its name, also where it was not given.
inline std::map<std::string, std::string> toy_settings(const ToysOptions& options,
                                                       const LoadedModel& loaded) {
  ModelArguments model = options.model;
  model.measurement = loaded.workspace.measurement_names().at(loaded.measurement_index);
  std::map<std::string, std::string> result{
      {"workspace", json_digest(loaded.workspace.document(), DigestAlgorithm::sha256)}};
  const nlohmann::json settings = fit_settings(model, options.optimizer);
  for (const auto& [name, value] : settings.items()) {
    result[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return result;
}

/// The toys of `--continue`, none without it. Throws ReadError and SpecificationError.
inline std::optional<ToyEnsemble> read_previous_toys(const ToysOptions& options, Context& context) {
  if (options.previous.empty()) {
    return std::nullopt;
  }
  const nlohmann::json document = load_document(options.previous, context);
  return with_source(source_name(options.previous), [&] { return read_toy_ensemble(document); });
}

/// Saves an unfinished run now and then, so that one that is killed can be continued.
inline void save_now_and_then(const ToysOptions& options, ToyOptions& toys, Context& context) {
  InterimOutput interim("toys", options.output, context);
  if (!interim.wanted()) {
    return;
  }
  using Clock = std::chrono::steady_clock;
  toys.on_batch = [interim, last = Clock::now()](const ToyEnsemble& ensemble) mutable {
    constexpr std::chrono::seconds interval{2};
    if (Clock::now() - last >= interval) {
      interim.save(toy_ensemble_json(ensemble));
      last = Clock::now();
    }
  };
}

} // namespace detail

inline ExitCode run_toys(const ToysOptions& options, Context& context) {
  check_output(options.output);
  const LoadedModel loaded = load_model(options.model, context, options.previous);
  const Vector data = observed_data(loaded.workspace, loaded.model);
  std::optional<ToyEnsemble> previous = detail::read_previous_toys(options, context);
  ToyOptions toys = detail::toy_options(options, previous);
  detail::save_now_and_then(options, toys, context);
  bool interrupted = false;
  const InferenceOptions inference = inference_options(options.statistic, options.optimizer);
  ToyCalculator calculator(loaded.model, data, inference, make_optimizer(options.optimizer));
  warn_of_bounds(context, "toys", inference, loaded.model);
  for (const auto& [name, value] : detail::toy_settings(options, loaded)) {
    calculator.add_setting(name, value);
  }
  if (previous) {
    const ToyEnsemble wanted = calculator.prepare(options.tested_mu, toys.seed);
    name_source(options.previous, [&] { require_mergeable(*previous, wanted); });
  }
  const ToyEnsemble ensemble = make_toys(calculator, options.tested_mu, toys, options.toys.threads,
                                         std::move(previous), context, interrupted);
  const nlohmann::json result = toy_ensemble_json(ensemble);
  print_warnings(context, "toys", calculator.warnings());
  warn_of_toys(context, "toys", ensemble, inference, loaded.model, calculator.best_fit());
  write_result(context, options.output, result);
  if (interrupted) {
    context.err
        << "muhat toys: interrupted; the toys made so far are kept, and --continue goes on from them\n";
    return ExitCode::computation_failed;
  }
  return report_missing_p_values(context, "toys", result);
}

inline void add_toys_command(CLI::App& app, Selection& selection) {
  add_command<ToysOptions>(
      app, selection,
      {"toys", "Make pseudo-experiments: test statistics and p-values",
       "muhat toys --ntoys 5000 --seed 1 --output-file toys.json workspace.json"},
      [](CLI::App& command, ToysOptions& options) {
        add_model_options(command, options.model);
        add_tested_value_option(command, options.tested_mu);
        add_statistic_option(command, options.statistic, StatisticUse::test);
        add_toy_options(command, options.toys);
        command.get_option("--seed")->each([&options](const std::string&) { options.seed_given = true; });
        add_number(command, "--first", options.first,
                   "Number of the first toy: toys 5000 to 9999 complement the first 5000");
        add_text(command, "--continue", options.previous,
                 "A file that this command wrote for the same test: make only the toys it lacks");
        add_number(command, "--cls-error", options.cls_error,
                   "Stop once the observed CLs (p0 for q0) is known this well; 0 to make all toys")
            ->check(CLI::NonNegativeNumber);
        add_number(command, "--time-budget", options.time_budget,
                   "Stop after about this many seconds; 0 for no limit")
            ->check(CLI::NonNegativeNumber);
        add_optimizer_options(command, options.optimizer);
        add_output_options(command, options.output);
      },
      run_toys);
}

struct MergeOptions {
  std::vector<std::string> files;
  OutputOptions output;
};

inline ExitCode run_merge(const MergeOptions& options, Context& context) {
  check_output(options.output);
  require_one_standard_input(options.files);
  std::optional<ToyEnsemble> merged;
  for (const std::string& file : options.files) {
    const nlohmann::json document = load_document(file, context);
    ToyEnsemble part = with_source(source_name(file), [&] { return read_toy_ensemble(document); });
    name_source(file, [&] { merged = merged ? merge(std::move(*merged), part) : std::move(part); });
  }
  if (const std::string failed = failed_toys_warning(*merged); !failed.empty()) {
    print_warnings(context, "merge", {failed});
  }
  write_result(context, options.output, toy_ensemble_json(*merged));
  return ExitCode::success;
}

inline void add_merge_command(CLI::App& app, Selection& selection) {
  add_command<MergeOptions>(
      app, selection,
      {"merge", "Merge files of toys that were made in parts", "muhat merge first.json second.json"},
      [](CLI::App& command, MergeOptions& options) {
        command.add_option("FILE", options.files, "Files that `muhat toys` wrote for the same test and seed")
            ->required();
        add_output_options(command, options.output);
      },
      run_merge);
}

} // namespace muhat::cli
