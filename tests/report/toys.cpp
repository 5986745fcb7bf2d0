#include <muhat/core/errors.hpp>
#include <muhat/inference/toys.hpp>
#include <muhat/report/toys.hpp>
#include <muhat/spec/write_json.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <vector>

namespace {

muhat::ToyEnsemble ensemble() {
  muhat::ToyEnsemble result{.mu = 0.1,
                            .test_statistic = muhat::TestStatistic::q_mu,
                            .poi = "mu",
                            .seed = std::numeric_limits<std::uint64_t>::max(),
                            .settings = {{"data", "abc"}, {"model", "def"}, {"workspace", "ghi"}},
                            .observed = 1.0 / 3.0};
  result.tested.parameters = muhat::Vector::Constant(2, 1e-17);
  result.tested.numbers = {0, 2};
  result.tested.statistics = {0.1 + 0.2, 5e-324};
  result.tested.failed = {{1, "no certified minimum: \"stalled\""}};
  result.alternative.parameters = muhat::Vector::Constant(2, 3.0);
  result.alternative.numbers = {4};
  result.alternative.statistics = {7.0};
  return result;
}

} // namespace

TEST_CASE("toys: an ensemble reads back to the same bits") {
  const muhat::ToyEnsemble written = ensemble();
  const nlohmann::json document = nlohmann::json::parse(muhat::json_text(muhat::toy_ensemble_json(written)));
  const muhat::ToyEnsemble read = muhat::read_toy_ensemble(document);
  CHECK(read.mu == written.mu);
  CHECK(read.test_statistic == written.test_statistic);
  CHECK(read.poi == written.poi);
  CHECK(read.seed == written.seed);
  CHECK(read.settings == written.settings);
  CHECK(read.observed == written.observed);
  CHECK(read.tested.parameters == written.tested.parameters);
  CHECK(read.tested.numbers == written.tested.numbers);
  CHECK(read.tested.statistics == written.tested.statistics);
  REQUIRE(read.tested.failed.size() == 1);
  CHECK(read.tested.failed[0].number == 1);
  CHECK(read.tested.failed[0].reason == written.tested.failed[0].reason);
  CHECK(read.alternative.numbers == written.alternative.numbers);
}

TEST_CASE("toys: failed toys are counted, and what the toys cannot tell is null with a reason") {
  nlohmann::json json = muhat::toy_ensemble_json(ensemble());
  CHECK(json.at("ntoys") == nlohmann::json::array({3, 1}));
  CHECK(json.at("failed_toys") == nlohmann::json::array({1, 0}));
  CHECK(json.at("CLs_obs").is_number());
  CHECK(json.at("CLs_exp_error").size() == 5);
  CHECK(json.at("CLs_exp_error")[2].get<double>() > 0.0);
  muhat::ToyEnsemble far = ensemble();
  far.observed = 100.0;
  json = muhat::toy_p_values_json(far);
  CHECK(json.at("CLs_obs").is_null());
  CHECK(muhat::test::mentions(json.at("reason").get<std::string>(), {"CLb"}));
  far.alternative = {};
  json = muhat::toy_p_values_json(far);
  CHECK(json.at("CLs_obs").is_null());
  CHECK(json.at("CLs_exp").size() == 5);
  CHECK(json.at("CLs_exp_error")[4].is_null());
  CHECK(muhat::test::mentions(json.at("reason").get<std::string>(), {"no toy"}));
}

TEST_CASE("toys: without toys an ensemble still reads back") {
  muhat::ToyEnsemble empty = ensemble();
  empty.tested = {};
  empty.alternative = {};
  const muhat::ToyEnsemble read = muhat::read_toy_ensemble(muhat::toy_ensemble_json(empty));
  CHECK(read.tested.made() == 0);
  CHECK(read.tested.parameters.size() == 0);
}

TEST_CASE("toys: everything wrong with a file is reported at once") {
  nlohmann::json json = muhat::toy_ensemble_json(ensemble());
  json["toys"]["seed"] = -3;
  json["toys"].erase("poi");
  json["toys"]["tested"]["numbers"] = {0, "two"};
  json["toys"]["settings"].erase("model");
  json["toys"]["settings"]["workspace"] = 3;
  const std::string message =
      muhat::test::message_of<muhat::SpecificationError>([&] { (void)muhat::read_toy_ensemble(json); });
  CHECK(muhat::test::mentions(message, {"5 problems", "/toys/seed", "poi", "/toys/tested/numbers/1",
                                        "\"model\"", "/toys/settings/workspace"}));
}

TEST_CASE("toys: numbers ascend and stand in one list, statistics are at least 0") {
  const auto complaint = [](const char* pointer, const nlohmann::json& value) {
    nlohmann::json json = muhat::toy_ensemble_json(ensemble());
    json["toys"][nlohmann::json::json_pointer(pointer)] = value;
    return muhat::test::message_of<muhat::SpecificationError>([&] { (void)muhat::read_toy_ensemble(json); });
  };
  using muhat::test::mentions;
  CHECK(mentions(complaint("/tested/numbers", {2, 2}), {"/toys/tested/numbers/1", "ascend", "twice"}));
  CHECK(mentions(complaint("/tested/numbers", {7, 3}), {"/toys/tested/numbers/1", "3", "7"}));
  CHECK(
      mentions(complaint("/tested/numbers", {0, 1}), {"/toys/tested/failed/0/number", "statistic as well"}));
  const nlohmann::json twice = {{{"number", 5}, {"reason", "x"}}, {{"number", 5}, {"reason", "y"}}};
  CHECK(mentions(complaint("/alternative/failed", twice), {"/toys/alternative/failed/1/number", "ascend"}));
  CHECK(mentions(complaint("/tested/statistics", {0.5, -0.5}), {"/toys/tested/statistics/1", "-0.5"}));
  CHECK(mentions(complaint("/tested/statistics", {0.5, nullptr}), {"/toys/tested/statistics/1", "null"}));
  CHECK(mentions(complaint("/statistic_obs", -1.0), {"/toys/statistic_obs", "at least 0"}));
  CHECK(mentions(complaint("/test_stat", "chi2"), {"/toys/test_stat", "chi2", "qtilde"}));
}

TEST_CASE("toys: a file that does not say what they are for is refused") {
  nlohmann::json json = muhat::toy_ensemble_json(ensemble());
  json["toys"].erase("settings");
  const std::string message =
      muhat::test::message_of<muhat::SpecificationError>([&] { (void)muhat::read_toy_ensemble(json); });
  CHECK(muhat::test::mentions(message, {"\"/toys\"", "settings", "data and model", "make them anew"}));
}
