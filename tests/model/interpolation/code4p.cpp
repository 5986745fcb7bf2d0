#include <muhat/model/interpolation/code4p.hpp>

#include <cmath>

#include <support/catch.hpp>

#include "shifts.hpp"

using muhat::Code4p;
using muhat::test::shift;

TEST_CASE("code4p passes through both templates and continues linearly") {
  CHECK(shift<Code4p>(0.0, 10.0, 13.0, 9.0) == 0.0);
  CHECK(shift<Code4p>(1.0, 10.0, 13.0, 9.0) == Approx(3.0));
  CHECK(shift<Code4p>(4.0, 10.0, 13.0, 9.0) == Approx(12.0));
  CHECK(shift<Code4p>(-1.0, 10.0, 13.0, 9.0) == Approx(-1.0));
  CHECK(shift<Code4p>(-4.0, 10.0, 13.0, 9.0) == Approx(-4.0));
}

TEST_CASE("code4p inside the edges is the manual's polynomial") {
  for (const double alpha : {-0.9, -0.3, 0.2, 0.6}) {
    const auto truth = muhat::oracle::histosys_shift("code4p", alpha, 10.0L, 13.0L, 9.0L);
    CHECK(shift<Code4p>(alpha, 10.0, 13.0, 9.0) == Approx(static_cast<double>(truth)).epsilon(1e-14));
  }
}

TEST_CASE("code4p is twice continuously differentiable at both edges") {
  for (const double edge : {-1.0, 1.0}) {
    const double inside = std::nextafter(edge, 0.0);
    CHECK(Code4p::weight(inside) == Approx(Code4p::weight(edge)).epsilon(1e-14));
    CHECK(Code4p::weight_derivative(inside) == Approx(Code4p::weight_derivative(edge)).epsilon(1e-14));
    CHECK(Code4p::weight_second_derivative(inside) == Approx(0.0).margin(1e-13));
    CHECK(Code4p::weight_second_derivative(edge) == 0.0);
  }
}
