#pragma once

/// How far a long computation is: a bar that redraws itself on a terminal, a
/// plain line now and then in a log.

#include <muhat/cli/context.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>

namespace muhat::cli {

/// One report.
struct Progress {
  std::size_t done = 0;
  std::size_t wanted = 0;
  std::chrono::duration<double> elapsed{};
  /// Estimate of the time left; 0 where it is not known.
  std::chrono::duration<double> remaining{};
};

/// The report after `done` of `wanted`, of which `before` were there at the start; at least one is new.
inline Progress progress_at(std::size_t done, std::size_t wanted, std::size_t before,
                            std::chrono::duration<double> elapsed) {
  const auto left = static_cast<double>(wanted - done);
  return {done, wanted, elapsed, elapsed * (left / static_cast<double>(done - before))};
}

/// `75 s`, `12 min`, `3.2 h`.
inline std::string duration_text(std::chrono::duration<double> duration) {
  const double seconds = std::max(0.0, duration.count());
  constexpr double minutes_from = 120.0;
  constexpr double hours_from = 7200.0;
  if (seconds < minutes_from) {
    return std::to_string(std::lround(seconds)) + " s";
  }
  if (seconds < hours_from) {
    return std::to_string(std::lround(seconds / 60.0)) + " min";
  }
  const long tenths = std::lround(seconds / 360.0);
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " h";
}

/// Writes reports of one computation to standard error.
class ProgressReporter {
public:
  /// `what` is counted, "toys".
  ProgressReporter(Context& context, std::string what) : context_(&context), what_(std::move(what)) {}
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;
  ~ProgressReporter() {
    if (drawn_) {
      context_->err << '\n';
    }
  }

  /// On a terminal every report redraws the bar; elsewhere one in ten seconds becomes a line.
  void operator()(const Progress& progress) {
    if (context_->terminal) {
      context_->err << '\r' << bar(progress) << ' ' << text(progress) << "  " << std::flush;
      drawn_ = true;
    } else if (progress.elapsed - last_line_ >= line_interval) {
      context_->err << text(progress) << std::endl;
      last_line_ = progress.elapsed;
    }
  }

private:
  static constexpr std::chrono::duration<double> line_interval{10.0};

  [[nodiscard]] static std::string bar(const Progress& progress) {
    constexpr std::size_t width = 30;
    const std::size_t filled =
        progress.wanted == 0 ? width : std::min(width, progress.done * width / progress.wanted);
    return '[' + std::string(filled, '#') + std::string(width - filled, ' ') + ']';
  }

  [[nodiscard]] std::string text(const Progress& progress) const {
    std::string result = std::to_string(progress.done) + '/' + std::to_string(progress.wanted) + ' ' + what_ +
                         " in " + duration_text(progress.elapsed);
    if (progress.done < progress.wanted && progress.remaining.count() > 0.0) {
      result += ", " + duration_text(progress.remaining) + " left";
    }
    return result;
  }

  Context* context_;
  std::string what_;
  bool drawn_ = false;
  std::chrono::duration<double> last_line_{0.0};
};

} // namespace muhat::cli
