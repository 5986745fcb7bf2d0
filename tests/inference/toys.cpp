#include <muhat/inference/toys.hpp>

#include <muhat/inference/toy_p_values.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

ToyEnsemble ensemble(std::vector<std::uint64_t> numbers, std::vector<FailedToy> failed = {}) {
  ToyEnsemble result;
  result.mu = 1.0;
  result.poi = "mu";
  result.seed = 4;
  result.settings = {{"data", "abc"}};
  result.observed = 5.0;
  for (ToySample* sample : {&result.tested, &result.alternative}) {
    sample->parameters = Vector::Ones(2);
    sample->numbers = numbers;
    for (const std::uint64_t number : numbers) {
      sample->statistics.push_back(static_cast<double>(number));
    }
    sample->failed = failed;
  }
  return result;
}

} // namespace

TEST_CASE("parts of a run merge in any order, and toys made twice count once", "[toys]") {
  const ToyEnsemble a = ensemble({0, 1, 4}, {{2, "x"}});
  const ToyEnsemble b = ensemble({3, 4, 5}, {{2, "x"}, {7, "y"}});
  for (const ToyEnsemble& merged : {merge(a, b), merge(b, a)}) {
    CHECK(merged.tested.numbers == std::vector<std::uint64_t>{0, 1, 3, 4, 5});
    CHECK(merged.tested.statistics == std::vector<double>{0.0, 1.0, 3.0, 4.0, 5.0});
    REQUIRE(merged.alternative.failed.size() == 2);
    CHECK(merged.alternative.failed[1].reason == "y");
    CHECK(merged.alternative.made() == 7);
    CHECK(merged.tested.contains(3));
    CHECK(merged.tested.contains(7));
    CHECK_FALSE(merged.tested.contains(6));
  }
}

TEST_CASE("parts of different runs do not merge", "[toys]") {
  const ToyEnsemble a = ensemble({0, 1});
  const auto complaint = [&](auto change) {
    ToyEnsemble b = ensemble({2, 3});
    change(b);
    return message_of<InvalidArgument>([&] { (void)merge(a, b); });
  };
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.mu = 2.0; }), {"tested value"}));
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.seed = 5; }), {"seed", "4", "5"}));
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.poi = "nu"; }), {"parameter of interest"}));
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.test_statistic = TestStatistic::q0; }), {"qtilde", "q0"}));
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.tested.parameters[1] = 1.1; }), {"drawn at"}));
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.observed = 5.1; }), {"observed statistic", "5", "5.1"}));
  CHECK(mentions(complaint([](ToyEnsemble& b) { b.settings["data"] = "xyz"; }),
                 {"\"data\"", "abc", "xyz", "make anew"}));
}

TEST_CASE("a toy with two statistics does not merge", "[toys]") {
  const ToyEnsemble a = ensemble({0, 1, 4});
  for (const Hypothesis hypothesis : {Hypothesis::tested, Hypothesis::alternative}) {
    ToyEnsemble b = ensemble({1, 3, 4});
    (hypothesis == Hypothesis::tested ? b.tested : b.alternative).statistics[2] = 4.5;
    for (const bool swapped : {false, true}) {
      const std::string text =
          message_of<InvalidArgument>([&] { (void)(swapped ? merge(b, a) : merge(a, b)); });
      CHECK(mentions(text, {"toy 4", std::string(to_string(hypothesis)), "4.5", "make"}));
    }
  }
}

TEST_CASE("a toy that has a statistic in one part has not failed", "[toys]") {
  const ToyEnsemble a = ensemble({0, 1}, {{2, "x"}, {3, "x"}});
  const ToyEnsemble b = ensemble({2, 4});
  for (const ToyEnsemble& merged : {merge(a, b), merge(b, a)}) {
    CHECK(merged.tested.numbers == std::vector<std::uint64_t>{0, 1, 2, 4});
    REQUIRE(merged.tested.failed.size() == 1);
    CHECK(merged.tested.failed[0].number == 3);
    CHECK(merged.tested.made_between(1, 4) == 3);
    CHECK(merged.tested.made_between(5, 9) == 0);
  }
}

TEST_CASE("there are no toys from 2^63 on", "[toys]") {
  const std::uint64_t last = most_toy_numbers - 1;
  CHECK_FALSE(ensemble({1}).tested.contains(~std::uint64_t{0}));
  CHECK(ensemble({1, last}).tested.contains(last));
  CHECK(toy_stream(1, Hypothesis::alternative, last)() != toy_stream(1, Hypothesis::tested, last)());
  CHECK_THROWS_AS(toy_stream(1, Hypothesis::tested, most_toy_numbers), InvalidArgument);
}

