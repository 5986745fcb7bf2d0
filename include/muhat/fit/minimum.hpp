#pragma once

/// The lowest minimum in a box, and what was seen besides.
///
/// Minimizations from several starts end in several places. One rule says what is kept of them:
///  - a certified minimum before an end without certificate, whatever its value, but of a lower end without
///    certificate a note is kept (`missed`);
///  - of two certified minima the lower one; the other one stays known (`others`);
///  - of two that are equally low, in different places, the one that `comes_before` names, so that the choice
///    depends neither on the starts nor on the order of the parameters.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/fit/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// Two values of twice_nll that differ by less are the same minimum.
inline constexpr double same_minimum_tolerance = 1e-6;

/// A minimum that is not the lowest, or is as low elsewhere; of a higher one the curvature need not have been
/// looked at.
struct OtherMinimum {
  Vector x = {};
  double value = 0.0;
};

/// The lowest of the minima found from one or more starts.
struct Minimum {
  /// Iterations and evaluations are summed over all starts.
  OptimizerResult lowest = {};
  /// How far the highest certified minimum lies above the lowest, in twice_nll.
  double spread = 0.0;
  /// How far the lowest point seen without a certificate lies below, in twice_nll.
  double missed = 0.0;
  /// Minima in other places, at most `most_others`, the lowest first.
  std::vector<OtherMinimum> others = {};

  static constexpr std::size_t most_others = 8;

  [[nodiscard]] bool certified() const noexcept { return lowest.status == FitStatus::converged; }
  [[nodiscard]] bool starts_disagree() const noexcept { return spread > same_minimum_tolerance; }
  /// Whether there is no end of a minimization yet.
  [[nodiscard]] bool empty() const noexcept { return lowest.x.size() == 0; }
  /// The other minimum that is as low as the lowest, null without one.
  [[nodiscard]] const OtherMinimum* equally_low() const noexcept {
    return !others.empty() && others.front().value - lowest.value <= same_minimum_tolerance ? &others.front()
                                                                                            : nullptr;
  }
};

/// Whether `a` is the better end of two minimizations: lower, or as low and certified.
[[nodiscard]] inline bool better_minimum(const OptimizerResult& a, const OptimizerResult& b) {
  if (std::isfinite(a.value) != std::isfinite(b.value)) {
    return std::isfinite(a.value);
  }
  const bool a_certified = a.status == FitStatus::converged;
  const bool b_certified = b.status == FitStatus::converged;
  if (a_certified != b_certified && std::abs(a.value - b.value) < same_minimum_tolerance) {
    return a_certified;
  }
  return a.value < b.value;
}

/// Of two places with equally low minima, whether `a` is the one that counts: the one with the larger sum of
/// its parameters; of equal ones that with the smaller sum of squares, then the larger sum of cubes. These
/// know no order of the parameters; only where two of them have exchanged their values, the first that
/// differs decides. 4 n operations.
[[nodiscard]] inline bool comes_before(const Vector& a, const Vector& b) {
  constexpr double clear = 1e-3;
  const double differences[] = {a.sum() - b.sum(), b.squaredNorm() - a.squaredNorm(),
                                a.array().cube().sum() - b.array().cube().sum()};
  for (const double difference : differences) {
    if (std::abs(difference) > clear) {
      return difference > 0.0;
    }
  }
  for (Index i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > clear) {
      return a[i] > b[i];
    }
  }
  return false;
}

/// The remark of a minimum that misses a point so far below.
[[nodiscard]] inline std::string missed_text(double missed) {
  return "a lower point without certificate was seen, " + number_text(missed) +
         " below the minimum in twice_nll: fit from other starts";
}

namespace detail {

/// Puts a minimum among the others.
inline void add_other(Minimum& minimum, OtherMinimum other) {
  std::vector<OtherMinimum>& others = minimum.others;
  const auto place =
      std::upper_bound(others.begin(), others.end(), other,
                       [](const OtherMinimum& a, const OtherMinimum& b) { return a.value < b.value; });
  others.insert(place, std::move(other));
  if (others.size() > Minimum::most_others) {
    others.pop_back();
  }
}

/// Whether two places are one to the eye: no component differs by a twentieth (or `part`) of a standard
/// deviation of usual size.
[[nodiscard]] inline bool is_same_place(const Vector& a, const Vector& b, double part = 0.05) {
  return ((a - b).array().abs() <= part * (1.0 + a.array().abs())).all();
}

/// Whether the lowest minimum or one of the others is at x, as `is_same_place` means it.
[[nodiscard]] inline bool is_known_place(const Minimum& minimum, const Vector& x, double part) {
  return is_same_place(minimum.lowest.x, x, part) ||
         std::any_of(minimum.others.begin(), minimum.others.end(),
                     [&](const OtherMinimum& other) { return is_same_place(other.x, x, part); });
}

/// Takes a minimum out of the others.
inline void forget_others_at(Minimum& minimum, const OptimizerResult& end) {
  const auto is_end = [&end](const OtherMinimum& other) {
    return std::abs(other.value - end.value) <= same_minimum_tolerance && is_same_place(other.x, end.x);
  };
  minimum.others.erase(std::remove_if(minimum.others.begin(), minimum.others.end(), is_end),
                       minimum.others.end());
}

} // namespace detail

/// Takes the end of another minimization into account. True if it is certified and replaces the lowest.
/// Counts its iterations and evaluations. `are_apart(a, b)` tells of two places with equally low minima
/// whether there is anything higher between them.
template <class AreApart>
bool take(Minimum& minimum, OptimizerResult end, const AreApart& are_apart) {
  const int iterations = minimum.lowest.iterations + end.iterations;
  const int evaluations = minimum.lowest.evaluations + end.evaluations;
  const double gain = minimum.lowest.value - end.value;
  const bool first = minimum.empty();
  const bool certified = end.status == FitStatus::converged;
  bool replaces = false;
  if (first || !minimum.certified()) {
    if (!first && certified && std::isfinite(gain)) {
      minimum.missed = std::max(minimum.missed, -gain);
    }
    if (first || certified || better_minimum(end, minimum.lowest)) {
      minimum.lowest = std::move(end);
      replaces = certified;
    }
  } else if (!certified) {
    minimum.missed = std::isfinite(gain) ? std::max(minimum.missed, gain) : minimum.missed;
  } else {
    const bool same_value = std::abs(gain) <= same_minimum_tolerance;
    const bool same_place =
        same_value && (detail::is_same_place(end.x, minimum.lowest.x) || !are_apart(end.x, minimum.lowest.x));
    replaces = same_value ? !same_place && comes_before(end.x, minimum.lowest.x) : gain > 0.0;
    if (!same_value) {
      minimum.spread = gain > 0.0 ? minimum.spread + gain : std::max(minimum.spread, -gain);
      minimum.missed = std::max(0.0, minimum.missed - std::max(0.0, gain));
    }
    if (replaces) {
      std::swap(minimum.lowest, end);
    }
    detail::forget_others_at(minimum, minimum.lowest);
    detail::forget_others_at(minimum, end);
    if (!same_place) {
      detail::add_other(minimum, {std::move(end.x), end.value});
    }
  }
  minimum.lowest.iterations = iterations;
  minimum.lowest.evaluations = evaluations;
  return replaces;
}

} // namespace muhat
