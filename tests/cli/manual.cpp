// The examples of the manual's command line chapter (pyhf 0.6.4), with muhat for pyhf.
#include <muhat/core/hash.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/tolerances.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <vector>

using muhat::test::run_tool;

namespace {

/// The manual's two-bin workspace: its digest below says that it is the same to the last character.
std::string manual_workspace() {
  nlohmann::json document = muhat::test::two_bin_document();
  document["channels"][0]["samples"][0]["data"] = {5.0, 10.0};
  document["channels"][0]["samples"][1]["data"] = {50.0, 60.0};
  document["channels"][0]["samples"][1]["modifiers"][0]["data"] = {5.0, 12.0};
  document["observations"][0]["data"] = {50.0, 60.0};
  return document.dump();
}

/// Whole numbers as integers, as jq prints them.
void print_whole_numbers_as_integers(nlohmann::json& value) {
  if (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>()) {
    value = static_cast<int>(value.get<double>());
  }
  if (value.is_structured()) {
    for (nlohmann::json& element : value) {
      print_whole_numbers_as_integers(element);
    }
  }
}

} // namespace

TEST_CASE("manual: cls") {
  const nlohmann::json test = run_tool({"cls"}, manual_workspace()).json();
  CHECK(test.size() == 2);
  CHECK(test.at("CLs_obs").get<double>() ==
        Approx(0.3599845631401915).margin(muhat::test::tolerance::manual));
  const std::vector<double> expected{0.07807427911686156, 0.17472571775474618, 0.35998495263681285,
                                     0.6343568235898907, 0.8809947004472013};
  REQUIRE(test.at("CLs_exp").size() == 5);
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(test.at("CLs_exp")[k].get<double>() == Approx(expected[k]).margin(muhat::test::tolerance::manual));
  }
}

TEST_CASE("manual: fit --value") {
  const nlohmann::json fit = run_tool({"fit", "--value"}, manual_workspace()).json();
  CHECK(fit.at("twice_nll").get<double>() ==
        Approx(23.19636590468879).margin(muhat::test::tolerance::manual));
  const nlohmann::json& parameters = fit.at("mle_parameters");
  CHECK(parameters.size() == 2);
  REQUIRE(parameters.at("mu").size() == 1);
  CHECK(parameters.at("mu")[0].get<double>() == Approx(0.00017298628839781602).margin(1e-3));
  REQUIRE(parameters.at("uncorr_bkguncrt").size() == 2);
  CHECK(parameters.at("uncorr_bkguncrt")[0].get<double>() == Approx(1.0000015671710816).margin(1e-4));
  CHECK(parameters.at("uncorr_bkguncrt")[1].get<double>() == Approx(0.9999665895859197).margin(1e-4));
}

TEST_CASE("manual: digest") {
  CHECK(run_tool({"digest"}, manual_workspace()).out ==
        "sha256:dad8822af55205d60152cbe4303929042dbd9d4839012e055e7c6b6459d68d73\n");
}

TEST_CASE("manual: sort, through jq and md5") {
  nlohmann::json sorted = run_tool({"sort"}, manual_workspace()).json();
  print_whole_numbers_as_integers(sorted);
  CHECK(muhat::md5(sorted.dump(2) + '\n') == "8be5186ec249d2704e14dd29ef05ffb0");
}
