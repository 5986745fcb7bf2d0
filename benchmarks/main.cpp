/// muhat-benchmarks [--json=FILE] [--scale] [options of Google Benchmark, e.g. --benchmark_filter=fit/]
///
/// Prints one table with all times and their ratios. --scale adds the case of 10^7 shape entries.

#include "cases.hpp"

#include <muhat/report/write_file.hpp>

#include <benchmark/benchmark.h>

#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  std::string json;
  bool scale = false;
  std::vector<char*> others;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view json_option = "--json=";
    if (argument.substr(0, json_option.size()) == json_option) {
      json = argument.substr(json_option.size());
    } else if (argument == "--scale") {
      scale = true;
    } else {
      others.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(others.size());
  benchmark::Initialize(&count, others.data());
  if (benchmark::ReportUnrecognizedArguments(count, others.data())) {
    return 2;
  }
  try {
    const std::vector<muhat::benchmark::Subject> subjects = muhat::benchmark::make_subjects();
    muhat::benchmark::Measurements measurements;
    muhat::benchmark::add_evaluation_cases(measurements, subjects);
    muhat::benchmark::add_inference_cases(measurements, subjects);
    muhat::benchmark::add_loading_cases(measurements, subjects);
    measurements.run();
    if (scale) {
      muhat::benchmark::measure_scale(measurements);
    }
    std::cout << measurements.table();
    if (!json.empty()) {
      muhat::write_file(json, measurements.json());
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
