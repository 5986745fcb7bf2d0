// Operations that must not change the likelihood, tried at random points.

#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/build_specification.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/workspace/combine.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/prune.hpp>
#include <muhat/workspace/rename.hpp>
#include <muhat/workspace/sort.hpp>
#include <muhat/workspace/specification_json.hpp>

#include <support/catch.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <cmath>
#include <random>
#include <string>
#include <vector>

using muhat::Workspace;

namespace {

/// The small workspaces, and the zoo's where there is one.
std::vector<Workspace> workspaces() {
  std::vector<Workspace> list{Workspace(muhat::test::two_bin_document()),
                              Workspace(muhat::test::every_modifier_document())};
  for (const auto& entry : muhat::test::zoo_entries()) {
    list.push_back(muhat::load_workspace(entry.workspace_path()));
  }
  return list;
}

/// The log-density of the observed data at 20 points around the suggested start; `undo` turns a parameter's
/// name into that of the other workspace, so that both are tried at the same points.
template <class Undo>
std::vector<double> log_densities(const Workspace& workspace, const Undo& undo) {
  const auto model = muhat::build_model(workspace);
  const auto data = muhat::observed_data(workspace, model);
  std::vector<double> values;
  for (int point = 0; point < 20; ++point) {
    muhat::Vector pars = model.suggested_init();
    for (muhat::Index i = 0; i < pars.size(); ++i) {
      // The draw hangs on the name, so the order of parameters does not matter.
      const std::string name = undo(model.par_names()[static_cast<std::size_t>(i)]);
      std::seed_seq seed(name.begin(), name.end());
      std::mt19937 random(seed);
      random.discard(static_cast<unsigned long long>(point));
      pars[i] += 0.02 * (static_cast<double>(random() % 1000) / 1000.0 - 0.4);
    }
    values.push_back(muhat::logpdf(model, pars, data));
  }
  return values;
}

std::vector<double> log_densities(const Workspace& workspace) {
  return log_densities(workspace, [](const std::string& name) { return name; });
}

void check_equal(const std::vector<double>& left, const std::vector<double>& right) {
  REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    REQUIRE(std::isfinite(left[i]));
    CHECK(left[i] == Approx(right[i]).epsilon(1e-12).margin(0));
  }
}

} // namespace

TEST_CASE("likelihood_preserved: combining the parts of a workspace") {
  for (const Workspace& whole : workspaces()) {
    const auto channels = whole.channel_names();
    if (channels.size() < 2) {
      continue;
    }
    const std::vector<std::string> first(channels.begin(), channels.begin() + 1);
    const std::vector<std::string> others(channels.begin() + 1, channels.end());
    const auto joined =
        muhat::combine(muhat::prune(whole, {.channels = first}), muhat::prune(whole, {.channels = others}),
                       {.join = muhat::Join::outer});
    check_equal(log_densities(joined), log_densities(whole));
  }
}

TEST_CASE("likelihood_preserved: sorting") {
  for (const Workspace& workspace : workspaces()) {
    check_equal(log_densities(muhat::sorted(workspace)), log_densities(workspace));
  }
}

TEST_CASE("likelihood_preserved: renaming") {
  for (const Workspace& workspace : workspaces()) {
    const auto renamed = muhat::rename(workspace, {.channels = {{"^", "z_", true}},
                                                   .samples = {{"^", "z_", true}},
                                                   .modifiers = {{"^(?!lumi$)", "z_", true}}});
    const auto undo = [](const std::string& name) { return name == "lumi" ? name : name.substr(2); };
    check_equal(log_densities(renamed, undo), log_densities(workspace));
  }
}

TEST_CASE("likelihood_preserved: from JSON to structs and back") {
  for (const Workspace& workspace : workspaces()) {
    check_equal(log_densities(Workspace(muhat::specification_json(workspace.specification()))),
                log_densities(workspace));
  }
}

TEST_CASE("likelihood_preserved: a workspace built from model and data") {
  for (const Workspace& workspace : workspaces()) {
    const auto model = muhat::build_model(workspace);
    const auto data = muhat::observed_data(workspace, model);
    const muhat::spec::Model source{workspace.specification().channels, workspace.measurement().parameters};
    const auto built = muhat::build_specification(source, model, data, {.name = "built"});
    const Workspace stored(muhat::specification_json(built));
    CHECK(stored.measurement("built").poi == workspace.measurement().poi);
    check_equal(log_densities(stored), log_densities(workspace));
    CHECK(muhat::observed_data(stored, muhat::build_model(stored)) == data);
    CHECK_THROWS_AS(muhat::build_specification(source, model, muhat::Vector(data.head(model.nbins() - 1))),
                    muhat::InvalidArgument);
  }
}
