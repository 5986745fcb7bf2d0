#include <muhat/model/interpolation/code0.hpp>

#include <support/catch.hpp>

#include "shifts.hpp"

using muhat::Code0;
using muhat::test::shift;

TEST_CASE("code0 is linear on either side of zero") {
  // nominal 10, +1 sigma 13, -1 sigma 9: slopes 3 above and 1 below.
  CHECK(shift<Code0>(0.0, 10.0, 13.0, 9.0) == 0.0);
  CHECK(shift<Code0>(1.0, 10.0, 13.0, 9.0) == Approx(3.0));
  CHECK(shift<Code0>(2.5, 10.0, 13.0, 9.0) == Approx(7.5));
  CHECK(shift<Code0>(-1.0, 10.0, 13.0, 9.0) == Approx(-1.0));
  CHECK(shift<Code0>(-4.0, 10.0, 13.0, 9.0) == Approx(-4.0));
}

TEST_CASE("code0 takes the left derivative at its kink") {
  CHECK(Code0::weight_derivative(-0.5) == -1.0);
  CHECK(Code0::weight_derivative(0.0) == -1.0);
  CHECK(Code0::weight_derivative(0.5) == 1.0);
  CHECK(Code0::weight_second_derivative(0.5) == 0.0);
}
