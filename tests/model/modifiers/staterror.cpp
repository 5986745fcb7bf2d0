#include <muhat/model/modifiers/staterror.hpp>

#include <cmath>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

TEST_CASE("a staterror combines the uncertainties of the samples that carry it") {
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("a", {30.0, 40.0}, {test::staterror("mc", {3.0, 0.0})}),
       test::sample("b", {20.0, 10.0}, {test::staterror("mc", {4.0, 2.0})}), test::sample("c", {7.0, 8.0})}));
  REQUIRE(model.par_names() == std::vector<std::string>{"mc[0]", "mc[1]"});
  REQUIRE(model.constraints().size() == 2);
  CHECK(model.constraints()[0].constraint == muhat::Constraint::normal);
  CHECK(model.constraints()[0].scale == Approx(5.0 / 50.0));
  CHECK(model.constraints()[1].scale == Approx(2.0 / 50.0));
  CHECK(model.auxdata() == muhat::Vector{{1.0, 1.0}});
  CHECK(model.suggested_lower() == muhat::Vector{{1e-10, 1e-10}});
  CHECK(model.suggested_upper() == muhat::Vector{{10.0, 10.0}});
  CHECK(model.expected_actualdata(muhat::Vector{{1.2, 0.5}}).isApprox(muhat::Vector{{67.0, 33.0}}));
}

TEST_CASE("a staterror bin without yield or uncertainty is fixed with unit width") {
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("a", {30.0, 0.0, -5.0, 30.0}, {test::staterror("mc", {3.0, 1.0, 1.0, 0.0})}),
       test::sample("b", {10.0, 0.0, 2.0, 0.0}, {test::staterror("mc", {0.0, 0.0, 0.0, 0.0})})}));
  CHECK(model.suggested_fixed() == std::vector<bool>{false, true, true, true});
  CHECK(model.constraints()[0].scale == Approx(0.075));
  for (std::size_t bin = 1; bin < 4; ++bin) {
    CHECK(model.constraints()[bin].scale == 1.0);
  }
}

TEST_CASE("a staterror over several channels is one set in the order of the sorted channels") {
  const muhat::spec::Model specification{
      {test::channel("Z", {test::sample("a", {10.0}, {test::staterror("mc", {1.0})})}),
       test::channel("M", {test::sample("a", {1.0})}),
       test::channel("A", {test::sample("a", {20.0, 30.0}, {test::staterror("mc", {4.0, 9.0})})})},
      {}};
  const muhat::Model model = muhat::build_model(specification);
  REQUIRE(model.par_names() == std::vector<std::string>{"mc[0]", "mc[1]", "mc[2]"});
  CHECK(model.constraints()[0].scale == Approx(0.2));
  CHECK(model.constraints()[1].scale == Approx(0.3));
  CHECK(model.constraints()[2].scale == Approx(0.1));
  CHECK(model.expected_actualdata(muhat::Vector{{2.0, 3.0, 5.0}}) == muhat::Vector{{40.0, 90.0, 1.0, 50.0}});
}

TEST_CASE("samples that carry a staterror on different bins are an error that names them") {
  const auto carried = [](std::string name) {
    return test::sample(name, {10.0}, {test::staterror("mc", {1.0})});
  };
  const muhat::spec::Model specification{
      {test::channel("A", {carried("top"), carried("wjets")}),
       test::channel("B", {carried("top"), test::sample("wjets", {10.0})})},
      {}};
  const std::string message =
      test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(specification); });
  CHECK(test::mentions(message, {"\"mc\"", "\"wjets\"", "\"B\""}));
}

TEST_CASE("any of many samples that carry a staterror on other bins is named with its channel") {
  const auto carried = [](std::string name) {
    return test::sample(name, {10.0}, {test::staterror("mc", {1.0})});
  };
  const auto refusal = [](std::vector<muhat::spec::Sample> in_b) {
    const muhat::spec::Model specification{
        {test::channel("A", {test::sample("other", {1.0})}), test::channel("B", std::move(in_b))}, {}};
    return [specification](std::vector<muhat::spec::Sample> in_a) {
      muhat::spec::Model complete = specification;
      complete.channels[0].samples = std::move(in_a);
      return test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(complete); });
    };
  };
  const auto with_all = refusal({carried("a"), carried("b"), carried("c"), test::sample("d", {1.0})});
  CHECK(test::mentions(with_all({carried("a"), carried("b"), test::sample("c", {1.0})}),
                       {"in channel \"A\" by sample \"a\" but not by sample \"c\""}));
  CHECK(test::mentions(with_all({test::sample("a", {1.0}), test::sample("b", {1.0}), carried("c")}),
                       {"in channel \"A\" by sample \"c\" but not by sample \"a\""}));
  CHECK(test::mentions(with_all({carried("d")}), {"\"a\"", "\"d\"", "channel \"A\""}));
}

TEST_CASE("staterror sets are sorted by name behind everything else") {
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("a", {10.0}, {test::staterror("z", {1.0}), test::normfactor("zz")}),
       test::sample("b", {10.0}, {test::staterror("B", {1.0}), test::shapesys("zzz", {1.0})})}));
  CHECK(model.par_names() == std::vector<std::string>{"zz", "zzz[0]", "B[0]", "z[0]"});
}

TEST_CASE("a staterror of the wrong length is an error that names it") {
  const std::string message = test::message_of<muhat::InvalidModel>([] {
    (void)muhat::build_model(test::single_sample({50.0, 60.0}, {test::staterror("mc", {5.0, 1.0, 2.0})}));
  });
  CHECK(test::mentions(message, {"mc", "background", "SR"}));
}

TEST_CASE("a staterror whose width is no number is an error that names the bin") {
  for (const double uncertainty : {1e-160, 1e-170, 1e160}) {
    CAPTURE(uncertainty);
    const muhat::spec::Model specification{
        {test::channel("A", {test::sample("top", {10.0}, {test::staterror("mc", {1.0})})}),
         test::channel("B", {test::sample("top", {10.0, 5.0}, {test::staterror("mc", {1.0, uncertainty})}),
                             test::sample("wjets", {10.0, 2.0})})},
        {}};
    const std::string message =
        test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(specification); });
    CHECK(test::mentions(message, {"staterror \"mc\"", "bin 1 of channel \"B\"", "\"top\"", "5"}));
    CHECK(message.find("wjets") == std::string::npos);
  }
  CHECK_NOTHROW(muhat::build_model(
      test::single_channel({test::sample("a", {30.0, 0.0}, {test::staterror("mc", {3.0, 1e-200})}),
                            test::sample("b", {10.0, 0.0}, {test::staterror("mc", {1e-200, 0.0})})})));
}
