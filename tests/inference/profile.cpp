#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/profile.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/messages.hpp>
#include <support/realistic_models.hpp>
#include <support/several_minima.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

constexpr TestStatistic profiled_statistics[] = {TestStatistic::t_mu, TestStatistic::t_mu_tilde,
                                                 TestStatistic::q_mu, TestStatistic::q_mu_tilde};

} // namespace

TEST_CASE("statistics of a counting experiment follow the closed form", "[profile]") {
  // n events at mu s + b: -2 log L = 2 (nu - n log nu) + constants, mu-hat = (n - b) / s.
  const double s = 10.0;
  const double b = 50.0;
  const auto twice_nll = [&](double n, double mu) {
    const double nu = mu * s + b;
    return 2.0 * (nu - n * std::log(nu));
  };
  const Model model = counting_experiment(s, b, {-4.0, 10.0});
  for (const double n : {35.0, 50.0, 73.0}) {
    Profile<Model> profile(model, vector({n}), 0);
    const double mu_hat = (n - b) / s;
    for (const double mu : {0.0, 1.0, 3.0}) {
      CAPTURE(n, mu);
      const double t = twice_nll(n, mu) - twice_nll(n, mu_hat);
      const double t_tilde = twice_nll(n, mu) - twice_nll(n, std::max(0.0, mu_hat));
      CHECK(profile.statistic(TestStatistic::t_mu, mu) == Approx(t).margin(1e-8));
      CHECK(profile.statistic(TestStatistic::t_mu_tilde, mu) == Approx(t_tilde).margin(1e-8));
      CHECK(profile.statistic(TestStatistic::q_mu, mu) == Approx(mu_hat > mu ? 0.0 : t).margin(1e-8));
      CHECK(profile.statistic(TestStatistic::q_mu_tilde, mu) ==
            Approx(mu_hat > mu ? 0.0 : t_tilde).margin(1e-8));
      CHECK(profile.statistic(TestStatistic::q0, mu) ==
            Approx(mu_hat < 0.0 ? 0.0 : twice_nll(n, 0.0) - twice_nll(n, mu_hat)).margin(1e-8));
    }
  }
}

TEST_CASE("with the tilde, bounds below 0 change nothing", "[profile]") {
  const auto compare = [](const Model& model, const Vector& data, double mu) {
    for (const TestStatistic statistic : {TestStatistic::t_mu_tilde, TestStatistic::q_mu_tilde}) {
      const auto test = [&](double lower) {
        return hypotest(
            model, data,
            {.mu = mu, .test_statistic = statistic, .fit = {.bounds = {{model.poi_name(), {lower, 10.0}}}}});
      };
      const HypotestResult wide = test(-5.0);
      const HypotestResult narrow = test(0.0);
      CAPTURE(mu, to_string(statistic));
      CHECK(wide.statistic == Approx(narrow.statistic).margin(2e-6));
      CHECK(wide.statistic_asimov == Approx(narrow.statistic_asimov).margin(2e-6));
      CHECK(wide.cls_observed == Approx(narrow.cls_observed).margin(1e-5));
      for (std::size_t k = 0; k < 5; ++k) {
        CHECK(wide.cls_expected[k] == Approx(narrow.cls_expected[k]).margin(1e-5));
      }
    }
  };
  const Model model = hello_world_model();
  for (const double first : {38.0, 51.0, 70.0}) {
    for (const double mu : {0.0, 0.5, 1.0, 3.0}) {
      compare(model, with_auxdata(model, {first, 48.0}), mu);
    }
  }
  for (const unsigned seed : {5U, 14U, 23U, 62U}) {
    CAPTURE(seed);
    const SeveralMinima basins = drawn_basins(seed);
    compare(basins.model, basins.data, 1.0);
  }
}

TEST_CASE("with the tilde, the reference below 0 is the minimum at 0", "[profile]") {
  const Model model = counting_experiment(10.0, 50.0, {-4.0, 10.0});
  Profile<Model> profile(model, vector({35.0}), 0);
  CHECK_FALSE(profile.minima().has({0.0}));
  (void)profile.settle(TestStatistic::q_mu, {1.0});
  CHECK_FALSE(profile.minima().has({0.0}));
  (void)profile.settle(TestStatistic::q_mu_tilde, {1.0});
  CHECK(profile.minima().has({0.0}));
  // The best fit itself stays what it is.
  CHECK(profile.free().lowest.x[0] == Approx(-1.5).epsilon(1e-6));
}

TEST_CASE("statistics come in any order", "[profile]") {
  const std::vector<double> mus{0.0, 0.5, 1.0, 2.0, 3.5};
  for (const unsigned seed : {7U, 14U, 62U, 89U}) {
    const SeveralMinima basins = drawn_basins(seed);
    const Index poi = find_poi(basins.model);
    for (const TestStatistic statistic : profiled_statistics) {
      Profile<Model> together(basins.model, basins.data, poi);
      (void)together.settle(statistic, mus);
      Profile<Model> falling(basins.model, basins.data, poi);
      for (auto mu = mus.rbegin(); mu != mus.rend(); ++mu) {
        (void)falling.statistic(statistic, *mu);
      }
      for (const double mu : mus) {
        CAPTURE(seed, to_string(statistic), mu);
        CHECK(together.settled_statistic(statistic, mu) ==
              Approx(falling.settled_statistic(statistic, mu)).margin(2e-6));
      }
    }
  }
}

TEST_CASE("a statistic whose fits were not made is refused", "[profile]") {
  const Model model = counting_experiment(10.0, 50.0);
  Profile<Model> profile(model, vector({55.0}), 0);
  CHECK_THROWS_AS(profile.settled_statistic(TestStatistic::q_mu, 1.0), FitFailed);
  CHECK(profile.statistic(TestStatistic::q_mu, 1.0) > 0.0);
  CHECK_NOTHROW(profile.settled_statistic(TestStatistic::q_mu, 1.0));
  CHECK_THROWS_AS(profile.settled_statistic(TestStatistic::q_mu, 2.0), FitFailed);
  CHECK(mentions(message_of<InvalidArgument>([&] { (void)profile.statistic(TestStatistic::q_mu, 11.0); }),
                 {"11", "mu", "[0, 10]"}));
  CHECK_THROWS_AS(profile.fixed(std::nan("")), InvalidArgument);
  CHECK_THROWS_AS(profile.settle(TestStatistic::q_mu, {1.0, std::nan("")}), InvalidArgument);
}
