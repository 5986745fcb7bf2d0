#include <muhat/likelihood/likelihood.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;
using muhat::Vector;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double poisson(double n, double rate) {
  return n * std::log(rate) - rate - std::lgamma(n + 1.0);
}

double normal(double x, double mean, double sigma) {
  return -0.5 * std::pow((x - mean) / sigma, 2.0) - std::log(sigma * std::sqrt(2.0 * std::acos(-1.0)));
}

/// mu * signal + gamma * background in one bin.
muhat::Model counting() {
  return muhat::build_model(
      test::single_channel({test::sample("background", {50.0}, {test::shapesys("gamma", {5.0})}),
                            test::sample("signal", {10.0}, {test::normfactor("mu")})}));
}

/// One bin whose rate is `nominal` + alpha * slope.
muhat::Model linear(double nominal, double slope) {
  return muhat::build_model(
      test::single_sample({nominal}, {test::histosys("alpha", {nominal + slope}, {nominal - slope})}));
}

} // namespace

TEST_CASE("a log-density is the sum of Poisson bins and constraint terms") {
  const muhat::Model model = counting();
  REQUIRE(model.par_names() == std::vector<std::string>{"mu", "gamma[0]"});
  const Vector pars{{1.5, 0.9}};
  const Vector data{{57.0, 100.0}};
  const double main = poisson(57.0, 1.5 * 10.0 + 0.9 * 50.0);
  const double constraint = poisson(100.0, 100.0 * 0.9);
  CHECK(muhat::main_logpdf(model, pars, data) == Approx(main).epsilon(1e-13));
  CHECK(muhat::constraint_logpdf(model, pars, data) == Approx(constraint).epsilon(1e-13));
  CHECK(muhat::logpdf(model, pars, data) == Approx(main + constraint).epsilon(1e-13));
  CHECK(muhat::Likelihood(model, data).evaluator().value(pars) ==
        Approx(-2.0 * (main + constraint)).epsilon(1e-13));
}

TEST_CASE("a Normal constraint carries its width and constants") {
  muhat::spec::Parameter stat = test::configuration("stat");
  stat.sigmas = {0.2};
  const muhat::Model model = muhat::build_model(
      test::single_sample({50.0}, {test::staterror("stat", {5.0})}).channels, test::measurement({stat}));
  const Vector pars{{1.1}};
  const Vector data{{52.0, 0.95}};
  CHECK(muhat::constraint_logpdf(model, pars, data) == Approx(normal(0.95, 1.1, 0.2)).epsilon(1e-13));
}

TEST_CASE("counts may be any real number from zero") {
  const muhat::Model model = linear(10.0, 1.0);
  for (const double n : {0.0, 0.25, 9.5, 1e5}) {
    CAPTURE(n);
    CHECK(muhat::main_logpdf(model, Vector{{0.5}}, Vector{{n, 0.0}}) ==
          Approx(n == 0.0 ? -10.5 : poisson(n, 10.5)).epsilon(1e-12));
  }
}

TEST_CASE("differences keep their digits under large counts") {
  const double n = 1e9;
  const muhat::Model model = muhat::build_model(test::single_sample({n}, {test::normfactor("mu")}));
  auto evaluator = muhat::Likelihood(model, Vector{{n}}).evaluator();
  // n ((1 + d) - 1 - log(1 + d)) at d = 1e-5, where n log n is 2e10.
  const double d = 1e-5;
  const double expected = 2.0 * n * (d * d / 2.0 - d * d * d / 3.0 + d * d * d * d / 4.0);
  CHECK(evaluator.value(Vector{{1.0 + d}}) - evaluator.value(Vector{{1.0}}) ==
        Approx(expected).epsilon(1e-9));
  CHECK(evaluator.value(Vector{{1.0}}) ==
        Approx(std::log(2.0 * std::acos(-1.0) * n) + 1.0 / (6.0 * n)).epsilon(1e-12));
}

TEST_CASE("no events where none are expected have probability one") {
  const muhat::Model model = linear(0.0, 0.0);
  CHECK(muhat::main_logpdf(model, Vector{{0.3}}, Vector{{0.0, 0.0}}) == 0.0);
  auto evaluator = muhat::Likelihood(model, Vector{{0.0, 0.0}}).evaluator();
  Vector gradient;
  CHECK(std::isfinite(evaluator.value_and_gradient(Vector{{0.3}}, gradient)));
  CHECK(gradient[0] == Approx(0.6));
  muhat::Matrix hessian;
  evaluator.hessian(Vector{{0.3}}, hessian);
  CHECK(hessian(0, 0) == Approx(2.0));
}

TEST_CASE("a rate may touch zero where nothing was seen, and the derivatives stay finite") {
  const muhat::Model model = muhat::build_model(test::single_sample({10.0}, {test::normfactor("mu")}));
  auto evaluator = muhat::Likelihood(model, Vector{{0.0}}).evaluator();
  Vector gradient;
  CHECK(evaluator.value_and_gradient(Vector{{0.0}}, gradient) == 0.0);
  CHECK(gradient[0] == Approx(20.0));
}

TEST_CASE("events where none are expected have probability zero") {
  const muhat::Model model = linear(0.0, 0.0);
  CHECK(muhat::logpdf(model, Vector{{0.0}}, Vector{{1.0, 0.0}}) == -infinity);
  CHECK(muhat::logpdf(model, Vector{{0.0}}, Vector{{1e-3, 0.0}}) == -infinity);
}

