#pragma once

/// CLs along the parameter of interest: the data of a Brazil band.
///
/// Points are computed in chains, one after the other, and each takes the lower of the minima that its
/// neighbors lead to and that the init leads to. What a chain finds too late for others is told to them, and
/// they are computed again: a lower minimum of the free fit or of the alternative to all, a minimum at the
/// end of a chain that is lower for the next one to that.

#include <muhat/core/errors.hpp>
#include <muhat/core/executor.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/optimizer.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/limit_curves.hpp>
#include <muhat/inference/profile.hpp>
#include <muhat/inference/scan_control.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

namespace muhat {

namespace detail {

/// Fills in the values at the point's mu, those that have certified fits. The statistic comes first
/// (AsymptoticCalculator::distributions).
template <class Calculator>
void set_cls(Calculator& calculator, ClsPoint& point) {
  point = {.mu = point.mu};
  (void)if_computed([&] { return calculator.statistic(point.mu); });
  try {
    const AsymptoticDistributions distributions = calculator.distributions(point.mu);
    const ExpectedBand band = expected_p_values(distributions);
    std::array<double, 5>& expected = point.cls_expected.emplace();
    for (std::size_t n = 0; n < band.size(); ++n) {
      expected[n] = band[n].cls;
    }
    point.cls_observed = observed_p_values(distributions, calculator.statistic(point.mu)).cls;
    point.warnings = fit_warnings(calculator.fits(point.mu));
  } catch (const ComputationError& error) {
    point.reason = error.what();
  }
}

/// Minima of a chain, each for the data and for the Asimov data or for the free fit and the alternative;
/// nothing where their fits fail, which the points say.
struct ChainMinima {
  using Pair = std::optional<std::array<OptimizerResult, 2>>;

  /// Those that all points share.
  Pair shared = {};
  /// With the POI held at the first and at the last point.
  std::array<Pair, 2> ends = {};
};

/// Whether a minimum lies below another end of a fit, or as low as one without certificate.
[[nodiscard]] inline bool is_lower_minimum(const OptimizerResult& other, const OptimizerResult& present) {
  return other.status == FitStatus::converged && better_minimum(other, present) &&
         (present.status != FitStatus::converged || other.value < present.value - same_minimum_tolerance);
}

/// The chains of a CLs scan, and what they tell each other.
template <class Calculator>
class ClsChains {
public:
  /// `points` has points; it and `watch` outlive the chains.
  ClsChains(std::vector<ClsPoint>& points, ScanWatch& watch)
      : points_(&points), watch_(&watch), found_((points.size() + scan_chain - 1) / scan_chain),
        offers_(found_.size()) {
    make_all_due();
  }

  [[nodiscard]] std::size_t size() const noexcept { return found_.size(); }

  /// Lets all chains run again.
  void start_over() {
    make_all_due();
    withdraw_due();
  }

  /// Runs the chains that are due, each with a copy of `prepared`.
  template <Executor E>
  void run(const Calculator& prepared, const E& executor, const std::atomic<bool>* cancel) {
    const auto chain = [&](std::size_t k) {
      Calculator calculator = prepared;
      run_chain(calculator, due_[k]);
    };
    parallel_for(
        executor, due_.size(), [&] { return chain; }, cancel);
  }

  /// The lowest of the shared minima that lie below those of `before`, or without these below any chain's.
  [[nodiscard]] std::vector<Vector> lower_minima(const ChainMinima::Pair& before) const {
    std::vector<Vector> lower;
    const auto lowest = lowest_shared(before);
    for (std::size_t k = 0; k < lowest.size(); ++k) {
      const auto is_above = [&](const ChainMinima& minima) {
        return minima.shared && lacks(*minima.shared, lowest, k);
      };
      if (lowest[k] != nullptr &&
          (before ? lowest[k] != &(*before)[k] : std::any_of(found_.begin(), found_.end(), is_above))) {
        lower.push_back(lowest[k]->x);
      }
    }
    return lower;
  }

  /// Takes the values of the chains that do not have the lowest of the shared minima.
  void withdraw_replaced(const ChainMinima::Pair& before) {
    const auto lowest = lowest_shared(before);
    for (std::size_t c = 0; c < size(); ++c) {
      const ChainMinima::Pair& shared = found_[c].shared;
      const bool replaced = !shared || lacks(*shared, lowest, 0) || lacks(*shared, lowest, 1);
      for (std::size_t k = begin(c); k < end(c) && replaced; ++k) {
        if ((*points_)[k].reason.empty()) {
          withdraw((*points_)[k]);
        }
      }
    }
  }

  /// How far the lowest end without certificate lies below the certified shared minima; 0 if none does.
  [[nodiscard]] double missed(const ChainMinima::Pair& before) const {
    double missed = 0.0;
    const auto lowest = lowest_shared(before);
    for (std::size_t k = 0; k < lowest.size(); ++k) {
      for (const ChainMinima& minima : found_) {
        if (minima.shared && lowest[k]->status == FitStatus::converged &&
            std::isfinite((*minima.shared)[k].value)) {
          missed = std::max(missed, lowest[k]->value - (*minima.shared)[k].value);
        }
      }
    }
    return missed;
  }

