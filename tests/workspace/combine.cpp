#include <muhat/workspace/combine.hpp>
#include <muhat/workspace/digest.hpp>
#include <muhat/workspace/load.hpp>
#include <muhat/workspace/prune.hpp>
#include <muhat/workspace/rename.hpp>
#include <muhat/workspace/sort.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/small_workspaces.hpp>
#include <support/zoo.hpp>

#include <string>
#include <vector>

using muhat::Join;
using muhat::Workspace;
using muhat::test::mentions;
using muhat::test::message_of;
using nlohmann::json;

namespace {

Workspace both() {
  return Workspace(muhat::test::every_modifier_document());
}
Workspace only(const std::string& channel) {
  return muhat::prune(both(), {.channels = {channel == "SR" ? "CR" : "SR"}});
}

/// Another workspace: the given JSON Patch applied to the one with both channels.
Workspace changed(const char* patch) {
  return Workspace(muhat::test::every_modifier_document().patch(json::parse(patch)));
}

std::string conflict(const Workspace& left, const Workspace& right, muhat::CombineOptions options) {
  return message_of<muhat::InvalidOperation>([&] { (void)muhat::combine(left, right, options); });
}

const char* const other_data = R"([{"op": "replace", "path": "/observations/0/data", "value": [46, 33]}])";
const char* const other_poi =
    R"([{"op": "replace", "path": "/measurements/0/config/poi", "value": "k_top"}])";
const char* const other_bounds =
    R"([{"op": "replace", "path": "/measurements/0/config/parameters/1/bounds/0/1", "value": 7}])";
const char* const other_sample =
    R"([{"op": "replace", "path": "/channels/0/samples/2/name", "value": "qcd"}])";
const char* const other_yields =
    R"([{"op": "replace", "path": "/channels/0/samples/2/data/0", "value": 2.5}])";

} // namespace

TEST_CASE("combine: nothing in common") {
  const auto right = muhat::rename(only("CR"), {.measurements = {{"nominal", "n"}, {"top", "t"}}});
  muhat::Changes changes;
  const auto joined = muhat::combine(only("SR"), right, {}, &changes);
  CHECK(joined.channel_names() == std::vector<std::string>{"SR", "CR"});
  CHECK(joined.measurement_names() == std::vector<std::string>{"nominal", "top", "n", "t"});
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].pointer == "/channels/0");
  CHECK(changes[0].description == "add channel \"CR\"");
}

TEST_CASE("combine: without a join, common names are errors") {
  CHECK(mentions(conflict(only("SR"), only("CR"), {}), {"both workspaces have a measurement \"nominal\""}));
  CHECK(mentions(conflict(both(), only("CR"), {}), {"both workspaces have a channel \"CR\""}));
}

TEST_CASE("combine: the outer join of the parts is the whole") {
  const auto joined = muhat::combine(only("CR"), only("SR"), {.join = Join::outer});
  CHECK(muhat::digest(muhat::sorted(joined)) == muhat::digest(muhat::sorted(both())));
  CHECK(muhat::combine(both(), both(), {.join = Join::outer}).document() == both().document());
}

TEST_CASE("combine: the outer join unites parameter configurations") {
  const auto left = changed(R"([{"op": "remove", "path": "/measurements/0/config/parameters/0"}])");
  const auto right = changed(R"([{"op": "remove", "path": "/measurements/0/config/parameters/1"}])");
  const auto joined = muhat::combine(left, right, {.join = Join::outer});
  CHECK(muhat::digest(muhat::sorted(joined)) == muhat::digest(muhat::sorted(both())));
}

