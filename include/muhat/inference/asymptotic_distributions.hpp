#pragma once

/// The distributions of test statistics in the limit of large samples
/// (arXiv:1007.1727, sections 3.3-3.7), in a variable in which they are normal.
///
/// With a = sqrt(q_A), q_A the statistic on the alternative's Asimov data,
///
///     T = sqrt(q) - a                              q_mu, q_0, t_mu; q_mu~, t_mu~ where sqrt(q) <= a or a = 0
///     T = (q - a^2) / (2 a)                        q_mu~, t_mu~ beyond
///
/// is normal with width 1 and mean -a under the tested hypothesis, 0 under the alternative:
///
///     CLs+b = Phi(-(T + a)),  CLb = Phi(-T),  CLs = CLs+b / CLb.
///
/// The two-sided t_mu, t_mu~ have a second tail, Phi(-sqrt(t)) in CLs+b and
/// Phi(-(sqrt(t) + a)) in CLb (eqs. 35 and 41). Data far above both hypotheses make their ratio larger than
/// 1; CLs is 1 there. Everything is computed from logarithms, so nothing is 0/0.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/core/special_functions.hpp>
#include <muhat/inference/p_values.hpp>
#include <muhat/inference/test_statistic.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

namespace muhat {

/// The shape of the distribution of T. `clipped_normal` ends both at -sqrt(q_A), the
/// value of T for q = 0: no p-value exists below, and expected values stop there.
enum class BaseDistribution { normal, clipped_normal };

/// The asymptotic distributions of one test statistic for one tested value. O(1) throughout.
class AsymptoticDistributions {
public:
  /// q_asimov: the statistic on the Asimov data, where rounding may have left it below 0.
  /// Throws InvalidArgument unless it is finite.
  AsymptoticDistributions(TestStatistic statistic, double q_asimov,
                          BaseDistribution base = BaseDistribution::normal)
      : statistic_(statistic), base_(base), root_asimov_(root_of(q_asimov)) {}

  /// sqrt(q_A); the T of the tested hypothesis has its mean at minus this.
  [[nodiscard]] double root_asimov() const noexcept { return root_asimov_; }

  /// T of an observed statistic q >= 0. Throws InvalidArgument unless it is finite.
  [[nodiscard]] double transform(double q) const {
    const double root = root_of(q);
    if (!is_bounded_statistic(statistic_) || root <= root_asimov_ || root_asimov_ == 0.0) {
      return root - root_asimov_;
    }
    return 0.5 * (root - root_asimov_) * (root + root_asimov_) / root_asimov_;
  }

  /// T expected under the alternative when its best fit lies n standard deviations below its mean.
  [[nodiscard]] double expected(double n) const {
    if (is_two_sided() && n < -root_asimov_) {
      const double root = -(root_asimov_ + n);
      return transform(root * root);
    }
    return base_ == BaseDistribution::clipped_normal ? std::max(n, -root_asimov_) : n;
  }

  /// The p-values of T; nothing where they are undefined, for which `undefined_reason` tells why.
  [[nodiscard]] std::optional<PValues> p_values(double transformed) const {
    if (!undefined_reason(transformed).empty()) {
      return std::nullopt;
    }
    double log_clsb = log_normal_tail(transformed + root_asimov_);
    double log_clb = log_normal_tail(transformed);
    if (is_two_sided()) {
      const double root = root_statistic(transformed);
      log_clsb = log_of_sum(log_clsb, log_normal_tail(root));
      log_clb = log_of_sum(log_clb, log_normal_tail(root + root_asimov_));
    }
    return p_values_of_logarithms(log_clsb, log_clb, std::min(0.0, log_clsb - log_clb));
  }

  /// Why the p-values of T are undefined, "" where they are defined.
  [[nodiscard]] std::string undefined_reason(double transformed) const {
    if (!std::isfinite(transformed)) {
      return "the test statistic is not a number";
    }
    if ((base_ == BaseDistribution::clipped_normal || is_two_sided()) && transformed < -root_asimov_) {
      return "the value lies below -sqrt(q_A) = " + number_text(-root_asimov_) +
             ", where the distribution ends";
    }
    return {};
  }

private:
  [[nodiscard]] static double root_of(double q) {
    if (!std::isfinite(q)) {
      throw InvalidArgument("a test statistic of " + number_text(q) + " has no p-value: it has to be finite");
    }
    return std::sqrt(std::max(0.0, q));
  }

  [[nodiscard]] bool is_two_sided() const noexcept { return is_two_sided_statistic(statistic_); }

  /// sqrt(t) of T: the inverse of `transform`.
  [[nodiscard]] double root_statistic(double transformed) const {
    if (statistic_ == TestStatistic::t_mu_tilde && transformed > 0.0 && root_asimov_ > 0.0) {
      return std::sqrt(root_asimov_ * (root_asimov_ + 2.0 * transformed));
    }
    return transformed + root_asimov_;
  }

  /// log(exp(a) + exp(b)).
  [[nodiscard]] static double log_of_sum(double a, double b) {
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
  }

  TestStatistic statistic_;
  BaseDistribution base_;
  double root_asimov_;
};

/// The p-values of an observed statistic. Throws InvalidArgument unless it is finite.
[[nodiscard]] inline PValues observed_p_values(const AsymptoticDistributions& distributions, double q) {
  return distributions.p_values(distributions.transform(q)).value();
}

/// The five expected p-values, at T = 2, 1, 0, -1, -2.
[[nodiscard]] inline ExpectedBand expected_p_values(const AsymptoticDistributions& distributions) {
  ExpectedBand band;
  double n = 2.0;
  for (PValues& values : band) {
    values = distributions.p_values(distributions.expected(n)).value();
    n -= 1.0;
  }
  return band;
}

} // namespace muhat
