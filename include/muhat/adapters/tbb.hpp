#pragma once

/// oneTBB's threads as a muhat executor (https://uxlfoundation.github.io/oneTBB; needs the CMake target
/// muhat::tbb): for programs whose own work runs on oneTBB, so that both share its threads.
///
/// Work runs in an arena of its own: a thread that waits for it never takes up other tasks of the
/// program in between, which could need what it holds.

#include <muhat/core/executor.hpp>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>

namespace muhat {

/// oneTBB's threads; the calling thread takes part.
class TbbExecutor {
public:
  /// threads: how many, if oneTBB allows as many; 0 for those of the calling thread's arena.
  explicit TbbExecutor(std::size_t threads = 0) : threads_(threads) {}

  [[nodiscard]] std::size_t concurrency() const {
    const std::size_t allowed =
        tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
    const auto present = static_cast<std::size_t>(std::max(1, tbb::this_task_arena::max_concurrency()));
    return std::max<std::size_t>(1, std::min(threads_ > 0 ? threads_ : present, allowed));
  }

  /// Fewer threads than n do several workers' work one after the other.
  void run(std::size_t n, const std::function<void(std::size_t)>& work) const {
    if (n == 0) {
      return;
    }
    constexpr std::size_t most = std::numeric_limits<int>::max();
    tbb::task_arena arena(static_cast<int>(std::min({n, concurrency(), most})));
    arena.execute([&] {
      tbb::parallel_for(
          tbb::blocked_range<std::size_t>(0, n, 1),
          [&](const tbb::blocked_range<std::size_t>& workers) {
            for (std::size_t worker = workers.begin(); worker != workers.end(); ++worker) {
              work(worker);
            }
          },
          tbb::simple_partitioner());
    });
  }

private:
  std::size_t threads_;
};

} // namespace muhat