  /// Prepares offers between the chains that have just run and their neighbors, where one knows a lower
  /// minimum at the other's end. Those that are offered one are due. False when there are none.
  [[nodiscard]] bool offer_ends(Calculator& prepared) {
    std::vector<std::size_t> offered;
    const auto offer = [&](std::size_t from, std::size_t to, std::size_t side) {
      if (!watch_->canceled() && offer_end(prepared, from, to, side)) {
        offered.push_back(to);
      }
    };
    std::size_t next_border = 1;
    for (const std::size_t ran : due_) {
      for (std::size_t c = std::max(ran, next_border); c <= ran + 1 && c < size(); ++c) {
        offer(c - 1, c, 0);
        offer(c, c - 1, 1);
        next_border = c + 1;
      }
    }
    std::sort(offered.begin(), offered.end());
    offered.erase(std::unique(offered.begin(), offered.end()), offered.end());
    due_ = std::move(offered);
    withdraw_due();
    return !due_.empty();
  }

private:
  using Lowest = std::array<const OptimizerResult*, 2>;

  void make_all_due() {
    due_.resize(size());
    std::iota(due_.begin(), due_.end(), std::size_t{0});
  }

  /// Whether the lowest of the shared minima number k, if there is one, is below that of a chain.
  [[nodiscard]] static bool lacks(const std::array<OptimizerResult, 2>& shared, const Lowest& lowest,
                                  std::size_t k) {
    return lowest[k] != nullptr && is_lower_minimum(*lowest[k], shared[k]);
  }

  /// Of `before` and of the chains, the lowest certified one of each of the two shared minima, if there is
  /// one.
  [[nodiscard]] Lowest lowest_shared(const ChainMinima::Pair& before) const {
    Lowest lowest{};
    for (std::size_t k = 0; k < lowest.size(); ++k) {
      lowest[k] = before ? &(*before)[k] : nullptr;
      for (const ChainMinima& minima : found_) {
        if (minima.shared && (lowest[k] == nullptr || is_lower_minimum((*minima.shared)[k], *lowest[k]))) {
          lowest[k] = &(*minima.shared)[k];
        }
      }
    }
    return lowest;
  }

  [[nodiscard]] std::size_t begin(std::size_t c) const noexcept { return c * scan_chain; }
  [[nodiscard]] std::size_t end(std::size_t c) const noexcept {
    return std::min(points_->size(), begin(c + 1));
  }
  /// The value of the POI at the first (0) or last (1) point of a chain.
  [[nodiscard]] double mu_at(std::size_t c, std::size_t side) const {
    return (*points_)[side == 0 ? begin(c) : end(c) - 1].mu;
  }

  static void withdraw(ClsPoint& point) { point = {.mu = point.mu, .reason = scan_point_not_settled}; }

  /// Takes the values of the chains that are due, which do not get them back when the scan is stopped.
  void withdraw_due() {
    for (const std::size_t c : due_) {
      for (std::size_t k = begin(c); k < end(c); ++k) {
        withdraw((*points_)[k]);
      }
    }
  }

  /// Computes a chain's points, and again where later ones, or a neighbor, have lowered a minimum that an
  /// earlier one used.
  void run_chain(Calculator& calculator, std::size_t c) {
    std::size_t reached = begin(c);
    // Of the minima that each point began with.
    std::array<int, scan_chain> revisions{};
    const bool settled = until_settled(calculator, [&] {
      // First what is known already: no value is computed without.
      for (std::size_t side = 0; side < 2 && !watch_->canceled(); ++side) {
        make_offer(calculator, mu_at(c, side), found_[c].ends[side]);
        make_offer(calculator, mu_at(c, side), offers_[c][side]);
      }
      for (std::size_t k = begin(c); k < end(c) && !watch_->canceled(); ++k) {
        revisions[k - begin(c)] = calculator.revision();
        set_cls(calculator, (*points_)[k]);
        if (k == reached) {
          ++reached;
          watch_->count_point();
        }
      }
    });
    if (!watch_->canceled()) {
      found_[c] = {if_computed([&] { return calculator.shared_minima(); }),
                   {if_computed([&] { return calculator.held_minima(mu_at(c, 0)); }),
                    if_computed([&] { return calculator.held_minima(mu_at(c, 1)); })}};
    }
    for (std::size_t k = begin(c); k < reached; ++k) {
      if (watch_->canceled() && revisions[k - begin(c)] != calculator.revision()) {
        withdraw((*points_)[k]);
      } else if (!settled) {
        warn_unsettled((*points_)[k].warnings);
      }
    }
  }

  static void make_offer(Calculator& calculator, double mu, const ChainMinima::Pair& minima) {
    if (minima) {
      (void)if_computed([&] { return calculator.offer(mu, *minima); });
    }
  }

