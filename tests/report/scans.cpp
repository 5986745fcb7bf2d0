#include <muhat/model/simple_models.hpp>
#include <muhat/report/scans.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

#include <nlohmann/json.hpp>

#include <string>

TEST_CASE("scans: values that are missing are null, with a reason") {
  const muhat::ClsPoint unreached{.mu = 0.0, .reason = muhat::scan_point_not_reached};
  muhat::ClsPoint whole{.mu = 1.0, .cls_observed = 0.5};
  whole.cls_expected = {0.1, 0.2, 0.3, 0.4, 0.5};
  muhat::ClsPoint half = whole;
  half.cls_observed.reset();
  half.reason = "stalled";
  const nlohmann::json scan =
      muhat::cls_scan_json("mu", muhat::TestStatistic::q_mu_tilde, {unreached, whole, half});
  REQUIRE(scan.at("points").size() == 3);
  const nlohmann::json& missing = scan.at("points")[0];
  CHECK(missing.at("mu") == 0.0);
  CHECK(missing.at("CLs_obs").is_null());
  CHECK(missing.at("CLs_exp") == nlohmann::json::array({nullptr, nullptr, nullptr, nullptr, nullptr}));
  CHECK(muhat::test::mentions(missing.at("reason").get<std::string>(), {"not reached"}));
  CHECK(scan.at("points")[1].at("CLs_obs") == 0.5);
  CHECK_FALSE(scan.at("points")[1].contains("reason"));
  CHECK(scan.at("points")[2].at("CLs_obs").is_null());
  CHECK(scan.at("points")[2].at("CLs_exp")[4] == 0.5);
  CHECK(scan.at("points")[2].at("reason") == "stalled");
}

TEST_CASE("scans: a profile's missing points say why") {
  const muhat::Model model = muhat::uncorrelated_background({12.0}, {50.0}, {3.0});
  muhat::ProfileScan scan{{{"mu", {0.0, 1.0}}}, {}, {}};
  scan.best_fit.parameters = model.suggested_init();
  scan.points = {{.values = {0.0}, .twice_nll = 7.0, .delta = 2.0}, {.values = {1.0}, .reason = "stalled"}};
  const nlohmann::json json = muhat::profile_scan_json(model, scan);
  CHECK(json.at("points")[0].at("delta_twice_nll") == 2.0);
  CHECK_FALSE(json.at("points")[0].contains("reason"));
  CHECK(json.at("points")[1].at("delta_twice_nll").is_null());
  CHECK(json.at("points")[1].at("reason") == "stalled");
}
