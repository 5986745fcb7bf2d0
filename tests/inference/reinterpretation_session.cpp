// Likelihoods by name: files, patch sets, chosen regions, and errors as exceptions or as status codes.
#include <muhat/core/executor.hpp>
#include <muhat/core/random.hpp>
#include <muhat/inference/reinterpretation_session.hpp>
#include <muhat/report/write_file.hpp>

#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/temporary_directory.hpp>
#include <support/zoo.hpp>

#include <boost/random/uniform_01.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;
using nlohmann::json;

namespace {

static_assert(noexcept(std::declval<ReinterpretationSession&>().try_read(
    std::declval<std::string&>(), std::declval<std::filesystem::path&>(),
    std::declval<LikelihoodOptions&>())));
static_assert(noexcept(std::declval<const ReinterpretationSession&>().try_evaluate(
    std::declval<std::string&>(), std::declval<SignalYields&>(), std::declval<EvaluationOptions&>())));

/// The two channels without their signal, and patches that add it.
struct PublishedFiles {
  PublishedFiles() {
    json background = json::parse(two_channels);
    const json signal = background["channels"][0]["samples"][0];
    background["channels"][0]["samples"].erase(0);
    json patches = {{"version", "1.0.0"},
                    {"metadata",
                     {{"references", {{"hepdata", "ins1234567"}}},
                      {"labels", {"mass"}},
                      {"description", "signals"},
                      {"digests", {{"sha256", json_digest(background)}}}}},
                    {"patches", json::array()}};
    for (const int mass : {100, 200}) {
      json sample = signal;
      sample["data"] = {500.0 / mass, 1000.0 / mass};
      patches["patches"].push_back(
          {{"metadata", {{"name", "mass_" + std::to_string(mass)}, {"values", {mass}}}},
           {"patch", {{{"op", "add"}, {"path", "/channels/0/samples/0"}, {"value", sample}}}}});
    }
    write_file(workspace, two_channels);
    write_file(background_only, background.dump());
    write_file(patch_set, patches.dump());
  }

  TemporaryDirectory directory;
  std::string workspace = (directory / "workspace.json").string();
  std::string background_only = (directory / "BkgOnly.json").string();
  std::string patch_set = (directory / "patchset.json").string();
};

} // namespace

TEST_CASE("a likelihood is read once from a workspace or from a patch set", "[reinterpretation_session]") {
  const PublishedFiles files;
  ReinterpretationSession session;
  session.read("whole", files.workspace);
  session.read("first", files.background_only, {.patch_set = files.patch_set});
  session.read("second", files.background_only, {.patch_set = files.patch_set, .patch = "mass_200"});
  session.add("value", make_reinterpretation(Workspace(json::parse(two_channels))));
  CHECK(session.names() == std::vector<std::string>{"first", "second", "value", "whole"});
  CHECK(session.contains("whole"));
  CHECK_FALSE(session.contains("third"));
  CHECK(session.likelihood("second").regions()[1].template_yields == std::vector<double>{2.5, 5.0});
  const SignalYields yields{{"signal_region", {3.0, 7.0}}};
  const SignalEvaluation whole = session.evaluate("whole", yields, {.limit = true});
  CHECK(whole.limit->observed.value.has_value());
  for (const char* name : {"first", "second", "value"}) {
    const SignalEvaluation result = session.evaluate(name, yields, {.limit = true});
    CHECK(result.delta_log_likelihood == Approx(whole.delta_log_likelihood).margin(1e-7));
    CHECK(*result.cls_observed == Approx(*whole.cls_observed).epsilon(1e-4));
    CHECK(*result.limit->observed.value == Approx(*whole.limit->observed.value).epsilon(1e-3));
  }
}

