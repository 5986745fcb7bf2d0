#include <muhat/likelihood/expected_data.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;
using muhat::Vector;

TEST_CASE("expected data are the expected events, then the expected auxiliary data") {
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("background", {50.0, 60.0},
                    {test::shapesys("gamma", {5.0, 12.0}), test::normsys("norm", 1.1, 0.9)}),
       test::sample("signal", {10.0, 5.0}, {test::normfactor("mu")})}));
  REQUIRE(model.par_names() == std::vector<std::string>{"mu", "norm", "gamma[0]", "gamma[1]"});
  const Vector pars{{2.0, 1.0, 0.9, 1.2}};
  CHECK(muhat::expected_auxdata(model, pars).isApprox(Vector{{1.0, 90.0, 30.0}}));
  CHECK(muhat::expected_data(model, pars).isApprox(Vector{{69.5, 89.2, 1.0, 90.0, 30.0}}));
  CHECK(muhat::expected_actualdata(model, pars).isApprox(Vector{{69.5, 89.2}}));
}

TEST_CASE("at the suggested start the expected auxiliary data are the nominal ones") {
  const muhat::Model model = muhat::build_model(test::single_sample(
      {50.0, 60.0}, {test::shapesys("gamma", {5.0, 0.0}), test::staterror("stat", {1.0, 2.0}),
                     test::histosys("shape", {51.0, 62.0}, {49.0, 58.0})}));
  CHECK(muhat::expected_auxdata(model, model.suggested_init()) == model.auxdata());
}

TEST_CASE("bins at zero are expected to have exactly nothing") {
  const muhat::Model model = muhat::build_model(
      test::single_sample({50.0, 60.0}, {test::histosys("shape", {0.0, 62.0}, {100.0, 58.0})}));
  const Vector almost{{1.0 - 1e-13}};
  REQUIRE(muhat::expected_data(model, almost)[0] > 0.0);
  const Vector data = muhat::expected_data(model, almost, {0});
  CHECK(data[0] == 0.0);
  CHECK(data.tail(2) == muhat::expected_data(model, almost).tail(2));
}

TEST_CASE("a wrong number of parameters has no expected data") {
  const muhat::Model model = muhat::build_model(test::single_sample({50.0}, {test::normfactor("mu")}));
  CHECK_THROWS_AS((void)muhat::expected_auxdata(model, Vector::Ones(2)), muhat::InvalidArgument);
  CHECK_THROWS_AS((void)muhat::expected_data(model, Vector::Ones(0)), muhat::InvalidArgument);
}
