#pragma once

/// Ensembles of toys as plain data: what was run, what came out, and how two of them merge.
///
/// Toy k of a hypothesis draws from the random stream (seed, 2 k + hypothesis), hypothesis = 0 for the tested
/// one and 1 for the alternative, and is fitted on its own: its outcome does not depend on which other toys
/// are made, where, or in which order. So ensembles may be made in pieces.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/random.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/inference/empirical_distribution.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muhat {

/// The hypotheses that toys are drawn from.
enum class Hypothesis { tested, alternative };

[[nodiscard]] constexpr std::string_view to_string(Hypothesis hypothesis) noexcept {
  return hypothesis == Hypothesis::tested ? "tested" : "alternative";
}

/// Toys have numbers below this one, so that no two share a random stream.
inline constexpr std::uint64_t most_toy_numbers = std::uint64_t{1} << 63U;

/// The random stream of toy `number` of a run with this seed. Throws InvalidArgument for a number that is not
/// below `most_toy_numbers`. O(1).
[[nodiscard]] inline RandomEngine toy_stream(std::uint64_t seed, Hypothesis hypothesis,
                                             std::uint64_t number) {
  if (number >= most_toy_numbers) {
    throw InvalidArgument("there is no toy " + std::to_string(number) + ": numbers end below " +
                          std::to_string(most_toy_numbers));
  }
  return random_stream(seed, 2 * number + (hypothesis == Hypothesis::tested ? 0U : 1U));
}

/// A toy whose fit ended without a certificate. `toy_data` makes its data again.
struct FailedToy {
  std::uint64_t number = 0;
  std::string reason = {};
};

/// The toys of one hypothesis.
struct ToySample {
  /// Parameters the toys were drawn at.
  Vector parameters = {};
  /// Ascending numbers of the toys with a statistic, and these.
  std::vector<std::uint64_t> numbers = {};
  std::vector<double> statistics = {};
  /// Ascending by number; they enter no p-value.
  std::vector<FailedToy> failed = {};

  /// Toys made, with or without a statistic.
  [[nodiscard]] std::size_t made() const noexcept { return numbers.size() + failed.size(); }

  /// Whether toy `number` was made. O(log n).
  [[nodiscard]] bool contains(std::uint64_t number) const {
    return number < most_toy_numbers && made_between(number, number + 1) > 0;
  }

  /// How many of the toys first ... last - 1 were made. O(log n).
  [[nodiscard]] std::size_t made_between(std::uint64_t first, std::uint64_t last) const {
    const auto failed_below = [&](std::uint64_t end) {
      return std::lower_bound(failed.begin(), failed.end(), end,
                              [](const FailedToy& toy, std::uint64_t k) { return toy.number < k; });
    };
    const auto below = [&](std::uint64_t end) {
      return std::lower_bound(numbers.begin(), numbers.end(), end);
    };
    return static_cast<std::size_t>(below(last) - below(first)) +
           static_cast<std::size_t>(failed_below(last) - failed_below(first));
  }
};

/// Toys of the tested hypothesis and of the alternative, and the statistic of the data.
struct ToyEnsemble {
  double mu = 0.0;
  TestStatistic test_statistic = TestStatistic::q_mu_tilde;
  std::string poi = {};
  std::uint64_t seed = 0;
  /// What else tells one run from another, by name: the digests of data and model (`experiment_digests`), and
  /// whatever a program adds.
  std::map<std::string, std::string> settings = {};
  /// The statistic of the data.
  double observed = 0.0;
  ToySample tested = {};
  ToySample alternative = {};
};

namespace detail {

/// Whether two numbers are the same up to what two fits of the same data may differ by.
inline bool same_number(double a, double b) {
  return std::abs(a - b) <= 1e-6 * (1.0 + std::abs(b));
}

inline bool same_point(const Vector& a, const Vector& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_number);
}