TEST_CASE("a likelihood of chosen regions is that of the workspace pruned to them",
          "[reinterpretation_session]") {
  const PublishedFiles files;
  ReinterpretationSession session;
  session.read("signal region", files.workspace, {.regions = {"signal_region"}});
  session.read("all", files.workspace, {.regions = {"control_region", "signal_region"}});
  session.read("everything", files.workspace);
  REQUIRE(session.likelihood("signal region").regions().size() == 1);
  const Workspace pruned = prune(Workspace(json::parse(two_channels)), {.channels = {"control_region"}});
  const Model model = build_model(pruned);
  const HypotestResult test = hypotest(model, observed_data(pruned, model));
  const SignalYields yields{{"signal_region", {5.0, 10.0}}};
  const SignalEvaluation result = session.evaluate("signal region", yields);
  CHECK(*result.cls_observed == Approx(test.cls_observed).epsilon(1e-4));
  const SignalEvaluation all = session.evaluate("all", yields);
  CHECK(*all.cls_observed == *session.evaluate("everything", yields).cls_observed);
  CHECK(*all.cls_observed != Approx(*result.cls_observed).epsilon(1e-3));
}

TEST_CASE("mistakes are thrown with the names that were perhaps meant", "[reinterpretation_session]") {
  const PublishedFiles files;
  ReinterpretationSession session;
  session.read("search", files.workspace);
  const auto read_says = [&](const LikelihoodOptions& options, const std::string& part) {
    ReinterpretationSession other;
    const std::string file = options.patch_set.empty() ? files.workspace : files.background_only;
    const bool said = mentions(message_of<InputError>([&] { other.read("x", file, options); }), {part});
    return said && other.names().empty();
  };
  CHECK(read_says({.regions = {"signal_regoin"}}, "did you mean \"signal_region\""));
  CHECK(read_says({.regions = {"control_region"}}, "undeclared"));
  CHECK(read_says({.patch = "mass_100"}, "needs the patch set"));
  CHECK(read_says({.patch_set = files.patch_set, .patch = "mass_300"}, "did you mean \"mass_100\""));
  CHECK(read_says({.patch_set = files.workspace}, "workspace.json"));
  CHECK(read_says({.signal_sample = "sginal"}, "did you mean \"signal\""));
  CHECK(read_says({.model = {.measurement = "limits"}}, "did you mean \"limit\""));
  CHECK_THROWS_AS(session.read("search", files.workspace), InvalidArgument);
  CHECK_THROWS_AS(session.read("new", files.workspace + "x"), ReadError);
  CHECK_THROWS_AS(session.read("new", files.workspace, {.patch_set = files.patch_set}), PatchSetMismatch);
  CHECK(mentions(message_of<UnknownName>([&] { (void)session.evaluate("serach", {}); }),
                 {"did you mean \"search\""}));
}

TEST_CASE("no exception leaves the calls that promise a status", "[reinterpretation_session]") {
  const PublishedFiles files;
  ReinterpretationSession session;
  CHECK(session.try_read("search", files.workspace).ok());
  const SessionOutcome missing = session.try_read("new", files.workspace + "x");
  CHECK(missing.status == EvaluationStatus::invalid_input);
  CHECK(mentions(missing.message, {"workspace.jsonx"}));
  CHECK(session.try_read("new", files.workspace, {.regions = {"x"}}).status ==
        EvaluationStatus::unknown_name);
  CHECK(session.names() == std::vector<std::string>{"search"});

  const SignalYields yields{{"signal_region", {3.0, 7.0}}};
  const SignalEvaluation good = session.try_evaluate("search", yields);
  CHECK(good.ok());
  CHECK(good.message.empty());
  CHECK(good.cls_observed == session.evaluate("search", yields).cls_observed);
  const SignalEvaluation unknown = session.try_evaluate("serach", yields);
  CHECK(unknown.status == EvaluationStatus::unknown_name);
  CHECK(mentions(unknown.message, {"did you mean \"search\""}));
  CHECK_FALSE(unknown.ok());
  CHECK_FALSE(unknown.cls_observed.has_value());
  CHECK(session.try_evaluate("search", {{"signal_region", {3.0}}}).status == EvaluationStatus::invalid_input);
  const SignalEvaluation failed = session.try_evaluate("search", {{"signal_region", {-1e6, 0.0}}});
  CHECK(failed.status == EvaluationStatus::computation_failed);
  CHECK(mentions(failed.message, {"no certified minimum", "signal_region"}));
}

