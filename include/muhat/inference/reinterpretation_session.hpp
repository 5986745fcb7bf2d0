#pragma once

/// Published likelihoods by name, for codes that ask about signal after signal:
///
///     muhat::ReinterpretationSession session;
///     session.read("staus", "BkgOnly.json", {.patch_set = "patchset.json"});          // once
///     const auto result = session.try_evaluate("staus", {{"SR", {1.2, 0.7}}});        // from any thread
///     if (result.ok()) { use(result.delta_log_likelihood, *result.cls_observed); }
///
/// `read`, `add` and `evaluate` throw muhat's typed errors; `try_read` and `try_evaluate` never
/// throw and say the same in a status and a message, so that no exception need cross the border of a library.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/inference/reinterpretation.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/patch_set.hpp>
#include <muhat/workspace/prune.hpp>
#include <muhat/workspace/workspace.hpp>

#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// How to make a likelihood of a workspace, meant for designated initializers.
struct LikelihoodOptions {
  /// The patch set whose patch adds the signal template to a background-only workspace; empty for a workspace
  /// that has a signal.
  std::filesystem::path patch_set = {};
  /// The patch that serves as template, by name; empty for the first.
  std::string patch = {};
  /// Regions to include; empty for all. The likelihood is built without the others.
  std::vector<std::string> regions = {};
  /// The sample to replace; empty for the one that the parameter of interest scales in each region.
  std::string signal_sample = {};
  /// Measurement, interpolation and clipping.
  ModelOptions model = {};
  /// Test statistic, parameter of interest and fits.
  InferenceOptions inference = {};
};

/// How a call that returns nothing else has ended.
struct SessionOutcome {
  EvaluationStatus status = EvaluationStatus::ok;
  /// What went wrong, and what to do; empty where nothing did.
  std::string message = {};

  [[nodiscard]] bool ok() const noexcept { return status == EvaluationStatus::ok; }
};

namespace detail {

/// A result without numbers; also without a message where there is no memory for one.
template <class Result>
[[nodiscard]] Result failed(EvaluationStatus status, const char* message) noexcept {
  Result result;
  result.status = status;
  try {
    result.message = message;
  } catch (...) {
    result.message.clear();
  }
  return result;
}

/// What `work()` returns; for what it throws, a result that says so.
template <class Result, class Work>
[[nodiscard]] Result without_exceptions(const Work& work) noexcept {
  try {
    return work();
  } catch (const UnknownName& error) {
    return failed<Result>(EvaluationStatus::unknown_name, error.what());
  } catch (const InputError& error) {
    return failed<Result>(EvaluationStatus::invalid_input, error.what());
  } catch (const ComputationError& error) {
    return failed<Result>(EvaluationStatus::computation_failed, error.what());
  } catch (const std::exception& error) {
    return failed<Result>(EvaluationStatus::internal_error, error.what());
  } catch (...) {
    return failed<Result>(EvaluationStatus::internal_error, "an exception of unknown type");
  }
}

/// The workspace without the regions that are not wanted. Throws UnknownName.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> with_regions(BasicWorkspace<Json> workspace,
                                                const std::vector<std::string>& wanted) {
  const std::vector<std::string> all = workspace.channel_names();
  require_known("region", wanted, all);
  PruneOptions others;
  for (const std::string& name : all) {
    if (!contains(wanted, name)) {
      others.channels.push_back(name);
    }
  }
  return wanted.empty() || others.channels.empty() ? workspace : prune(std::move(workspace), others);
}

/// The workspace with the signal template in it.
template <class Json>
[[nodiscard]] BasicWorkspace<Json> with_template(BasicWorkspace<Json> workspace,
                                                 const LikelihoodOptions& options) {
  if (options.patch_set.empty()) {
    if (!options.patch.empty()) {
      throw InvalidArgument("the patch " + in_quotes(options.patch) + " needs the patch set that holds it");
    }
    return workspace;
  }
  const auto patches = load_patch_set<Json>(options.patch_set);
  return patches.apply(std::move(workspace),
                       options.patch.empty() ? patches.patches().front().name : options.patch);
}

} // namespace detail

/// A likelihood whose signal can be replaced, from a workspace. Throws UnknownName for a region, patch,
/// measurement or sample that is not there, and what patch sets, models and Reinterpretation throw.
template <class Json>
[[nodiscard]] Reinterpretation<> make_reinterpretation(BasicWorkspace<Json> workspace,
                                                       const LikelihoodOptions& options = {}) {
  workspace = detail::with_regions(detail::with_template(std::move(workspace), options), options.regions);
  Model model = build_model(workspace, options.model);
  Vector data = observed_data(workspace, model);
  return Reinterpretation<>(std::move(model), std::move(data), options.inference, options.signal_sample);
}

/// Likelihoods by name. Reading and adding need the session for themselves; once
/// done, any number of threads may evaluate. `Json`: of the workspaces that it reads.
template <class Json = nlohmann::json>
class BasicReinterpretationSession {
public:
  /// Reads a workspace file under a name of its own, which must be new. Throws as `load_workspace` and
  /// `make_reinterpretation`, and InvalidArgument for a name that is taken.
  void read(const std::string& name, const std::filesystem::path& workspace,
            const LikelihoodOptions& options = {}) {
    require_new(name);
    add(name, make_reinterpretation(load_workspace<Json>(workspace), options));
  }

  /// Adds a likelihood made elsewhere: from a workspace (`make_reinterpretation`), or from a model and its
  /// data. Throws InvalidArgument for a name that is taken.
  void add(const std::string& name, Reinterpretation<> likelihood) {
    require_new(name);
    likelihoods_.emplace(name, std::move(likelihood));
  }

  [[nodiscard]] SessionOutcome try_read(const std::string& name, const std::filesystem::path& workspace,
                                        const LikelihoodOptions& options = {}) noexcept {
    return detail::without_exceptions<SessionOutcome>([&] {
      read(name, workspace, options);
      return SessionOutcome{};
    });
  }

  /// Sorted.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, likelihood] : likelihoods_) {
      names.push_back(name);
    }
    return names;
  }

  [[nodiscard]] bool contains(const std::string& name) const {
    return likelihoods_.find(name) != likelihoods_.end();
  }

  /// The likelihood of that name, with its regions and their signal samples. Throws UnknownName.
  [[nodiscard]] const Reinterpretation<>& likelihood(const std::string& name) const {
    const auto found = likelihoods_.find(name);
    if (found == likelihoods_.end()) {
      throw UnknownName(unknown_name_message("likelihood", name, names()));
    }
    return found->second;
  }

  /// Tests a signal; regions that are not mentioned get none. Throws as `likelihood` and
  /// `Reinterpretation::evaluate`.
  [[nodiscard]] SignalEvaluation evaluate(const std::string& name, const SignalYields& yields,
                                          const EvaluationOptions& options = {}) const {
    return likelihood(name).evaluate(yields, options);
  }

  [[nodiscard]] SignalEvaluation try_evaluate(const std::string& name, const SignalYields& yields,
                                              const EvaluationOptions& options = {}) const noexcept {
    return detail::without_exceptions<SignalEvaluation>([&] { return evaluate(name, yields, options); });
  }

private:
  void require_new(const std::string& name) const {
    if (contains(name)) {
      throw InvalidArgument("there is a likelihood named " + in_quotes(name) +
                            " already; read the second under another name");
    }
  }

  std::map<std::string, Reinterpretation<>> likelihoods_;
};

using ReinterpretationSession = BasicReinterpretationSession<>;

} // namespace muhat
