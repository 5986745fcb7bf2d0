#include "cases.hpp"

#include <support/stream.hpp>

#include <muhat/fit/fit.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace muhat::benchmark {

namespace {

constexpr double megabyte = 1e6;

template <class Run>
double seconds(Run run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class Run>
double median_seconds(Run run) {
  std::vector<double> times(9);
  for (double& time : times) {
    time = seconds(run);
  }
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

/// A line of /proc/self/status in bytes; 0 where there is no such file.
double process_bytes(const std::string& key) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == key + ":") {
      double kilobytes = 0.0;
      status >> kilobytes;
      return 1024.0 * kilobytes;
    }
  }
  return 0.0;
}

std::string megabytes(double bytes) {
  return std::to_string(static_cast<long>(bytes / megabyte)) + " MB";
}

class ScaleRun {
public:
  explicit ScaleRun(Measurements& measurements) : measurements_(measurements) {}

  void run() {
    const double before = process_bytes("VmRSS");
    const auto [model, data] = build();
    const double bundle = static_cast<double>(bundle_bytes(model));
    add("resident after the build", 0.0,
        megabytes(process_bytes("VmRSS") - before) + " for tables of " + megabytes(bundle));
    evaluate(model, data, bundle);
    FitResult result;
    const double time = seconds([&] { result = fit(model, data); });
    add("fit", time,
        std::string(to_string(result.status)) + " after " + std::to_string(result.iterations) +
            " iterations; at most " + megabytes(process_bytes("VmHWM")) + " in the whole process");
  }

private:
  [[nodiscard]] std::pair<Model, Vector> build() {
    const auto generated = std::make_unique<GeneratedModel>(generate_model(
        {.channels = 500, .bins = 100, .samples = 5, .normsys = 400, .histosys = 4000, .density = 0.01}));
    std::optional<Model> model;
    const double time = seconds([&] { model = build_model(generated->channels, generated->measurement); });
    add("build", time,
        std::to_string(model->nbins()) + " bins, " + std::to_string(model->nparameters()) + " parameters");
    return {*model, observed_data(*generated, *model)};
  }

  void evaluate(const Model& model, const Vector& data, double bundle) {
    auto evaluator = Likelihood<Model>(model, data).evaluator();
    const Vector x = model.suggested_init();
    Vector gradient(x.size());
    double sum = evaluator.value_and_gradient(x, gradient);
    {
      const Stream stream(static_cast<std::size_t>(bundle));
      add("stream", median_seconds([&] { sum += stream.read(); }), megabytes(bundle));
    }
    add("value", median_seconds([&] { sum += evaluator.value(x); }), {});
    add("value+gradient", median_seconds([&] { sum += evaluator.value_and_gradient(x, gradient); }), {});
    ::benchmark::DoNotOptimize(sum);
  }

  void add(const char* what, double time, std::string remark) {
    std::fprintf(stderr, "scale/10^7 shapes/%s %.3f s %s\n", what, time, remark.c_str());
    Measurement measurement{.of = {.group = "scale", .subject = "10^7 shapes", .what = what},
                            .seconds = time,
                            .remark = std::move(remark)};
    measurement.of.references = {"stream"};
    if (measurement.of.what != "value" && measurement.of.what != "value+gradient") {
      measurement.of.references.clear();
    }
    measurements_.add(std::move(measurement));
  }

  Measurements& measurements_;
};

} // namespace

void measure_scale(Measurements& measurements) {
  ScaleRun(measurements).run();
}

} // namespace muhat::benchmark
