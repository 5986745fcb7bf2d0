#pragma once

/// What is measured: generated models of several sizes, and with MUHAT_ZOO the published likelihoods in
/// the folders of that directory (each a `workspace.json`).

#include <support/model_generator.hpp>

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/model/signal_hypothesis.hpp>
#include <muhat/spec/specification.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace muhat::benchmark {

struct Subject {
  std::string name;
  /// The workspace as JSON text.
  std::string text;
  Model model;
  Vector data;
  /// The samples that the parameter of interest scales.
  SignalHypothesis signal;
};

/// Generated models of three sizes, then the zoo, sorted by name.
[[nodiscard]] std::vector<Subject> make_subjects();

/// The JSON text of a generated model's workspace.
[[nodiscard]] std::string workspace_text(const GeneratedModel& generated);

/// Bytes of constants that one sweep over a model reads.
[[nodiscard]] inline std::size_t bundle_bytes(const Model& model) {
  return std::apply([](const auto&... staged) { return (staged.bundle.bytes() + ...); },
                    model.tables().bundles);
}

} // namespace muhat::benchmark
