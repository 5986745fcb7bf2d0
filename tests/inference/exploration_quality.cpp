/// How often explored fits miss the lowest minimum of realistic models: a measurement of some ten minutes on
/// two cores, optimized, which no default run makes. Ask for it by its tag,
///
///     build/default/tests/inference/muhat-tests-inference "[quality]"
///
/// and with another number of models than 1,000 by the environment variable MUHAT_QUALITY_MODELS. Every fit
/// is measured from the best of 200 starts without exploration, limits from those with 50 starts. A miss is
/// warned of where the fit says that it has several minima, or saw a lower point.

#include <muhat/core/executor.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/likelihood/expected_data.hpp>

#include <support/catch.hpp>
#include <support/realistic_models.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

enum class Outcome { good, warned_miss, miss, refusal };

/// What is measured of each model: the free fit of `fit`, the five of `hypotest`, the six limits together.
constexpr std::array<const char*, 7> quantities{"fit",
                                                "data, POI tested",
                                                "data, POI free",
                                                "data, alternative",
                                                "Asimov, POI tested",
                                                "Asimov, POI free",
                                                "limits"};
using Outcomes = std::array<Outcome, quantities.size()>;

bool warns_of_minima(const std::vector<std::string>& warnings) {
  return std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.find("starts disagree") != std::string::npos ||
           warning.find("equally low") != std::string::npos ||
           warning.find("lower point without certificate") != std::string::npos ||
           warning.find("still found lower minima") != std::string::npos;
  });
}

Outcome judged(bool misses, const std::vector<std::string>& warnings) {
  return !misses ? Outcome::good : warns_of_minima(warnings) ? Outcome::warned_miss : Outcome::miss;
}

/// Of a fit with these parameters held.
Outcome judge_fit(const Model& model, const Vector& data, const FitResult& explored, FitOptions options) {
  constexpr double tolerance = 1e-5;
  options.starts = 200;
  options.explore = false;
  const FitResult best = fit(model, data, options);
  if (!explored.certified()) {
    return best.certified() ? Outcome::refusal : Outcome::good;
  }
  return judged(best.certified() && best.twice_nll < explored.twice_nll - tolerance, explored.warnings);
}

/// The five fits of a test at mu = 1, those to Asimov data against other fits to the same.
void judge_test(const Model& model, const Vector& data, Outcomes& outcomes) {
  try {
    const HypotestResult test = hypotest(model, data, {.mu = 1.0});
    const FitOptions tested{.fix = {{"mu", 1.0}}};
    const Vector asimov = expected_data(model, test.fits.alternative_fit_to_data.parameters,
                                        test.fits.alternative_fit_to_data.bins_at_zero);
    outcomes[1] = judge_fit(model, data, test.fits.fixed_poi_fit_to_data, tested);
    outcomes[2] = judge_fit(model, data, test.fits.free_fit_to_data, {});
    outcomes[3] = judge_fit(model, data, test.fits.alternative_fit_to_data, {.fix = {{"mu", 0.0}}});
    outcomes[4] = judge_fit(model, asimov, test.fits.fixed_poi_fit_to_asimov, tested);
    outcomes[5] = judge_fit(model, asimov, test.fits.free_fit_to_asimov, {});
  } catch (const ComputationError&) {
    std::fill(outcomes.begin() + 1, outcomes.begin() + 6, Outcome::refusal);
  }
}

bool is_off(const Limit& limit, const Limit& reference) {
  constexpr double part = 0.01;
  return limit.value.has_value() != reference.value.has_value() ||
         (limit.value && std::abs(*limit.value - *reference.value) > part * *reference.value);
}

Outcome judge_limits(const Model& model, const Vector& data) {
  try {
    const UpperLimitResult limits = upper_limit(model, data, {.widen_bounds = true});
    const UpperLimitResult reference =
        upper_limit(model, data, {.fit = {.starts = 50}, .widen_bounds = true});
    bool off = is_off(limits.observed, reference.observed);
    for (std::size_t k = 0; k < limits.expected.size(); ++k) {
      off = off || is_off(limits.expected[k], reference.expected[k]);
    }
    return judged(off, limits.warnings);
  } catch (const ComputationError&) {
    return Outcome::refusal;
  }
}

Outcomes judge(std::uint64_t seed) {
  const RealisticModel random = realistic_model(seed);
  const Model model = random.model();
  Outcomes outcomes{};
  outcomes[0] = judge_fit(model, random.data, fit(model, random.data), {});
  judge_test(model, random.data, outcomes);
  outcomes.back() = judge_limits(model, random.data);
  return outcomes;
}

std::size_t number_of_models() {
  const char* const text = std::getenv("MUHAT_QUALITY_MODELS");
  return text != nullptr ? static_cast<std::size_t>(std::strtoul(text, nullptr, 10)) : 1000;
}

} // namespace

TEST_CASE("explored fits of realistic models hardly ever miss the lowest minimum", "[.quality]") {
  const std::size_t count = number_of_models();
  REQUIRE(count > 0);
  std::vector<Outcomes> models(count);
  const auto make_task = [&models] { return [&models](std::size_t k) { models[k] = judge(1000 + k); }; };
  parallel_for(ThreadExecutor{}, count, make_task);
  std::cout << "of " << count << " models          missed  unwarned  refused   seeds\n";
  for (std::size_t what = 0; what < quantities.size(); ++what) {
    std::string seeds;
    std::array<std::size_t, 4> numbers{};
    for (std::size_t k = 0; k < count; ++k) {
      const Outcome outcome = models[k][what];
      ++numbers[static_cast<std::size_t>(outcome)];
      seeds += outcome == Outcome::good ? "" : " " + std::to_string(1000 + k);
    }
    const std::size_t unwarned = numbers[static_cast<std::size_t>(Outcome::miss)];
    const std::size_t missed = unwarned + numbers[static_cast<std::size_t>(Outcome::warned_miss)];
    const std::size_t refused = numbers[static_cast<std::size_t>(Outcome::refusal)];
    std::cout << std::left << std::setw(22) << quantities[what] << std::right << std::setw(8) << missed
              << std::setw(10) << unwarned << std::setw(9) << refused << "  " << seeds << "\n";
    CAPTURE(quantities[what], seeds);
    CHECK(missed <= std::max<std::size_t>(1, count / 500));
    CHECK(unwarned <= std::max<std::size_t>(1, count / 1000));
    CHECK(refused <= std::max<std::size_t>(1, count / 500));
  }
}
