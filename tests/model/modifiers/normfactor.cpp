#include <muhat/model/modifiers/normfactor.hpp>

#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

TEST_CASE("a normfactor scales every bin of its samples, wherever they stand") {
  const muhat::spec::Model specification{
      {test::channel("A", {test::sample("signal", {2.0, 3.0}, {test::normfactor("mu")}),
                           test::sample("background", {10.0, 20.0})}),
       test::channel("B", {test::sample("signal", {5.0}, {test::normfactor("mu")})})},
      {}};
  const muhat::Model model = muhat::build_model(specification);
  CHECK(model.expected_actualdata(muhat::Vector::Constant(1, 1.0)) == muhat::Vector{{12.0, 23.0, 5.0}});
  CHECK(model.expected_actualdata(muhat::Vector::Constant(1, 2.5)) == muhat::Vector{{15.0, 27.5, 12.5}});
  CHECK(model.expected_actualdata(muhat::Vector::Zero(1)) == muhat::Vector{{10.0, 20.0, 0.0}});
}

TEST_CASE("a normfactor is one free scalar in [0, 10] that starts at 1") {
  const muhat::Model model = muhat::build_model(test::single_sample({2.0, 3.0}, {test::normfactor("mu")}));
  REQUIRE(model.par_names() == std::vector<std::string>{"mu"});
  CHECK(model.suggested_init()[0] == 1.0);
  CHECK(model.suggested_lower()[0] == 0.0);
  CHECK(model.suggested_upper()[0] == 10.0);
  CHECK_FALSE(model.suggested_fixed()[0]);
  CHECK(model.nauxdata() == 0);
  CHECK(model.constraints().empty());
}
