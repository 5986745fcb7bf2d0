#include <muhat/model/modifiers/histosys.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

TEST_CASE("a histosys shifts the yields between its templates") {
  const muhat::Model model = muhat::build_model(
      test::single_sample({10.0, 20.0}, {test::histosys("shape", {13.0, 18.0}, {9.0, 25.0})}));
  const auto rates = [&](double alpha) {
    return model.expected_actualdata(muhat::Vector::Constant(1, alpha));
  };
  CHECK(rates(0.0) == muhat::Vector{{10.0, 20.0}});
  CHECK(rates(1.0).isApprox(muhat::Vector{{13.0, 18.0}}));
  CHECK(rates(-1.0).isApprox(muhat::Vector{{9.0, 25.0}}));
  CHECK(rates(2.0).isApprox(muhat::Vector{{16.0, 16.0}}));
  CHECK(rates(-2.0).isApprox(muhat::Vector{{8.0, 30.0}}));
}

TEST_CASE("all shifts are added before any factor, whatever the order in the file") {
  const auto shift_a = test::histosys("a", {12.0}, {8.0});
  const auto shift_b = test::histosys("b", {11.0}, {9.0});
  const auto factor = test::normfactor("k");
  const muhat::Vector pars{{1.0, 1.0, 3.0}};
  for (const auto& order : {std::vector{shift_a, factor, shift_b}, std::vector{factor, shift_b, shift_a},
                            std::vector{shift_a, shift_b, factor}}) {
    const muhat::Model model = muhat::build_model(test::single_sample({10.0}, order));
    REQUIRE(model.par_names() == std::vector<std::string>{"a", "b", "k"});
    CHECK(model.expected_actualdata(pars)[0] == Approx((10.0 + 2.0 + 1.0) * 3.0));
  }
}

TEST_CASE("a histosys is a pull in [-5, 5] around 0 with unit width") {
  const muhat::Model model =
      muhat::build_model(test::single_sample({10.0}, {test::histosys("shape", {13.0}, {9.0})}));
  CHECK(model.suggested_init()[0] == 0.0);
  CHECK(model.suggested_lower()[0] == -5.0);
  CHECK(model.suggested_upper()[0] == 5.0);
  CHECK(model.auxdata()[0] == 0.0);
  REQUIRE(model.constraints().size() == 1);
  CHECK(model.constraints()[0].constraint == muhat::Constraint::normal);
  CHECK(model.constraints()[0].scale == 1.0);
}

TEST_CASE("a histosys template of the wrong length is an error that names it") {
  for (const bool hi : {true, false}) {
    const auto modifier =
        hi ? test::histosys("shape", {1.0}, {1.0, 2.0}) : test::histosys("shape", {1.0, 2.0}, {});
    const std::string message = test::message_of<muhat::InvalidModel>([&] {
      (void)muhat::build_model(test::single_sample({10.0, 20.0}, {modifier}));
    });
    CHECK(test::mentions(message, {"shape", "background", "SR", hi ? "hi_data" : "lo_data"}));
  }
}

TEST_CASE("a histosys whose differences are no numbers is an error that names the bin") {
  const std::string message = test::message_of<muhat::InvalidModel>([] {
    (void)muhat::build_model(
        test::single_sample({10.0, 20.0}, {test::histosys("shape", {11.0, 1e308}, {9.0, -1e308})}));
  });
  CHECK(test::mentions(message, {"shape", "background", "SR", "bin 1", "1e+308", "-1e+308"}));
}
