#include <muhat/spec/parse.hpp>
#include <muhat/workspace/modifier_effect.hpp>

#include <support/catch.hpp>
#include <support/small_workspaces.hpp>

#include <cmath>
#include <vector>

TEST_CASE("modifier_effect: normsys") {
  CHECK(muhat::modifier_effect(muhat::spec::NormSysData{1.1, 0.95}).normalization == Approx(0.1));
  CHECK(muhat::modifier_effect(muhat::spec::NormSysData{1.01, 1.2}).normalization == Approx(0.2));
  CHECK(muhat::modifier_effect(muhat::spec::NormSysData{1.5, 0.5}).shape == 0.0);
}

TEST_CASE("modifier_effect: a histosys is split into size and shape") {
  const std::vector<double> nominal{10, 30};
  const auto scaled = muhat::modifier_effect(muhat::spec::HistoSysData{{11, 33}, {9.5, 28.5}}, nominal);
  CHECK(scaled.normalization == Approx(0.1));
  CHECK(scaled.shape == Approx(0.0).margin(1e-14));
  const auto moved = muhat::modifier_effect(muhat::spec::HistoSysData{{12, 28}, {10, 30}}, nominal);
  CHECK(moved.normalization == 0.0);
  CHECK(moved.shape == Approx(0.2));
  const auto both =
      muhat::modifier_effect(muhat::spec::HistoSysData{{10, 30}, {12, 36.0 * 28 / 30}}, nominal);
  CHECK(both.normalization == Approx((12 + 33.6) / 40 - 1));
  CHECK(both.shape == Approx(12 * 40 / 45.6 / 10 - 1));
}

TEST_CASE("modifier_effect: a single bin has no shape, an empty one no measure") {
  CHECK(muhat::modifier_effect(muhat::spec::HistoSysData{{12.3}, {7.1}}, {9.7}).shape == 0.0);
  const auto empty = muhat::modifier_effect(muhat::spec::HistoSysData{{1, 10}, {0, 10}}, {0, 10});
  CHECK(std::isinf(empty.shape));
  CHECK(empty.normalization == Approx(0.1));
  CHECK(muhat::modifier_effect(muhat::spec::HistoSysData{{0}, {0}}, {0}).normalization == 0.0);
}

TEST_CASE("modifier_effect: yields that add up to 0 have no shape to keep") {
  const std::vector<double> nominal{-10, 10};
  const auto moved = muhat::modifier_effect(muhat::spec::HistoSysData{{-30, 30}, {-10, 10}}, nominal);
  CHECK(moved.normalization == 0.0);
  CHECK(std::isinf(moved.shape));
  CHECK(muhat::modifier_effect(muhat::spec::HistoSysData{nominal, nominal}, nominal).shape == 0.0);
  CHECK(muhat::modifier_effect(muhat::spec::HistoSysData{{1}, {0}}, {0}).shape == 0.0);
}

TEST_CASE("modifier_effect: staterror adds samples in quadrature") {
  const auto workspace = muhat::parse_workspace(muhat::test::every_modifier_document());
  const auto effect = muhat::staterror_effect(workspace.channels[0], "stat_SR");
  REQUIRE(effect.size() == 2);
  CHECK(effect[0] == Approx(std::hypot(1.5, 0.4) / 42.0));
  CHECK(effect[1] == Approx(std::hypot(1.25, 0.3) / 31.5));
}
