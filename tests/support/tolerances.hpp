#pragma once

/// Every tolerance that comparisons with a reference use, with its reason.
///
/// Reference figures come from two places. `reference.json` beside each published
/// workspace was measured with pyhf (the files do not state its version) and its
/// SciPy and Minuit optimizers; minima named `best_known` were found with
/// many starts and three solvers. The figures of the manual are those printed in
/// the pyhf documentation, release 0.6.4. Everything else compares with
/// support/oracle.hpp in `long double`.

namespace muhat::test::tolerance {

/// Published expected events: both sides sum some hundred products in double precision.
inline constexpr double reference_expected = 1e-10;
/// Published log-density: the same, and the log-gamma function's last digits.
inline constexpr double reference_logpdf = 1e-10;

/// Library against oracle, expected events, relative to the sum of the sizes of what is added up.
inline constexpr double oracle_expected = 1e-12;
/// Library against oracle, log-densities, relative to the larger of one and the value's size.
inline constexpr double oracle_logpdf = 1e-11;

/// Exact gradient against fourth-order central differences of the oracle, relative to the larger of
/// one and the largest component: a step of 2e-5 leaves 1e-20 of the fifth derivative (large where a
/// rate is small) and 1e-14 of the value.
inline constexpr double gradient = 1e-7;
/// Exact Hessian against fourth-order second differences of the oracle, relative to the larger of one
/// and the largest entry: a step of 5e-5 leaves 1e-17 of the sixth derivative and 1e-10 of the value.
inline constexpr double hessian = 1e-5;
/// Products and factored forms of one matrix among themselves, relative to its largest entry: rounding only.
inline constexpr double identity = 1e-11;

/// Minima: no higher than the best known one by more than this (absolute, in twice the negative
/// log-likelihood).
inline constexpr double minimum = 1e-6;
/// Projected gradient of a converged fit, largest component.
inline constexpr double projected_gradient = 1e-6;
/// CLs against the reference, relative: its optimizers stop early.
inline constexpr double reference_cls = 5e-3;
/// CLs at an upper limit against the level, absolute.
inline constexpr double limit_level = 1e-4;
/// Figures printed in the manual, absolute: they are given to seven digits and carry its optimizer's error.
inline constexpr double manual = 1e-5;

} // namespace muhat::test::tolerance
