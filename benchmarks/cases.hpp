#pragma once

/// The cases, by what they measure. Each function registers its own.

#include <support/measurements.hpp>
#include <support/subjects.hpp>

#include <vector>

namespace muhat::benchmark {

/// Value, gradient, Hessian, Hessian product and metric of the likelihood, and how they scale.
void add_evaluation_cases(Measurements& measurements, const std::vector<Subject>& subjects);

/// Fits and hypothesis tests with muhat's optimizer and with its peers, signals in place, toys; how
/// fits scale with the parameters of one kind.
void add_inference_cases(Measurements& measurements, const std::vector<Subject>& subjects);

/// From text to model against nlohmann's parser; what including the library costs a compiler.
void add_loading_cases(Measurements& measurements, const std::vector<Subject>& subjects);

/// Builds, evaluates and fits 50,000 bins with 4,000 nuisance parameters and 10^7 shape entries, once. Takes
/// minutes and a gigabyte, and adds its results at once.
void measure_scale(Measurements& measurements);

} // namespace muhat::benchmark
