#include <muhat/fit/detail/line_search.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <utility>

using muhat::detail::LinePoint;
using muhat::detail::LineSearchResult;

namespace {

struct Curve {
  std::function<std::pair<double, double>(double)> f;

  LineSearchResult search(double largest) {
    const auto [value, slope] = f(0.0);
    const LinePoint start{0.0, value, slope};
    return muhat::detail::line_search(
        start, largest,
        [this](double t) {
          const auto [v, s] = f(t);
          return LinePoint{t, v, s};
        },
        [this] { ++kept; }, [this] { ++restored; });
  }

  int kept = 0;
  int restored = 0;
};

} // namespace

TEST_CASE("the unit step of a Newton direction takes one evaluation") {
  Curve curve{[](double t) { return std::pair(0.5 * (t - 1.0) * (t - 1.0), t - 1.0); }};
  const LineSearchResult result = curve.search(10.0);
  CHECK(result.found);
  CHECK(result.evaluations == 1);
  CHECK(result.point.step == 1.0);
}

TEST_CASE("a step that is far too long is shortened, one that is too short lengthened") {
  for (const double scale : {1e-4, 1e-2, 0.3, 30.0, 900.0}) {
    Curve curve{[scale](double t) {
      const double u = t / scale - 1.0;
      return std::pair(0.5 * u * u, u / scale);
    }};
    const LineSearchResult result = curve.search(1e3);
    CAPTURE(scale);
    CHECK(result.found);
    CHECK(result.evaluations <= 8);
    CHECK(result.point.value <= 0.5 - 1e-4 * result.point.step / scale);
    CHECK(result.point.slope >= -0.9 / scale);
  }
}

TEST_CASE("a step never exceeds the last one inside the bounds") {
  Curve curve{[](double t) { return std::pair(-t, -1.0); }};
  const LineSearchResult result = curve.search(2.5);
  CHECK(result.found);
  CHECK(result.point.step == 2.5);
}

TEST_CASE("steps out of the domain are backed off from") {
  Curve curve{[](double t) {
    const double x = 1.0 - t / 0.07;
    return x > 0.0 ? std::pair(x - 0.2 * std::log(x), (0.2 / x - 1.0) / 0.07)
                   : std::pair(std::numeric_limits<double>::infinity(), 0.0);
  }};
  const LineSearchResult result = curve.search(100.0);
  CHECK(result.found);
  CHECK(result.left_domain);
  CHECK(result.point.step < 0.07);
  CHECK(result.point.value < 1.0);
}

TEST_CASE("rounding noise in the values does not hide a minimum the slopes show") {
  Curve curve{[](double t) {
    const double noise = 1e-10 * std::sin(1e9 * (t + 0.3));
    return std::pair(400.0 + 1e-13 * (t - 1.0) * (t - 1.0) + noise, 2e-13 * (t - 1.0));
  }};
  const LineSearchResult result = curve.search(10.0);
  CHECK(result.found);
  CHECK(result.evaluations <= 2);
}

TEST_CASE("a direction that only climbs is reported as such") {
  Curve curve{[](double t) { return std::pair(std::sqrt(t), t == 0.0 ? -1.0 : 0.5 / std::sqrt(t)); }};
  CHECK_FALSE(curve.search(10.0).found);
}
