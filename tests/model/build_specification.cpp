#include <muhat/model/build_specification.hpp>

#include <string>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;
using muhat::Vector;

namespace {

muhat::spec::Channel signal_region() {
  return test::channel("SR", {test::sample("a", {5.0, 6.0}, {test::normfactor("mu")})});
}

muhat::spec::Channel control_region() {
  return test::channel("CR", {test::sample("a", {7.0})});
}

} // namespace

TEST_CASE("the specification of a model and data has the data as observations") {
  const muhat::spec::Model source{{signal_region(), control_region()}, {}};
  const auto stored =
      muhat::build_specification(source, muhat::build_model(source, "mu"), Vector{{3.0, 1.0, 2.0}});
  REQUIRE(stored.observations.size() == 2);
  CHECK(stored.observations[0].name == "SR");
  CHECK(stored.observations[0].data == std::vector<double>{1.0, 2.0});
  CHECK(stored.observations[1].data == std::vector<double>{3.0});
  CHECK(stored.measurements.at(0).poi == "mu");
}

TEST_CASE("the specification has to have the model's channels and bins") {
  const muhat::Model model =
      muhat::build_model(muhat::spec::Model{{signal_region(), control_region()}, {}}, "mu");
  const auto refusal = [&](std::vector<muhat::spec::Channel> channels) {
    return test::message_of<muhat::InvalidArgument>([&] {
      (void)muhat::build_specification(muhat::spec::Model{std::move(channels), {}}, model,
                                       Vector{{3.0, 1.0, 2.0}});
    });
  };
  CHECK(test::mentions(refusal({signal_region()}), {"the specification has no channel \"CR\""}));
  auto more = control_region();
  more.name = "VR";
  CHECK(test::mentions(refusal({signal_region(), control_region(), more}),
                       {"the model has no channel \"VR\""}));
  auto longer = control_region();
  longer.samples[0].data.push_back(1.0);
  CHECK(test::mentions(refusal({signal_region(), longer}), {"\"CR\"", "2 bins", "1 in the model"}));
}
