/// Models from specifications and workspaces, and what cannot be built.

#include <muhat/model/build.hpp>

#include <limits>
#include <string>
#include <vector>

#include <muhat/core/errors.hpp>
#include <muhat/model/model.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/plain_workspace.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

namespace {

muhat::spec::Model small() {
  return test::single_channel(
      {test::sample("signal", {5.0, 10.0}, {test::normfactor("mu")}),
       test::sample("background", {50.0, 60.0}, {test::shapesys("gamma", {5.0, 12.0})})});
}

std::string refusal(const muhat::spec::Model& specification) {
  return test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model(specification); });
}

} // namespace

TEST_CASE("a measurement is chosen by name or index") {
  muhat::spec::Parameter wide = test::configuration("mu");
  wide.bounds = {{-5.0, 50.0}};
  const test::PlainWorkspace workspace({small().channels,
                                        {{"first", "mu", {}}, {"second", "other", {wide}}},
                                        {{"SR", {55.0, 62.0}}},
                                        "1.0.0"});
  const muhat::Model by_default = muhat::build_model(workspace);
  CHECK(by_default.poi_name() == "mu");
  CHECK(by_default.suggested_upper()[0] == 10.0);
  for (const muhat::Model& model : {muhat::build_model(workspace, {.measurement = "second"}),
                                    muhat::build_model(workspace, {.measurement_index = 1})}) {
    CHECK(model.poi_name() == "other");
    CHECK(model.suggested_upper()[0] == 50.0);
  }
  CHECK_THROWS_AS((void)muhat::build_model(workspace, {.measurement = "third"}), muhat::UnknownName);
}

TEST_CASE("a model without measurement uses its own parameter configurations and names no POI") {
  muhat::spec::Model specification = small();
  muhat::spec::Parameter wide = test::configuration("mu");
  wide.bounds = {{-5.0, 50.0}};
  specification.parameters = {wide};
  const muhat::Model model = muhat::build_model(specification);
  CHECK(model.poi_name().empty());
  CHECK(model.suggested_lower()[0] == -5.0);
  CHECK(muhat::build_model(specification, "mu").poi_name() == "mu");
}

TEST_CASE("a model without any modifier has no parameters and constant rates") {
  const muhat::Model model = muhat::build_model(test::single_sample({3.0, 4.0}, {}));
  CHECK(model.nparameters() == 0);
  CHECK(model.expected_actualdata(muhat::Vector(0)) == muhat::Vector{{3.0, 4.0}});
}

TEST_CASE("copies of a model share it and agree") {
  const muhat::Model model = muhat::build_model(small());
  const muhat::Model copy = model;
  CHECK(&model.tables() == &copy.tables());
  CHECK(model.expected_actualdata(model.suggested_init()) == copy.expected_actualdata(copy.suggested_init()));
}

TEST_CASE("a wrong number of parameters is an error that says how many there are") {
  const muhat::Model model = muhat::build_model(small());
  const std::string message = test::message_of<muhat::InvalidArgument>(
      [&] { (void)model.expected_actualdata(muhat::Vector::Ones(2)); });
  CHECK(test::mentions(message, {"3", "2"}));
  CHECK_THROWS_AS((void)model.expected_by_sample(muhat::Vector::Ones(4)), muhat::InvalidArgument);
}

TEST_CASE("a specification without channels or samples is an error") {
  CHECK(test::mentions(refusal({{}, {}}), {"channel"}));
  CHECK(test::mentions(refusal({{test::channel("SR", {})}, {}}), {"SR", "sample"}));
}

TEST_CASE("samples of different or no length are an error that names them") {
  CHECK(
      test::mentions(refusal(test::single_channel({test::sample("a", {1.0, 2.0}), test::sample("b", {1.0})})),
                     {"\"b\"", "SR", "1", "2"}));
  CHECK(test::mentions(refusal(test::single_channel({test::sample("a", {})})), {"\"a\"", "SR"}));
}

TEST_CASE("names that two channels, samples or modifiers share are an error that says which") {
  muhat::spec::Model twice = small();
  twice.channels.push_back(twice.channels.front());
  CHECK(test::mentions(refusal(twice), {"two channels", "\"SR\""}));
  twice = small();
  twice.channels[0].samples.push_back(twice.channels[0].samples[1]);
  CHECK(test::mentions(refusal(twice), {"two samples of channel \"SR\"", "\"background\""}));
  twice = small();
  twice.channels[0].samples[0].modifiers.push_back(test::normfactor("mu"));
  CHECK(test::mentions(refusal(twice), {"normfactor \"mu\"", "\"signal\"", "/modifiers/1", "twice"}));
}

TEST_CASE("a yield that is not finite is an error that names its sample") {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CHECK(test::mentions(refusal(test::single_channel({test::sample("a", {1.0, bad})})), {"\"a\"", "SR"}));
  }
}

TEST_CASE("an unknown modifier type is an error that names its place and the known types") {
  const muhat::spec::Modifier unknown{"mystery", "normfaktor", muhat::spec::NoData{}};
  CHECK(test::mentions(refusal(test::single_sample({1.0}, {unknown})),
                       {"mystery", "normfaktor", "normfactor", "/channels/0/samples/0/modifiers/0"}));
}

TEST_CASE("data of another modifier type are an error that names the modifier") {
  const muhat::spec::Modifier mixed{"mixed", "normsys", muhat::spec::BinData{1.0}};
  CHECK(test::mentions(refusal(test::single_sample({1.0}, {mixed})), {"mixed", "normsys"}));
}

TEST_CASE("an unsuitable interpolation code is an error that lists the valid ones") {
  const std::string message = test::message_of<muhat::InvalidArgument>([] {
    (void)muhat::build_model(small(), "", {.interpolation = {.normsys = muhat::InterpolationCode::code4p}});
  });
  CHECK(test::mentions(message, {"code1", "code4"}));
}

TEST_CASE("a clip that is not a finite number is an error that names the option and its value") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto message = [](const muhat::ModelOptions& options) {
    return test::message_of<muhat::InvalidArgument>([&] { (void)muhat::build_model(small(), "", options); });
  };
  CHECK(test::mentions(message({.clip_sample_data = nan}), {"clip_sample_data", "nan", "finite"}));
  CHECK(test::mentions(message({.clip_bin_data = nan}), {"clip_bin_data", "nan", "finite"}));
  CHECK(test::mentions(message({.clip_bin_data = -infinity}), {"clip_bin_data", "-inf", "finite"}));
  CHECK_NOTHROW(muhat::build_model(small(), "", {.clip_sample_data = 0.0, .clip_bin_data = 1e-6}));
}