TEST_CASE("combine: configurations of a staterror come together bin by bin") {
  json document = muhat::test::every_modifier_document();
  document["channels"][1]["samples"][0]["modifiers"].push_back(
      {{"name", "stat"}, {"type", "staterror"}, {"data", {2.0}}});
  document["channels"][0]["samples"][1]["modifiers"][1]["name"] = "stat";
  document["channels"][0]["samples"][2]["modifiers"].erase(1);
  json plain = document["channels"][1];
  plain["name"] = "A";
  plain["samples"][0]["modifiers"] = json::array();
  document["channels"].push_back(plain);
  document["observations"].push_back({{"name", "A"}, {"data", {100}}});
  // The channel CR stands before SR.
  const json inits = {1.3, 1.1, 1.2};
  document["measurements"][0]["config"]["parameters"].push_back(
      {{"name", "stat"}, {"inits", inits}, {"bounds", {{0, 3}, {0, 1.5}, {0, 2}}}, {"fixed", false}});
  const Workspace whole(document);
  const auto expected = muhat::digest(muhat::sorted(whole));
  const auto part = [&](std::vector<std::string> others) {
    return muhat::prune(whole, {.channels = std::move(others)});
  };
  const auto joined = [](const Workspace& left, const Workspace& right) {
    return muhat::combine(left, right, {.join = Join::outer});
  };
  const auto sr = part({"CR", "A"});
  const auto cr = part({"SR", "A"});
  const auto a = part({"SR", "CR"});
  CHECK(sr.document()["measurements"][0]["config"]["parameters"][2]["inits"] == json{1.1, 1.2});
  CHECK(muhat::digest(muhat::sorted(joined(joined(sr, cr), a))) == expected);
  CHECK(muhat::digest(muhat::sorted(joined(joined(cr, a), sr))) == expected);
  CHECK(muhat::digest(muhat::sorted(joined(a, joined(sr, cr)))) == expected);
  CHECK(muhat::digest(muhat::sorted(joined(part({"A"}), part({"SR"})))) == expected);
  const auto other = [&](const char* pointer, const json& value) {
    json changed = part({"A"}).document();
    changed[json::json_pointer(pointer)] = value;
    return conflict(Workspace(changed), part({"SR"}), {.join = Join::outer});
  };
  CHECK(mentions(other("/measurements/0/config/parameters/2/inits/0", 1.4),
                 {"measurement \"nominal\"", "parameter \"stat\"", "[1.4,1.1,1.2]", "[1.3]"}));
  CHECK(mentions(other("/measurements/0/config/parameters/2/fixed", true), {"parameter \"stat\""}));
  CHECK(mentions(other("/measurements/0/config/parameters/2/sigmas", {1, 1, 1}), {"parameter \"stat\""}));
}

TEST_CASE("combine: the outer join explains conflicts") {
  const muhat::CombineOptions outer{.join = Join::outer};
  CHECK(mentions(conflict(both(), changed(other_data), outer), {"observation \"SR\"", "[45,33]", "[46,33]"}));
  CHECK(mentions(conflict(both(), changed(other_poi), outer),
                 {"measurement \"nominal\"", "POI \"mu\"", "\"k_top\""}));
  CHECK(mentions(conflict(both(), changed(other_bounds), outer),
                 {"measurement \"nominal\"", "parameter \"k_top\"", "[0,5]", "[0,7]"}));
  CHECK(mentions(conflict(both(), changed(other_sample), outer), {"disagree on the channel \"SR\""}));
}

TEST_CASE("combine: modifiers that may not share a parameter stay apart") {
  const auto with_shapesys = [](const char* channel) {
    json document = muhat::test::every_modifier_document();
    json& channels = document["channels"];
    const std::size_t other = channels[0]["name"] == channel ? 1 : 0;
    json& samples = channels[1 - other]["samples"];
    const std::vector<double> sizes(samples[0]["data"].size(), 1.0);
    samples[0]["modifiers"].push_back({{"name", "u"}, {"type", "shapesys"}, {"data", sizes}});
    const std::string dropped = channels[other]["name"];
    return muhat::prune(Workspace(document), {.channels = {dropped}});
  };
  CHECK(mentions(conflict(with_shapesys("SR"), with_shapesys("CR"), {.join = Join::outer}),
                 {"shapesys and the shapesys \"u\"", "channel \"CR\"", "right workspace", "rename one"}));
}

