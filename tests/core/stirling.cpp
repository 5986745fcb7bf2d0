#include <muhat/core/stirling.hpp>

#include <cmath>

#include <support/catch.hpp>

using muhat::stirling_remainder;

TEST_CASE("the remainder of Stirling's formula is the log-factorial without its leading terms") {
  CHECK(stirling_remainder(0.0) == 0.0);
  CHECK(stirling_remainder(1.0) == Approx(1.0).epsilon(1e-15));
  for (const double n : {1e-3, 0.25, 3.0, 17.5, 39.999, 40.0, 41.0, 1e3, 12345.6}) {
    CAPTURE(n);
    const long double exact = std::lgamma(n + 1.0L) - n * std::log(static_cast<long double>(n)) + n;
    CHECK(stirling_remainder(n) == Approx(static_cast<double>(exact)).epsilon(1e-13));
  }
}

TEST_CASE("the remainder of Stirling's formula joins its series smoothly and keeps its digits far out") {
  const double below = std::nextafter(40.0, 0.0);
  CHECK(stirling_remainder(below) == Approx(stirling_remainder(40.0)).epsilon(1e-14));
  CHECK(stirling_remainder(1e15) == Approx(0.5 * std::log(2.0 * std::acos(-1.0) * 1e15)).epsilon(1e-15));
  const long double n = 40.0L;
  const long double exact = std::lgamma(n + 1) - n * std::log(n) + n;
  CHECK(static_cast<double>(std::abs(stirling_remainder(n) - exact)) < 1e-17);
}