TEST_CASE("CLs is at most 1", "[toys]") {
  ToyEnsemble toys = ensemble({4, 5, 6, 7});
  toys.alternative.statistics = {4.0, 4.0, 4.0, 7.0};
  CHECK(observed_p_values(toys).cls->value == 1.0);
  for (const PValues& expected : expected_p_values(toys)) {
    CHECK(expected.cls <= 1.0);
  }
}

TEST_CASE("expected p-values have uncertainties, those of p0 for q0", "[toys]") {
  ToyEnsemble toys = ensemble({});
  for (std::uint64_t k = 0; k < 400; ++k) {
    toys.tested.numbers.push_back(k);
    toys.alternative.numbers.push_back(k);
    toys.tested.statistics.push_back(static_cast<double>(k % 20));
    toys.alternative.statistics.push_back(static_cast<double>(k % 40));
  }
  toys.test_statistic = TestStatistic::q0;
  const std::array<double, 5> p0 = expected_errors(toys);
  // A toy of the alternative reaches the median of half of the tested ones, 0, whatever its place.
  CHECK(p0[0] == Approx(binomial_fraction(0.0, 400.0).error));
  // Above the median p0 of the alternative falls by 0.05 with every tenth of its toys: place and count.
  const double place = std::sqrt(0.25 / 400.0) * 2.0;
  CHECK(p0[3] > 0.5 * place);
  CHECK(p0[3] < 1.5 * std::hypot(place, std::sqrt(0.25 / 400.0)));
  toys.test_statistic = TestStatistic::q_mu;
  const std::array<double, 5> cls = expected_errors(toys);
  // CLs is CLs+b over CLb, about 1/40 there, and as much less certain.
  CHECK(cls[0] == Approx(p0[0] / expected_p_values(toys)[0].clb));
  CHECK(cls[0] > 30.0 * p0[0]);
}

TEST_CASE("settings that one part alone states do not keep it from merging, and stay", "[toys]") {
  ToyEnsemble other = ensemble({2, 3});
  other.settings["workspace"] = "w";
  for (const ToyEnsemble& merged : {merge(ensemble({0, 1}), other), merge(other, ensemble({0, 1}))}) {
    CHECK(merged.settings == std::map<std::string, std::string>{{"data", "abc"}, {"workspace", "w"}});
  }
}

TEST_CASE("failed toys enter no p-value", "[toys]") {
  const ToyPValues values = observed_p_values(ensemble({4, 5, 6, 7}, {{8, "x"}, {9, "x"}}));
  CHECK(values.clsb.value == 0.75);
  CHECK(values.clb.value == 0.75);
  CHECK(values.cls->value == 1.0);
}

TEST_CASE("an unreached statistic leaves CLs undefined, with the reason", "[toys]") {
  const ToyPValues values = observed_p_values(ensemble({0, 1, 2, 3}));
  CHECK(values.clsb.value == 0.0);
  CHECK_FALSE(values.cls.has_value());
  CHECK(mentions(values.reason, {"none of the 4 toys", "1/4"}));
  CHECK_THROWS_AS(observed_p_values(ensemble({})), InvalidArgument);
}

TEST_CASE("expected values are percentiles over the alternative's toys", "[toys]") {
  ToyEnsemble toys = ensemble({});
  for (int k = 0; k < 1001; ++k) {
    toys.tested.numbers.push_back(static_cast<std::uint64_t>(k));
    toys.tested.statistics.push_back(0.001 * k);
    toys.alternative.numbers.push_back(static_cast<std::uint64_t>(k));
    toys.alternative.statistics.push_back(0.5 + 0.001 * k);
  }
  const ExpectedBand band = expected_p_values(toys);
  // CLb is uniform: its percentiles are Phi(-2), ..., Phi(2).
  const double uniform[] = {0.02275, 0.15866, 0.5, 0.84134, 0.97725};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(band[k].clb == Approx(uniform[k]).margin(2e-3));
    // Where the alternative shows 0.5 + x, a fraction 0.5 - x of the tested toys lies above.
    CHECK(band[k].clsb == Approx(std::max(0.0, uniform[k] - 0.5)).margin(3e-3));
  }
}
