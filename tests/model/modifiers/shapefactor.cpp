#include <muhat/model/modifiers/shapefactor.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

TEST_CASE("a shapefactor scales bin by bin, shared between channels of one binning") {
  const muhat::spec::Model specification{
      {test::channel("B", {test::sample("qcd", {5.0, 6.0}, {test::shapefactor("f")})}),
       test::channel("A", {test::sample("qcd", {1.0, 2.0}, {test::shapefactor("f")}),
                           test::sample("signal", {3.0, 4.0})})},
      {}};
  const muhat::Model model = muhat::build_model(specification);
  REQUIRE(model.par_names() == std::vector<std::string>{"f[0]", "f[1]"});
  CHECK(model.expected_actualdata(muhat::Vector{{2.0, 3.0}}) == muhat::Vector{{5.0, 10.0, 10.0, 18.0}});
}

TEST_CASE("a shapefactor is free in [0, 10] and starts at 1") {
  const muhat::Model model = muhat::build_model(test::single_sample({5.0}, {test::shapefactor("f")}));
  REQUIRE(model.par_names() == std::vector<std::string>{"f[0]"});
  CHECK(model.suggested_init()[0] == 1.0);
  CHECK(model.suggested_lower()[0] == 0.0);
  CHECK(model.suggested_upper()[0] == 10.0);
  CHECK_FALSE(model.suggested_fixed()[0]);
  CHECK(model.nauxdata() == 0);
}

TEST_CASE("a shapefactor over channels of different binning is an error that names both places") {
  const muhat::spec::Model specification{
      {test::channel("A", {test::sample("qcd", {1.0, 2.0}, {test::shapefactor("f")})}),
       test::channel("B", {test::sample("wjets", {5.0}, {test::shapefactor("f")})})},
      {}};
  const std::string message =
      test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(specification); });
  CHECK(test::mentions(message, {"\"f\"", "\"A\"", "\"B\"", "qcd", "wjets"}));
}
