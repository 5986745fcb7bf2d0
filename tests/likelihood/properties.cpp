/// Changes of a specification that must not change the log-density, or only as known in closed form.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/model_transformations.hpp>
#include <support/random_models.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Vector;

/// Calls check(random, model, data, x, draws) at one random point of each of 100 random models.
template <class Check>
void for_random_models(const Check& check) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    test::Draws draws(seed);
    const Vector x = test::to_vector(test::random_point(random.truth(), draws));
    check(random, test::build(random), test::to_vector(random.data), x, draws);
  }
}

test::RandomModel with_model(test::RandomModel random, muhat::spec::Model model) {
  random.model = std::move(model);
  return random;
}

Approx close_to(double value) {
  return Approx(value).epsilon(test::tolerance::oracle_logpdf).margin(test::tolerance::oracle_logpdf);
}

} // namespace

TEST_CASE("the order of the file changes no bit of the log-density and its gradient") {
  for_random_models(
      [](const auto& random, const auto& model, const Vector& data, const Vector& x, auto& draws) {
        const muhat::Model other = test::build(with_model(random, test::permuted(random.model, draws)));
        auto a = muhat::Likelihood(model, data).evaluator();
        auto b = muhat::Likelihood(other, data).evaluator();
        Vector gradient_a, gradient_b;
        CHECK(a.value_and_gradient(x, gradient_a) == b.value_and_gradient(x, gradient_b));
        CHECK(gradient_a == gradient_b);
      });
}

TEST_CASE("other names of samples and modifiers permute the gradient and keep the log-density") {
  for_random_models([](const auto& random, const auto& model, const Vector& data, const Vector& x, auto&) {
    test::RandomModel renamed = with_model(random, test::relabeled(random.model));
    renamed.measurement = test::relabeled(random.measurement);
    const muhat::Model other = test::build(renamed);
    Vector moved(x.size()), moved_data = data, gradient, moved_gradient;
    for (const muhat::ParameterSet& set : model.parameter_sets()) {
      const muhat::ParameterSet* target = other.tables().parameters().find_set(test::relabeled(set.name));
      REQUIRE(target != nullptr);
      moved.segment(target->first, set.size) = x.segment(set.first, set.size);
    }
    const auto auxdatum_of = [&](const muhat::Model& of, const std::string& name) {
      const auto& terms = of.constraints();
      const muhat::Index parameter = of.parameter_index(name);
      const auto found = std::find_if(terms.begin(), terms.end(),
                                      [&](const auto& term) { return term.parameter == parameter; });
      return of.nbins() + (found - terms.begin());
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
  for_random_models([](const auto& random, const auto&, const Vector&, const Vector&, auto& draws) {
    const test::RandomModel whole = with_model(random, test::without_modifiers(random.model, "shapesys"));
    const std::string name = draws.pick(draws.pick(whole.model.channels).samples).name;
    const test::RandomModel split =
        with_model(whole, test::with_split_sample(whole.model, name, draws.uniform(0.1, 0.9)));
    const Vector x = test::to_vector(test::random_point(whole.truth(), draws));
    const muhat::Model a = test::build(whole);
    const muhat::Model b = test::build(split);
    Vector data(a.nbins() + a.nauxdata());
    data << test::to_vector(random.data).head(a.nbins()), a.auxdata();
    CHECK(muhat::logpdf(b, x, data) == close_to(muhat::logpdf(a, x, data)));
  });
}

TEST_CASE("twice the yields, uncertainties and counts follow Poisson's law under the same constraints") {
  for_random_models([](const auto& random, const auto& model, const Vector& data, const Vector& x, auto&) {
    const muhat::Model doubled = test::build(with_model(random, test::scaled(random.model, 2.0)));
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
