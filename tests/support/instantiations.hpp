#pragma once

/// The everyday instantiations, compiled once (instantiations.cpp) for all tests. It stands in the tests'
/// precompiled header, so it needs no include and may be left out.

#include <muhat/fit/fit.hpp>
#include <muhat/inference/asymptotic_calculator.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/upper_limit.hpp>
#include <muhat/likelihood/likelihood_evaluator.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/evaluator.hpp>
#include <muhat/model/model.hpp>
#include <muhat/workspace/workspace.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#ifndef MUHAT_TESTS_INSTANTIATE
#define MUHAT_TESTS_INSTANTIATE extern
#endif

MUHAT_TESTS_INSTANTIATE template class nlohmann::basic_json<>;
MUHAT_TESTS_INSTANTIATE template nlohmann::json
nlohmann::json::parse(const std::string&, nlohmann::json::parser_callback_t, bool, bool);

namespace muhat {

MUHAT_TESTS_INSTANTIATE template class BasicWorkspace<>;
MUHAT_TESTS_INSTANTIATE template class BasicModel<>;
MUHAT_TESTS_INSTANTIATE template class ModelEvaluator<double, Model::Tables>;
MUHAT_TESTS_INSTANTIATE template class detail::ModelBuilder<double, StandardModifiers>;
MUHAT_TESTS_INSTANTIATE template class Likelihood<Model>;
MUHAT_TESTS_INSTANTIATE template class LikelihoodEvaluator<Model>;
MUHAT_TESTS_INSTANTIATE template OptimizerResult DefaultOptimizer::minimize(LikelihoodEvaluator<Model>&,
                                                                            const Vector&, const Box&) const;
MUHAT_TESTS_INSTANTIATE template OptimizerResult DefaultOptimizer::minimize(LikelihoodEvaluator<Model>&,
                                                                            const Vector&, const Box&,
                                                                            QuasiNewtonWorkspace&,
                                                                            const MetricFactor*) const;
MUHAT_TESTS_INSTANTIATE template FitSetup make_setup(const Model&, const FitOptions&);
MUHAT_TESTS_INSTANTIATE template class Fitter<Model>;
MUHAT_TESTS_INSTANTIATE template FitResult fit(const Model&, const Vector&, const FitOptions&,
                                               const DefaultOptimizer&);
MUHAT_TESTS_INSTANTIATE template FitResult fixed_poi_fit(double, const Model&, const Vector&, FitOptions,
                                                         const DefaultOptimizer&, std::string_view);
MUHAT_TESTS_INSTANTIATE template class Profile<Model>;
MUHAT_TESTS_INSTANTIATE template class AsymptoticCalculator<Model>;
MUHAT_TESTS_INSTANTIATE template HypotestResult hypotest(const Model&, const Vector&, const HypotestOptions&,
                                                         const DefaultOptimizer&);
MUHAT_TESTS_INSTANTIATE template UpperLimitResult
upper_limit(const Model&, const Vector&, const UpperLimitOptions&, const DefaultOptimizer&);

} // namespace muhat
