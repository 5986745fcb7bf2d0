#pragma once

/// Short spellings of specification structs for tests.

#include <string>
#include <utility>
#include <vector>

#include <muhat/spec/specification.hpp>

namespace muhat::test {

inline spec::Modifier normfactor(std::string name) {
  return {std::move(name), "normfactor", spec::NoData{}};
}
inline spec::Modifier shapefactor(std::string name) {
  return {std::move(name), "shapefactor", spec::NoData{}};
}
inline spec::Modifier lumi() {
  return {"lumi", "lumi", spec::NoData{}};
}
inline spec::Modifier normsys(std::string name, double hi, double lo) {
  return {std::move(name), "normsys", spec::NormSysData{hi, lo}};
}
inline spec::Modifier histosys(std::string name, std::vector<double> hi, std::vector<double> lo) {
  return {std::move(name), "histosys", spec::HistoSysData{std::move(hi), std::move(lo)}};
}
inline spec::Modifier shapesys(std::string name, spec::BinData uncertainties) {
  return {std::move(name), "shapesys", std::move(uncertainties)};
}
inline spec::Modifier staterror(std::string name, spec::BinData uncertainties) {
  return {std::move(name), "staterror", std::move(uncertainties)};
}

inline spec::Sample sample(std::string name, std::vector<double> data,
                           std::vector<spec::Modifier> modifiers = {}) {
  return {std::move(name), std::move(data), std::move(modifiers)};
}
inline spec::Channel channel(std::string name, std::vector<spec::Sample> samples) {
  return {std::move(name), std::move(samples)};
}
/// A model of one channel "SR".
inline spec::Model single_channel(std::vector<spec::Sample> samples) {
  return {{channel("SR", std::move(samples))}, {}};
}
/// A model of one channel "SR" with one sample "background".
inline spec::Model single_sample(std::vector<double> data, std::vector<spec::Modifier> modifiers) {
  return single_channel({sample("background", std::move(data), std::move(modifiers))});
}

/// A configuration of `name` that leaves everything at its default.
inline spec::Parameter configuration(std::string name) {
  spec::Parameter parameter;
  parameter.name = std::move(name);
  return parameter;
}
inline spec::Parameter lumi_configuration(double auxdata = 1.0, double sigma = 0.02) {
  spec::Parameter parameter = configuration("lumi");
  parameter.inits = {1.0};
  parameter.bounds = {{0.5, 1.5}};
  parameter.auxdata = {auxdata};
  parameter.sigmas = {sigma};
  return parameter;
}
inline spec::Measurement measurement(std::vector<spec::Parameter> parameters, std::string poi = "mu") {
  return {"measurement", std::move(poi), std::move(parameters)};
}

} // namespace muhat::test