TEST_CASE("combine: an outcome that has no model is refused") {
  // One sample `s` in a channel, with a modifier "p".
  const auto part = [](const char* channel, const char* sample, const json& yields, const json& modifier) {
    return json{
        {"channels",
         {{{"name", channel},
           {"samples", {{{"name", sample}, {"data", yields}, {"modifiers", {modifier}}}}}}}},
        {"observations", {{{"name", channel}, {"data", yields}}}},
        {"measurements", {{{"name", "m"}, {"config", {{"poi", "p"}, {"parameters", json::array()}}}}}},
        {"version", "1.0.0"}};
  };
  const json shape = {{"name", "p"}, {"type", "shapefactor"}, {"data", nullptr}};
  const muhat::CombineOptions outer{.join = Join::outer};
  const Workspace two(part("A", "s", {1.0, 2.0}, shape));
  CHECK(mentions(conflict(two, Workspace(part("B", "s", {1.0}, shape)), outer),
                 {"shapefactor \"p\"", "channel \"B\"", "equally many bins", "\"A\" has 2, \"B\" has 1"}));
  CHECK_NOTHROW(muhat::combine(two, Workspace(part("B", "s", {1.0, 3.0}, shape)), outer));

  const json statistical = {{"name", "p"}, {"type", "staterror"}, {"data", {0.1}}};
  const json one = part("A", "s", {1.0}, statistical);
  CHECK(mentions(conflict(Workspace(one), Workspace(part("B", "t", {1.0}, statistical)), outer),
                 {"staterror \"p\"", "sample \"t\"", "right workspace",
                  "\"s\" would carry it in \"A\", \"t\" in \"B\"", "rename one"}));
  const json other = part("B", "s", {1.0}, statistical);
  CHECK_NOTHROW(muhat::combine(Workspace(one), Workspace(other), outer));
  json configured = one;
  configured["measurements"][0]["config"]["parameters"] = {{{"name", "p"}, {"inits", {1.0}}}};
  CHECK(mentions(conflict(Workspace(configured), Workspace(other), outer),
                 {"parameter \"p\" 2 components", "measurement \"m\"", "has 1 inits",
                  "/measurements/0/config/parameters/0/inits"}));
}

TEST_CASE("combine: what the right outer join takes from the right is checked against the rest of the left") {
  json left = muhat::test::every_modifier_document();
  left["channels"][1]["samples"][0]["modifiers"].push_back(
      {{"name", "sys"}, {"type", "normsys"}, {"data", {{"hi", 1.1}, {"lo", 0.9}}}});
  json right = muhat::prune(both(), {.channels = {"CR"}}).document();
  right["channels"][0]["samples"][1]["modifiers"].push_back(
      {{"name", "sys"}, {"type", "shapesys"}, {"data", {1.0, 1.0}}});
  for (const bool merge : {false, true}) {
    CHECK(mentions(
        conflict(Workspace(left), Workspace(right), {.join = Join::right_outer, .merge_channels = merge}),
        {"shapesys and the normsys \"sys\"", "channel \"CR\"", "left workspace"}));
  }
}

TEST_CASE("combine: left and right outer joins choose a side") {
  const auto right = changed(R"([{"op": "replace", "path": "/observations/0/data", "value": [46, 33]},
                                 {"op": "replace", "path": "/measurements/0/config/poi", "value": "k_top"},
                                 {"op": "replace", "path": "/channels/0/samples/2/name", "value": "qcd"}])");
  CHECK(muhat::combine(both(), right, {.join = Join::left_outer}).document() == both().document());
  CHECK(muhat::combine(both(), right, {.join = Join::right_outer}).document() == right.document());
  muhat::Changes changes;
  const auto joined = muhat::combine(only("SR"), right, {.join = Join::left_outer}, &changes);
  CHECK(joined.channel_names() == std::vector<std::string>{"SR", "CR"});
  CHECK(joined.specification().observations[0].data[0] == 45);
  CHECK(changes[0].description == "keep the left channel \"SR\"");
  CHECK(changes[1].description == "add channel \"CR\"");
}

