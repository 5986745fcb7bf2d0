#pragma once

/// Properties of random models: one check at a random point of each, and pairs of models that should agree.

#include <cstdint>
#include <string>
#include <utility>

#include <muhat/model/model.hpp>

#include <support/catch.hpp>
#include <support/draws.hpp>
#include <support/library.hpp>
#include <support/model_transformations.hpp>
#include <support/random_models.hpp>

namespace muhat::test {

/// Calls check(random, model, x, draws) at one random point of each of 100 random models.
template <class Check>
void for_random_models(const Check& check) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const RandomModel random = random_model(seed);
    Draws draws(seed);
    const Vector x = to_vector(random_point(random.truth(), draws));
    check(random, build(random), x, draws);
  }
}

inline RandomModel with_model(RandomModel random, spec::Model model) {
  random.model = std::move(model);
  return random;
}

/// The same random model with other names of samples and modifiers.
inline RandomModel relabeled(const RandomModel& random) {
  RandomModel renamed = with_model(random, relabeled(random.model));
  renamed.measurement = relabeled(random.measurement);
  return renamed;
}

/// The point of the relabeled model that is x of the first one.
inline Vector relabeled_point(const Model& model, const Model& other, const Vector& x) {
  REQUIRE(other.nparameters() == model.nparameters());
  Vector moved(x.size());
  for (const ParameterSet& set : model.parameter_sets()) {
    const ParameterSet* target = other.tables().parameters().find_set(relabeled(set.name));
    REQUIRE(target != nullptr);
    REQUIRE(target->size == set.size);
    moved.segment(target->first, set.size) = x.segment(set.first, set.size);
  }
  return moved;
}

/// A model without shapesys, the same with one of its samples in two parts, and a point of both.
struct SplitPair {
  Model whole;
  Model split;
  Vector x;
};

inline SplitPair split_pair(const RandomModel& random, Draws& draws) {
  const RandomModel whole = with_model(random, without_modifiers(random.model, "shapesys"));
  const std::string name = draws.pick(draws.pick(whole.model.channels).samples).name;
  const RandomModel split = with_model(whole, with_split_sample(whole.model, name, draws.uniform(0.1, 0.9)));
  const Vector x = to_vector(random_point(whole.truth(), draws));
  return {build(whole), build(split), x};
}

} // namespace muhat::test
