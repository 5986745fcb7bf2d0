#pragma once

/// Random models for comparisons: every modifier type and interpolation code,
/// shared parameters, zero and negative rows, empty bins, missing uncertainties,
/// extreme normsys and parameter configurations. One seed makes one model.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <muhat/spec/specification.hpp>

#include <support/draws.hpp>
#include <support/oracle.hpp>

namespace muhat::test {

struct RandomModel {
  spec::Model model;
  spec::Measurement measurement;
  oracle::Options options;
  /// Main data over the sorted channels, then auxiliary data fluctuated around their nominal values.
  std::vector<double> data;

  [[nodiscard]] oracle::Model truth() const { return {model, measurement, options}; }
};

namespace detail {

class ModelGenerator {
public:
  explicit ModelGenerator(std::uint64_t seed) : draws_(seed) {}

  RandomModel generate() {
    RandomModel result;
    result.options.normsys = draws_.pick<std::string>({"code1", "code4", "code4"});
    result.options.histosys = draws_.pick<std::string>({"code0", "code2", "code4p", "code4p"});
    make_channels(result.model);
    for (spec::Channel& channel : result.model.channels) {
      settle_bins(channel);
    }
    add_systematics(result.model);
    add_factors(result.model);
    add_shapesys(result.model);
    add_staterror(result.model);
    add_shared_staterror(result.model);
    add_shapefactor(result.model);
    shuffle(result.model);
    configure(result);
    observe(result);
    return result;
  }

private:
  void make_channels(spec::Model& model) {
    std::vector<std::string> names{"SR_b", "CR_top", "VR", "sr_a"};
    draws_.shuffle(names);
    const std::size_t nchannels = 1 + draws_.index(3);
    const bool same_binning = draws_.chance(0.4);
    std::size_t nbins = 1 + draws_.index(4);
    for (std::size_t c = 0; c < nchannels; ++c) {
      if (!same_binning) {
        nbins = draws_.chance(0.4) ? 1 : 2 + draws_.index(4);
      }
      spec::Channel channel;
      channel.name = names[c];
      std::vector<std::string> samples{"signal", "ttbar", "Wjets", "Zjets", "QCD"};
      draws_.shuffle(samples);
      const std::size_t nsamples = 1 + draws_.index(samples.size());
      for (std::size_t s = 0; s < nsamples; ++s) {
        channel.samples.push_back({samples[s], nominal(nbins), {}});
      }
      model.channels.push_back(channel);
    }
  }

  std::vector<double> nominal(std::size_t nbins) {
    const double level = draws_.uniform(1.0, 60.0);
    std::vector<double> yields;
    for (std::size_t bin = 0; bin < nbins; ++bin) {
      const double yield = level * draws_.uniform(0.3, 1.7);
      const double kind = draws_.uniform();
      yields.push_back(kind < 0.08 ? 0.0 : kind < 0.13 ? -0.02 * yield : yield);
    }
    return yields;
  }

  /// Gives every bin a clearly positive sum, or empties it altogether.
  void settle_bins(spec::Channel& channel) {
    for (std::size_t bin = 0; bin < channel.samples.front().data.size(); ++bin) {
      double sum = 0.0;
      for (const spec::Sample& sample : channel.samples) {
        sum += sample.data[bin];
      }
      if (draws_.chance(0.05)) {
        for (spec::Sample& sample : channel.samples) {
          sample.data[bin] = 0.0;
        }
      } else if (sum < 1.0) {
        channel.samples[draws_.index(channel.samples.size())].data[bin] += 2.0 - sum;
      }
    }
  }

  /// Normsys and histosys of one pool of names, so that some share their parameter.
  void add_systematics(spec::Model& model) {
    std::vector<std::string> pool{"JES", "JER", "alpha_theory", "lep_eff"};
    draws_.shuffle(pool);
    pool.resize(1 + draws_.index(pool.size()));
    for (spec::Channel& channel : model.channels) {
      for (spec::Sample& sample : channel.samples) {
        for (const std::string& name : pool) {
          if (draws_.chance(0.4)) {
            sample.modifiers.push_back({name, "normsys", normsys(sample)});
          }
          if (draws_.chance(0.4)) {
            sample.modifiers.push_back({name, "histosys", histosys(channel, sample)});
          }
        }
      }
    }
  }

