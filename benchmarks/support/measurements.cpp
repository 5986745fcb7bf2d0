#include <support/measurements.hpp>

#include <muhat/report/table.hpp>
#include <muhat/spec/write_json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

namespace muhat::benchmark {

namespace {

/// Takes the median of the repetitions, and shows on standard error what is being run.
class MedianReporter : public ::benchmark::BenchmarkReporter {
public:
  explicit MedianReporter(std::vector<Measurement>& results) {
    for (Measurement& result : results) {
      by_name_[result.of.name()] = &result;
    }
  }

  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto found = by_name_.find(run.run_name.function_name);
      if (found == by_name_.end()) {
        continue;
      }
      Measurement& result = *found->second;
      const bool median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
      if (median || (run.run_type == Run::RT_Iteration && result.of.repetitions == 1)) {
        const double nanoseconds = result.of.wall ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
        result.seconds = 1e-9 * nanoseconds / result.of.pieces;
        std::fprintf(stderr, "%-70s %12.3f us\n", found->first.c_str(), 1e6 * result.seconds);
      }
    }
  }

private:
  std::map<std::string, Measurement*> by_name_;
};

std::string rounded(double value, const char* format) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string time_text(double seconds) {
  for (const auto& [unit, name] : {std::pair{1.0, "s"}, {1e-3, "ms"}, {1e-6, "us"}}) {
    if (seconds >= unit) {
      return rounded(seconds / unit, "%.3g ") + name;
    }
  }
  return rounded(seconds / 1e-9, "%.3g ns");
}

} // namespace

void Measurements::run() {
  MedianReporter reporter(results_);
  ::benchmark::RunSpecifiedBenchmarks(&reporter);
}

double Measurements::ratio(const Measurement& measurement, const std::string& reference) const {
  for (const Measurement& other : results_) {
    if (other.of.group == measurement.of.group && other.of.subject == measurement.of.subject &&
        other.of.what == reference && other.seconds > 0.0) {
      return measurement.seconds / other.seconds;
    }
  }
  return 0.0;
}

std::vector<std::pair<double, double>> Measurements::points(const std::string& curve) const {
  std::vector<std::pair<double, double>> points;
  for (const Measurement& result : results_) {
    if (result.of.curve == curve && result.seconds > 0.0) {
      points.emplace_back(result.of.size, result.seconds);
    }
  }
  return points;
}

std::vector<Slope> Measurements::slopes() const {
  std::set<std::string> curves;
  for (const Measurement& result : results_) {
    if (!result.of.curve.empty()) {
      curves.insert(result.of.curve);
    }
  }
  std::vector<Slope> slopes;
  for (const std::string& curve : curves) {
    const std::vector<std::pair<double, double>> points = this->points(curve);
    if (points.size() < 2) {
      continue;
    }
    double x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (const auto& [size, time] : points) {
      x += std::log(size);
      y += std::log(time);
      xx += std::log(size) * std::log(size);
      xy += std::log(size) * std::log(time);
    }
    const auto n = static_cast<double>(points.size());
    const double slope = (n * xy - x * y) / (n * xx - x * x);
    const double exponent = std::min(slope, 1.5);
    double largest = 0.0;
    for (const auto& [size, time] : points) {
      largest =
          std::max(largest, std::exp(std::log(time) - exponent * std::log(size) - (y - exponent * x) / n));
    }
    slopes.push_back({curve, slope, points.size(), largest});
  }
  return slopes;
}

std::string Measurements::table() const {
  std::map<std::pair<std::string, std::string>, double> lowest;
  for (const Measurement& result : results_) {
    const auto key = std::pair{result.of.group, result.of.subject};
    const auto [found, is_new] = lowest.try_emplace(key, result.value);
    if (!is_new && (std::isnan(found->second) || result.value < found->second)) {
      found->second = result.value;
    }
  }
  Table table{{"case", "subject", "how", "time", "ratio", "remark"}, {}};
  for (const Measurement& result : results_) {
    if (result.seconds < 0.0) {
      continue;
    }
    std::string ratios;
    for (const std::string& reference : result.of.references) {
      const double ratio = this->ratio(result, reference);
      if (ratio > 0.0) {
        ratios += (ratios.empty() ? "" : ", ") + rounded(ratio, "%.3g x ") + reference;
      }
    }
    std::string remark = result.remark;
    if (result.of.group == "fit" || result.of.group == "hypotest") {
      const double above = result.value - lowest[{result.of.group, result.of.subject}];
      if (std::isnan(above)) {
        remark = "failed";
      } else if (result.of.group == "fit" && above > 1e-6) {
        remark = "minimum higher by " + rounded(above, "%.2g");
      }
    }
    if (result.of.group == "scaling" && result.of.subject == "fit" && std::isnan(result.value)) {
      remark = "failed";
    }
    if (result.of.group == "compile" && result.value != 0.0) {
      remark = "failed";
    }
    table.rows.push_back(
        {result.of.group, result.of.subject, result.of.what, time_text(result.seconds), ratios, remark});
  }
  std::string text = table_text(table);
  for (const Slope& slope : slopes()) {
    text += "slope of log time against log size: " + rounded(slope.slope, "%5.2f") + ", at most " +
            rounded(slope.largest_ratio, "%.2f x the power law with this exponent or 1.5: ") + slope.curve +
            "\n";
    for (const auto& [size, time] : points(slope.curve)) {
      text += rounded(size, "%12.0f  ") + time_text(time) + "\n";
    }
  }
  return text;
}

std::string Measurements::json() const {
  auto cases = nlohmann::json::array();
  for (const Measurement& result : results_) {
    if (result.seconds < 0.0) {
      continue;
    }
    nlohmann::json entry = {{"group", result.of.group},
                            {"subject", result.of.subject},
                            {"what", result.of.what},
                            {"seconds", result.seconds},
                            {"value", result.value}};
    for (const std::string& reference : result.of.references) {
      const double ratio = this->ratio(result, reference);
      if (ratio > 0.0) {
        entry["ratios"][reference] = ratio;
      }
    }
    if (!result.of.curve.empty()) {
      entry["curve"] = result.of.curve;
      entry["size"] = result.of.size;
    }
    if (!result.remark.empty()) {
      entry["remark"] = result.remark;
    }
    cases.push_back(std::move(entry));
  }
  auto curves = nlohmann::json::object();
  auto ratios = nlohmann::json::object();
  for (const Slope& slope : slopes()) {
    curves[slope.curve] = slope.slope;
    ratios[slope.curve] = slope.largest_ratio;
  }
  return json_text(nlohmann::json{{"cases", std::move(cases)},
                                  {"slopes", std::move(curves)},
                                  {"largest ratios", std::move(ratios)}}) +
         "\n";
}

} // namespace muhat::benchmark