TEST_CASE("combine: merged channels unite their samples") {
  // The other sample needs a shapesys of its own.
  const auto right = muhat::rename(changed(other_sample), {.modifiers = {{"fake_shape", "qcd_shape"}}});
  const auto samples_of = [](const Workspace& workspace) {
    std::vector<std::string> names;
    for (const auto& sample : workspace.specification().channels[0].samples) {
      names.push_back(sample.name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(samples_of(muhat::combine(both(), right, {.join = Join::outer, .merge_channels = true})) ==
        Names{"signal", "background", "fakes", "qcd"});
  const auto yields = changed(other_yields);
  CHECK(mentions(conflict(both(), yields, {.join = Join::outer, .merge_channels = true}),
                 {"disagree on the sample \"fakes\" of the channel \"SR\":", "[2.0,1.0]", "[2.5,1.0]"}));
  const auto left = muhat::combine(both(), yields, {.join = Join::left_outer, .merge_channels = true});
  CHECK(left.specification().channels[0].samples[2].data[0] == 2.0);
  const auto chosen = muhat::combine(both(), yields, {.join = Join::right_outer, .merge_channels = true});
  CHECK(chosen.specification().channels[0].samples[2].data[0] == 2.5);
  CHECK_THROWS_AS(muhat::combine(both(), right, {.merge_channels = true}), muhat::InvalidArgument);
}

TEST_CASE("combine: changes of merged channels point into the right workspace") {
  const auto right = muhat::rename(changed(other_sample), {.modifiers = {{"fake_shape", "qcd_shape"}}});
  muhat::Changes changes;
  (void)muhat::combine(only("SR"), right, {.join = Join::left_outer, .merge_channels = true}, &changes);
  REQUIRE(changes.size() == 9);
  CHECK(changes[0].pointer == "/channels/0/samples/0");
  CHECK(changes[0].description == "keep the left sample \"signal\" of the channel \"SR\"");
  CHECK(changes[2].pointer == "/channels/0/samples/2");
  CHECK(changes[2].description == "add sample \"qcd\" of the channel \"SR\"");
  CHECK(changes[3].pointer == "/channels/0");
  CHECK(changes[3].description == "merge the samples of channel \"SR\"");
  CHECK(changes[4].description == "add channel \"CR\"");
}

TEST_CASE("combine: merged channels must agree on their bins") {
  json document = muhat::test::two_bin_document();
  document["channels"][0]["name"] = document["observations"][0]["name"] = "CR";
  document["measurements"][0]["name"] = "nominal";
  CHECK(mentions(conflict(both(), Workspace(document), {.join = Join::left_outer, .merge_channels = true}),
                 {"the outcome of combining is no valid workspace", "has 2 bins"}));
}

TEST_CASE("combine: joins by name") {
  CHECK(muhat::join_of_name("right outer") == Join::right_outer);
  CHECK(muhat::join_of_name("none") == Join::none);
  CHECK(mentions(message_of<muhat::UnknownName>([] { (void)muhat::join_of_name("inner"); }),
                 {"no join named \"inner\"", "outer"}));
}

TEST_CASE("combine: outer joins are associative after sorting, and splitting loses nothing") {
  MUHAT_REQUIRE_ZOO();
  const muhat::CombineOptions outer{.join = Join::outer};
  for (const auto& entry : muhat::test::zoo_entries()) {
    const auto whole = muhat::load_workspace(entry.workspace_path());
    const auto channels = whole.channel_names();
    if (channels.size() < 3) {
      continue;
    }
    INFO(entry.name);
    const auto part = [&](std::size_t number) {
      std::vector<std::string> others;
      for (std::size_t c = 0; c < channels.size(); ++c) {
        if (c % 3 != number) {
          others.push_back(channels[c]);
        }
      }
      return muhat::prune(whole, {.channels = others});
    };
    const auto left = muhat::combine(muhat::combine(part(0), part(1), outer), part(2), outer);
    const auto right = muhat::combine(part(0), muhat::combine(part(1), part(2), outer), outer);
    CHECK(muhat::digest(muhat::sorted(left)) == muhat::digest(muhat::sorted(right)));
    CHECK(muhat::digest(muhat::sorted(left)) == muhat::digest(muhat::sorted(whole)));
  }
}
