#include <muhat/core/executor.hpp>

#include <support/catch.hpp>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

using namespace muhat;

namespace {

/// Runs the workers in reverse order.
struct BackwardExecutor {
  [[nodiscard]] std::size_t concurrency() const { return 3; }
  void run(std::size_t n, const std::function<void(std::size_t)>& work) const {
    for (std::size_t worker = n; worker-- > 0;) {
      work(worker);
    }
  }
};

struct NoConcurrency {
  void run(std::size_t, const std::function<void(std::size_t)>&) const {}
};

template <class E>
std::vector<int> times_done(const E& executor, std::size_t count) {
  std::vector<int> done(count, 0);
  parallel_for(executor, count, [&] { return [&](std::size_t index) { ++done[index]; }; });
  return done;
}

} // namespace

TEST_CASE("the executor concept accepts what runs and rejects what does not", "[executor]") {
  STATIC_REQUIRE(Executor<SerialExecutor>);
  STATIC_REQUIRE(Executor<ThreadExecutor>);
  STATIC_REQUIRE(Executor<BackwardExecutor>);
  STATIC_REQUIRE_FALSE(Executor<NoConcurrency>);
  STATIC_REQUIRE_FALSE(Executor<int>);
}

TEST_CASE("every task is done once, by any executor", "[executor]") {
  const std::vector<int> once(1000, 1);
  CHECK(times_done(SerialExecutor{}, 1000) == once);
  CHECK(times_done(BackwardExecutor{}, 1000) == once);
  CHECK(times_done(ThreadExecutor(1), 1000) == once);
  CHECK(times_done(ThreadExecutor(5), 1000) == once);
  CHECK(times_done(ThreadExecutor(8), 3) == std::vector<int>(3, 1));
  CHECK(times_done(ThreadExecutor(2), 0).empty());
  CHECK(ThreadExecutor().concurrency() >= 1);
}

TEST_CASE("each worker has its own task, and no more workers than tasks", "[executor]") {
  std::atomic<int> workers{0};
  parallel_for(ThreadExecutor(4), 2, [&] {
    ++workers;
    return [](std::size_t) {};
  });
  CHECK(workers >= 1);
  CHECK(workers <= 2);
}

TEST_CASE("an exception of a task comes out and stops the rest", "[executor]") {
  std::atomic<int> done{0};
  const auto run = [&](const auto& executor) {
    parallel_for(executor, 100000, [&] {
      return [&](std::size_t index) {
        if (index == 10) {
          throw std::runtime_error("task 10");
        }
        ++done;
      };
    });
  };
  CHECK_THROWS_WITH(run(ThreadExecutor(3)), "task 10");
  done = 0;
  CHECK_THROWS_WITH(run(SerialExecutor{}), "task 10");
  CHECK(done == 10);
}

TEST_CASE("a stop flag ends the work between tasks", "[executor]") {
  std::atomic<bool> stop{false};
  int done = 0;
  parallel_for(
      SerialExecutor{}, 100,
      [&] {
        return [&](std::size_t index) {
          ++done;
          stop = index == 4;
        };
      },
      &stop);
  CHECK(done == 5);
}