  spec::NormSysData normsys(const spec::Sample& sample) {
    const bool small = *std::max_element(sample.data.begin(), sample.data.end()) < 10.0;
    if (small && draws_.chance(0.3)) {
      return {0.998, 230.0};
    }
    if (draws_.chance(0.1)) {
      return {1.0, 1.0};
    }
    const double hi = draws_.uniform(0.8, 1.3);
    const double lo = draws_.uniform(0.75, 1.2);
    return {hi, lo};
  }

  spec::HistoSysData histosys(const spec::Channel& channel, const spec::Sample& sample) {
    spec::HistoSysData data{sample.data, sample.data};
    if (draws_.chance(0.1)) {
      return data;
    }
    for (std::size_t bin = 0; bin < sample.data.size(); ++bin) {
      const double scale = sample.data[bin] != 0.0 ? sample.data[bin] : 1.0;
      const double up = draws_.uniform(-0.1, 0.3);
      const double down = draws_.uniform(-0.1, 0.3);
      if (is_empty(channel, bin)) {
        // An even shift keeps an otherwise empty bin at or above zero for every alpha.
        const double even = up > 0.2 ? up : 0.0;
        data.hi_data[bin] = even;
        data.lo_data[bin] = even;
      } else if (!draws_.chance(0.1)) {
        data.hi_data[bin] += scale * up;
        data.lo_data[bin] -= scale * down;
      }
    }
    return data;
  }

  static bool is_empty(const spec::Channel& channel, std::size_t bin) {
    return std::all_of(channel.samples.begin(), channel.samples.end(),
                       [&](const spec::Sample& sample) { return sample.data[bin] == 0.0; });
  }

  void add_factors(spec::Model& model) {
    const bool has_lumi = draws_.chance(0.5);
    bool has_poi = false;
    for (spec::Channel& channel : model.channels) {
      for (spec::Sample& sample : channel.samples) {
        if (sample.name == "signal") {
          sample.modifiers.push_back({"mu", "normfactor", {}});
          has_poi = true;
        }
        if ((sample.name == "ttbar" || sample.name == "Wjets") && draws_.chance(0.7)) {
          sample.modifiers.push_back({"k_top", "normfactor", {}});
        }
        if (has_lumi && draws_.chance(0.6)) {
          sample.modifiers.push_back({"lumi", "lumi", {}});
        }
      }
    }
    if (!has_poi) {
      model.channels.front().samples.front().modifiers.push_back({"mu", "normfactor", {}});
    }
  }

  spec::BinData uncertainties(const std::vector<double>& yields) {
    spec::BinData data;
    for (const double yield : yields) {
      const double relative = draws_.uniform(0.03, 0.4);
      data.push_back(draws_.chance(0.15) ? 0.0 : relative * (yield != 0.0 ? std::abs(yield) : 1.0));
    }
    return data;
  }

  void add_shapesys(spec::Model& model) {
    for (spec::Channel& channel : model.channels) {
      for (spec::Sample& sample : channel.samples) {
        if (draws_.chance(0.3)) {
          sample.modifiers.push_back(
              {"shape_" + channel.name + "_" + sample.name, "shapesys", uncertainties(sample.data)});
        }
      }
    }
  }

  void add_staterror(spec::Model& model) {
    for (spec::Channel& channel : model.channels) {
      if (!draws_.chance(0.6)) {
        continue;
      }
      for (spec::Sample& sample : channel.samples) {
        if (draws_.chance(0.7)) {
          sample.modifiers.push_back({"staterror_" + channel.name, "staterror", uncertainties(sample.data)});
        }
      }
    }
  }

  static spec::Sample* find(spec::Channel& channel, const std::string& name) {
    const auto found = std::find_if(channel.samples.begin(), channel.samples.end(),
                                    [&](const spec::Sample& sample) { return sample.name == name; });
    return found == channel.samples.end() ? nullptr : &*found;
  }

