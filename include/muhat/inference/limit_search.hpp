#pragma once

/// Where a falling p-value crosses a level.
///
/// The root of log(CLs(mu) / level) by TOMS 748 (Alefeld, Potra & Shi, ACM Trans.
/// Math. Softw. 21 (1995) 327), after predictions have tightened the bracket:
/// in the Wald approximation T = -mu-hat / sigma and sqrt(q_A) = mu / sigma, so one evaluation
/// gives sigma, and thereby the limit up to corrections. Points evaluated for one
/// curve bracket the next.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/special_functions.hpp>

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// A limit, or why there is none.
struct Limit {
  std::optional<double> value = {};
  std::string reason = {};
  /// The statistical uncertainty of a limit from toys, one standard deviation; nothing where it is not known.
  std::optional<double> error = {};
  /// Whether there is none because CLs is still above the level at the upper bound.
  bool beyond_bounds = false;
};

/// sqrt(q_A) at which CLs = Phi(-(t + a)) / Phi(-t) falls to `level` in (0, 1), for a given T; NaN where T is
/// not finite. O(1).
[[nodiscard]] inline double root_asimov_at_level(double transformed, double level) {
  if (!std::isfinite(transformed)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double log_clb = log_normal_tail(transformed);
  const auto excess = [&](double a) { return log_normal_tail(transformed + a) - log_clb - std::log(level); };
  double upper = 1.0;
  while (excess(upper) > 0.0) {
    upper *= 2.0;
  }
  std::uintmax_t iterations = 60;
  const auto root = boost::math::tools::toms748_solve(
      excess, 0.0, upper, boost::math::tools::eps_tolerance<double>(40), iterations);
  return 0.5 * (root.first + root.second);
}

/// Where to search for a crossing, and how well.
struct LimitRange {
  double lower = 0.0;
  double upper = 0.0;
  double level = 0.05;
  /// Of the crossing.
  double relative_tolerance = 1e-4;
  /// How close the logarithm of CLs at the crossing found has to be to the level's; infinite for a curve with
  /// jumps.
  double closeness = 1e-3;
  /// A CLs whose logarithm is this close to the level's is at the level; 0 for what `relative_tolerance`
  /// needs.
  double level_tolerance = 0.0;
  /// The smallest CLs that can be told from 0.
  double resolution = std::numeric_limits<double>::min();
};

namespace detail {

/// Throws InvalidArgument for a tolerance, relative to what is searched for, that finds nothing.
inline void check_relative_tolerance(double tolerance) {
  if (!(tolerance > 0.0 && tolerance < 1.0)) {
    throw InvalidArgument("a relative tolerance has to lie between 0 and 1, not at " +
                          number_text(tolerance));
  }
}

/// Searches one curve. `cls(mu)` is its p-value, `predict(mu)` a guess of the crossing from what is known at
/// mu (not positive or not finite where there is none).
template <class Cls, class Predict>
class LimitSearch {
public:
  LimitSearch(Cls cls, Predict predict, const LimitRange& range)
      : cls_(std::move(cls)), predict_(std::move(predict)), range_(range) {}

  /// Points already evaluated for other curves; new ones are added.
  [[nodiscard]] Limit run(std::vector<double>& shared) {
    low_ = range_.lower;
    f_low_ = excess(low_);
    if (f_low_ <= 0.0) {
      return {{},
              "CLs is already below " + number_text(range_.level) + " at the smallest allowed value " +
                  number_text(low_)};
    }
    for (const double mu : shared) {
      note(mu, excess(mu));
    }
    if (!bracket(shared)) {
      return {.reason = failure_, .beyond_bounds = low_ >= range_.upper};
    }
    const double crossing = refine(shared);
    if (crossing <= range_.lower) {
      return {.reason = "CLs falls below " + number_text(range_.level) +
                        " right above the smallest allowed value " + number_text(range_.lower)};
    }
    return {.value = crossing};
  }

private:
  /// log(CLs / level), 0 once that is closer than the tolerance needs.
  [[nodiscard]] double excess(double mu) {
    const double cls = cls_(mu);
    if (std::isnan(cls)) {
      throw ComputationError("CLs at " + number_text(mu) + " is not a number");
    }
    const double f = std::log(std::max(cls, range_.resolution) / range_.level);
    return std::abs(f) < std::max(0.02 * range_.relative_tolerance, range_.level_tolerance) ? 0.0 : f;
  }

  double evaluate(double mu, std::vector<double>& shared) {
    const double f = excess(mu);
    shared.push_back(mu);
    note(mu, f);
    return f;
  }

  /// Keeps the tightest bracket around the first crossing.
  void note(double mu, double f) {
    if (f > 0.0 && mu > low_ && !(has_high_ && mu > high_)) {
      low_ = mu;
      f_low_ = f;
    } else if (f <= 0.0 && mu > low_ && !(has_high_ && mu > high_)) {
      high_ = mu;
      f_high_ = f;
      has_high_ = true;
    }
  }

  /// Walks up until the curve is below the level. Predictions may converge below the crossing, so after a few
  /// of them each step is at least four times the one before, in proportion to mu, until mu doubles.
  [[nodiscard]] bool bracket(std::vector<double>& shared) {
    constexpr int trusted_steps = 4;
    constexpr int most_steps = 64;
    double stride = 0.0;
    for (int step = 0; !has_high_; ++step) {
      if (low_ >= range_.upper) {
        const double cls = std::round(1e6 * range_.level * std::exp(f_low_)) / 1e6;
        failure_ = "CLs is " + number_text(cls) + " at the upper bound " + number_text(range_.upper) +
                   ", above " + number_text(range_.level) + ": the limit lies beyond the bounds";
        return false;
      }
      const double guess = predict_(low_);
      double next = low_ > 0.0 ? 2.0 * low_ : 1.0;
      if (std::isfinite(guess) && guess > 0.0) {
        const double ahead = low_ * (1.0 + stride);
        next = low_ < guess ? std::max(guess * (1.0 + 0.5 * range_.relative_tolerance), ahead)
                            : std::max(1.2 * low_, ahead);
      }
      // So many doublings span all magnitudes that occur.
      next = step < most_steps ? next : range_.upper;
      (void)evaluate(std::min(next, range_.upper), shared);
      stride =
          step < trusted_steps ? stride : std::min(1.0, std::max(range_.relative_tolerance, 4.0 * stride));
    }
    return true;
  }

  [[nodiscard]] bool is_tight() const {
    return f_high_ == 0.0 || (high_ - low_ <= range_.relative_tolerance * std::abs(high_) &&
                              std::min(f_low_, -f_high_) <= range_.closeness);
  }

  [[nodiscard]] double refine(std::vector<double>& shared) {
    constexpr int predictions = 3;
    for (int k = 0; k < predictions && !is_tight(); ++k) {
      const double guess = predict_(-f_high_ < f_low_ ? high_ : low_);
      if (!(guess > low_ && guess < high_)) {
        break;
      }
      (void)evaluate(guess, shared);
    }
    if (!is_tight()) {
      const auto enough = [this](double, double) { return is_tight(); };
      std::uintmax_t evaluations = 60;
      (void)boost::math::tools::toms748_solve([&](double mu) { return evaluate(mu, shared); }, low_, high_,
                                              f_low_, f_high_, enough, evaluations);
    }
    return f_low_ < -f_high_ ? low_ : high_;
  }

  Cls cls_;
  Predict predict_;
  LimitRange range_;
  double low_ = 0.0;
  double f_low_ = 0.0;
  double high_ = 0.0;
  double f_high_ = 0.0;
  bool has_high_ = false;
  std::string failure_;
};

} // namespace detail
} // namespace muhat
