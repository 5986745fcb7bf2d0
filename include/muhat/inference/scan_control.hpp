#pragma once

/// How scans are sized, watched and stopped.
///
/// The points of a scan are computed in chains, which threads share. The grid fixes the chains, not the
/// threads, so the result is the same on any number of them.

#include <muhat/core/errors.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace muhat {

/// Longest chain of points on one axis that are fitted one after the other.
inline constexpr std::size_t scan_chain = 16;

/// Points that a scan may have at most, over all its axes.
inline constexpr std::size_t most_scan_points = 1000000;

/// Why a point of a stopped scan is missing.
inline constexpr const char* scan_point_not_reached = "not reached before the scan was stopped";

/// Why a point of a stopped scan is missing that had been reached.
inline constexpr const char* scan_point_not_settled =
    "the scan was stopped before it was computed again with the minima found meanwhile";

/// How a scan is watched and stopped, meant for designated initializers.
struct ScanControl {
  /// Set it to true, from any thread, to begin no further point.
  const std::atomic<bool>* cancel = nullptr;
  /// Called after every point with the number of points done, one call at a time, from any thread.
  std::function<void(std::size_t)> on_point = {};
};

/// A scan's control, shared by its threads.
class ScanWatch {
public:
  /// Counts no further than to `points`: those that are computed again do not count.
  ScanWatch(const ScanControl& control, std::size_t points) : control_(&control), points_(points) {}

  /// What stops the scan, null where nothing can.
  [[nodiscard]] const std::atomic<bool>* cancel() const { return control_->cancel; }

  [[nodiscard]] bool canceled() const { return control_->cancel != nullptr && control_->cancel->load(); }

  void count_point() {
    const std::lock_guard lock(mutex_);
    if (counting_ && done_ < points_) {
      ++done_;
      if (control_->on_point) {
        control_->on_point(done_);
      }
    }
  }

  /// Whether points count from now on: those that are a part of the way do not. Call it between passes.
  void set_counting(bool counting) { counting_ = counting; }

private:
  const ScanControl* control_;
  std::size_t points_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  bool counting_ = true;
};

namespace detail {

/// Throws InvalidArgument, before anything is allocated, where the product of `sizes` is too large.
inline void require_scan_size(const std::vector<std::size_t>& sizes) {
  std::size_t points = 1;
  std::string text;
  bool too_many = false;
  for (const std::size_t size : sizes) {
    text += (text.empty() ? "" : " x ") + std::to_string(size);
    too_many = too_many || (size > 0 && points > most_scan_points / size);
    points = too_many ? points : points * size;
  }
  if (too_many) {
    throw InvalidArgument("a scan of " + text + " points is too large: it may have " +
                          std::to_string(most_scan_points) + " points; give fewer, or scan in parts");
  }
}

} // namespace detail

} // namespace muhat
