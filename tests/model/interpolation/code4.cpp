#include <muhat/model/interpolation/code4.hpp>

#include <array>
#include <cmath>
#include <utility>

#include <support/catch.hpp>

#include "shifts.hpp"

using muhat::Code1;
using muhat::Code4;
using muhat::test::factor;

namespace {

// Moderate, one-sided, inert, and as extreme as published.
constexpr std::array<std::pair<double, double>, 4> templates{
    {{1.2, 0.9}, {0.8, 0.95}, {1.0, 1.0}, {0.998, 230.0}}};

} // namespace

TEST_CASE("code4 meets code1 with two derivatives at both edges") {
  for (const auto& [hi, lo] : templates) {
    for (const double edge : {-1.0, 1.0}) {
      CAPTURE(hi, lo, edge);
      const auto outside = factor<Code1>(edge, hi, lo);
      const auto inside = factor<Code4>(std::nextafter(edge, 0.0), hi, lo);
      const double scale = 1e-10 * (1.0 + std::abs(outside.value) + std::abs(outside.second));
      CHECK(std::abs(inside.value - outside.value) < scale);
      CHECK(std::abs(inside.first - outside.first) < scale);
      CHECK(std::abs(inside.second - outside.second) < scale);
    }
  }
}

TEST_CASE("code4 is one at zero and a power beyond the edges") {
  for (const auto& [hi, lo] : templates) {
    CAPTURE(hi, lo);
    CHECK(factor<Code4>(0.0, hi, lo).value == 1.0);
    CHECK(factor<Code4>(2.0, hi, lo).value == Approx(hi * hi).epsilon(1e-14));
    CHECK(factor<Code4>(-2.0, hi, lo).value == Approx(lo * lo).epsilon(1e-14));
    CHECK(factor<Code4>(1.0, hi, lo).value == Approx(hi).epsilon(1e-14));
    CHECK(factor<Code4>(-1.0, hi, lo).value == Approx(lo).epsilon(1e-14));
  }
}

TEST_CASE("code4 agrees with a solution of its six equations by elimination") {
  for (const auto& [hi, lo] : templates) {
    const auto coefficients = muhat::oracle::code4_coefficients(hi, lo);
    for (const double alpha : {-0.99, -0.5, -0.1, 0.3, 0.75}) {
      CAPTURE(hi, lo, alpha);
      const auto truth = muhat::oracle::normsys_factor("code4", alpha, hi, lo, coefficients);
      CHECK(factor<Code4>(alpha, hi, lo).value ==
            Approx(static_cast<double>(truth)).epsilon(1e-12).margin(1e-12 * lo));
    }
  }
}

TEST_CASE("code4 goes negative inside the edges for a published extreme") {
  CHECK(factor<Code4>(0.5, 0.998, 230.0).value < 0.0);
}