  /// One staterror over every channel of a sample, and over all samples that those channels share.
  void add_shared_staterror(spec::Model& model) {
    if (!draws_.chance(0.4)) {
      return;
    }
    const std::string anchor = draws_.pick(draws_.pick(model.channels).samples).name;
    std::vector<spec::Channel*> carriers;
    for (spec::Channel& channel : model.channels) {
      if (find(channel, anchor) != nullptr) {
        carriers.push_back(&channel);
      }
    }
    for (const char* name : {"signal", "ttbar", "Wjets", "Zjets", "QCD"}) {
      const bool everywhere = std::all_of(carriers.begin(), carriers.end(), [&](spec::Channel* channel) {
        return find(*channel, name) != nullptr;
      });
      for (spec::Channel* channel : carriers) {
        if (everywhere) {
          spec::Sample& sample = *find(*channel, name);
          sample.modifiers.push_back({"mcstat", "staterror", uncertainties(sample.data)});
        }
      }
    }
  }

  void add_shapefactor(spec::Model& model) {
    if (!draws_.chance(0.4)) {
      return;
    }
    const std::size_t nbins = draws_.pick(model.channels).samples.front().data.size();
    for (spec::Channel& channel : model.channels) {
      if (channel.samples.front().data.size() == nbins) {
        spec::Sample& sample = channel.samples[draws_.index(channel.samples.size())];
        sample.modifiers.push_back({"template", "shapefactor", {}});
      }
    }
  }

  void shuffle(spec::Model& model) {
    draws_.shuffle(model.channels);
    for (spec::Channel& channel : model.channels) {
      draws_.shuffle(channel.samples);
      for (spec::Sample& sample : channel.samples) {
        draws_.shuffle(sample.modifiers);
      }
    }
  }

  void configure(RandomModel& result) {
    spec::Measurement& measurement = result.measurement;
    measurement.name = "random";
    measurement.poi = "mu";
    std::vector<spec::Parameter> configurations;
    const oracle::Model plain = result.truth();
    for (const oracle::ParameterSet& set : plain.parameter_sets()) {
      if (set.types.count("lumi") != 0) {
        const double auxdata = draws_.uniform(0.95, 1.05);
        const double sigma = draws_.uniform(0.01, 0.05);
        configurations.push_back({set.name, {{1.0}}, {{{0.5, 1.5}}}, {{auxdata}}, {{sigma}}, {}, {}});
      } else if (draws_.chance(0.3)) {
        configurations.push_back(configuration(set));
      }
    }
    if (draws_.chance(0.3)) {
      configurations.push_back({"not_in_the_model", {{2.0}}, {}, {}, {}, {}, true});
    }
    draws_.shuffle(configurations);
    measurement.parameters = configurations;
  }

  std::vector<double> around(std::size_t size, double center, double half_width) {
    std::vector<double> values;
    for (std::size_t i = 0; i < size; ++i) {
      values.push_back(center + half_width * draws_.uniform(-1.0, 1.0));
    }
    return values;
  }

  spec::Parameter configuration(const oracle::ParameterSet& set) {
    const bool is_pull = set.types.count("normsys") + set.types.count("histosys") != 0;
    const double center = is_pull ? 0.0 : 1.0;
    spec::Parameter parameter;
    parameter.name = set.name;
    if (draws_.chance(0.5)) {
      parameter.inits = around(set.size, center, 0.2);
    }
    if (draws_.chance(0.5)) {
      const double half_width = draws_.uniform(0.5, 1.0);
      parameter.bounds.emplace(set.size, std::pair(center - half_width, center + 3.0 * half_width));
    }
    if (set.constraint != oracle::Constraint::none && draws_.chance(0.4)) {
      parameter.auxdata =
          around(set.size, set.constraint == oracle::Constraint::poisson ? 20.0 : center, 0.4);
    }
    if (set.types.count("staterror") != 0 && draws_.chance(0.4)) {
      parameter.sigmas = around(set.size, 0.2, 0.1);
    }
    if (set.types.count("shapesys") != 0 && draws_.chance(0.4)) {
      parameter.factors = around(set.size, 20.0, 10.0);
    }
    if (draws_.chance(0.3)) {
      parameter.fixed = draws_.chance(0.5);
    }
    return parameter;
  }

