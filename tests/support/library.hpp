#pragma once

/// From the tests' random models to the library's models, and between vector types.

#include <cstddef>
#include <string>
#include <vector>

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>

#include <support/oracle.hpp>
#include <support/random_models.hpp>

namespace muhat::test {

inline ModelOptions to_model_options(const oracle::Options& options) {
  ModelOptions result;
  set_interpolation_code(result.interpolation, "normsys", options.normsys);
  set_interpolation_code(result.interpolation, "histosys", options.histosys);
  result.clip_sample_data = options.clip_sample_data;
  result.clip_bin_data = options.clip_bin_data;
  return result;
}

inline Model build(const RandomModel& random) {
  return build_model(random.model.channels, random.measurement, to_model_options(random.options));
}

template <class Range>
Vector to_vector(const Range& values) {
  Vector result(static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[static_cast<Index>(i)] = static_cast<double>(values[i]);
  }
  return result;
}

inline oracle::Reals to_reals(const Vector& values) {
  return {values.begin(), values.end()};
}

inline std::vector<double> to_std(const Vector& values) {
  return {values.begin(), values.end()};
}

} // namespace muhat::test
