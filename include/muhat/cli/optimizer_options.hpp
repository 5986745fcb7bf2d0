#pragma once

/// `--optimizer` and `--optconf`: which optimizer a command fits with. The
/// third-party ones are there where the tool is linked with their adapters.

#include <muhat/cli/arguments.hpp>
#include <muhat/cli/command.hpp>
#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/fit/default_optimizer.hpp>
#include <muhat/fit/fit_options.hpp>
#include <muhat/fit/fitter.hpp>
#include <muhat/fit/metric_factor.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/fit/optimizer_options.hpp>
#include <muhat/fit/trust_region.hpp>
#include <muhat/model/model.hpp>

#ifdef MUHAT_HAS_LBFGSPP
#include <muhat/adapters/lbfgspp.hpp>
#endif
#ifdef MUHAT_HAS_NLOPT
#include <muhat/adapters/nlopt.hpp>
#endif

#include <CLI/CLI.hpp>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace muhat::cli {

/// The optimizers of this build.
inline std::vector<std::string> optimizer_names() {
  std::vector<std::string> names{"default", "trust-region"};
#ifdef MUHAT_HAS_LBFGSPP
  names.emplace_back("lbfgspp");
#endif
#ifdef MUHAT_HAS_NLOPT
  names.emplace_back("slsqp");
#endif
  return names;
}

/// `--optimizer` and `--optconf` as typed.
struct OptimizerChoice {
  std::string name = "default";
  std::vector<std::string> settings;
};

inline void add_optimizer_options(CLI::App& command, OptimizerChoice& choice) {
  command.add_option("--optimizer", choice.name, "The optimizer")
      ->check(CLI::IsMember(optimizer_names()))
      ->capture_default_str();
  add_repeatable(
      command, "--optconf", choice.settings,
      "A setting KEY=VALUE of the optimizer: maxiter (an integer) or tolerance (on the projected gradient "
      "of -2 log L), or of all fits: starts (an integer: minima are looked for from as many points), explore "
      "(on, as by default, or off: whether lower minima are looked for around those found); may be given "
      "several times");
}

/// What `--optconf` sets, of one minimization and of all.
struct OptimizerSettings {
  OptimizerOptions minimization = {};
  int starts = 1;
  bool explore = true;
};

/// An integer of at least 1. Throws InvalidArgument.
inline int parse_count(const std::string& option, const std::string& value) {
  const int count = parse_number<int>(option, value);
  if (count < 1) {
    throw InvalidArgument(option + ": expected at least 1, found \"" + value + "\"");
  }
  return count;
}

/// Throws InvalidArgument for an unknown key or an unusable value.
inline OptimizerSettings parse_optimizer_settings(const std::vector<std::string>& settings) {
  constexpr std::array<std::string_view, 4> keys{"explore", "maxiter", "starts", "tolerance"};
  OptimizerSettings result;
  OptimizerOptions& options = result.minimization;
  for (const std::string& text : settings) {
    const auto [key, value] = parse_assignment("--optconf", text, "KEY=VALUE");
    if (key == "explore") {
      if (value != "on" && value != "off") {
        throw InvalidArgument("--optconf explore: expected on or off, found \"" + value + "\"");
      }
      result.explore = value == "on";
    } else if (key == "maxiter") {
      options.max_iterations = parse_count("--optconf maxiter", value);
    } else if (key == "starts") {
      result.starts = parse_count("--optconf starts", value);
    } else if (key == "tolerance") {
      options.tolerance = parse_number("--optconf tolerance", value);
      if (!(options.tolerance > 0.0)) {
        throw InvalidArgument("--optconf tolerance: expected a number above 0, found \"" + value + "\"");
      }
    } else {
      throw InvalidArgument("--optconf: " + unknown_name_message("setting", key, keys));
    }
  }
  return result;
}

/// The fits that were asked for. Throws InvalidArgument for an unknown setting or an unusable value.
inline FitOptions fit_options(const OptimizerChoice& choice) {
  const OptimizerSettings settings = parse_optimizer_settings(choice.settings);
  return {.starts = settings.starts, .explore = settings.explore};
}

/// An optimizer chosen at run time, for the likelihoods of the tool. Calls through it cost nothing
/// beside a minimization, and the library's templates are compiled once for all optimizers. Scratch
/// and prepared metrics reach the default optimizer, the others have no use for them.
class ChosenOptimizer {
public:
  using Evaluator = typename Fitter<Model>::Evaluator;
  using Workspace = DefaultOptimizer::Workspace;

  template <OptimizerFor<Evaluator> Optimizer>
  explicit ChosenOptimizer(Optimizer optimizer)
      : minimize_([optimizer = std::move(optimizer)](Evaluator& evaluator, const Vector& start,
                                                     const Box& box, Workspace& workspace,
                                                     const MetricFactor* prepared) {
          if constexpr (std::is_same_v<Optimizer, DefaultOptimizer>) {
            return optimizer.minimize(evaluator, start, box, workspace, prepared);
          } else {
            return optimizer.minimize(evaluator, start, box);
          }
        }) {}

  [[nodiscard]] OptimizerResult minimize(Evaluator& evaluator, const Vector& start, const Box& box) const {
    Workspace workspace;
    return minimize(evaluator, start, box, workspace);
  }

  [[nodiscard]] OptimizerResult minimize(Evaluator& evaluator, const Vector& start, const Box& box,
                                         Workspace& workspace, const MetricFactor* prepared = nullptr) const {
    return minimize_(evaluator, start, box, workspace, prepared);
  }

private:
  std::function<OptimizerResult(Evaluator&, const Vector&, const Box&, Workspace&, const MetricFactor*)>
      minimize_;
};

/// The optimizer that was chosen. Throws InvalidArgument for an unknown setting or an unusable value.
inline ChosenOptimizer make_optimizer(const OptimizerChoice& choice) {
  const OptimizerOptions options = parse_optimizer_settings(choice.settings).minimization;
  if (choice.name == "trust-region") {
    return ChosenOptimizer(TrustRegionOptimizer{options});
  }
#ifdef MUHAT_HAS_LBFGSPP
  if (choice.name == "lbfgspp") {
    return ChosenOptimizer(LbfgsppOptimizer{options});
  }
#endif
#ifdef MUHAT_HAS_NLOPT
  if (choice.name == "slsqp") {
    return ChosenOptimizer(SlsqpOptimizer{options});
  }
#endif
  return ChosenOptimizer(DefaultOptimizer{options});
}

} // namespace muhat::cli
