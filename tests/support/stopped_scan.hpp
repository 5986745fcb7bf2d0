#pragma once

#include <muhat/inference/scan_control.hpp>

#include <atomic>
#include <cstddef>
#include <vector>

namespace muhat::test {

/// Stops a scan after so many points, and keeps what it was told. Outlives the scan.
class StoppedScan {
public:
  explicit StoppedScan(std::size_t last) : last_(last) {}

  [[nodiscard]] ScanControl control() {
    return {.cancel = &cancel_, .on_point = [this](std::size_t done) {
              counts_.push_back(done);
              if (done == last_) {
                cancel_ = true;
              }
            }};
  }

  [[nodiscard]] const std::vector<std::size_t>& counts() const { return counts_; }

private:
  std::size_t last_;
  std::atomic<bool> cancel_{false};
  std::vector<std::size_t> counts_;
};

} // namespace muhat::test
