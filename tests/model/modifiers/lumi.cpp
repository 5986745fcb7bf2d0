#include <muhat/model/modifiers/lumi.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

TEST_CASE("lumi scales all its samples and is configured by the measurement") {
  const muhat::spec::Model specification =
      test::single_channel({test::sample("a", {10.0}, {test::lumi()}), test::sample("b", {20.0}),
                            test::sample("c", {5.0}, {test::lumi()})});
  muhat::spec::Parameter parameter = test::lumi_configuration(0.98, 0.03);
  parameter.fixed = true;
  const muhat::Model model = muhat::build_model(specification.channels, test::measurement({parameter}));
  REQUIRE(model.par_names() == std::vector<std::string>{"lumi"});
  CHECK(model.expected_actualdata(muhat::Vector::Constant(1, 1.1))[0] == Approx(36.5));
  CHECK(model.suggested_init()[0] == 1.0);
  CHECK(model.suggested_lower()[0] == 0.5);
  CHECK(model.suggested_upper()[0] == 1.5);
  CHECK(model.suggested_fixed()[0]);
  CHECK(model.auxdata()[0] == 0.98);
  REQUIRE(model.constraints().size() == 1);
  CHECK(model.constraints()[0].constraint == muhat::Constraint::normal);
  CHECK(model.constraints()[0].scale == 0.03);
}

TEST_CASE("a lumi that the measurement does not fully configure says what is missing") {
  const muhat::spec::Model specification = test::single_sample({10.0}, {test::lumi()});
  const auto message = [&](const std::vector<muhat::spec::Parameter>& parameters) {
    return test::message_of<muhat::InvalidModel>(
        [&] { (void)muhat::build_model(specification.channels, test::measurement(parameters)); });
  };
  CHECK(test::mentions(message({}), {"lumi", "inits", "bounds", "auxdata", "sigmas"}));
  muhat::spec::Parameter partial = test::lumi_configuration();
  partial.sigmas.reset();
  const std::string text = message({partial});
  CHECK(test::mentions(text, {"lumi", "sigmas"}));
  CHECK(text.find("inits") == std::string::npos);
}
