/// Order, sharing and naming of parameters.

#include <muhat/model/parameters.hpp>

#include <string>
#include <vector>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;
using Names = std::vector<std::string>;

TEST_CASE("sets run by type, then by first appearance in sorted channels, samples and modifiers") {
  const muhat::spec::Model specification{
      {test::channel("SR",
                     {test::sample("top", {1.0, 2.0},
                                   {test::staterror("stat_SR", {0.1, 0.2}), test::normsys("b_sys", 1.1, 0.9),
                                    test::normfactor("mu"), test::shapefactor("a_shape"),
                                    test::histosys("z_shift", {1.0, 2.0}, {1.0, 2.0})}),
                      test::sample("Wjets", {1.0, 2.0},
                                   {test::shapesys("a_gamma", {0.1, 0.1}), test::lumi(),
                                    test::histosys("m_shift", {1.0, 2.0}, {1.0, 2.0})})}),
       test::channel("CR", {test::sample("top", {3.0},
                                         {test::normsys("c_sys", 1.1, 0.9), test::normfactor("k"),
                                          test::normsys("a_sys", 1.1, 0.9)})})},
      {}};
  const muhat::Model model =
      muhat::build_model(specification.channels, test::measurement({test::lumi_configuration()}));
  CHECK(model.par_names() == Names{"m_shift", "z_shift", "lumi", "k", "mu", "a_sys", "c_sys", "b_sys",
                                   "a_shape[0]", "a_shape[1]", "a_gamma[0]", "a_gamma[1]", "stat_SR[0]",
                                   "stat_SR[1]"});
  CHECK(model.samples() == Names{"Wjets", "top"});
  REQUIRE(model.channels().size() == 2);
  CHECK(model.channels()[0].name == "CR");
  CHECK(model.channels()[1].name == "SR");
  CHECK(model.channels()[1].first_bin == 1);
  CHECK(model.channels()[1].nbins == 2);
  // Auxiliary data: constrained sets in parameter order.
  REQUIRE(model.nauxdata() == 10);
  for (muhat::Index i = 0; i < 10; ++i) {
    const muhat::Index parameters[] = {0, 1, 2, 5, 6, 7, 10, 11, 12, 13};
    CHECK(model.constraints()[static_cast<std::size_t>(i)].parameter == parameters[i]);
  }
}

TEST_CASE("names sort by bytes: capitals, underscore, small letters") {
  const muhat::Model model = muhat::build_model(
      test::single_sample({1.0}, {test::normfactor("a"), test::normfactor("_b"), test::normfactor("B"),
                                  test::normfactor("a10"), test::normfactor("a2")}));
  CHECK(model.par_names() == Names{"B", "_b", "a", "a10", "a2"});
}

TEST_CASE("a normsys and a histosys of one name share the parameter, at the place of the histosys") {
  const muhat::spec::Model specification{
      {test::channel("A",
                     {test::sample("s", {10.0}, {test::normsys("both", 1.5, 0.5), test::normfactor("mu")})}),
       test::channel("B", {test::sample("s", {10.0}, {test::histosys("both", {12.0}, {8.0})})})},
      {}};
  const muhat::Model model = muhat::build_model(specification);
  REQUIRE(model.par_names() == Names{"both", "mu"});
  CHECK(model.nauxdata() == 1);
  CHECK(model.expected_actualdata(muhat::Vector{{1.0, 1.0}}).isApprox(muhat::Vector{{15.0, 12.0}}));
  CHECK(model.parameter_sets()[0].types == Names{"histosys", "normsys"});
}

TEST_CASE("a shared name stands where its histosys, not its normsys, is first met") {
  const muhat::spec::Model specification{
      {test::channel("A", {test::sample("s", {10.0}, {test::normsys("late", 1.5, 0.5)})}),
       test::channel("B", {test::sample("s", {10.0}, {test::histosys("early", {12.0}, {8.0})})}),
       test::channel("C", {test::sample("s", {10.0}, {test::histosys("late", {12.0}, {8.0})})})},
      {}};
  CHECK(muhat::build_model(specification).par_names() == Names{"early", "late"});
}

TEST_CASE("every other pair of types under one name is an invalid name reuse") {
  const std::vector<muhat::spec::Modifier> kinds{
      test::normfactor("x"),  test::normsys("x", 1.1, 0.9), test::histosys("x", {1.0}, {1.0}),
      test::shapefactor("x"), test::shapesys("x", {0.1}),   test::staterror("x", {0.1})};
  for (const muhat::spec::Modifier& first : kinds) {
    for (const muhat::spec::Modifier& second : kinds) {
      const bool allowed = first.type == second.type ||
                           (first.type == "normsys" && second.type == "histosys") ||
                           (first.type == "histosys" && second.type == "normsys");
      if (allowed) {
        continue;
      }
      CAPTURE(first.type, second.type);
      const muhat::spec::Model specification{{test::channel("A", {test::sample("s", {1.0}, {first})}),
                                              test::channel("B", {test::sample("t", {1.0}, {second})})},
                                             {}};
      const std::string message =
          test::message_of<muhat::InvalidNameReuse>([&] { (void)muhat::build_model(specification); });
      CHECK(test::mentions(message,
                           {"invalid name reuse", "\"x\"", first.type, second.type, "\"A\"", "\"B\""}));
    }
  }
}

TEST_CASE("a component is found by its name, and a wrong name meets near ones") {
  const muhat::Model model = muhat::build_model(test::single_sample(
      {10.0, 20.0}, {test::normfactor("mu_signal"), test::shapesys("gamma", {1.0, 1.0})}));
  CHECK(model.parameter_index("mu_signal") == 0);
  CHECK(model.parameter_index("gamma[1]") == 2);
  const std::string message =
      test::message_of<muhat::UnknownName>([&] { (void)model.parameter_index("mu_signl"); });
  CHECK(test::mentions(message, {"mu_signl", "mu_signal"}));
  CHECK_THROWS_AS((void)model.parameter_index("gamma"), muhat::UnknownName);
  CHECK_THROWS_AS((void)model.parameter_index("gamma[2]"), muhat::UnknownName);
}

TEST_CASE("components of two sets that would have one name are an invalid name reuse") {
  const std::string message = test::message_of<muhat::InvalidNameReuse>([] {
    (void)muhat::build_model(test::single_sample(
        {1.0, 2.0}, {test::normfactor("mu"), test::normfactor("g[0]"), test::shapefactor("g")}));
  });
  CHECK(test::mentions(message, {"two parameters would be called \"g[0]\"", "normfactor \"g[0]\"",
                                 "shapefactor \"g\" with 2 parameters", "rename"}));
  CHECK_NOTHROW(muhat::build_model(
      test::single_sample({1.0, 2.0}, {test::normfactor("g[2]"), test::shapefactor("g")})));
}
