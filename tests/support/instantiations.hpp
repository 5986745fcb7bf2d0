#pragma once

/// The everyday instantiations, compiled once (instantiations.cpp) for all tests. It stands in the tests'
/// precompiled header, so it needs no include and may be left out.

#include <muhat/fit/fit.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/likelihood/likelihood_evaluator.hpp>
#include <muhat/model/build.hpp>
#include <muhat/workspace/workspace.hpp>

#ifndef MUHAT_TESTS_INSTANTIATE
#define MUHAT_TESTS_INSTANTIATE extern
#endif

namespace muhat {

MUHAT_TESTS_INSTANTIATE template class BasicWorkspace<>;
MUHAT_TESTS_INSTANTIATE template class BasicModel<>;
MUHAT_TESTS_INSTANTIATE template class detail::ModelBuilder<double, StandardModifiers>;
MUHAT_TESTS_INSTANTIATE template class Likelihood<Model>;
MUHAT_TESTS_INSTANTIATE template class LikelihoodEvaluator<Model>;
MUHAT_TESTS_INSTANTIATE template class Fitter<Model>;
MUHAT_TESTS_INSTANTIATE template class Profile<Model>;
MUHAT_TESTS_INSTANTIATE template class AsymptoticCalculator<Model>;

} // namespace muhat
