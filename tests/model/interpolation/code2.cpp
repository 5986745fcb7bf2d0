#include <muhat/model/interpolation/code2.hpp>

#include <support/catch.hpp>

#include "shifts.hpp"

using muhat::Code2;
using muhat::test::shift;

TEST_CASE("code2 is a parabola through both templates with linear continuation") {
  // nominal 10, +1 sigma 13, -1 sigma 9: S = 2, A = 1.
  CHECK(shift<Code2>(0.0, 10.0, 13.0, 9.0) == 0.0);
  CHECK(shift<Code2>(1.0, 10.0, 13.0, 9.0) == Approx(3.0));
  CHECK(shift<Code2>(-1.0, 10.0, 13.0, 9.0) == Approx(-1.0));
  CHECK(shift<Code2>(0.5, 10.0, 13.0, 9.0) == Approx(1.25));
  CHECK(shift<Code2>(-0.5, 10.0, 13.0, 9.0) == Approx(-0.75));
  CHECK(shift<Code2>(3.0, 10.0, 13.0, 9.0) == Approx(3.0 + 4.0 * 2.0));
  CHECK(shift<Code2>(-3.0, 10.0, 13.0, 9.0) == Approx(-1.0).margin(1e-15));
}

TEST_CASE("code2 is continuous with its slope at both edges") {
  for (const double edge : {-1.0, 1.0}) {
    const double inside = edge * (1.0 - 1e-9);
    const double outside = edge * (1.0 + 1e-9);
    CHECK(Code2::weight(inside) == Approx(Code2::weight(outside)).margin(1e-8));
    CHECK(Code2::weight_derivative(inside) == Approx(Code2::weight_derivative(outside)).margin(1e-8));
    CHECK(Code2::weight_second_derivative(inside) == 2.0);
    CHECK(Code2::weight_second_derivative(outside) == 0.0);
  }
}
