#include <muhat/inference/test_statistic.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace muhat;
using namespace muhat::test;

TEST_CASE("one-sided statistics vanish on their harmless side", "[test_statistic]") {
  const double constrained = 12.0;
  const double free = 10.0;
  CHECK(test_statistic_value(TestStatistic::t_mu, 1.0, 2.0, constrained, free) == 2.0);
  CHECK(test_statistic_value(TestStatistic::t_mu_tilde, 1.0, 2.0, constrained, free) == 2.0);
  CHECK(test_statistic_value(TestStatistic::q_mu, 1.0, 2.0, constrained, free) == 0.0);
  CHECK(test_statistic_value(TestStatistic::q_mu_tilde, 1.0, 2.0, constrained, free) == 0.0);
  CHECK(test_statistic_value(TestStatistic::q_mu, 1.0, 0.5, constrained, free) == 2.0);
  CHECK(test_statistic_value(TestStatistic::q_mu_tilde, 1.0, 1.0, constrained, free) == 2.0);
  CHECK(test_statistic_value(TestStatistic::q0, 0.0, 0.5, constrained, free) == 2.0);
  CHECK(test_statistic_value(TestStatistic::q0, 0.0, -0.5, constrained, free) == 0.0);
}

TEST_CASE("no statistic is negative", "[test_statistic]") {
  CHECK(test_statistic_value(TestStatistic::t_mu, 1.0, 0.0, 10.0, 10.0 + 1e-9) == 0.0);
}

TEST_CASE("short names go both ways, others are refused", "[test_statistic]") {
  for (const char* name : {"t", "ttilde", "q", "qtilde", "q0"}) {
    CHECK(to_string(test_statistic_from(name)) == name);
  }
  CHECK_THROWS_AS(test_statistic_from("qmu"), InvalidArgument);
  CHECK_THROWS_WITH(test_statistic_from("qmu"),
                    "unknown test statistic \"qmu\": expected t, ttilde, q, qtilde or q0");
}

TEST_CASE("bounds that do not suit a statistic are remarked upon", "[test_statistic]") {
  CHECK(check_poi_bounds(TestStatistic::q_mu_tilde, "mu", 0.0).empty());
  CHECK(check_poi_bounds(TestStatistic::q_mu, "mu", -5.0).empty());
  CHECK(check_poi_bounds(TestStatistic::q0, "mu", 0.0).empty());
  CHECK(check_poi_bounds(TestStatistic::q_mu, "mu", 0.0).find("consider qtilde") != std::string::npos);
  CHECK(check_poi_bounds(TestStatistic::t_mu, "mu", 0.0).find("consider ttilde") != std::string::npos);
  // With the tilde the best fit counts as 0 where it is below.
  CHECK(check_poi_bounds(TestStatistic::q_mu_tilde, "mu", -5.0).empty());
  CHECK(check_poi_bounds(TestStatistic::t_mu_tilde, "mu", -5.0).empty());
}

TEST_CASE("a statistic of numbers that are not finite is refused", "[test_statistic]") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, -infinity, std::nan("")}) {
    CHECK_THROWS_AS(test_statistic_value(TestStatistic::q_mu, bad, 0.5, 12.0, 10.0), InvalidArgument);
    CHECK_THROWS_AS(test_statistic_value(TestStatistic::q_mu, 1.0, bad, 12.0, 10.0), InvalidArgument);
    CHECK_THROWS_AS(test_statistic_value(TestStatistic::q_mu, 1.0, 0.5, bad, 10.0), InvalidArgument);
    CHECK_THROWS_AS(test_statistic_value(TestStatistic::q_mu, 1.0, 0.5, 12.0, bad), InvalidArgument);
  }
}

TEST_CASE("a best fit at the upper bound is remarked upon, with what it means", "[test_statistic]") {
  const auto warning = [](TestStatistic statistic, double mu_hat) {
    return poi_at_bound_warning(statistic, "mu_sig", mu_hat, 10.0);
  };
  for (const TestStatistic statistic : {TestStatistic::t_mu, TestStatistic::t_mu_tilde, TestStatistic::q_mu,
                                        TestStatistic::q_mu_tilde, TestStatistic::q0}) {
    CHECK(warning(statistic, 9.999).empty());
    CHECK(warning(statistic, 0.0).empty());
    CHECK(mentions(warning(statistic, 10.0), {"best fit of mu_sig", "upper bound 10"}));
  }
  CHECK(mentions(warning(TestStatistic::q0, 10.0), {"significance", "too small"}));
  CHECK(mentions(warning(TestStatistic::q_mu_tilde, 10.0), {"exclude no value inside"}));
  CHECK(mentions(warning(TestStatistic::t_mu_tilde, 10.0), {"ttilde is too small"}));
}
