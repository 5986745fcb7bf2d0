/// Evaluations allocate nothing after the first call: Eigen's allocations throw
/// while they are forbidden, all others go through the counting operator new.
/// Eigen is configured here alone, hence this is an executable of its own.

#include <cstddef>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace {

std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}

} // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
// Catch2 2.13 allocates its tests without exceptions: memory that the default of this form hands out under a
// sanitizer is not std::free's.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

#define EIGEN_RUNTIME_NO_MALLOC
#define eigen_assert(condition)                                                                              \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      throw std::logic_error("Eigen: " #condition);                                                          \
    }                                                                                                        \
  } while (false)

#include <muhat/fit/objective.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>

namespace test = muhat::test;
using muhat::Vector;

namespace {

/// Allocations during `action`; those of Eigen throw.
template <class Action>
std::size_t allocations_of(const Action& action) {
  const std::size_t before = allocations;
  Eigen::internal::set_is_malloc_allowed(false);
  try {
    action();
  } catch (...) {
    Eigen::internal::set_is_malloc_allowed(true);
    throw;
  }
  Eigen::internal::set_is_malloc_allowed(true);
  return allocations - before;
}

} // namespace

TEST_CASE("the allocation count sees vectors of both kinds") {
  CHECK(allocations_of([] { delete new int(1); }) == 1);
  CHECK_THROWS_AS(allocations_of([] { Vector(100).setZero(); }), std::logic_error);
}

TEST_CASE("evaluations allocate nothing after the first") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    const muhat::Likelihood likelihood(test::build(random), test::to_vector(random.data));
    auto evaluator = likelihood.evaluator();
    test::Draws draws(seed);
    const Vector first = test::to_vector(test::random_point(random.truth(), draws));
    const Vector x = test::to_vector(test::random_point(random.truth(), draws));
    const Vector direction = Vector::Ones(x.size());
    Vector gradient, product;
    muhat::Matrix hessian;
    muhat::LowRankMetric metric;
    const auto evaluate = [&](const Vector& point) {
      (void)evaluator.value(point);
      (void)evaluator.value_and_gradient(point, gradient);
      evaluator.right_gradient(point, gradient);
      evaluator.hessian_product(point, direction, product);
      evaluator.metric(point, metric);
      (void)evaluator.residuals_vanish(point);
    };
    evaluate(first);
    CHECK(allocations_of([&] { evaluate(x); }) == 0);
    evaluator.hessian(first, hessian);
    CHECK(allocations_of([&] { evaluator.hessian(x, hessian); }) == 0);
  }
}
