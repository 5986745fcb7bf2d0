#pragma once

/// A code's shift of a histogram and its factor of a normalization as functions of alpha.

#include <muhat/core/lanes.hpp>

#include <support/oracle_formulas.hpp>

namespace muhat::test {

/// alpha * S + q(alpha) * D of a code that shifts yields.
template <class Code, class S>
S shift(S alpha, S nominal, S hi, S lo) {
  return alpha * (hi - lo) / S(2) + Code::weight(alpha) * ((hi + lo) / S(2) - nominal);
}

/// Value and first two derivatives of a code that scales yields.
template <class S>
struct Factor {
  S value, first, second;
};

template <class Code, class S>
Factor<S> factor(S alpha, S hi, S lo) {
  Column<S> constants = Column<S>::Ones(Code::constants * lane_count);
  Code::prepare(hi, lo, constants.data());
  LaneArray<S> f[3];
  Code::template evaluate<2>(alpha, constants.data(), f);
  return {f[0][0], f[1][0], f[2][0]};
}

} // namespace muhat::test
