#include <muhat/adapters/tbb.hpp>

#include <muhat/inference/toy_calculator.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace muhat;
using namespace muhat::test;

static_assert(Executor<TbbExecutor>);

TEST_CASE("oneTBB: every task is done once, for any number of threads") {
  CHECK(TbbExecutor().concurrency() >= 1);
  CHECK(TbbExecutor(1).concurrency() == 1);
  CHECK(TbbExecutor(3).concurrency() <= 3);
  for (const std::size_t threads : {0U, 1U, 2U, 5U}) {
    for (const std::size_t count : {0U, 1U, 3U, 1000U}) {
      std::vector<int> done(count, 0);
      parallel_for(TbbExecutor(threads), count, [&] { return [&](std::size_t index) { ++done[index]; }; });
      CHECK(done == std::vector<int>(count, 1));
    }
  }
}

TEST_CASE("oneTBB: every worker is called, also by fewer threads") {
  std::vector<std::atomic<int>> called(40);
  TbbExecutor(2).run(called.size(), [&](std::size_t worker) { ++called[worker]; });
  for (const std::atomic<int>& count : called) {
    CHECK(count == 1);
  }
}

TEST_CASE("oneTBB: work within work, and exceptions of tasks") {
  std::atomic<int> done{0};
  const auto outer = [&] {
    return
        [&](std::size_t) { parallel_for(TbbExecutor(2), 10, [&] { return [&](std::size_t) { ++done; }; }); };
  };
  parallel_for(TbbExecutor(3), 7, outer);
  CHECK(done == 70);
  const auto failing = [] {
    return [](std::size_t index) {
      if (index == 10) {
        throw std::runtime_error("task 10");
      }
    };
  };
  CHECK_THROWS_WITH(parallel_for(TbbExecutor(3), 1000, failing), "task 10");
}

TEST_CASE("oneTBB: toys have the bits of standard threads") {
  const Model model = uncorrelated_background({6.0}, {9.0}, {3.0});
  ToyCalculator calculator(model, with_auxdata(model, {9.0}));
  const ToyOptions options{.ntoys = 60, .seed = 9, .batch = 25};
  const ToyEnsemble threads = calculator.run(1.0, options, ThreadExecutor(2));
  for (const std::size_t count : {0U, 1U, 5U}) {
    const ToyEnsemble tbb = calculator.run(1.0, options, TbbExecutor(count));
    CHECK(tbb.tested.numbers == threads.tested.numbers);
    CHECK(tbb.tested.statistics == threads.tested.statistics);
    CHECK(tbb.alternative.statistics == threads.alternative.statistics);
  }
}
