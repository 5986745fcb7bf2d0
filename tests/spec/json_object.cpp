#include <muhat/spec/json_object.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

TEST_CASE("json_object: members of every type, in braces within braces") {
  const std::string name = "mu";
  const std::vector<double> values{1.0, 2.5};
  const nlohmann::json object = muhat::json_object(
      {{"name", name}, {name + "_values", values}, {"count", 2U}, {"none", nullptr}, {"pair", {1, 2.0}}});
  CHECK(object ==
        nlohmann::json::parse(
            R"({"name": "mu", "mu_values": [1.0, 2.5], "count": 2, "none": null, "pair": [1, 2.0]})"));
  CHECK(object.at("count").is_number_unsigned());
  CHECK(muhat::json_object({}) == nlohmann::json::object());
}

TEST_CASE("json_object: an ordered document keeps the order, the last of equal keys wins") {
  using Ordered = nlohmann::ordered_json;
  const Ordered object = muhat::json_object<Ordered>({{"b", 1}, {"a", Ordered::array()}, {"b", 3}});
  CHECK(object.dump() == R"({"b":3,"a":[]})");
}

TEST_CASE("json_object: values are moved from, not copied") {
  nlohmann::json list = nlohmann::json::array({1, 2, 3});
  const auto* const place = list.get_ptr<nlohmann::json::array_t*>();
  const nlohmann::json object = muhat::json_object({{"list", std::move(list)}});
  CHECK(object.at("list").get_ptr<const nlohmann::json::array_t*>() == place);
}
