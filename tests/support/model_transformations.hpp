#pragma once

/// Changes of a model whose effect on rates is known in closed form.

#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <muhat/spec/specification.hpp>

#include <support/draws.hpp>

namespace muhat::test {

/// The same model in another order of channels, samples and modifiers: nothing may change.
inline spec::Model permuted(spec::Model model, Draws& draws) {
  draws.shuffle(model.channels);
  for (spec::Channel& channel : model.channels) {
    draws.shuffle(channel.samples);
    for (spec::Sample& sample : channel.samples) {
      draws.shuffle(sample.modifiers);
    }
  }
  return model;
}

/// A name that sorts elsewhere than `name`; lumi keeps the only name it may have.
inline std::string relabeled(const std::string& name) {
  return name == "lumi" ? name : std::string(name.rbegin(), name.rend());
}

/// The same model with other names of samples and modifiers: the parameters change places.
inline spec::Model relabeled(spec::Model model) {
  for (spec::Channel& channel : model.channels) {
    for (spec::Sample& sample : channel.samples) {
      sample.name = relabeled(sample.name);
      for (spec::Modifier& modifier : sample.modifiers) {
        modifier.name = relabeled(modifier.name);
      }
    }
  }
  return model;
}

inline spec::Measurement relabeled(spec::Measurement measurement) {
  measurement.poi = relabeled(measurement.poi);
  for (spec::Parameter& parameter : measurement.parameters) {
    parameter.name = relabeled(parameter.name);
  }
  return measurement;
}

namespace detail {

inline void scale(std::vector<double>& values, double factor) {
  for (double& value : values) {
    value *= factor;
  }
}

/// Yields and shifts times `factor`; absolute uncertainties times `uncertainty_factor`.
inline void scale(spec::Sample& sample, double factor, double uncertainty_factor) {
  scale(sample.data, factor);
  for (spec::Modifier& modifier : sample.modifiers) {
    if (auto* histosys = std::get_if<spec::HistoSysData>(&modifier.data)) {
      scale(histosys->hi_data, factor);
      scale(histosys->lo_data, factor);
    }
    if (auto* uncertainty = std::get_if<spec::BinData>(&modifier.data)) {
      scale(*uncertainty, uncertainty_factor);
    }
  }
}

} // namespace detail

/// All yields and absolute uncertainties times `factor`: rates scale, constraints stay.
inline spec::Model scaled(spec::Model model, double factor) {
  for (spec::Channel& channel : model.channels) {
    for (spec::Sample& sample : channel.samples) {
      detail::scale(sample, factor, factor);
    }
  }
  return model;
}

inline spec::Model without_modifiers(spec::Model model, const std::string& type) {
  for (spec::Channel& channel : model.channels) {
    for (spec::Sample& sample : channel.samples) {
      std::vector<spec::Modifier> kept;
      for (spec::Modifier& modifier : sample.modifiers) {
        if (modifier.type != type) {
          kept.push_back(std::move(modifier));
        }
      }
      sample.modifiers = std::move(kept);
    }
  }
  return model;
}

/// Splits the sample `name`, in every channel, into two with the fractions f and 1 - f of its yields
/// and with uncertainties that add up in quadrature: bin sums and parameters stay. No shapesys, which
/// may not be shared.
inline spec::Model with_split_sample(spec::Model model, const std::string& name, double fraction) {
  for (spec::Channel& channel : model.channels) {
    std::vector<spec::Sample> parts;
    for (spec::Sample& sample : channel.samples) {
      if (sample.name == name) {
        spec::Sample rest = sample;
        rest.name += "_rest";
        detail::scale(rest, 1.0 - fraction, std::sqrt(1.0 - fraction));
        detail::scale(sample, fraction, std::sqrt(fraction));
        parts.push_back(rest);
      }
    }
    channel.samples.insert(channel.samples.end(), parts.begin(), parts.end());
  }
  return model;
}

} // namespace muhat::test
