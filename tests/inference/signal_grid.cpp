#include <muhat/inference/signal_grid.hpp>
#include <muhat/model/signal_hypothesis.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

const std::vector<std::string> names{"weak", "broken", "medium", "strong"};

/// Signals of different strength on one background; the second cannot be built.
SignalCase<Model> make(std::size_t k) {
  if (names[k] == "broken") {
    throw InvalidModel("no such signal");
  }
  return {counting_experiment(5.0 * static_cast<double>(k + 1), 50.0), vector({50.0})};
}

} // namespace

TEST_CASE("every signal is tested, and a broken one stops none of the others", "[signal_grid]") {
  for (const std::size_t threads : {1U, 3U}) {
    const auto points =
        signal_grid(names, make, {.limits = true}, DefaultOptimizer{}, ThreadExecutor(threads));
    REQUIRE(points.size() == 4);
    CHECK(points[0].name == "weak");
    CHECK(points[1].error == "no such signal");
    CHECK_FALSE(points[1].test.has_value());
    CHECK(points[3].test->cls_observed < points[2].test->cls_observed);
    CHECK(points[3].test->cls_observed == hypotest(make(3).model, make(3).data).cls_observed);
    CHECK(*points[2].limit->observed.value ==
          Approx(*points[3].limit->observed.value * 4.0 / 3.0).epsilon(1e-3));
  }
}

TEST_CASE("an interrupted grid resumes with what is missing", "[signal_grid]") {
  std::atomic<bool> cancel{false};
  std::vector<std::string> written;
  SignalGridOptions options;
  options.cancel = &cancel;
  options.on_point = [&](const SignalGridPoint& point) {
    written.push_back(point.name);
    cancel = written.size() == 2;
  };
  const auto first = signal_grid(names, make, options, DefaultOptimizer{}, SerialExecutor{});
  CHECK(first.size() == 2);
  CHECK(written == std::vector<std::string>{"weak", "broken"});
  options.done = written;
  cancel = false;
  const auto second = signal_grid(names, make, options, DefaultOptimizer{}, SerialExecutor{});
  REQUIRE(second.size() == 2);
  CHECK(second[0].name == "medium");
  CHECK(second[1].name == "strong");
}

TEST_CASE("whatever makes a signal fail is kept as its error", "[signal_grid]") {
  const auto broken = [](std::size_t) -> SignalCase<Model> { throw std::runtime_error("unreadable"); };
  const auto points = signal_grid({"only"}, broken, {}, DefaultOptimizer{}, SerialExecutor{});
  REQUIRE(points.size() == 1);
  CHECK(points[0].error == "unreadable");
}

TEST_CASE("signals replaced in place are tested as those of models built anew", "[signal_grid]") {
  const Model origin = counting_experiment(1.0, 50.0);
  const std::vector<double> yields{5.0, 10.0, 20.0, -1000.0};
  const auto in_place = [&](std::size_t k) -> SignalCase<Model> {
    return {with_signal(origin, {{.channel = "channel", .sample = "signal", .yields = {yields[k]}}}),
            vector({50.0})};
  };
  const auto points = signal_grid({"a", "b", "c", "negative"}, in_place, {.limits = true}, DefaultOptimizer{},
                                  ThreadExecutor(3));
  REQUIRE(points.size() == 4);
  for (std::size_t k = 0; k < 3; ++k) {
    const Model anew = counting_experiment(yields[k], 50.0);
    CHECK(points[k].test->cls_observed == hypotest(anew, vector({50.0})).cls_observed);
    CHECK(points[k].limit->observed.value == upper_limit(anew, vector({50.0})).observed.value);
  }
  CHECK_FALSE(points[3].error.empty());
}
