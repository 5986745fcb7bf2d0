/// Changes of a specification that must not change the log-density, or only as known in closed form.

#include <algorithm>
#include <cmath>
#include <string>

#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/model_transformations.hpp>
#include <support/random_properties.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Vector;

Approx close_to(double value) {
  return Approx(value).epsilon(test::tolerance::oracle_logpdf).margin(test::tolerance::oracle_logpdf);
}

} // namespace

TEST_CASE("the order of the file changes no bit of the log-density and its gradient") {
  test::for_random_models([](const auto& random, const auto& model, const Vector& x, auto& draws) {
    const Vector data = test::to_vector(random.data);
    const muhat::Model other = test::build(test::with_model(random, test::permuted(random.model, draws)));
    auto a = muhat::Likelihood(model, data).evaluator();
    auto b = muhat::Likelihood(other, data).evaluator();
    Vector gradient_a, gradient_b;
    CHECK(a.value_and_gradient(x, gradient_a) == b.value_and_gradient(x, gradient_b));
    CHECK(gradient_a == gradient_b);
  });
}

TEST_CASE("other names of samples and modifiers permute the gradient and keep the log-density") {
  test::for_random_models([](const auto& random, const auto& model, const Vector& x, auto&) {
    const Vector data = test::to_vector(random.data);
    const muhat::Model other = test::build(test::relabeled(random));
    const Vector moved = test::relabeled_point(model, other, x);
    Vector moved_data = data, gradient, moved_gradient;
    const auto auxdatum_of = [&](const muhat::Model& of, const std::string& name) {
      const auto& constraints = of.constraints();
      const muhat::Index parameter = of.parameter_index(name);
      const auto found = std::find_if(constraints.begin(), constraints.end(),
                                      [&](const auto& term) { return term.parameter == parameter; });
      return of.nbins() + (found - constraints.begin());
    };
    for (const muhat::ConstraintTerm& term : model.constraints()) {
      const std::string name = model.par_names()[static_cast<std::size_t>(term.parameter)];
      const std::size_t index = name.find('[');
      const std::string suffix = index == std::string::npos ? "" : name.substr(index);
      const std::string target = test::relabeled(name.substr(0, index)) + suffix;
      moved_data[auxdatum_of(other, target)] = data[auxdatum_of(model, name)];
    }
    auto a = muhat::Likelihood(model, data).evaluator();
    auto b = muhat::Likelihood(other, moved_data).evaluator();
    CHECK(b.value_and_gradient(moved, moved_gradient) == close_to(a.value_and_gradient(x, gradient)));
    CHECK(moved_gradient.norm() == close_to(gradient.norm()));
  });
}

TEST_CASE("splitting a sample into fractions keeps the log-density") {
  test::for_random_models([](const auto& random, const auto&, const Vector&, auto& draws) {
    const auto [a, b, x] = test::split_pair(random, draws);
    Vector data(a.nbins() + a.nauxdata());
    data << test::to_vector(random.data).head(a.nbins()), a.auxdata();
    CHECK(muhat::logpdf(b, x, data) == close_to(muhat::logpdf(a, x, data)));
  });
}

TEST_CASE("twice the yields, uncertainties and counts follow Poisson's law under the same constraints") {
  test::for_random_models([](const auto& random, const auto& model, const Vector& x, auto&) {
    const Vector data = test::to_vector(random.data);
    const muhat::Model doubled = test::build(test::with_model(random, test::scaled(random.model, 2.0)));
    Vector twice = data;
    twice.head(model.nbins()) *= 2.0;
    CHECK(muhat::constraint_logpdf(doubled, x, twice) == muhat::constraint_logpdf(model, x, data));
    const Vector rates = model.expected_actualdata(x);
    double expected = 0.0;
    for (muhat::Index bin = 0; bin < model.nbins(); ++bin) {
      const double n = 2.0 * data[bin];
      expected += (n > 0.0 ? n * std::log(2.0 * rates[bin]) : 0.0) - 2.0 * rates[bin] - std::lgamma(n + 1.0);
    }
    CHECK(muhat::main_logpdf(doubled, x, twice) == close_to(expected));
  });
}
