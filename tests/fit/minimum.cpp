#include <muhat/fit/minimum.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

OptimizerResult end_at(std::initializer_list<double> x, double value,
                       FitStatus status = FitStatus::converged) {
  OptimizerResult end;
  end.x = vector(x);
  end.value = value;
  end.status = status;
  end.iterations = 2;
  end.evaluations = 3;
  return end;
}

/// Takes an end in a place of its own.
bool take_apart(Minimum& minimum, OptimizerResult end) {
  return take(minimum, std::move(end), [](const Vector&, const Vector&) { return true; });
}

/// Takes an end at x = its value.
bool take_value(Minimum& minimum, double value, FitStatus status = FitStatus::converged) {
  return take_apart(minimum, end_at({value}, value, status));
}

/// What remains of ends that are taken in this order, all apart.
Minimum minimum_of(const std::vector<OptimizerResult>& ends) {
  Minimum minimum;
  for (const OptimizerResult& end : ends) {
    (void)take_apart(minimum, end);
  }
  return minimum;
}

} // namespace

TEST_CASE("the first end of a minimization is taken, whatever it is", "[minimum]") {
  for (const FitStatus status : {FitStatus::converged, FitStatus::stalled, FitStatus::outside_domain}) {
    Minimum minimum;
    CHECK(minimum.empty());
    CHECK(take_value(minimum, status == FitStatus::outside_domain ? infinity : 5.0, status) ==
          (status == FitStatus::converged));
    CHECK_FALSE(minimum.empty());
    CHECK(minimum.lowest.status == status);
    CHECK(minimum.certified() == (status == FitStatus::converged));
    CHECK(minimum.spread == 0.0);
    CHECK(minimum.missed == 0.0);
    CHECK(minimum.others.empty());
  }
}

TEST_CASE("a certified minimum is kept before any other end", "[minimum]") {
  Minimum minimum;
  CHECK_FALSE(take_value(minimum, 5.0, FitStatus::stalled));
  CHECK_FALSE(take_value(minimum, 7.0, FitStatus::stalled));
  CHECK(minimum.lowest.value == 5.0);
  CHECK_FALSE(take_value(minimum, 4.0, FitStatus::iteration_limit));
  CHECK(minimum.lowest.value == 4.0);
  CHECK(minimum.missed == 0.0);
  CHECK(take_value(minimum, 6.0));
  CHECK(minimum.lowest.value == 6.0);
  CHECK(minimum.missed == 2.0);
  CHECK_FALSE(take_value(minimum, 3.0, FitStatus::stalled));
  CHECK(minimum.lowest.value == 6.0);
  CHECK(minimum.missed == 3.0);
  CHECK_FALSE(take_value(minimum, 4.0, FitStatus::stalled));
  CHECK(minimum.missed == 3.0);
  CHECK_FALSE(take_value(minimum, 9.0));
  CHECK(minimum.lowest.value == 6.0);
  CHECK(minimum.spread == 3.0);
  CHECK(minimum.missed == 3.0);
  CHECK(take_value(minimum, 5.0));
  CHECK(minimum.lowest.value == 5.0);
  CHECK(minimum.spread == 4.0);
  CHECK(minimum.missed == 2.0);
  CHECK(take_value(minimum, 1.0));
  CHECK(minimum.spread == 8.0);
  CHECK(minimum.missed == 0.0);
  CHECK(minimum.starts_disagree());
}

TEST_CASE("an end without a value takes nothing away", "[minimum]") {
  Minimum minimum;
  CHECK_FALSE(take_value(minimum, infinity, FitStatus::outside_domain));
  CHECK_FALSE(take_value(minimum, 5.0, FitStatus::stalled));
  CHECK(minimum.lowest.value == 5.0);
  CHECK_FALSE(take_value(minimum, infinity, FitStatus::outside_domain));
  CHECK(minimum.lowest.value == 5.0);
  CHECK(take_value(minimum, 6.0));
  CHECK_FALSE(take_value(minimum, infinity, FitStatus::outside_domain));
  CHECK(minimum.missed == 1.0);
  Minimum other;
  CHECK_FALSE(take_value(other, infinity, FitStatus::outside_domain));
  CHECK(take_value(other, 6.0));
  CHECK(other.missed == 0.0);
  CHECK(other.spread == 0.0);
}

