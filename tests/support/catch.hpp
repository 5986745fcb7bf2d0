#pragma once

/// Catch2 for the tests, whether its version is 2.13 or 3.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#define MUHAT_TESTS_SKIP_HERE(message) SKIP(message)
#else
#include <catch2/catch.hpp>
#define MUHAT_TESTS_SKIP_HERE(message)                                                                       \
  do {                                                                                                       \
    WARN(message);                                                                                           \
    return;                                                                                                  \
  } while (false)
#endif

namespace muhat::test {

/// How many test cases of this run were skipped.
inline int& skipped() {
  static int count = 0;
  return count;
}

} // namespace muhat::test

/// Ends the running test case as skipped (not as passed) and says why: ctest shows it as skipped.
/// Use it in the test case itself, in a function that returns void.
#define MUHAT_SKIP(message)                                                                                  \
  do {                                                                                                       \
    ++muhat::test::skipped();                                                                                \
    MUHAT_TESTS_SKIP_HERE(message);                                                                          \
  } while (false)
