#include <muhat/likelihood/constraint.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/oracle_formulas.hpp>

using muhat::Constraint;
using muhat::ConstraintSum;
using muhat::ConstraintTerm;

namespace {

const std::vector<ConstraintTerm> terms{{Constraint::normal, 0, 0.5, 0.2},
                                        {Constraint::poisson, 2, 25.0, 25.0}};
const std::vector<double> auxdata{0.7, 27.5};
const std::vector<std::string> names{"alpha", "mu", "gamma[0]"};

} // namespace

TEST_CASE("constraint terms are minus twice their log-densities") {
  const ConstraintSum<double> sum(terms, auxdata.data(), names);
  const std::vector<double> x{0.4, 3.0, 1.2};
  const long double expected =
      -2 * (muhat::oracle::normal_logpdf(0.7L, 0.4L, 0.2L) + muhat::oracle::poisson_logpdf(27.5L, 30.0L));
  CHECK(sum.value(x.data()) == Approx(static_cast<double>(expected)).epsilon(1e-13));
}

TEST_CASE("constraint terms have the derivatives of their formulas") {
  const ConstraintSum<double> sum(terms, auxdata.data(), names);
  const std::vector<double> x{0.4, 3.0, 1.2};
  std::vector<double> gradient{1.0, 2.0, 3.0};
  sum.add_gradient(x.data(), gradient.data());
  CHECK(gradient[0] == Approx(1.0 + 2.0 * (0.4 - 0.7) / 0.04));
  CHECK(gradient[1] == 2.0);
  CHECK(gradient[2] == Approx(3.0 + 2.0 * (25.0 - 27.5 / 1.2)));
  muhat::Vector diagonal = muhat::Vector::Zero(3);
  sum.add_curvature(x.data(), diagonal);
  CHECK(diagonal[0] == Approx(2.0 / 0.04));
  CHECK(diagonal[1] == 0.0);
  CHECK(diagonal[2] == Approx(2.0 * 27.5 / 1.44));
}

TEST_CASE("a count of zero needs no logarithm") {
  const std::vector<double> none{0.7, 0.0};
  const ConstraintSum<double> sum(terms, none.data(), names);
  const std::vector<double> x{0.7, 1.0, 0.0};
  std::vector<double> gradient(3, 0.0);
  sum.add_gradient(x.data(), gradient.data());
  CHECK(std::isfinite(sum.value(x.data())));
  CHECK(gradient[2] == Approx(50.0));
}

TEST_CASE("a negative rate has no density") {
  const ConstraintSum<double> sum(terms, auxdata.data(), names);
  const std::vector<double> x{0.4, 3.0, -0.1};
  CHECK(sum.value(x.data()) == std::numeric_limits<double>::infinity());
}

TEST_CASE("expected auxiliary data are the parameter, or tau times it") {
  CHECK(muhat::expected_auxdatum(terms[0], 0.4) == 0.4);
  CHECK(muhat::expected_auxdatum(terms[1], 1.2) == Approx(30.0));
  CHECK(muhat::auxdatum_variance(terms[0], 0.4) == Approx(0.04));
  CHECK(muhat::auxdatum_variance(terms[1], 1.2) == Approx(30.0));
}

TEST_CASE("a constraint term without a density is refused") {
  const std::vector<ConstraintTerm> none{{Constraint::none, 0, 0.5, 0.2}};
  CHECK_THROWS_AS(ConstraintSum<double>(none, auxdata.data(), names), muhat::InvalidArgument);
}

TEST_CASE("a width whose square is no number has a density all the same") {
  for (const double sigma : {1e-155, 1e-200, 1e-300, 1e200, 1e300}) {
    CAPTURE(sigma);
    const std::vector<ConstraintTerm> narrow{{Constraint::normal, 0, 0.5, sigma}};
    const ConstraintSum<double> sum(narrow, auxdata.data(), names);
    const double constant = std::log(2.0 * std::acos(-1.0)) + 2.0 * std::log(sigma);
    double x = auxdata[0];
    CHECK(sum.value(&x) == Approx(constant).epsilon(1e-14));
    if (sigma > 1.0) {
      x += 2.0 * sigma;
      CHECK(sum.value(&x) == Approx(constant + 4.0).epsilon(1e-14));
      double gradient = 0.0;
      sum.add_gradient(&x, &gradient);
      CHECK(gradient == Approx(4.0 / sigma));
    }
  }
}