TEST_CASE("a negative rate lies outside the model, whatever was seen") {
  const muhat::Model model = linear(10.0, 4.0);
  for (const double n : {0.0, 3.0}) {
    CAPTURE(n);
    const Vector data{{n, 0.0}};
    CHECK(muhat::logpdf(model, Vector{{-3.0}}, data) == -infinity);
    CHECK(muhat::main_logpdf(model, Vector{{-3.0}}, data) == -infinity);
    CHECK(std::isfinite(muhat::logpdf(model, Vector{{-2.0}}, data)));
    auto evaluator = muhat::Likelihood(model, data).evaluator();
    Vector gradient;
    CHECK(evaluator.value(Vector{{-3.0}}) == infinity);
    CHECK(evaluator.value_and_gradient(Vector{{-3.0}}, gradient) == infinity);
    CHECK(evaluator.value(Vector{{-2.0}}) < infinity);
  }
}

TEST_CASE("a negative sample is fine as long as its bin is not") {
  const muhat::Model model = muhat::build_model(test::single_channel(
      {test::sample("interference", {-4.0}, {test::normfactor("k")}), test::sample("background", {10.0})}));
  CHECK(muhat::logpdf(model, Vector{{2.0}}, Vector{{3.0}}) == Approx(poisson(3.0, 2.0)));
  CHECK(muhat::logpdf(model, Vector{{3.0}}, Vector{{3.0}}) == -infinity);
}

TEST_CASE("a constraint parameter outside its domain has probability zero") {
  const muhat::Model model = counting();
  CHECK(muhat::logpdf(model, Vector{{10.0, -0.1}}, Vector{{57.0, 100.0}}) == -infinity);
  CHECK(muhat::constraint_logpdf(model, Vector{{10.0, 0.0}}, Vector{{57.0, 100.0}}) == -infinity);
}

TEST_CASE("a parameter that is not a number gives no density") {
  const muhat::Model model = counting();
  auto evaluator = muhat::Likelihood(model, Vector{{57.0, 100.0}}).evaluator();
  CHECK(evaluator.value(Vector{{std::nan(""), 1.0}}) == infinity);
}

TEST_CASE("data of the wrong size or with impossible entries are an error that names the place") {
  const muhat::Model model = muhat::build_model(muhat::spec::Model{
      {test::channel("SR", {test::sample("a", {5.0, 6.0}, {test::shapesys("gamma", {1.0, 1.0})})}),
       test::channel("CR", {test::sample("a", {7.0})})},
      {}});
  const auto refusal = [&](const Vector& data) {
    return test::message_of<muhat::InvalidArgument>([&] { (void)muhat::Likelihood(model, data); });
  };
  CHECK(test::mentions(refusal(Vector::Ones(4)), {"3", "2", "4"}));
  CHECK(test::mentions(refusal(Vector{{1.0, 1.0, -2.0, 25.0, 36.0}}), {"SR", "1", "-2"}));
  CHECK(test::mentions(refusal(Vector{{std::nan(""), 1.0, 2.0, 25.0, 36.0}}), {"CR"}));
  CHECK(test::mentions(refusal(Vector{{1.0, infinity, 2.0, 25.0, 36.0}}), {"SR"}));
  CHECK(test::mentions(refusal(Vector{{1.0, 1.0, 2.0, std::nan(""), 36.0}}), {"gamma[0]"}));
  CHECK(test::mentions(refusal(Vector{{1.0, 1.0, 2.0, 25.0, -1.0}}), {"gamma[1]"}));
}

TEST_CASE("a wrong number of parameters is an error") {
  const muhat::Model model = counting();
  const Vector data{{57.0, 100.0}};
  CHECK_THROWS_AS((void)muhat::logpdf(model, Vector::Ones(1), data), muhat::InvalidArgument);
  CHECK_THROWS_AS((void)muhat::main_logpdf(model, Vector::Ones(3), data), muhat::InvalidArgument);
  CHECK_THROWS_AS((void)muhat::constraint_logpdf(model, Vector::Ones(3), data), muhat::InvalidArgument);
}

TEST_CASE("counts so small that their inverse is no number have a density") {
  const muhat::Model model = linear(10.0, 1.0);
  for (const double n : {1e-310, 1e-300, 1e-200, 1e-100}) {
    CAPTURE(n);
    CHECK(muhat::main_logpdf(model, Vector{{0.5}}, Vector{{n, 0.0}}) == Approx(-10.5).epsilon(1e-14));
    auto evaluator = muhat::Likelihood(model, Vector{{n, 0.0}}).evaluator();
    Vector gradient;
    CHECK(std::isfinite(evaluator.value_and_gradient(Vector{{0.5}}, gradient)));
    CHECK(gradient[0] == Approx(2.0 + 2.0 * 0.5));
  }
  const muhat::Model tiny = muhat::build_model(test::single_sample({1.0}, {test::normfactor("mu")}));
  for (const double n : {1e-170, 1e-160, 1e-152, 1e-140}) {
    CAPTURE(n);
    const auto value = [&](double mu) {
      return muhat::Likelihood(tiny, Vector{{n}}).evaluator().value(Vector{{mu}});
    };
    // 2 [2n - n log 2] above the minimum at n.
    CHECK((value(2.0 * n) - value(n)) / n == Approx(2.0 * (1.0 - std::log(2.0))).epsilon(1e-10));
  }
}

TEST_CASE("no part of a log-density is ever NaN") {
  const Vector data{{50.0, 100.0}};
  const muhat::Model model = counting();
  CHECK(muhat::main_logpdf(model, Vector{{1e308, 1.0}}, data) == -infinity);
  CHECK(muhat::Likelihood(model, data).evaluator().main_value(Vector{{1e308, 1.0}}) == infinity);
  CHECK(muhat::constraint_logpdf(model, Vector{{1.0, 1e308}}, data) == -infinity);
  CHECK(muhat::logpdf(model, Vector{{1.0, 1e308}}, data) == -infinity);
}