  /// Prepares the offer of the end of one chain to the next. False where nothing of it is lower and new, or
  /// makes up for a missing certificate.
  [[nodiscard]] bool offer_end(Calculator& prepared, std::size_t from, std::size_t to, std::size_t side) {
    const ChainMinima::Pair& others = found_[from].ends[1 - side];
    const ChainMinima::Pair& present = found_[to].ends[side];
    if (!others || !present) {
      return false;
    }
    const auto values = if_computed([&] { return prepared.twice_nll(mu_at(to, side), *others); });
    ChainMinima::Pair& offer = offers_[to][side];
    bool offered = false;
    for (std::size_t k = 0; values && k < values->size(); ++k) {
      const OptimizerResult& other = (*others)[k];
      const OptimizerResult& known = (*present)[k];
      const bool is_new = !offer || (*offer)[k].x != other.x;
      const bool wanted =
          known.status != FitStatus::converged || (*values)[k] < known.value - same_minimum_tolerance;
      if (other.status == FitStatus::converged && is_new && wanted) {
        offer = offer ? offer : present;
        (*offer)[k] = other;
        offered = true;
      }
    }
    return offered;
  }

  std::vector<ClsPoint>* points_;
  ScanWatch* watch_;
  std::vector<ChainMinima> found_;
  /// What the neighbors on both sides have offered to each chain last, with its own minima where theirs are
  /// not lower.
  std::vector<std::array<ChainMinima::Pair, 2>> offers_;
  /// The chains to run, in order.
  std::vector<std::size_t> due_;
};

/// Runs all chains until the minima that they share, and those at their ends, are settled, or every point has
/// a warning that they are not. `unused`: a calculator without fits.
template <class Calculator, Executor E>
void run_cls_chains(std::vector<ClsPoint>& points, const Calculator& unused, const E& executor,
                    const ScanControl& control) {
  ScanWatch watch(control);
  ClsChains<Calculator> chains(points, watch);
  const std::size_t most_steps = std::size_t{most_passes} * chains.size();
  std::vector<Vector> known;
  for (int pass = 1; !watch.canceled(); ++pass) {
    Calculator prepared = unused;
    prepared.add_known(known);
    // All chains begin with the fits of the first point.
    ClsPoint first{.mu = points.front().mu};
    set_cls(prepared, first);
    const ChainMinima::Pair before = if_computed([&] { return prepared.shared_minima(); });
    std::vector<Vector> lower;
    std::size_t step = 0;
    // What is lower at an end goes through the chains one by one.
    do {
      chains.run(prepared, executor, control.cancel);
      watch.count_no_more();
      lower = chains.lower_minima(before);
    } while (lower.empty() && ++step < most_steps && chains.offer_ends(prepared));
    if (const double missed = chains.missed(before); missed > same_minimum_tolerance) {
      for (ClsPoint& point : points) {
        if (point.reason.empty()) {
          point.warnings.push_back(missed_text(missed));
        }
      }
    }
    if (watch.canceled() && !lower.empty()) {
      chains.withdraw_replaced(before);
    }
    if (watch.canceled() || (lower.empty() && step < most_steps)) {
      return;
    }
    if (lower.empty() || pass == most_passes) {
      for (ClsPoint& point : points) {
        warn_unsettled(point.warnings);
      }
      return;
    }
    known.insert(known.end(), lower.begin(), lower.end());
    chains.start_over();
  }
}

} // namespace detail

/// CLs at every one of `mus`, in their order. A point without certified fits lacks values, and says why. So
/// does one that was not reached when `control` stopped the scan, or that then knew of a lower minimum; the
/// others hold as far as their chains had told each other. Lower minima that all points share begin the scan
/// anew at most twice; where that is not enough, points have a warning.
///
/// Throws InvalidArgument for a mu that is not finite or outside its bounds, more than `most_scan_points`,
/// q0, unusable options or data, all before the first fit. Four fits for each point, more where starts
/// disagree, on the executor's threads.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] std::vector<ClsPoint>
cls_scan(const AnyModel& model, const Vector& data, const std::vector<double>& mus,
         const InferenceOptions& options = {}, const Optimizer& optimizer = Optimizer{},
         const E& executor = E{}, const ScanControl& control = {}) {
  detail::require_scan_size({mus.size()});
  if (options.test_statistic == TestStatistic::q0) {
    throw InvalidArgument(
        "q0 tests the absence of a signal whatever mu, there is nothing to scan: use q or qtilde");
  }
  AsymptoticCalculator<AnyModel, Optimizer> calculator(model, data, options, optimizer);
  calculator.start_from_init();
  std::vector<ClsPoint> points;
  points.reserve(mus.size());
  for (const double mu : mus) {
    calculator.require_testable(mu);
    points.push_back({.mu = mu, .reason = scan_point_not_reached});
  }
  if (!points.empty()) {
    detail::run_cls_chains(points, calculator, executor, control);
  }
  return points;
}

} // namespace muhat
