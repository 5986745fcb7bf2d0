/// Changes of a specification that must not change the model, or only as known in closed form.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/model_transformations.hpp>
#include <support/random_models.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Vector;

/// Calls check(random, model, x, draws) at one random point of each of 100 random models.
template <class Check>
void for_random_models(const Check& check) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    test::Draws draws(seed);
    const Vector x = test::to_vector(test::random_point(random.truth(), draws));
    check(random, test::build(random), x, draws);
  }
}

test::RandomModel with_model(test::RandomModel random, muhat::spec::Model model) {
  random.model = std::move(model);
  return random;
}

/// Largest difference relative to the larger of one and the largest entry.
double difference(const Vector& a, const Vector& b) {
  return (a - b).cwiseAbs().maxCoeff() / std::max(1.0, b.cwiseAbs().maxCoeff());
}

} // namespace

TEST_CASE("the order of channels, samples and modifiers in the file changes no bit") {
  for_random_models([](const auto& random, const auto& model, const Vector& x, auto& draws) {
    const muhat::Model other = test::build(with_model(random, test::permuted(random.model, draws)));
    CHECK(other.par_names() == model.par_names());
    CHECK(other.suggested_init() == model.suggested_init());
    CHECK(other.suggested_fixed() == model.suggested_fixed());
    CHECK(other.auxdata() == model.auxdata());
    CHECK(other.samples() == model.samples());
    CHECK(other.expected_by_sample(x) == model.expected_by_sample(x));
    CHECK(other.expected_actualdata(x) == model.expected_actualdata(x));
  });
}

TEST_CASE("other names of samples and modifiers move parameters and change no rate") {
  for_random_models([](const auto& random, const auto& model, const Vector& x, auto&) {
    test::RandomModel renamed = with_model(random, test::relabeled(random.model));
    renamed.measurement = test::relabeled(random.measurement);
    const muhat::Model other = test::build(renamed);
    REQUIRE(other.nparameters() == model.nparameters());
    Vector moved(x.size());
    for (const muhat::ParameterSet& set : model.parameter_sets()) {
      const muhat::ParameterSet* target = other.tables().parameters().find_set(test::relabeled(set.name));
      REQUIRE(target != nullptr);
      REQUIRE(target->size == set.size);
      moved.segment(target->first, set.size) = x.segment(set.first, set.size);
      CHECK(other.suggested_init().segment(target->first, set.size) ==
            model.suggested_init().segment(set.first, set.size));
    }
    CHECK(difference(other.expected_actualdata(moved), model.expected_actualdata(x)) <
          test::tolerance::oracle_expected);
  });
}

TEST_CASE("splitting a sample into fractions changes no rate and no parameter") {
  for_random_models([](const auto& random, const auto&, const Vector&, auto& draws) {
    const test::RandomModel whole = with_model(random, test::without_modifiers(random.model, "shapesys"));
    const std::string name = draws.pick(draws.pick(whole.model.channels).samples).name;
    const test::RandomModel split =
        with_model(whole, test::with_split_sample(whole.model, name, draws.uniform(0.1, 0.9)));
    const Vector x = test::to_vector(test::random_point(whole.truth(), draws));
    const muhat::Model a = test::build(whole);
    const muhat::Model b = test::build(split);
    REQUIRE(a.par_names() == b.par_names());
    CHECK(b.samples().size() == a.samples().size() + 1);
    CHECK(difference(b.expected_actualdata(x), a.expected_actualdata(x)) < test::tolerance::oracle_expected);
    CHECK(a.suggested_fixed() == b.suggested_fixed());
    for (std::size_t i = 0; i < a.constraints().size(); ++i) {
      CHECK(b.constraints()[i].scale == Approx(a.constraints()[i].scale).epsilon(1e-12));
    }
  });
}

TEST_CASE("twice the yields and uncertainties are twice the rates under the same constraints") {
  for_random_models([](const auto& random, const auto& model, const Vector& x, auto&) {
    const muhat::Model doubled = test::build(with_model(random, test::scaled(random.model, 2.0)));
    CHECK(doubled.expected_actualdata(x) == 2.0 * model.expected_actualdata(x));
    CHECK(doubled.auxdata() == model.auxdata());
    CHECK(doubled.suggested_fixed() == model.suggested_fixed());
    REQUIRE(doubled.constraints().size() == model.constraints().size());
    for (std::size_t i = 0; i < model.constraints().size(); ++i) {
      CHECK(doubled.constraints()[i].scale == model.constraints()[i].scale);
    }
  });
}

TEST_CASE("rates are linear in a normfactor of one sample") {
  for_random_models([](const auto&, const auto& model, const Vector& x, auto&) {
    const muhat::Index mu = model.parameter_index("mu");
    const auto at = [&](double value) {
      Vector point = x;
      point[mu] = value;
      return model.expected_actualdata(point);
    };
    // The random models put "mu" at most once on any sample.
    CHECK(difference(at(3.0) - at(1.0), 2.0 * (at(2.0) - at(1.0))) < 1e-11);
  });
}
