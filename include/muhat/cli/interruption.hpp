#pragma once

/// Ctrl-C, or the polite request to end that batch systems send, while a long computation runs: the first one
/// asks it to stop and keep what is done, a second one ends the process.

#include <muhat/cli/context.hpp>

#include <atomic>
#include <csignal>
#include <vector>

namespace muhat::cli {

/// While it lives, and where the context allows it, SIGINT and SIGTERM raise a flag instead of ending the
/// process; one that the process ignores, as jobs in the background of a script do with Ctrl-C, stays
/// ignored. A signal handler can reach nothing but a static flag: have one of these at a time.
class Interruption {
public:
  explicit Interruption(const Context& context) {
    flag().store(false);
    if (!context.interruptible) {
      return;
    }
    for (const int signal : {SIGINT, SIGTERM}) {
      const Handler previous = std::signal(signal, &Interruption::handle);
      if (previous == SIG_IGN) {
        std::signal(signal, SIG_IGN);
      } else {
        handled_.push_back({signal, previous});
      }
    }
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    for (const Handled& handled : handled_) {
      std::signal(handled.signal, handled.previous);
    }
  }

  /// Becomes true on either signal.
  [[nodiscard]] const std::atomic<bool>& requested() const noexcept { return flag(); }

private:
  using Handler = void (*)(int);
  struct Handled {
    int signal;
    Handler previous;
  };

  static std::atomic<bool>& flag() noexcept {
    static std::atomic<bool> value{false};
    static_assert(std::atomic<bool>::is_always_lock_free,
                  "a signal handler may only touch lock-free atomics");
    return value;
  }

  static void handle(int signal) {
    flag().store(true);
    std::signal(signal, SIG_DFL);
  }

  std::vector<Handled> handled_;
};

} // namespace muhat::cli