TEST_CASE("a minimum counts the work of all ends, kept or not", "[minimum]") {
  Minimum minimum;
  for (const auto& [value, status] : std::vector<std::pair<double, FitStatus>>{{5.0, FitStatus::stalled},
                                                                               {6.0, FitStatus::converged},
                                                                               {4.0, FitStatus::converged},
                                                                               {9.0, FitStatus::converged},
                                                                               {2.0, FitStatus::stalled}}) {
    (void)take_value(minimum, value, status);
  }
  CHECK(minimum.lowest.iterations == 10);
  CHECK(minimum.lowest.evaluations == 15);
}

TEST_CASE("minima in other places stay known, the lowest first and not too many", "[minimum]") {
  Minimum minimum;
  for (const double value : {5.0, 3.0, 9.0, 4.0, 9.0, 3.0}) {
    (void)take_value(minimum, value);
  }
  REQUIRE(minimum.others.size() == 3);
  CHECK(minimum.others[0].value == 4.0);
  CHECK(minimum.others[0].x == vector({4.0}));
  CHECK(minimum.others[1].value == 5.0);
  CHECK(minimum.others[2].value == 9.0);
  CHECK(minimum.equally_low() == nullptr);
  CHECK_FALSE(take_value(minimum, 3.5, FitStatus::stalled));
  CHECK(minimum.others.size() == 3);
  for (int k = 0; k < 20; ++k) {
    (void)take_value(minimum, 30.0 - k);
  }
  REQUIRE(minimum.others.size() == Minimum::most_others);
  CHECK(minimum.others.front().value == 4.0);
  CHECK(minimum.others.back().value == 15.0);
  CHECK(minimum.spread == 27.0);
}

TEST_CASE("ends that differ by less than the tolerance are one minimum", "[minimum]") {
  const auto together = [](const Vector&, const Vector&) { return false; };
  Minimum near;
  (void)take_apart(near, end_at({1.0, 2.0}, 5.0));
  CHECK_FALSE(take_apart(near, end_at({1.01, 2.01}, 5.0 - 5e-7)));
  CHECK(near.others.empty());
  CHECK_FALSE(near.starts_disagree());
  CHECK(near.lowest.x == vector({1.0, 2.0}));
  // Far away, but nothing between is higher: a valley.
  CHECK_FALSE(take(near, end_at({9.0, 2.0}, 5.0), together));
  CHECK(near.others.empty());
  CHECK(near.lowest.x == vector({1.0, 2.0}));
  // Lower by more, it is a better minimum wherever it lies.
  CHECK(take(near, end_at({9.0, 2.0}, 5.0 - 1e-5), together));
  CHECK(near.lowest.x == vector({9.0, 2.0}));
}

TEST_CASE("whether places are apart is asked of equally low ends alone", "[minimum]") {
  int asked = 0;
  const auto ask = [&asked](const Vector&, const Vector&) {
    ++asked;
    return true;
  };
  Minimum minimum;
  (void)take(minimum, end_at({1.0}, 5.0), ask);
  (void)take(minimum, end_at({4.0}, 6.0), ask);
  (void)take(minimum, end_at({7.0}, 4.0), ask);
  (void)take(minimum, end_at({-7.0}, 4.0, FitStatus::stalled), ask);
  (void)take(minimum, end_at({7.01}, 4.0), ask);
  CHECK(asked == 0);
  (void)take(minimum, end_at({-7.0}, 4.0), ask);
  CHECK(asked == 1);
}

