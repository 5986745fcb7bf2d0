#include <muhat/model/interpolation/code1.hpp>

#include <cmath>

#include <support/catch.hpp>

#include "shifts.hpp"

using muhat::Code1;
using muhat::test::factor;

TEST_CASE("code1 is a power on either side of zero") {
  CHECK(factor<Code1>(0.0, 1.2, 0.9).value == 1.0);
  CHECK(factor<Code1>(1.0, 1.2, 0.9).value == Approx(1.2).epsilon(1e-15));
  CHECK(factor<Code1>(2.0, 1.2, 0.9).value == Approx(1.44).epsilon(1e-15));
  CHECK(factor<Code1>(-1.0, 1.2, 0.9).value == Approx(0.9).epsilon(1e-15));
  CHECK(factor<Code1>(-3.0, 1.2, 0.9).value == Approx(0.729).epsilon(1e-15));
}

TEST_CASE("code1 has the derivatives of a power and the left one at its kink") {
  const auto up = factor<Code1>(2.0, 1.2, 0.9);
  CHECK(up.first == Approx(1.44 * std::log(1.2)).epsilon(1e-14));
  CHECK(up.second == Approx(1.44 * std::log(1.2) * std::log(1.2)).epsilon(1e-14));
  const auto kink = factor<Code1>(0.0, 1.2, 0.9);
  CHECK(kink.first == Approx(-std::log(0.9)).epsilon(1e-14));
  CHECK(kink.second == Approx(std::log(0.9) * std::log(0.9)).epsilon(1e-14));
}
