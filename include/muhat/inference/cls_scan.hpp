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

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

namespace muhat {

namespace detail {

/// Fills in the values at the point's mu, those that have certified fits.
template <class Calculator>
void set_cls(Calculator& calculator, ClsPoint& point) {
  point = {.mu = point.mu};
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

/// The chains of a CLs scan, and what they tell each other.
template <class Calculator>
class ClsChains {
public:
  /// `points` has points; it and `watch` outlive the chains.
  ClsChains(std::vector<ClsPoint>& points, ScanWatch& watch)
      : points_(&points), watch_(&watch), found_((points.size() + scan_chain - 1) / scan_chain),
        offers_(found_.size()) {
    start_over();
  }

  [[nodiscard]] std::size_t size() const noexcept { return found_.size(); }

  /// Lets all chains run again.
  void start_over() { due_.assign(size(), true); }

  /// Runs the chains that are due, each with a copy of `prepared`.
  template <Executor E>
  void run(const Calculator& prepared, const E& executor, const std::atomic<bool>* cancel) {
    const auto chain = [&](std::size_t c) {
      if (due_[c]) {
        Calculator calculator = prepared;
        run_chain(calculator, c);
      }
    };
    parallel_for(
        executor, size(), [&] { return chain; }, cancel);
  }

  /// The lowest of the shared minima that lie below those of `before`.
  [[nodiscard]] std::vector<Vector> lower_minima(const ChainMinima::Pair& before) const {
    std::vector<Vector> lower;
    for (std::size_t k = 0; before && k < before->size(); ++k) {
      const OptimizerResult* lowest = &(*before)[k];
      for (const ChainMinima& minima : found_) {
        if (minima.shared && (*minima.shared)[k].value < lowest->value - same_minimum_tolerance) {
          lowest = &(*minima.shared)[k];
        }
      }
      if (lowest != &(*before)[k]) {
        lower.push_back(lowest->x);
      }
    }
    return lower;
  }

  /// Prepares offers to the chains at whose ends a neighbor knows a lower minimum, which are then due. False
  /// when there are none.
  [[nodiscard]] bool offer_ends(Calculator& prepared) {
    due_.assign(size(), false);
    for (std::size_t c = 1; c < size(); ++c) {
      offer_end(prepared, c - 1, c, 0);
      offer_end(prepared, c, c - 1, 1);
    }
    return std::find(due_.begin(), due_.end(), true) != due_.end();
  }

private:
  [[nodiscard]] std::size_t begin(std::size_t c) const noexcept { return c * scan_chain; }
  [[nodiscard]] std::size_t end(std::size_t c) const noexcept {
    return std::min(points_->size(), begin(c + 1));
  }
  /// The value of the POI at the first (0) or last (1) point of a chain.
  [[nodiscard]] double mu_at(std::size_t c, std::size_t side) const {
    return (*points_)[side == 0 ? begin(c) : end(c) - 1].mu;
  }

  /// Computes a chain's points, and again where later ones, or a neighbor, have lowered a minimum that an
  /// earlier one used.
  void run_chain(Calculator& calculator, std::size_t c) {
    std::size_t reached = begin(c);
    until_settled(calculator, [&] {
      for (std::size_t k = begin(c); k < end(c) && !watch_->canceled(); ++k) {
        set_cls(calculator, (*points_)[k]);
        if (k == reached) {
          ++reached;
          watch_->count_point();
        }
      }
      for (std::size_t side = 0; side < 2 && !watch_->canceled(); ++side) {
        if (const ChainMinima::Pair& offered = offers_[c][side]) {
          (void)if_computed([&] { return calculator.offer(mu_at(c, side), *offered); });
        }
      }
    });
    if (!watch_->canceled()) {
      found_[c] = {if_computed([&] { return calculator.shared_minima(); }),
                   {if_computed([&] { return calculator.held_minima(mu_at(c, 0)); }),
                    if_computed([&] { return calculator.held_minima(mu_at(c, 1)); })}};
    }
  }

  /// Prepares the offer of the end of one chain to the next, where it is lower and new.
  void offer_end(Calculator& prepared, std::size_t from, std::size_t to, std::size_t side) {
    const ChainMinima::Pair& other = found_[from].ends[1 - side];
    const ChainMinima::Pair& present = found_[to].ends[side];
    ChainMinima::Pair& offer = offers_[to][side];
    const bool known = other && offer && (*offer)[0].x == (*other)[0].x && (*offer)[1].x == (*other)[1].x;
    if (!other || !present || known ||
        !if_computed([&] { return prepared.is_lower(mu_at(to, side), *other, *present); }).value_or(false)) {
      return;
    }
    offer = other;
    due_[to] = true;
  }

  std::vector<ClsPoint>* points_;
  ScanWatch* watch_;
  std::vector<ChainMinima> found_;
  /// What the neighbors on both sides have offered to each chain.
  std::vector<std::array<ChainMinima::Pair, 2>> offers_;
  std::vector<bool> due_;
};

/// Runs all chains until the minima that they share, and those at their ends, are settled. `unused`: a
/// calculator without fits.
template <class Calculator, Executor E>
void run_cls_chains(std::vector<ClsPoint>& points, const Calculator& unused, const E& executor,
                    const ScanControl& control) {
  ScanWatch watch(control);
  ClsChains<Calculator> chains(points, watch);
  std::vector<Vector> known;
  for (int pass = 0; pass < most_passes; ++pass) {
    Calculator prepared = unused;
    prepared.add_known(known);
    // All chains begin with the fits of the first point.
    set_cls(prepared, points.front());
    const ChainMinima::Pair before = if_computed([&] { return prepared.shared_minima(); });
    std::vector<Vector> lower;
    // What is lower at an end goes through the chains one by one.
    for (std::size_t step = 0; step <= chains.size(); ++step) {
      chains.run(prepared, executor, control.cancel);
      if (watch.canceled()) {
        return;
      }
      watch.count_no_more();
      lower = chains.lower_minima(before);
      if (!lower.empty() || !chains.offer_ends(prepared)) {
        break;
      }
    }
    if (lower.empty()) {
      return;
    }
    known.insert(known.end(), lower.begin(), lower.end());
    chains.start_over();
  }
}

} // namespace detail

/// CLs at every one of `mus`, in their order. A point without certified fits, or that was not reached when
/// `control` stopped the scan, lacks values, and says why.
///
/// Throws InvalidArgument for a mu outside its bounds, more than `most_scan_points`, unusable options or
/// data. Four fits for each point, more where starts disagree, on the executor's threads.
template <class AnyModel, class Optimizer = DefaultOptimizer, Executor E = ThreadExecutor>
[[nodiscard]] std::vector<ClsPoint>
cls_scan(const AnyModel& model, const Vector& data, const std::vector<double>& mus,
         const InferenceOptions& options = {}, const Optimizer& optimizer = Optimizer{},
         const E& executor = E{}, const ScanControl& control = {}) {
  detail::require_scan_size({mus.size()});
  AsymptoticCalculator<AnyModel, Optimizer> calculator(model, data, options, optimizer);
  calculator.start_from_init();
  std::vector<ClsPoint> points;
  points.reserve(mus.size());
  for (const double mu : mus) {
    points.push_back({.mu = mu, .reason = scan_point_not_reached});
  }
  if (!points.empty()) {
    detail::run_cls_chains(points, calculator, executor, control);
  }
  return points;
}

} // namespace muhat