TEST_CASE("of equally low minima the same one is kept in any order, and the other one known", "[minimum]") {
  std::vector<OptimizerResult> ends{end_at({-1.0, 0.5}, 5.0), end_at({1.0, 0.5}, 5.0 + 4e-7),
                                    end_at({0.3, -2.0}, 5.0 + 2e-7), end_at({3.0, 3.0}, 6.0)};
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    CAPTURE(order);
    std::vector<OptimizerResult> permuted;
    for (const std::size_t k : order) {
      permuted.push_back(ends[k]);
    }
    const Minimum minimum = minimum_of(permuted);
    CHECK(minimum.lowest.x == vector({1.0, 0.5}));
    CHECK(minimum.others.size() == 3);
    REQUIRE(minimum.equally_low() != nullptr);
    CHECK(minimum.equally_low()->x == vector({-1.0, 0.5}));
    CHECK(minimum.spread == Approx(1.0).margin(1e-6));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("the lowest minimum is none of the others", "[minimum]") {
  Minimum minimum = minimum_of({end_at({1.0}, 5.0), end_at({-1.0}, 5.0 - 1.5e-6)});
  REQUIRE(minimum.others.size() == 1);
  CHECK(minimum.others[0].x == vector({1.0}));
  // A better end in a place that is known.
  CHECK(take_apart(minimum, end_at({1.0}, 5.0 - 0.8e-6)));
  CHECK(minimum.lowest.x == vector({1.0}));
  REQUIRE(minimum.others.size() == 1);
  CHECK(minimum.others[0].x == vector({-1.0}));
}

TEST_CASE("which of two places comes first depends on no order of the parameters", "[minimum]") {
  const auto decided = [](std::initializer_list<double> first, std::initializer_list<double> second) {
    const Vector a = vector(first);
    const Vector b = vector(second);
    return comes_before(a, b) && !comes_before(b, a) && comes_before(a.reverse(), b.reverse());
  };
  CHECK(decided({2.0, 1.0, -0.5}, {1.0, 1.0, 0.0}));
  CHECK(decided({1.0, -3.0}, {0.0, -2.5}));
  // Equal sums: the smaller sum of squares, then the larger sum of cubes.
  CHECK(decided({1.0, 1.0, 1.0}, {3.0, 0.0, 0.0}));
  CHECK(decided({2.0, -1.0, -1.0}, {1.0, 1.0, -2.0}));
  // Values that two parameters have exchanged: the first that differs.
  CHECK(comes_before(vector({0.5, 1.0, -1.0}), vector({0.5, -1.0, 1.0})));
  CHECK_FALSE(comes_before(vector({0.5, -1.0, 1.0}), vector({0.5, 1.0, -1.0})));
  const Vector same = vector({1.0, 2.0});
  CHECK_FALSE(comes_before(same, same));
  // What two fits of one minimum differ by decides nothing.
  CHECK(decided({1.0, 1.0}, {2.0 + 2e-4, 2e-4}));
}

TEST_CASE("a lower end is better, a certified one where both are as low", "[minimum]") {
  const auto better = [](double a, FitStatus a_status, double b, FitStatus b_status) {
    return better_minimum(end_at({0.0}, a, a_status), end_at({0.0}, b, b_status));
  };
  CHECK(better(4.0, FitStatus::stalled, 5.0, FitStatus::stalled));
  CHECK_FALSE(better(5.0, FitStatus::stalled, 4.0, FitStatus::stalled));
  CHECK(better(5.0 + 1e-7, FitStatus::converged, 5.0, FitStatus::stalled));
  CHECK_FALSE(better(5.0, FitStatus::stalled, 5.0 + 1e-7, FitStatus::converged));
  CHECK(better(5.0, FitStatus::stalled, infinity, FitStatus::outside_domain));
  CHECK_FALSE(better(infinity, FitStatus::outside_domain, 5.0, FitStatus::stalled));
}

TEST_CASE("what was missed is told with its depth", "[minimum]") {
  CHECK(mentions(missed_text(0.25), {"lower point without certificate", "0.25 below", "other starts"}));
}
