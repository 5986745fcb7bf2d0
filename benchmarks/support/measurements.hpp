#pragma once

/// The cases of one run, their times, what they are compared with, and how all that is printed.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace muhat::benchmark {

/// One case: `group` is a section of the table, `subject` what was measured, `what` how.
struct Case {
  std::string group = {};
  std::string subject = {};
  std::string what = {};
  /// Other cases of the same group and subject, by `what`: the table shows the ratios to their times.
  std::vector<std::string> references = {};
  /// A point of a scaling curve: the curve's name, and the size that is varied.
  std::string curve = {};
  double size = 0.0;
  /// How many equal pieces of work one call does.
  double pieces = 1.0;
  int repetitions = 5;
  /// Wall time instead of the CPU time of this process.
  bool wall = false;

  [[nodiscard]] std::string name() const { return group + "/" + subject + "/" + what; }
};

struct Measurement {
  Case of = {};
  /// Median over the repetitions, of one piece of work; negative where it was not run.
  double seconds = -1.0;
  /// What the last call returned: for a fit its minimum, NaN where it failed.
  double value = std::numeric_limits<double>::quiet_NaN();
  std::string remark = {};
};

/// The least-squares slope of log time against log size.
struct Slope {
  std::string curve = {};
  double slope = 0.0;
  std::size_t points = 0;
  /// The largest ratio of a point's time to the fitted power law, whose exponent is the slope, yet at
  /// most 1.5: at a cliff, or where time grows faster than that, it is large.
  double largest_ratio = 1.0;
};

class Measurements {
public:
  /// Registers a case. `prepare()`, called outside the measured time, returns what is measured: a
  /// callable that returns a number.
  template <class Prepare>
  void add(const Case& of, Prepare prepare) {
    const std::size_t index = results_.size();
    results_.push_back({.of = of});
    ::benchmark::RegisterBenchmark(of.name().c_str(),
                                   [this, index, prepare](::benchmark::State& state) {
                                     auto run = prepare();
                                     for ([[maybe_unused]] auto tick : state) {
                                       const double value = run();
                                       ::benchmark::DoNotOptimize(value);
                                       results_[index].value = value;
                                     }
                                   })
        ->Repetitions(of.repetitions)
        ->MinTime(0.05)
        ->Unit(::benchmark::kNanosecond);
  }

  /// A result that was measured in another way.
  void add(Measurement measurement) { results_.push_back(std::move(measurement)); }

  /// Runs what is registered (and passes the command line's filter).
  void run();

  [[nodiscard]] const std::vector<Measurement>& results() const noexcept { return results_; }

  /// The time of a case over that of one of its references; 0 where one was not measured.
  [[nodiscard]] double ratio(const Measurement& measurement, const std::string& reference) const;
  [[nodiscard]] std::vector<Slope> slopes() const;
  /// Size and time of each point of a curve that was measured.
  [[nodiscard]] std::vector<std::pair<double, double>> points(const std::string& curve) const;
  /// For people.
  [[nodiscard]] std::string table() const;
  /// All of it as a JSON document.
  [[nodiscard]] std::string json() const;

private:
  std::vector<Measurement> results_;
};

} // namespace muhat::benchmark
