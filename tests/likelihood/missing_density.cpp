#include <muhat/likelihood/missing_density.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/simple_models.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace test = muhat::test;
using muhat::Vector;
using muhat::test::mentions;

namespace {

/// One bin, six normsys; the data are the expected ones but for the first auxiliary datum.
struct FarAuxdata {
  muhat::Model model = muhat::build_model(muhat::spec::Model{
      {test::channel("SR", {test::sample("background", {50.0},
                                         {test::normsys("a", 1.1, 0.9), test::normsys("b", 1.1, 0.9),
                                          test::normsys("c", 1.1, 0.9), test::normsys("d", 1.1, 0.9),
                                          test::normsys("e", 1.1, 0.9), test::normsys("f", 1.1, 0.9)})})},
      {}});
  Vector pars = model.suggested_init();
  Vector data = Vector::Zero(7);
};

} // namespace

TEST_CASE("missing density: nothing is said of a density that exists") {
  FarAuxdata far;
  far.data[0] = 40.0;
  CHECK(muhat::describe_missing_density(far.model, far.pars, far.data).empty());
  far.data[1] = 1e150;
  CHECK(std::isfinite(muhat::logpdf(far.model, far.pars, far.data)));
  CHECK(muhat::describe_missing_density(far.model, far.pars, far.data).empty());
}

TEST_CASE("missing density: an auxiliary datum too far away is named, and so is it by a fit") {
  FarAuxdata far;
  far.data[0] = 40.0;
  far.data[1] = 1e300;
  REQUIRE_FALSE(std::isfinite(muhat::logpdf(far.model, far.pars, far.data)));
  const std::string text = muhat::describe_missing_density(far.model, far.pars, far.data);
  CHECK(mentions(text, {"1e+300", "\"a\"", "standard deviations", "expected 0"}));
  CHECK_FALSE(mentions(text, {"\"b\""}));
  const muhat::FitResult fit = muhat::fit(far.model, far.data);
  CHECK(fit.status == muhat::FitStatus::outside_domain);
  CHECK(mentions(muhat::explain_failure(fit), {"1e+300", "\"a\""}));
}

TEST_CASE("missing density: five auxiliary measurements are named, the others are counted") {
  FarAuxdata far;
  far.data.tail(6).setConstant(-1e200);
  const std::string text = muhat::describe_missing_density(far.model, far.pars, far.data);
  CHECK(mentions(text, {"\"a\"", "\"e\"", "and 1 more"}));
  CHECK_FALSE(mentions(text, {"\"f\""}));
}

TEST_CASE("missing density: bins come first, then counts without a rate") {
  const muhat::Model model = muhat::uncorrelated_background({10.0}, {50.0}, {5.0});
  const Vector data{{60.0, 100.0}};
  const std::string text = muhat::describe_missing_density(model, Vector{{1.0, -1.0}}, data);
  CHECK(mentions(text, {"singlechannel", "background", "uncorr_bkguncrt[0]", "-100"}));
  CHECK(text.find("singlechannel") < text.find("auxiliary measurement"));
  CHECK_THROWS_AS(muhat::describe_missing_density(model, Vector{{1.0, 1.0}}, Vector(data.head(1))),
                  muhat::InvalidArgument);
}
