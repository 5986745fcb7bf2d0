#pragma once

/// Ctrl-C while a long computation runs: the first one asks it to stop and keep
/// what is done, a second one ends the process.

#include <muhat/cli/context.hpp>

#include <atomic>
#include <csignal>

namespace muhat::cli {

/// While it lives, and where the context allows it and the process does not ignore it, Ctrl-C raises a flag
/// instead of ending the process. A signal handler can reach nothing but a static flag: have one of these at
/// a time.
class Interruption {
public:
  explicit Interruption(const Context& context) : active_(context.interruptible) {
    flag().store(false);
    if (active_) {
      previous_ = std::signal(SIGINT, &Interruption::handle);
      if (previous_ == SIG_IGN) {
        std::signal(SIGINT, SIG_IGN);
        active_ = false;
      }
    }
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    if (active_) {
      std::signal(SIGINT, previous_);
    }
  }

  /// Becomes true on Ctrl-C.
  [[nodiscard]] const std::atomic<bool>& requested() const noexcept { return flag(); }

private:
  using Handler = void (*)(int);

  static std::atomic<bool>& flag() noexcept {
    static std::atomic<bool> value{false};
    static_assert(std::atomic<bool>::is_always_lock_free,
                  "a signal handler may only touch lock-free atomics");
    return value;
  }

  static void handle(int) {
    flag().store(true);
    std::signal(SIGINT, SIG_DFL);
  }

  bool active_;
  Handler previous_ = SIG_DFL;
};

} // namespace muhat::cli
