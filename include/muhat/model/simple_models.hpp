#pragma once

/// Two-sample, one-channel models for examples, tests and quick estimates: channel
/// "singlechannel", samples "signal" (scaled by the normfactor "mu", the parameter
/// of interest) and "background". Templates, so that they are compiled only where they are used.

#include <muhat/model/build.hpp>
#include <muhat/spec/specification.hpp>

#include <utility>
#include <vector>

namespace muhat {

namespace detail {

template <class Scalar>
[[nodiscard]] BasicModel<Scalar> signal_and_background(std::vector<double> signal, std::vector<double> bkg,
                                                       spec::Modifier uncertainty) {
  spec::Model specification;
  specification.channels.push_back({"singlechannel",
                                    {{"signal", std::move(signal), {{"mu", "normfactor", spec::NoData{}}}},
                                     {"background", std::move(bkg), {std::move(uncertainty)}}}});
  return build_model<Scalar>(specification, "mu");
}

} // namespace detail

/// A background whose bins have independent absolute uncertainties (events per bin):
/// shapesys "uncorr_bkguncrt". Throws InvalidModel unless all lists have one length.
template <class Scalar = double>
[[nodiscard]] BasicModel<Scalar> uncorrelated_background(std::vector<double> signal, std::vector<double> bkg,
                                                         std::vector<double> bkg_uncertainty) {
  return detail::signal_and_background<Scalar>(std::move(signal), std::move(bkg),
                                               {"uncorr_bkguncrt", "shapesys", std::move(bkg_uncertainty)});
}

/// A background whose bins move together between `bkg_up` and `bkg_down` (events per bin):
/// histosys "correlated_bkg_uncertainty". Throws InvalidModel unless all lists have one length.
template <class Scalar = double>
[[nodiscard]] BasicModel<Scalar> correlated_background(std::vector<double> signal, std::vector<double> bkg,
                                                       std::vector<double> bkg_up,
                                                       std::vector<double> bkg_down) {
  return detail::signal_and_background<Scalar>(
      std::move(signal), std::move(bkg),
      {"correlated_bkg_uncertainty", "histosys", spec::HistoSysData{std::move(bkg_up), std::move(bkg_down)}});
}

} // namespace muhat
