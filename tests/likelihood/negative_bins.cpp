#include <muhat/likelihood/negative_bins.hpp>

#include <string>

#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;
using muhat::Vector;

namespace {

/// Channel "SR": the sample "top" falls steeply with alpha in bin 1; "wjets" stays positive.
muhat::Model steep() {
  return muhat::build_model(muhat::spec::Model{
      {test::channel("CR", {test::sample("top", {30.0}, {test::normfactor("k")})}),
       test::channel("SR", {test::sample("top", {10.0, 10.0},
                                         {test::histosys("tilt", {11.0, 18.0}, {9.0, 2.0}),
                                          test::normfactor("k"), test::normsys("tiny", 1.001, 0.999)}),
                            test::sample("wjets", {1.0, 1.0})})},
      {}});
}

} // namespace

TEST_CASE("a negative bin is explained by channel, bin, samples and modifiers") {
  const muhat::Model model = steep();
  REQUIRE(model.par_names() == std::vector<std::string>{"tilt", "k", "tiny"});
  const Vector pars{{-3.0, 1.0, 0.5}};
  REQUIRE(model.expected_actualdata(pars)[2] < 0.0);
  const std::string text = muhat::describe_negative_bins(model, pars);
  CHECK(test::mentions(text, {"SR", "bin 1", "\"top\"", "histosys \"tilt\""}));
  CHECK(text.find("wjets") == std::string::npos);
  CHECK(text.find("CR") == std::string::npos);
  CHECK(text.find("bin 0") == std::string::npos);
  CHECK(text.find("tiny") == std::string::npos);
}

TEST_CASE("a code4 factor that turns negative between its templates is named") {
  const muhat::Model model =
      muhat::build_model(test::single_sample({5.0}, {test::normsys("extreme", 0.998, 230.0)}));
  const std::string text = muhat::describe_negative_bins(model, Vector{{0.5}});
  CHECK(test::mentions(text, {"SR", "bin 0", "background", "normsys \"extreme\""}));
}

TEST_CASE("nothing is explained where every bin is positive") {
  CHECK(muhat::describe_negative_bins(steep(), Vector{{0.0, 1.0, 0.0}}).empty());
}

TEST_CASE("bins without events may have no rate, and hide no negative one") {
  const muhat::Model model = muhat::build_model(muhat::spec::Model{
      {test::channel("A", {test::sample("none", std::vector<double>(6, 0.0))}),
       test::channel("B", {test::sample("fakes", {-3.0, 4.0}, {test::normsys("trigger", 1.5, 0.5)}),
                           test::sample("signal", {1.0, 0.0}, {test::normfactor("mu")})})},
      {}});
  REQUIRE(model.par_names() == std::vector<std::string>{"mu", "trigger"});
  const Vector pars{{1.0, 1.0}};
  Vector data = Vector::Zero(9);
  const std::string text = muhat::describe_negative_bins(model, pars, data);
  CHECK(test::mentions(text, {"bin 0 of channel \"B\"", "-3.5", "\"fakes\"", "trigger"}));
  CHECK(text.find("\"A\"") == std::string::npos);
  CHECK(text.find("more such") == std::string::npos);
  data[3] = 2.0;
  const std::string events = muhat::describe_negative_bins(model, pars, data);
  CHECK(test::mentions(events, {"bin 3 of channel \"A\" has an expected rate of 0 events, but", "observed", "drop the bin"}));
  CHECK(events.find("\"B\"") < events.find("\"A\""));
  CHECK(events.find("bin 2") == std::string::npos);
  const std::string unknown = muhat::describe_negative_bins(model, pars);
  CHECK(unknown.find("\"B\"") < unknown.find("\"A\""));
  CHECK(test::mentions(unknown, {"and 2 more such bins"}));
  CHECK_THROWS_AS(muhat::describe_negative_bins(model, pars, Vector(data.head(7))), muhat::InvalidArgument);
}

TEST_CASE("of many negative bins five are explained, the others counted") {
  for (const std::size_t nbins : {5U, 6U, 9U}) {
    const muhat::Model model =
        muhat::build_model(test::single_sample(std::vector<double>(nbins, 10.0), {test::normfactor("k")}));
    const std::string text = muhat::describe_negative_bins(model, Vector{{-1.0}});
    CAPTURE(nbins, text);
    CHECK(test::mentions(text, {"bin 0", "bin 4"}));
    CHECK(text.find("bin 5") == std::string::npos);
    CHECK(text.find("bin 7") == std::string::npos);
    CHECK((text.find("and 1 more such bin") != std::string::npos) == (nbins == 6));
    CHECK((text.find("and 4 more such bins") != std::string::npos) == (nbins == 9));
  }
}
