#include <muhat/model/modifiers/shapesys.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

TEST_CASE("a shapesys scales bin by bin with Poisson constraints") {
  const muhat::Model model =
      muhat::build_model(test::single_sample({50.0, 60.0}, {test::shapesys("gamma", {5.0, 12.0})}));
  REQUIRE(model.par_names() == std::vector<std::string>{"gamma[0]", "gamma[1]"});
  CHECK(model.expected_actualdata(muhat::Vector{{1.1, 0.5}}).isApprox(muhat::Vector{{55.0, 30.0}}));
  CHECK(model.suggested_init() == muhat::Vector{{1.0, 1.0}});
  CHECK(model.suggested_lower() == muhat::Vector{{1e-10, 1e-10}});
  CHECK(model.suggested_upper() == muhat::Vector{{10.0, 10.0}});
  REQUIRE(model.constraints().size() == 2);
  // tau = (nominal / uncertainty)^2
  CHECK(model.auxdata().isApprox(muhat::Vector{{100.0, 25.0}}));
  for (const muhat::ConstraintTerm& term : model.constraints()) {
    CHECK(term.constraint == muhat::Constraint::poisson);
    CHECK(term.scale == term.auxdata);
  }
}

TEST_CASE("a shapesys bin without yield or uncertainty is fixed with unit rate") {
  const muhat::Model model = muhat::build_model(
      test::single_sample({50.0, 0.0, 60.0, -2.0}, {test::shapesys("gamma", {5.0, 1.0, 0.0, 1.0})}));
  CHECK(model.suggested_fixed() == std::vector<bool>{false, true, true, true});
  CHECK(model.auxdata().isApprox(muhat::Vector{{100.0, 1.0, 1.0, 1.0}}));
  CHECK(model.suggested_init() == muhat::Vector::Ones(4));
}

TEST_CASE("a shapesys of one bin still has an index") {
  const muhat::Model model =
      muhat::build_model(test::single_sample({50.0}, {test::shapesys("gamma", {5.0})}));
  CHECK(model.par_names() == std::vector<std::string>{"gamma[0]"});
}

TEST_CASE("a shared shapesys is an error that names both places") {
  const auto modifier = test::shapesys("gamma", {5.0});
  const muhat::spec::Model two_samples = test::single_channel(
      {test::sample("qcd", {50.0}, {modifier}), test::sample("wjets", {50.0}, {modifier})});
  const muhat::spec::Model two_channels{{test::channel("A", {test::sample("qcd", {50.0}, {modifier})}),
                                         test::channel("B", {test::sample("qcd", {50.0}, {modifier})})},
                                        {}};
  const std::string samples =
      test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(two_samples); });
  CHECK(test::mentions(samples, {"invalid model", "gamma", "qcd", "wjets"}));
  const std::string channels =
      test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(two_channels); });
  CHECK(test::mentions(channels, {"invalid model", "gamma", "\"A\"", "\"B\""}));
}

TEST_CASE("a shapesys of the wrong length is an error that names it") {
  const std::string message = test::message_of<muhat::InvalidModel>([] {
    (void)muhat::build_model(test::single_sample({50.0, 60.0}, {test::shapesys("gamma", {5.0})}));
  });
  CHECK(test::mentions(message, {"gamma", "background", "SR"}));
}

TEST_CASE("a shapesys whose auxiliary count is no number is an error that names the bin") {
  for (const double uncertainty : {1e-160, 1e-170, 1e170}) {
    CAPTURE(uncertainty);
    const std::string message = test::message_of<muhat::InvalidModel>([&] {
      (void)muhat::build_model(
          test::single_sample({50.0, 60.0}, {test::shapesys("gamma", {5.0, uncertainty})}));
    });
    CHECK(test::mentions(message,
                         {"gamma", "background", "SR", "bin 1", "60", "/channels/0/samples/0/modifiers/0"}));
  }
}
