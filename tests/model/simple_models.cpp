#include <muhat/model/simple_models.hpp>

#include <string>
#include <vector>

#include <muhat/core/errors.hpp>

#include <support/catch.hpp>

using Names = std::vector<std::string>;
using muhat::Vector;

TEST_CASE("a background with independent uncertainties has a gamma per bin") {
  const muhat::Model model = muhat::uncorrelated_background({5.0, 10.0}, {50.0, 60.0}, {5.0, 12.0});
  CHECK(model.par_names() == Names{"mu", "uncorr_bkguncrt[0]", "uncorr_bkguncrt[1]"});
  CHECK(model.poi_name() == "mu");
  CHECK(model.samples() == Names{"background", "signal"});
  REQUIRE(model.channels().size() == 1);
  CHECK(model.channels()[0].name == "singlechannel");
  CHECK(model.auxdata().isApprox(Vector{{100.0, 25.0}}));
  CHECK(model.expected_actualdata(Vector{{1.0, 1.0, 1.0}}) == Vector{{55.0, 70.0}});
  CHECK(model.expected_actualdata(Vector{{2.0, 0.5, 1.5}}) == Vector{{35.0, 110.0}});
}

TEST_CASE("a background with a correlated uncertainty has one pull") {
  const muhat::Model model =
      muhat::correlated_background({12.0, 11.0}, {50.0, 52.0}, {45.0, 57.0}, {55.0, 47.0});
  CHECK(model.par_names() == Names{"correlated_bkg_uncertainty", "mu"});
  CHECK(model.poi_name() == "mu");
  CHECK(model.expected_actualdata(Vector{{0.0, 1.0}}) == Vector{{62.0, 63.0}});
  CHECK(model.expected_actualdata(Vector{{1.0, 0.0}}).isApprox(Vector{{45.0, 57.0}}));
  CHECK(model.expected_actualdata(Vector{{-1.0, 0.0}}).isApprox(Vector{{55.0, 47.0}}));
}

TEST_CASE("lists of different lengths make no model") {
  CHECK_THROWS_AS((void)muhat::uncorrelated_background({5.0}, {50.0, 60.0}, {5.0, 12.0}),
                  muhat::InvalidModel);
  CHECK_THROWS_AS((void)muhat::uncorrelated_background({5.0, 6.0}, {50.0, 60.0}, {5.0}), muhat::InvalidModel);
  CHECK_THROWS_AS((void)muhat::correlated_background({5.0}, {50.0}, {55.0, 1.0}, {45.0}),
                  muhat::InvalidModel);
}
