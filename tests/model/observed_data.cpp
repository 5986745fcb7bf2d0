#include <muhat/model/observed_data.hpp>

#include <string>
#include <utility>

#include <muhat/core/errors.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/plain_workspace.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;
using muhat::Vector;

namespace {

test::PlainWorkspace workspace(std::vector<muhat::spec::Observation> observations) {
  return test::PlainWorkspace(
      {{test::channel("SR", {test::sample("a", {5.0, 6.0}, {test::shapesys("gamma", {1.0, 2.0})})}),
        test::channel("CR", {test::sample("a", {7.0}, {test::normsys("alpha", 1.1, 0.9)})})},
       {{"measurement", "", {}}},
       std::move(observations),
       "1.0.0"});
}

} // namespace

TEST_CASE("observed data run over the sorted channels, then the auxiliary data") {
  const auto observed = workspace({{"SR", {1.0, 2.0}}, {"CR", {3.0}}});
  const muhat::Model model = muhat::build_model(observed);
  CHECK(muhat::observed_data(observed, model).isApprox(Vector{{3.0, 1.0, 2.0, 0.0, 25.0, 9.0}}));
  CHECK(muhat::observed_data(observed, model, false) == Vector{{3.0, 1.0, 2.0}});
}

TEST_CASE("a channel without observation of its length is an error that names it") {
  const muhat::Model model = muhat::build_model(workspace({}));
  const auto refusal = [&](const test::PlainWorkspace& other) {
    return test::message_of<muhat::InvalidArgument>([&] { (void)muhat::observed_data(other, model); });
  };
  CHECK(test::mentions(refusal(workspace({{"CR", {3.0}}})), {"\"SR\""}));
  CHECK(test::mentions(refusal(workspace({{"CR", {3.0}}, {"SR", {1.0}}})), {"\"SR\"", "1", "2"}));
}

TEST_CASE("a negative observation is an error with its pointer, channel and bin") {
  const auto observed = workspace({{"SR", {1.0, -2.5}}, {"CR", {3.0}}});
  const muhat::Model model = muhat::build_model(observed);
  const std::string message =
      test::message_of<muhat::InvalidArgument>([&] { (void)muhat::observed_data(observed, model); });
  CHECK(test::mentions(message, {"/observations/0/data/1", "bin 1 of channel \"SR\"", "-2.5"}));
}
