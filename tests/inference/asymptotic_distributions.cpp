#include <muhat/inference/asymptotic_distributions.hpp>

#include <support/catch.hpp>
#include <support/normal_distribution.hpp>

#include <cmath>

using namespace muhat;
using namespace muhat::test;

TEST_CASE("one-sided p-values are normal tails in sqrt(q)", "[asymptotics]") {
  for (const TestStatistic statistic : {TestStatistic::q_mu, TestStatistic::q0}) {
    for (const double q_asimov : {0.0, 0.3, 4.0, 25.0}) {
      for (const double q : {0.0, 0.01, 1.0, 9.0, 40.0}) {
        const PValues p = observed_p_values({statistic, q_asimov}, q);
        CHECK(p.clsb == Approx(phi(-std::sqrt(q))).epsilon(1e-9));
        CHECK(p.clb == Approx(phi(std::sqrt(q_asimov) - std::sqrt(q))).epsilon(1e-9));
        CHECK(p.cls == Approx(p.clsb / p.clb).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("the bounded statistic follows equation 65 beyond the Asimov value", "[asymptotics]") {
  const double q_asimov = 4.0;
  const AsymptoticDistributions distributions(TestStatistic::q_mu_tilde, q_asimov);
  const PValues below = observed_p_values(distributions, 2.25);
  CHECK(below.clsb == Approx(1.0 - phi(1.5)));
  CHECK(below.clb == Approx(phi(0.5)));
  const double q = 7.0;
  const PValues beyond = observed_p_values(distributions, q);
  CHECK(beyond.clsb == Approx(1.0 - phi((q + q_asimov) / (2.0 * 2.0))));
  CHECK(beyond.clb == Approx(1.0 - phi((q - q_asimov) / (2.0 * 2.0))));
}

TEST_CASE("two-sided p-values follow equations 35 and 41", "[asymptotics]") {
  const double a = 1.5;
  const double r = 2.5;
  const PValues plain = observed_p_values({TestStatistic::t_mu, a * a}, r * r);
  CHECK(plain.clsb == Approx(2.0 * (1.0 - phi(r))));
  CHECK(plain.clb == Approx(2.0 - phi(r + a) - phi(r - a)));
  const AsymptoticDistributions bounded(TestStatistic::t_mu_tilde, a * a);
  const PValues inside = observed_p_values(bounded, 1.0);
  CHECK(inside.clsb == Approx(2.0 * (1.0 - phi(1.0))));
  CHECK(inside.clb == Approx(2.0 - phi(1.0 + a) - phi(1.0 - a)));
  const PValues beyond = observed_p_values(bounded, r * r);
  CHECK(beyond.clsb == Approx(2.0 - phi(r) - phi((r * r + a * a) / (2.0 * a))));
  CHECK(beyond.clb == Approx(2.0 - phi(r + a) - phi((r * r - a * a) / (2.0 * a))));
}

TEST_CASE("the distributions of the manual's calculator example come out", "[asymptotics]") {
  // The page prints CLs+b 0.08389430 and CLb 0.5 for q = q_A: sqrt(q_A) is the quantile.
  const double a = normal_significance(0.08389430261678055);
  const AsymptoticDistributions distributions(TestStatistic::q_mu_tilde, a * a);
  const PValues observed = observed_p_values(distributions, a * a);
  CHECK(observed.clb == Approx(0.5));
  CHECK(observed.cls == Approx(0.1677886052335611));
  const ExpectedBand band = expected_p_values(distributions);
  const double cls[] = {0.01596890401598493, 0.05465770873260968, 0.1677886052335611, 0.4186346709326618,
                        0.7496413276864433};
  const double clsb[] = {0.00036329, 0.00867173, 0.0838943, 0.35221608, 0.73258689};
  const double clb[] = {0.02275013, 0.15865525, 0.5, 0.84134475, 0.97724987};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(band[k].cls == Approx(cls[k]).epsilon(1e-9));
    CHECK(band[k].clsb == Approx(clsb[k]).epsilon(2e-5));
    CHECK(band[k].clb == Approx(clb[k]).epsilon(1e-6));
  }
}

TEST_CASE("CLs survives where both tails underflow", "[asymptotics]") {
  const AsymptoticDistributions distributions(TestStatistic::q_mu_tilde, 100.0);
  const PValues p = observed_p_values(distributions, 10000.0);
  CHECK(p.clsb == 0.0);
  CHECK(p.clb == 0.0);
  CHECK(p.cls == 0.0);
  const PValues close = observed_p_values({TestStatistic::q_mu, 1e-4}, 1600.0);
  CHECK(close.clb == 0.0);
  // Phi(-40) / Phi(-39.99) by Mills' ratio.
  CHECK(close.cls == Approx(std::exp(-0.5 * (1600.0 - 39.99 * 39.99)) * 39.99 / 40.0).epsilon(1e-5));
}

TEST_CASE("the logarithms of p-values outlast the values", "[asymptotics]") {
  const PValues moderate = observed_p_values({TestStatistic::q_mu_tilde, 4.0}, 6.25);
  CHECK(moderate.log_clsb == Approx(std::log(moderate.clsb)).epsilon(1e-12));
  CHECK(moderate.log_clb == Approx(std::log(moderate.clb)).epsilon(1e-12));
  CHECK(moderate.log_cls == Approx(std::log(moderate.cls)).epsilon(1e-12));
  const PValues far = observed_p_values({TestStatistic::q0, 1.0}, 10000.0);
  CHECK(far.clsb == 0.0);
  // Phi(-100) by Mills' ratio.
  CHECK(far.log_clsb == Approx(-5000.0 - std::log(100.0 * std::sqrt(2.0 * 3.14159265358979))).epsilon(1e-7));
  CHECK(far.log_cls == Approx(far.log_clsb - far.log_clb).epsilon(1e-12));
}

TEST_CASE("without sensitivity CLs is 1", "[asymptotics]") {
  for (const TestStatistic statistic : {TestStatistic::t_mu, TestStatistic::t_mu_tilde, TestStatistic::q_mu,
                                        TestStatistic::q_mu_tilde, TestStatistic::q0}) {
    for (const double q : {0.0, 1.0, 2500.0}) {
      CHECK(observed_p_values({statistic, 0.0}, q).cls == 1.0);
    }
    for (const PValues& p : expected_p_values({statistic, 0.0})) {
      CHECK(p.cls == 1.0);
    }
  }
}

TEST_CASE("a clipped normal ends at the smallest value of T", "[asymptotics]") {
  const AsymptoticDistributions clipped(TestStatistic::q_mu_tilde, 1.0, BaseDistribution::clipped_normal);
  CHECK(clipped.p_values(-1.0).has_value());
  CHECK_FALSE(clipped.p_values(-1.001).has_value());
  CHECK(clipped.undefined_reason(-1.001).find("-sqrt(q_A)") != std::string::npos);
  CHECK(clipped.undefined_reason(-1.0).empty());
  const ExpectedBand band = expected_p_values(clipped);
  CHECK(band[4].clsb == 0.5);
  CHECK(band[4].clb == Approx(phi(1.0)));
  CHECK(band[4].cls == band[3].cls);
  const AsymptoticDistributions normal(TestStatistic::q_mu_tilde, 1.0);
  CHECK(normal.p_values(-2.0).has_value());
  CHECK(expected_p_values(normal)[4].clb == Approx(phi(2.0)));
}

TEST_CASE("a value that is no number has no p-value", "[asymptotics]") {
  const AsymptoticDistributions distributions(TestStatistic::q_mu, 1.0);
  CHECK_FALSE(distributions.p_values(std::nan("")).has_value());
  CHECK(distributions.undefined_reason(std::nan("")) == "the test statistic is not a number");
}

TEST_CASE("expected two-sided values fold at mu", "[asymptotics]") {
  // The best fit lies 2 sigma above its mean, mu only 1: sqrt(t) = 1 on the other side.
  const AsymptoticDistributions distributions(TestStatistic::t_mu, 1.0);
  CHECK(expected_p_values(distributions)[4].clsb == Approx(2.0 * (1.0 - phi(1.0))));
  CHECK(expected_p_values(distributions)[2].clsb == Approx(2.0 * (1.0 - phi(1.0))));
  CHECK(expected_p_values(distributions)[3].clsb == 1.0);
}
