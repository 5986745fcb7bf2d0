/// Changes of a specification that must not change the model, or only as known in closed form.

#include <algorithm>
#include <cstddef>

#include <muhat/model/build.hpp>
#include <muhat/model/model.hpp>

#include <support/catch.hpp>
#include <support/model_transformations.hpp>
#include <support/random_properties.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Vector;

/// Largest difference relative to the larger of one and the largest entry.
double difference(const Vector& a, const Vector& b) {
  return (a - b).cwiseAbs().maxCoeff() / std::max(1.0, b.cwiseAbs().maxCoeff());
}

} // namespace

TEST_CASE("the order of channels, samples and modifiers in the file changes no bit") {
  test::for_random_models([](const auto& random, const auto& model, const Vector& x, auto& draws) {
    const muhat::Model other = test::build(test::with_model(random, test::permuted(random.model, draws)));
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
  test::for_random_models([](const auto& random, const auto& model, const Vector& x, auto&) {
    const muhat::Model other = test::build(test::relabeled(random));
    const Vector moved = test::relabeled_point(model, other, x);
    CHECK(other.suggested_init() == test::relabeled_point(model, other, model.suggested_init()));
    CHECK(difference(other.expected_actualdata(moved), model.expected_actualdata(x)) <
          test::tolerance::oracle_expected);
  });
}

TEST_CASE("splitting a sample into fractions changes no rate and no parameter") {
  test::for_random_models([](const auto& random, const auto&, const Vector&, auto& draws) {
    const auto [a, b, x] = test::split_pair(random, draws);
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
  test::for_random_models([](const auto& random, const auto& model, const Vector& x, auto&) {
    const muhat::Model doubled = test::build(test::with_model(random, test::scaled(random.model, 2.0)));
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
  test::for_random_models([](const auto&, const auto& model, const Vector& x, auto&) {
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
