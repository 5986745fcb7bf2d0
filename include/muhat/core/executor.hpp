#pragma once

/// Work on several threads, through a concept small enough that any thread pool meets it.
///
/// Results never depend on the executor: a task is told its index, and whatever
/// it computes is a function of that index alone. Who does which task when is the executor's business.

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace muhat {

/// executor.concurrency(): how many workers make sense, at least 1.
/// executor.run(n, work): calls work(0) ... work(n - 1), if it likes at the same time, and returns when
/// all have returned. `work` does not throw.
template <class E>
concept Executor = requires(const E& executor, std::size_t n, const std::function<void(std::size_t)>& work) {
  { executor.concurrency() } -> std::convertible_to<std::size_t>;
  executor.run(n, work);
};

/// Everything on the calling thread.
struct SerialExecutor {
  [[nodiscard]] std::size_t concurrency() const noexcept { return 1; }

  void run(std::size_t n, const std::function<void(std::size_t)>& work) const {
    for (std::size_t worker = 0; worker < n; ++worker) {
      work(worker);
    }
  }
};

/// Standard threads, started for each call; the calling thread takes part, and does the work of those that
/// the system refuses to start.
class ThreadExecutor {
public:
  /// threads: how many; 0 for as many as the machine has.
  explicit ThreadExecutor(std::size_t threads = 0)
      : threads_(threads > 0 ? threads : std::max<std::size_t>(1, std::thread::hardware_concurrency())) {}

  [[nodiscard]] std::size_t concurrency() const noexcept { return threads_; }

  void run(std::size_t n, const std::function<void(std::size_t)>& work) const {
    std::vector<std::jthread> threads;
    threads.reserve(n);
    std::size_t own = 1;
    try {
      for (; own < n; ++own) {
        threads.emplace_back([&work, worker = own] { work(worker); });
      }
    } catch (const std::system_error&) {
      // `own` is the first worker without a thread.
    }
    if (n > 0) {
      work(0);
    }
    for (; own < n; ++own) {
      work(own);
    }
  }

private:
  std::size_t threads_;
};

/// Does the tasks 0 ... count - 1, each once. Every worker first calls
/// `make_task()` on its own thread, which returns what it calls with the indices; so
/// scratch memory belongs to a worker. When `stop` becomes true, no further task
/// is begun. The first exception of a task stops the others and is thrown here.
template <Executor E, std::invocable MakeTask>
void parallel_for(const E& executor, std::size_t count, MakeTask&& make_task,
                  const std::atomic<bool>* stop = nullptr) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&](std::size_t) {
    try {
      auto task = make_task();
      while (!failed.load() && (stop == nullptr || !stop->load())) {
        const std::size_t index = next.fetch_add(1);
        if (index >= count) {
          return;
        }
        task(index);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) {
        failure = std::current_exception();
      }
    }
  };
  if (count > 0) {
    executor.run(std::min(count, std::max<std::size_t>(1, executor.concurrency())), work);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

} // namespace muhat