/// The union; a toy that has a statistic in one of the two has not failed.
inline void merge_into(ToySample& sample, const ToySample& other) {
  std::vector<std::pair<std::uint64_t, double>> toys;
  for (const ToySample* part : {static_cast<const ToySample*>(&sample), &other}) {
    for (std::size_t k = 0; k < part->numbers.size(); ++k) {
      toys.emplace_back(part->numbers[k], part->statistics[k]);
    }
  }
  sort_stably(toys, [](const auto& a, const auto& b) { return a.first < b.first; });
  toys.erase(
      std::unique(toys.begin(), toys.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
      toys.end());
  sample.numbers.clear();
  sample.statistics.clear();
  for (const auto& [number, statistic] : toys) {
    sample.numbers.push_back(number);
    sample.statistics.push_back(statistic);
  }
  const auto has_statistic = [&](const FailedToy& toy) {
    return std::binary_search(sample.numbers.begin(), sample.numbers.end(), toy.number);
  };
  std::vector<FailedToy>& failed = sample.failed;
  failed.insert(failed.end(), other.failed.begin(), other.failed.end());
  sort_stably(failed, [](const FailedToy& a, const FailedToy& b) { return a.number < b.number; });
  failed.erase(std::unique(failed.begin(), failed.end(),
                           [](const FailedToy& a, const FailedToy& b) { return a.number == b.number; }),
               failed.end());
  failed.erase(std::remove_if(failed.begin(), failed.end(), has_statistic), failed.end());
}

/// Throws InvalidArgument where a toy that both samples hold has two statistics.
inline void require_same_toys(const ToySample& a, const ToySample& b, Hypothesis hypothesis) {
  auto other = b.numbers.begin();
  for (std::size_t k = 0; k < a.numbers.size(); ++k) {
    other = std::lower_bound(other, b.numbers.end(), a.numbers[k]);
    if (other == b.numbers.end()) {
      return;
    }
    const double statistic = b.statistics[static_cast<std::size_t>(other - b.numbers.begin())];
    if (*other == a.numbers[k] && !same_number(a.statistics[k], statistic)) {
      throw InvalidArgument("toys cannot be merged: toy " + std::to_string(*other) + " of the " +
                            std::string(to_string(hypothesis)) + " hypothesis has the statistic " +
                            number_text(a.statistics[k]) + " in one part and " + number_text(statistic) +
                            " in another; make one of the parts anew");
    }
  }
}

} // namespace detail

/// Throws InvalidArgument, naming the difference, unless two ensembles are parts of one run:
/// same test, seed, data, model, settings and generating parameters, and for every toy that both hold
/// the same statistic to 1e-6. Settings that one of them alone states are not compared. O(n log n).
inline void require_mergeable(const ToyEnsemble& a, const ToyEnsemble& b) {
  const auto refuse = [](const std::string& what) {
    throw InvalidArgument("toys cannot be merged: they differ in " + what);
  };
  const std::string advice = "; parts of one run are made for the same data and model with the same options: "
                             "make anew those that are not";
  if (a.mu != b.mu) {
    refuse("the tested value, " + number_text(a.mu) + " and " + number_text(b.mu));
  }
  if (a.test_statistic != b.test_statistic) {
    refuse("the test statistic, " + std::string(to_string(a.test_statistic)) + " and " +
           std::string(to_string(b.test_statistic)));
  }
  if (a.poi != b.poi) {
    refuse("the parameter of interest, " + a.poi + " and " + b.poi);
  }
  if (a.seed != b.seed) {
    refuse("the seed, " + std::to_string(a.seed) + " and " + std::to_string(b.seed) +
           ": parts of one run share the seed and differ in the toys' numbers");
  }
  for (const auto& [name, value] : a.settings) {
    const auto other = b.settings.find(name);
    if (other != b.settings.end() && other->second != value) {
      refuse("the setting \"" + name + "\", " + value + " and " + other->second + advice);
    }
  }
  if (!detail::same_number(a.observed, b.observed)) {
    refuse("the observed statistic, " + number_text(a.observed) + " and " + number_text(b.observed) + advice);
  }
  if (!detail::same_point(a.tested.parameters, b.tested.parameters) ||
      !detail::same_point(a.alternative.parameters, b.alternative.parameters)) {
    refuse("the parameters that the toys were drawn at: model or data are not the same" + advice);
  }
  detail::require_same_toys(a.tested, b.tested, Hypothesis::tested);
  detail::require_same_toys(a.alternative, b.alternative, Hypothesis::alternative);
}

/// The union of two parts of one run; toys made twice count once, and have failed only where both say so.
/// O(n log n).
/// Throws InvalidArgument as `require_mergeable`.
[[nodiscard]] inline ToyEnsemble merge(ToyEnsemble a, const ToyEnsemble& b) {
  require_mergeable(a, b);
  a.settings.insert(b.settings.begin(), b.settings.end());
  detail::merge_into(a.tested, b.tested);
  detail::merge_into(a.alternative, b.alternative);
  return a;
}

} // namespace muhat
