#include <muhat/inference/patch_set_signals.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// Two signals for the two-bin workspace, the second of which does not fit.
PatchSet patches_for(const Workspace& background) {
  nlohmann::json document = nlohmann::json::parse(R"({
    "version": "1.0.0",
    "metadata": {"references": {"hepdata": "ins1234567"}, "digests": {}, "labels": ["mass"],
                 "description": "two signals"},
    "patches": [
      {"metadata": {"name": "light", "values": [100]},
       "patch": [{"op": "replace", "path": "/channels/0/samples/0/data", "value": [20.0, 1.5]}]},
      {"metadata": {"name": "broken", "values": [200]},
       "patch": [{"op": "replace", "path": "/channels/0/samples/7/data", "value": [2.0, 9.0]}]}]
  })");
  document["metadata"]["digests"]["sha256"] = digest(background);
  return PatchSet(document);
}

} // namespace

TEST_CASE("the signals of a patch set are tested on its background", "[patch_set_signals]") {
  const Workspace background(two_bin_document());
  const PatchSet patches = patches_for(background);
  const auto signals = patch_set_signals(background, patches);
  CHECK(signals.names() == std::vector<std::string>{"light", "broken"});
  const auto points =
      signal_grid(signals.names(), signals, {.limits = true}, DefaultOptimizer{}, ThreadExecutor(2));
  REQUIRE(points.size() == 2);
  const Workspace light = patches.apply(background, "light");
  const Model model = build_model(light);
  const Vector data = observed_data(light, model);
  CHECK(points[0].test->cls_observed == hypotest(model, data).cls_observed);
  CHECK(points[0].limit->observed.value == upper_limit(model, data).observed.value);
  CHECK(mentions(points[1].error, {"patch \"broken\"", "operation 0", "7"}));
}

TEST_CASE("a patch set for another background is refused", "[patch_set_signals]") {
  const PatchSet patches = patches_for(Workspace(two_bin_document()));
  CHECK_THROWS_AS(patch_set_signals(Workspace(every_modifier_document()), patches), PatchSetMismatch);
}

TEST_CASE("published signals have tests and limits, or a reason", "[patch_set_signals]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    if (!std::filesystem::exists(entry.directory / "patchset.json")) {
      continue;
    }
    CAPTURE(entry.name);
    const auto signals = patch_set_signals(load_workspace(entry.directory / "BkgOnly.json"),
                                           load_patch_set(entry.directory / "patchset.json"));
    std::vector<std::string> names = signals.names();
    names.resize(3);
    for (const SignalGridPoint& point : signal_grid(names, signals, {.limits = true})) {
      CAPTURE(point.name, point.error);
      REQUIRE(point.limit.has_value());
      for (std::size_t curve = 0; curve < 6; ++curve) {
        const Limit& limit = curve == 0 ? point.limit->observed : point.limit->expected[curve - 1];
        CHECK((limit.value.has_value() || !limit.reason.empty()));
      }
    }
  }
}
