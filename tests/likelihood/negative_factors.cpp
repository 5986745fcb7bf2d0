#include <muhat/likelihood/negative_factors.hpp>

#include <muhat/core/errors.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace test = muhat::test;
using muhat::Vector;

namespace {

/// One sample of `nchannels` channels has an extreme normsys; all have one that is harmless.
muhat::Model extreme(std::size_t nchannels, const muhat::ModelOptions& options = {}) {
  muhat::spec::Model model;
  for (std::size_t c = 0; c < nchannels; ++c) {
    model.channels.push_back(
        test::channel("SR_" + std::to_string(c),
                      {test::sample("fakes", {10.0, 12.0, -1.0},
                                    {test::normsys("far", 1000.0, 0.001), test::normsys("near", 1.1, 0.9)}),
                       test::sample("signal", {100.0, 100.0, -5.0},
                                    {test::normfactor("mu"), test::normsys("near", 1.1, 0.9)})}));
  }
  return muhat::build_model(model, "mu", options);
}

} // namespace

TEST_CASE("a negative factor is told with channel, bin, sample, modifier and value") {
  const muhat::Model model = extreme(1);
  REQUIRE(model.par_names() == std::vector<std::string>{"mu", "far", "near"});
  const std::string text = muhat::describe_negative_factors(model, Vector{{1.0, -0.005, 0.0}});
  CHECK(test::mentions(text, {"sample \"fakes\"", "bin 1 of channel \"SR_0\"", "normsys \"far\"", "-0.005"}));
  CHECK(text.find("near") == std::string::npos);
  CHECK(text.find("bin 0") == std::string::npos);
  CHECK(text.find("signal") == std::string::npos);
}

TEST_CASE("negative weights and negative parameters are no negative factors") {
  const muhat::Model model = extreme(2);
  CHECK(muhat::describe_negative_factors(model, Vector{{-3.0, 0.0, 0.5}}).empty());
  CHECK(muhat::describe_negative_factors(model, Vector{{1.0, 0.9, -2.0}}).empty());
  CHECK(muhat::describe_negative_factors(model, Vector{{1.0, -1.5, 0.0}}).empty());
  muhat::ModelOptions exponential;
  exponential.interpolation.normsys = muhat::InterpolationCode::code1;
  CHECK(muhat::describe_negative_factors(extreme(1, exponential), Vector{{1.0, -0.005, 0.0}}).empty());
  CHECK_THROWS_AS(muhat::describe_negative_factors(model, Vector{{1.0}}), muhat::InvalidArgument);
}

TEST_CASE("of many negative yields three are told, the others counted") {
  for (const std::size_t nchannels : {3U, 5U}) {
    const std::string text = muhat::describe_negative_factors(extreme(nchannels), Vector{{1.0, -0.005, 0.0}});
    CAPTURE(nchannels, text);
    CHECK(test::mentions(text, {"SR_0", "SR_1", "SR_2"}));
    CHECK(text.find("SR_3") == std::string::npos);
    CHECK((text.find("and 2 more such yields") != std::string::npos) == (nchannels == 5));
  }
}

TEST_CASE("a fit that ends on a negative yield says so") {
  const muhat::Model positive = muhat::build_model(
      test::single_channel({test::sample("fakes", {10.0}, {test::normsys("far", 1000.0, 0.001)}),
                            test::sample("signal", {100.0}, {test::normfactor("mu")})}),
      "mu");
  Vector counts(positive.nbins() + positive.nauxdata());
  counts << 60.0, positive.auxdata();
  const muhat::FitResult at = muhat::fixed_poi_fit(1.0, positive, counts);
  REQUIRE(at.certified());
  REQUIRE_FALSE(at.warnings.empty());
  CHECK(test::mentions(at.warnings.front(), {"\"fakes\"", "negative yield", "\"far\""}));
  // The best fit is elsewhere; it may know of other minima.
  for (const std::string& warning : muhat::fit(positive, counts).warnings) {
    CHECK(warning.find("negative yield") == std::string::npos);
  }
}
