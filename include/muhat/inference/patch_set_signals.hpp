#pragma once

/// The signals of a patch set as a signal grid takes them: the background is read and checked once, a patch
/// of the usual kind costs its own samples.
///
///     const auto signals = muhat::patch_set_signals(background, patches);
///     const auto points = muhat::signal_grid(signals.names(), signals, {.limits = true});

#include <muhat/inference/signal_grid.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/workspace/patch_set.hpp>
#include <muhat/workspace/patched_specification.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Called with k, gives the model of patch k on the background, with the observed data. Immutable; copies
/// share background and patches, and several threads may call it.
template <class Json>
class PatchSetSignals {
public:
  PatchSetSignals(BasicWorkspace<Json> background, BasicPatchSet<Json> patches, ModelOptions options)
      : background_(std::move(background)), patches_(std::move(patches)), options_(std::move(options)) {}

  /// The patches' names, in their order.
  [[nodiscard]] std::vector<std::string> names() const { return names_of(patches_.patches()); }

  /// Throws PatchError, SpecificationError and what `build_model` and `observed_data` do.
  [[nodiscard]] SignalCase<Model> operator()(std::size_t k) const {
    const auto& patch = patches_.patches()[k];
    const PatchedSpecification patched =
        patched_specification(background_, patch.operations, "patch \"" + patch.name + "\"");
    Model model = build_model(patched, options_);
    Vector data = observed_data(patched, model);
    return {std::move(model), std::move(data)};
  }

private:
  BasicWorkspace<Json> background_;
  BasicPatchSet<Json> patches_;
  ModelOptions options_;
};

/// The signals of `patches` on the background-only workspace that they are for. Throws PatchSetMismatch where
/// the digests say that it is another one.
template <class Json>
[[nodiscard]] PatchSetSignals<Json>
patch_set_signals(BasicWorkspace<Json> background, BasicPatchSet<Json> patches, ModelOptions options = {}) {
  patches.verify(background);
  return PatchSetSignals<Json>(std::move(background), std::move(patches), std::move(options));
}

} // namespace muhat
