#pragma once

/// Models whose likelihood has several minima: two histosys whose variations up and down pull the same way.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>
#include <muhat/model/observed_data.hpp>
#include <muhat/workspace/workspace.hpp>

#include <support/counting_models.hpp>
#include <support/example_workspaces.hpp>
#include <support/specs.hpp>

#include <nlohmann/json.hpp>

#include <random>
#include <vector>

namespace muhat::test {

struct SeveralMinima {
  Model model;
  Vector data;
};

/// -2 log L has its lowest minimum, 33.40295, at mu = 1.18, and one 0.0760 above at mu = 0.66; at mu = 2.5
/// the lowest is 0.62137 above the first, at mu = 3 it is 1.19694 (found on a grid, without this library).
inline SeveralMinima two_basins() {
  const Workspace workspace(nlohmann::json::parse(several_minima));
  const Model model = build_model(workspace);
  return {model, observed_data(workspace, model)};
}

/// Four bins of 100 events, both variations of each of two histosys drawn between -45 % and +45 %.
inline SeveralMinima drawn_basins(unsigned seed) {
  std::mt19937 random(seed);
  const auto drawn = [&](double low, double high) {
    std::vector<double> values(4);
    for (double& value : values) {
      value = low + (high - low) * static_cast<double>(random()) / 4294967296.0;
    }
    return values;
  };
  std::vector<spec::Modifier> variations;
  for (const char* name : {"a0", "a1"}) {
    const std::vector<double> up = drawn(55.0, 145.0);
    variations.push_back(histosys(name, up, drawn(55.0, 145.0)));
  }
  const std::vector<double> yields = drawn(3.0, 12.0);
  const Model model = build_model(single_channel({sample("bkg", {100.0, 100.0, 100.0, 100.0}, variations),
                                                  sample("sig", yields, {normfactor("mu")})}),
                                  "mu");
  Vector data(4 + model.nauxdata());
  const std::vector<double> counts = drawn(80.0, 120.0);
  data << Eigen::Map<const Vector>(counts.data(), 4), model.auxdata();
  return {model, data};
}

} // namespace muhat::test