TEST_CASE("other exceptions become a status too", "[reinterpretation_session]") {
  const auto outcome = [](const auto& work) {
    return muhat::detail::without_exceptions<SessionOutcome>(work);
  };
  const SessionOutcome standard = outcome([]() -> SessionOutcome { throw std::runtime_error("broken"); });
  CHECK(standard.status == EvaluationStatus::internal_error);
  CHECK(standard.message == "broken");
  CHECK(outcome([]() -> SessionOutcome { throw 1; }).status == EvaluationStatus::internal_error);
}

TEST_CASE("published signals give what their patched workspaces give", "[reinterpretation_session][zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    if (!std::filesystem::exists(entry.directory / "patchset.json")) {
      continue;
    }
    CAPTURE(entry.name);
    const std::string test_stat = entry.reference().test_stat;
    const Workspace background = load_workspace(entry.directory / "BkgOnly.json");
    const PatchSet patches(load_json(entry.directory / "patchset.json"));
    for (const std::size_t k : {std::size_t{0}, patches.size() / 2, patches.size() - 1}) {
      const std::string& name = patches.patches()[k].name;
      CAPTURE(name);
      const LikelihoodOptions options{.patch_set = entry.directory / "patchset.json",
                                      .patch = name,
                                      .inference = {.test_statistic = test_statistic_from(test_stat)}};
      const Reinterpretation<> likelihood = make_reinterpretation(background, options);
      SignalYields yields;
      for (const SignalRegion& region : likelihood.regions()) {
        if (!region.signal_sample.empty()) {
          yields[region.name] = region.template_yields;
        }
      }
      const SignalEvaluation result = likelihood.evaluate(yields);
      const Workspace patched = patches.apply(background, name);
      const Model model = build_model(patched);
      const HypotestResult test =
          hypotest(model, observed_data(patched, model), {.test_statistic = test_statistic_from(test_stat)});
      CHECK(*result.cls_observed == Approx(test.cls_observed).epsilon(1e-3));
      CHECK((*result.cls_expected)[2] == Approx(test.cls_expected[2]).epsilon(1e-3));
      CHECK(result.log_likelihood_best == Approx(-test.fits.free_fit_to_data.twice_nll / 2.0).epsilon(1e-8));
    }
  }
}

TEST_CASE("random signals have the same bits on two threads and on one", "[reinterpretation_session][zoo]") {
  MUHAT_REQUIRE_ZOO();
  for (const ZooEntry& entry : zoo_entries()) {
    if (entry.name != "staus") {
      continue;
    }
    ReinterpretationSession session;
    session.read("staus", entry.directory / "BkgOnly.json", {.patch_set = entry.directory / "patchset.json"});
    constexpr std::size_t signals = 200;
    const auto evaluate_all = [&](const ThreadExecutor& executor) {
      std::vector<SignalEvaluation> results(signals);
      parallel_for(executor, signals, [&] {
        return [&](std::size_t k) {
          RandomEngine engine = random_stream(1, k);
          SignalYields yields;
          for (const SignalRegion& region : session.likelihood("staus").regions()) {
            if (!region.signal_sample.empty()) {
              yields[region.name] = {8.0 * boost::random::uniform_01<double>()(engine)};
            }
          }
          results[k] = session.try_evaluate("staus", yields);
        };
      });
      return results;
    };
    const auto one = evaluate_all(ThreadExecutor(1));
    const auto two = evaluate_all(ThreadExecutor(2));
    for (std::size_t k = 0; k < signals; ++k) {
      CAPTURE(k);
      REQUIRE(one[k].ok());
      CHECK(one[k].delta_log_likelihood == two[k].delta_log_likelihood);
      CHECK(one[k].best_mu == two[k].best_mu);
      CHECK(one[k].cls_observed == two[k].cls_observed);
      CHECK(one[k].cls_expected == two[k].cls_expected);
    }
  }
}
