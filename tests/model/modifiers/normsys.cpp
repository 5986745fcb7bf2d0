#include <muhat/model/modifiers/normsys.hpp>

#include <cmath>
#include <limits>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

namespace {

double rate(double alpha, muhat::InterpolationCode code = muhat::InterpolationCode::code4) {
  const muhat::Model model =
      muhat::build_model(test::single_sample({10.0}, {test::normsys("alpha", 1.2, 0.9)}), "",
                         {.interpolation = {.normsys = code}});
  return model.expected_actualdata(muhat::Vector::Constant(1, alpha))[0];
}

} // namespace

TEST_CASE("a normsys interpolates between its factors") {
  CHECK(rate(0.0) == 10.0);
  CHECK(rate(1.0) == Approx(12.0));
  CHECK(rate(-1.0) == Approx(9.0));
  CHECK(rate(2.0) == Approx(14.4));
  CHECK(rate(0.5, muhat::InterpolationCode::code1) == Approx(10.0 * std::sqrt(1.2)));
  CHECK(rate(-0.5, muhat::InterpolationCode::code1) == Approx(10.0 * std::sqrt(0.9)));
}

TEST_CASE("a normsys is a pull in [-5, 5] around 0 with unit width") {
  const muhat::Model model =
      muhat::build_model(test::single_sample({10.0}, {test::normsys("alpha", 1.2, 0.9)}));
  REQUIRE(model.par_names() == std::vector<std::string>{"alpha"});
  CHECK(model.suggested_init()[0] == 0.0);
  CHECK(model.suggested_lower()[0] == -5.0);
  CHECK(model.suggested_upper()[0] == 5.0);
  CHECK_FALSE(model.suggested_fixed()[0]);
  CHECK(model.auxdata()[0] == 0.0);
  REQUIRE(model.constraints().size() == 1);
  CHECK(model.constraints()[0].constraint == muhat::Constraint::normal);
  CHECK(model.constraints()[0].scale == 1.0);
}

TEST_CASE("a normsys that changes nothing keeps its parameter and constraint") {
  const muhat::Model model =
      muhat::build_model(test::single_sample({10.0}, {test::normsys("inert", 1.0, 1.0)}));
  CHECK(model.par_names() == std::vector<std::string>{"inert"});
  CHECK(model.nauxdata() == 1);
  CHECK(model.expected_actualdata(muhat::Vector::Constant(1, 3.0))[0] == 10.0);
}

TEST_CASE("a normsys without a logarithm is an error that names it") {
  for (const double bad :
       {0.0, -0.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CAPTURE(bad);
    for (const bool hi : {true, false}) {
      const auto modifier = test::normsys("theory", hi ? bad : 1.1, hi ? 0.9 : bad);
      const std::string message = test::message_of<muhat::InvalidModel>(
          [&] { (void)muhat::build_model(test::single_sample({10.0}, {modifier})); });
      CHECK(test::mentions(
          message, {"theory", "background", "SR", hi ? "hi" : "lo", "/channels/0/samples/0/modifiers/0"}));
    }
  }
}

TEST_CASE("a normsys whose coefficients are no numbers is an error that names it") {
  for (const bool hi : {true, false}) {
    const muhat::spec::Model specification = test::single_sample(
        {10.0}, {test::normfactor("mu"), test::normsys("theory", hi ? 1e308 : 1.1, hi ? 0.9 : 1e308)});
    const std::string message =
        test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(specification); });
    CHECK(test::mentions(
        message, {"theory", "background", "SR", "1e+308", "code4", "/channels/0/samples/0/modifiers/1"}));
    CHECK_NOTHROW(muhat::build_model(specification, "",
                                     {.interpolation = {.normsys = muhat::InterpolationCode::code1}}));
  }
}
