#include <muhat/core/special_functions.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <limits>

using namespace muhat;

namespace {

/// Mills' ratio as a continued fraction, Phi(-x) = phi(x) / (x + 1/(x + 2/(x + ...))), for x >= 5.
long double log_tail_oracle(long double x) {
  long double denominator = x;
  for (int k = 200; k >= 1; --k) {
    denominator = x + static_cast<long double>(k) / denominator;
  }
  return -0.5L * x * x - 0.918938533204672741780329736405617640L - std::log(denominator);
}

} // namespace

TEST_CASE("normal tails have their textbook values", "[special_functions]") {
  CHECK(normal_tail(0.0) == 0.5);
  CHECK(normal_tail(1.0) == Approx(0.158655253931457051).epsilon(1e-15));
  CHECK(normal_tail(2.0) == Approx(0.0227501319481792072).epsilon(1e-15));
  CHECK(normal_tail(5.0) == Approx(2.86651571879193912e-7).epsilon(1e-14));
  CHECK(normal_tail(-1.0) == Approx(0.841344746068542949).epsilon(1e-15));
}

TEST_CASE("the logarithm of a tail is the tail's logarithm", "[special_functions]") {
  for (double x = -8.0; x < 37.0; x += 0.37) {
    CAPTURE(x);
    CHECK(log_normal_tail(x) == Approx(std::log(normal_tail(x))).epsilon(1e-13).margin(1e-15));
  }
}

TEST_CASE("the logarithm of a tail is exact far out", "[special_functions]") {
  for (const double x : {6.0, 12.0, 29.999, 30.0, 30.001, 38.0, 60.0, 1000.0, 1e8}) {
    CAPTURE(x);
    const auto expected = static_cast<double>(log_tail_oracle(static_cast<long double>(x)));
    CHECK(log_normal_tail(x) == Approx(expected).epsilon(1e-14));
  }
  CHECK(std::isfinite(log_normal_tail(1e150)));
  CHECK(log_normal_tail(-40.0) == 0.0);
}

TEST_CASE("the significance inverts the tail", "[special_functions]") {
  for (double x = -5.0; x < 37.0; x += 0.61) {
    CAPTURE(x);
    CHECK(normal_significance(normal_tail(x)) == Approx(x).epsilon(1e-9));
  }
  CHECK(normal_significance(0.0) == std::numeric_limits<double>::infinity());
  CHECK(normal_significance(1.0) == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(normal_significance(-0.1)));
  CHECK(std::isnan(normal_significance(1.1)));
  CHECK(std::isnan(normal_significance(std::numeric_limits<double>::quiet_NaN())));
}