  /// Main data near the nominal rates (integers, some not; 0 in an empty bin), auxiliary data near theirs.
  void observe(RandomModel& result) {
    const oracle::Model truth = result.truth();
    oracle::Reals center(truth.nparameters(), 1.0L);
    for (const oracle::ParameterSet& set : truth.parameter_sets()) {
      if (set.types.count("normsys") + set.types.count("histosys") != 0) {
        center[set.first] = 0.0L;
      }
    }
    for (const oracle::Real rate : truth.expected_actualdata(center)) {
      const double nu = static_cast<double>(rate);
      const double fluctuated = nu + std::sqrt(std::max(nu, 0.0)) * draws_.normal();
      const double count = draws_.chance(0.2) ? fluctuated : std::floor(fluctuated);
      result.data.push_back(nu > 0.0 ? std::max(count, 0.0) : 0.0);
    }
    for (const oracle::ParameterSet& set : truth.parameter_sets()) {
      for (std::size_t i = 0; i < set.auxdata.size(); ++i) {
        const bool poisson = set.constraint == oracle::Constraint::poisson;
        const double auxdatum = static_cast<double>(set.auxdata[i]);
        const double width = poisson ? std::sqrt(auxdatum) : static_cast<double>(set.width[i]);
        const double fluctuated = auxdatum + 0.5 * width * draws_.normal();
        result.data.push_back(poisson ? std::max(fluctuated, 0.0) : fluctuated);
      }
    }
  }

  Draws draws_;
};

} // namespace detail

inline RandomModel random_model(std::uint64_t seed) {
  return detail::ModelGenerator(seed).generate();
}

/// Moves a pull at least 1e-3 away from -1, 0 and 1, where interpolation codes change their form and
/// differences across would mix two formulas.
inline long double off_the_edges(long double alpha) {
  for (const long double edge : {-1.0L, 0.0L, 1.0L}) {
    if (std::abs(alpha - edge) < 1e-3L) {
      return edge + (alpha < edge ? -2e-3L : 2e-3L);
    }
  }
  return alpha;
}

/// A random point strictly inside the bounds (so far as these hold 0 for pulls and 1 for factors)
/// where every bin with an expected yield at that center keeps at least 2 % of it, and no bin is negative.
inline std::vector<double> random_point(const oracle::Model& truth, Draws& draws) {
  oracle::Reals center(truth.nparameters(), 1.0L);
  for (const oracle::ParameterSet& set : truth.parameter_sets()) {
    if (set.types.count("normsys") + set.types.count("histosys") != 0) {
      center[set.first] = 0.0L;
    }
  }
  const oracle::Reals nominal = truth.expected_actualdata(center);
  for (double scale = 1.0;; scale *= 0.8) {
    oracle::Reals point = center;
    for (const oracle::ParameterSet& set : truth.parameter_sets()) {
      for (std::size_t i = 0; i < set.size; ++i) {
        oracle::Real& x = point[set.first + i];
        const bool is_pull = x == 0;
        const double step = scale * (is_pull ? draws.normal() : draws.uniform(-0.5, 0.8));
        const double room = 0.99 * static_cast<double>(step < 0 ? x - set.lower[i] : set.upper[i] - x);
        x += std::clamp(step, -room, room);
        x = is_pull ? off_the_edges(x) : x;
      }
    }
    const oracle::Reals rates = truth.expected_actualdata(point);
    bool interior = true;
    for (std::size_t bin = 0; bin < rates.size(); ++bin) {
      interior = interior && rates[bin] >= 0 && rates[bin] >= 0.02L * nominal[bin];
    }
    if (interior) {
      std::vector<double> result;
      for (const oracle::Real x : point) {
        result.push_back(static_cast<double>(x));
      }
      return result;
    }
  }
}

} // namespace muhat::test
