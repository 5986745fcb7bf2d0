#include <support/catch.hpp>
#include <support/example_workspaces.hpp>
#include <support/messages.hpp>
#include <support/tool.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

#include <string>
#include <vector>

using muhat::test::mentions;
using muhat::test::numbers;
using muhat::test::run_tool;
using muhat::test::two_bins;

TEST_CASE("fit: parameters by name and how the fit ended") {
  const auto result = run_tool({"fit"}, two_bins);
  REQUIRE(result.code == 0);
  CHECK(result.err.empty());
  const nlohmann::json fit = result.json();
  CHECK(fit.size() == 2);
  CHECK(fit.at("mle_parameters").size() == 2);
  CHECK(numbers(fit.at("mle_parameters").at("mu")).size() == 1);
  CHECK(numbers(fit.at("mle_parameters").at("uncorr_bkguncrt")).size() == 2);
  CHECK(fit.at("fit").at("status") == "converged");
  CHECK(fit.at("fit").at("iterations").is_number_integer());
  CHECK(fit.at("fit").at("evaluations").get<int>() > 0);
  CHECK(fit.at("fit").at("projected_gradient").get<double>() < 1e-6);
  CHECK(fit.at("fit").at("at_bounds") == nlohmann::json::array({"mu"}));
}

TEST_CASE("fit: with --value the minimum itself") {
  const nlohmann::json fit = run_tool({"fit", "--value"}, two_bins).json();
  // At mu = 0 the bins decouple, and gamma solves a quadratic equation in each.
  const std::vector<double> gamma = numbers(fit.at("mle_parameters").at("uncorr_bkguncrt"));
  const double tau_0 = 2500.0 / 9.0;
  const double tau_1 = 2704.0 / 49.0;
  CHECK(gamma[0] == Approx((51.0 + tau_0) / (50.0 + tau_0)).epsilon(1e-6));
  CHECK(gamma[1] == Approx((48.0 + tau_1) / (52.0 + tau_1)).epsilon(1e-6));
  const auto poisson = [](double n, double rate) { return n * std::log(rate) - rate - std::lgamma(n + 1.0); };
  const double twice_nll = -2.0 * (poisson(51.0, 50.0 * gamma[0]) + poisson(48.0, 52.0 * gamma[1]) +
                                   poisson(tau_0, tau_0 * gamma[0]) + poisson(tau_1, tau_1 * gamma[1]));
  CHECK(fit.at("twice_nll").get<double>() == Approx(twice_nll).epsilon(1e-9));
}

TEST_CASE("fit: parameters and whole sets held at values") {
  const nlohmann::json fit =
      run_tool({"fit", "--fix", "mu=1.25", "--fix", "uncorr_bkguncrt[1]=0.75"}, two_bins).json();
  CHECK(numbers(fit.at("mle_parameters").at("mu")) == std::vector<double>{1.25});
  CHECK(numbers(fit.at("mle_parameters").at("uncorr_bkguncrt"))[1] == 0.75);
  const nlohmann::json all = run_tool({"fit", "--fix", "uncorr_bkguncrt=1.5"}, two_bins).json();
  CHECK(numbers(all.at("mle_parameters").at("uncorr_bkguncrt")) == std::vector<double>{1.5, 1.5});
}

TEST_CASE("fit: a parameter of interest that nothing declares is no obstacle") {
  CHECK(run_tool({"fit", "--measurement", "missing_signal"}, muhat::test::two_channels).code == 0);
}

TEST_CASE("fit: the interpolation codes change the minimum") {
  const auto minimum = [](const std::vector<std::string>& codes) {
    std::vector<std::string> arguments{"fit", "--value"};
    for (const std::string& code : codes) {
      arguments.insert(arguments.end(), {"--interpcode", code});
    }
    return run_tool(arguments, muhat::test::two_channels).json().at("twice_nll").get<double>();
  };
  const double standard = minimum({});
  CHECK(minimum({"normsys=code4", "histosys=code4p"}) == standard);
  CHECK(minimum({"normsys=code1"}) != standard);
  CHECK(minimum({"normsys=code1", "histosys=code2"}) != minimum({"normsys=code1"}));
}

TEST_CASE("fit: every optimizer of this build reaches the same minimum") {
  const double expected = run_tool({"fit", "--value"}, two_bins).json().at("twice_nll").get<double>();
  for (const std::string& optimizer : muhat::test::tool_optimizers()) {
    INFO(optimizer);
    // The third-party ones cannot always reach the default tolerance of the projected gradient.
    const auto result =
        run_tool({"fit", "--value", "--optimizer", optimizer, "--optconf", "tolerance=1e-5"}, two_bins);
    CHECK(result.code == 0);
    CHECK(result.json().at("twice_nll").get<double>() == Approx(expected).margin(1e-6));
  }
}

TEST_CASE("fit: without a certificate the fit is printed and the exit code is 1") {
  const auto result = run_tool({"fit", "--value", "--optconf", "maxiter=1"}, muhat::test::two_channels);
  CHECK(result.code == 1);
  CHECK(mentions(result.err, {"muhat fit", "no certified minimum", "iteration limit"}));
  const nlohmann::json fit = result.json();
  CHECK(fit.at("fit").at("status") == "iteration limit");
  CHECK(fit.at("fit").contains("reason"));
  CHECK(fit.at("twice_nll").is_number());
}

TEST_CASE("fit: lower minima are looked for unless that is turned off") {
  const auto fitted = [](const std::string& explore) {
    return run_tool({"fit", "--value", "--optconf", "explore=" + explore}, muhat::test::several_minima);
  };
  const auto on = fitted("on");
  CHECK(on.code == 0);
  CHECK(mentions(on.err, {"starts disagree"}));
  CHECK(on.json().at("twice_nll").get<double>() == Approx(33.40295).margin(2e-5));
  const auto off = fitted("off");
  CHECK(off.code == 0);
  CHECK(off.err.empty());
  CHECK(off.json().at("twice_nll").get<double>() > 33.4029);
  CHECK(off.json().at("fit").at("evaluations").get<int>() < on.json().at("fit").at("evaluations").get<int>());
}
