#pragma once

/// Models whose likelihood has several minima: two histosys whose variations up and down pull the same way.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>

#include <support/counting_models.hpp>
#include <support/specs.hpp>

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
  const spec::Sample background =
      sample("bkg", {100.0, 100.0, 100.0, 100.0},
             {histosys("a0", {86.90398222838613, 81.82947631490438, 93.40721368741083, 83.03496634965781},
                       {55.52255348169183, 56.808285243266596, 71.78657630703225, 77.53048972002453}),
              histosys("a1", {87.74604396385664, 135.19085369754228, 139.0324063049786, 83.74031951397735},
                       {64.62898391647764, 134.87041414533888, 131.25685372529026, 70.11916997623194})});
  const spec::Sample signal =
      sample("sig", {11.394581046592341, 5.4514764501878235, 10.567043610100546, 4.21278083718186},
             {normfactor("mu")});
  const Model model = build_model(single_channel({background, signal}), "mu");
  return {model, with_auxdata(model, {122.0, 93.0, 97.0, 103.0})};
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
