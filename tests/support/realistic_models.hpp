#pragma once

/// Random models that look like real searches: signal and control regions with falling spectra, freely
/// floating backgrounds, systematic uncertainties of all modifier types that samples and channels share, and
/// counts that a Poisson distribution drew at
///
///     alpha ~ N(0, 1),   gamma ~ N(1, width),   normalization ~ U(0.7, 1.4),   mu in {0, 1, 2}.
///
/// About a third have an effect of notable size whose variations lie on the same side, which is what most
/// often makes several minima; others are one-sided, have negative weights, or hardly any events. One seed
/// makes one model.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <muhat/model/build.hpp>
#include <muhat/spec/specification.hpp>

#include <support/draws.hpp>

namespace muhat::test {

struct RealisticModel {
  std::vector<spec::Channel> channels;
  spec::Measurement measurement;
  /// Counts of the channels, in the order of `channels`.
  std::vector<spec::Observation> observations;
  /// Main bins in the order of the model, then its nominal auxiliary data.
  Vector data;

  [[nodiscard]] Model model() const { return build_model(channels, measurement); }
  [[nodiscard]] spec::Workspace workspace() const { return {channels, {measurement}, observations, "1.0.0"}; }
};

namespace detail {

class RealisticGenerator {
public:
  explicit RealisticGenerator(std::uint64_t seed) : draws_(seed) {}

  RealisticModel generate() {
    make_channels();
    for (std::size_t s = 0; s < backgrounds_.size(); ++s) {
      is_free_.push_back(s < ncontrol_ ? draws_.chance(0.75) : draws_.chance(0.06));
    }
    for (spec::Channel& channel : result_.channels) {
      settle_bins(channel);
    }
    make_nuisances();
    for (spec::Channel& channel : result_.channels) {
      for (spec::Sample& sample : channel.samples) {
        add_nuisances(sample);
      }
    }
    add_factors();
    add_bin_uncertainties();
    add_shapefactor();
    configure();
    observe();
    return std::move(result_);
  }

private:
  enum class Sides { opposite, same, one };

  /// One parameter that acts on several samples.
  struct Nuisance {
    std::string name;
    bool norm = false;
    bool shape = false;
    /// Typical relative effect of one standard deviation.
    double size = 0.0;
    Sides sides = Sides::opposite;
    /// Probability to act on a sample in a channel.
    double density = 0.0;
  };

  void make_channels() {
    const bool small = draws_.chance(0.6);
    const std::size_t nchannels = small ? 1 + draws_.index(3) : 2 + draws_.index(5);
    backgrounds_ = {"Wjets", "Zjets", "diboson", "ttbar"};
    draws_.shuffle(backgrounds_);
    backgrounds_.resize(small ? 1 + draws_.index(3) : 2 + draws_.index(3));
    ncontrol_ = std::min({nchannels / 2, backgrounds_.size(), 1 + draws_.index(2)});
    const bool low_counts = draws_.chance(0.3);
    const double level = low_counts ? draws_.uniform(0.3, 4.0) : 5.0 * std::exp(draws_.uniform(0.0, 3.5));
    for (std::size_t c = 0; c < nchannels; ++c) {
      const bool control = c < ncontrol_;
      const bool one_bin = draws_.chance(control ? 0.5 : small ? 0.35 : 0.1);
      const std::size_t nbins = one_bin ? 1 : 2 + draws_.index(small ? 5 : 19);
      spec::Channel channel{
          control ? "CR_" + backgrounds_[c] : "SR_" + std::string(1, static_cast<char>('a' + c)), {}};
      const double events =
          (control ? 20.0 + 3.0 * level : level * draws_.uniform(0.5, 2.0)) * (nbins > 6 ? 3.0 : 1.0);
      double total = 0.0;
      for (std::size_t s = 0; s < backgrounds_.size(); ++s) {
        const double share = control ? (s == c ? 1.0 : 0.15) : draws_.uniform(0.1, 1.0);
        if (s == c % backgrounds_.size() || draws_.chance(0.8)) {
          total += share * events;
          channel.samples.push_back({backgrounds_[s], spectrum(share * events, nbins), {}});
        }
      }
      if (!control || draws_.chance(0.3)) {
        const double signal = (control ? 0.1 : 1.0) * draws_.uniform(0.4, 2.5) * (0.5 + std::sqrt(total));
        channel.samples.push_back({"signal", spectrum(signal, nbins), {}});
      }
      result_.channels.push_back(std::move(channel));
    }
  }

  /// Falling (or rising: a score) events with the fluctuations of a small simulation.
  std::vector<double> spectrum(double events, std::size_t nbins) {
    const double slope = draws_.uniform(-3.0, 0.7);
    const double wobble = draws_.uniform(0.0, 0.3);
    std::vector<double> yields;
    double sum = 0.0;
    for (std::size_t bin = 0; bin < nbins; ++bin) {
      const double position = static_cast<double>(bin) / static_cast<double>(nbins);
      yields.push_back(std::exp(slope * position) * (1.0 + wobble * draws_.uniform(-1.0, 1.0)));
      sum += yields.back();
    }
    for (double& yield : yields) {
      yield *= events / sum;
    }
    return yields;
  }

  /// A few negative weights and empty rows, in bins where enough background is left.
  void settle_bins(spec::Channel& channel) {
    for (std::size_t bin = 0; bin < channel.samples.front().data.size(); ++bin) {
      double background = 0.0;
      for (const spec::Sample& sample : channel.samples) {
        background += sample.name == "signal" ? 0.0 : sample.data[bin];
      }
      for (spec::Sample& sample : channel.samples) {
        double& yield = sample.data[bin];
        const double rest = background - (sample.name == "signal" ? 0.0 : yield);
        const double kind = draws_.uniform();
        const double changed = kind < 0.015 ? -0.15 * yield : kind < 0.03 ? 0.0 : yield;
        if (rest + changed > 0.05) {
          background += sample.name == "signal" ? 0.0 : changed - yield;
          yield = changed;
        }
      }
    }
  }

  void make_nuisances() {
    std::vector<std::string> names{"JES", "JER", "btag", "lepton_eff", "pileup", "scale", "shower", "pdf"};
    draws_.shuffle(names);
    names.resize(1 + draws_.index(draws_.chance(0.6) ? 4 : names.size()));
    const bool same_sided = draws_.chance(0.34);
    const bool one_sided = draws_.chance(0.3);
    for (std::size_t p = 0; p < names.size(); ++p) {
      const double kind = draws_.uniform();
      Nuisance nuisance{names[p], kind<0.6, kind> 0.4, 0.02 * std::exp(draws_.uniform(0.0, 2.5)),
                        Sides::opposite, draws_.uniform(0.4, 1.0)};
      if ((same_sided && p == 0) || draws_.chance(0.04)) {
        nuisance.sides = Sides::same;
        nuisance.size = draws_.uniform(0.1, 0.6);
      } else if ((one_sided && p <= 1) || draws_.chance(0.04)) {
        nuisance.sides = Sides::one;
        nuisance.size = draws_.uniform(0.05, 0.5);
      }
      nuisances_.push_back(std::move(nuisance));
    }
  }

  void add_nuisances(spec::Sample& sample) {
    for (const Nuisance& nuisance : nuisances_) {
      if (!draws_.chance(nuisance.density)) {
        continue;
      }
      if (nuisance.norm) {
        const auto [up, down] = variation(nuisance, nuisance.size * draws_.uniform(0.5, 1.5));
        sample.modifiers.push_back({nuisance.name, "normsys",
                                    spec::NormSysData{std::max(1.0 + up, 0.1), std::max(1.0 + down, 0.1)}});
      }
      if (nuisance.shape) {
        sample.modifiers.push_back({nuisance.name, "histosys", shape(nuisance, sample.data)});
      }
    }
  }

  /// Relative changes at +1 and -1 standard deviation.
  std::pair<double, double> variation(const Nuisance& nuisance, double size) {
    const double up = draws_.chance(0.8) ? size : -0.7 * size;
    const double ratio = draws_.chance(0.15) ? 1.0 : draws_.uniform(0.4, 1.3);
    switch (nuisance.sides) {
    case Sides::same:
      return {up, ratio * up};
    case Sides::one:
      return draws_.chance(0.5) ? std::pair{up, 0.0} : std::pair{0.0, up};
    case Sides::opposite:
      break;
    }
    return {up, -ratio * up / (1.0 + std::max(up, 0.0))};
  }

  /// A common change, a tilt, and what the statistics of the varied simulation add.
  spec::HistoSysData shape(const Nuisance& nuisance, const std::vector<double>& yields) {
    const auto [up, down] = variation(nuisance, nuisance.size * draws_.uniform(0.3, 1.2));
    const double tilt = draws_.chance(0.5) ? draws_.uniform(-1.5, 1.5) : 0.0;
    const double noise = draws_.chance(0.3) ? 0.3 * nuisance.size : 0.0;
    const std::size_t nbins = yields.size();
    spec::HistoSysData data{yields, yields};
    for (std::size_t bin = 0; bin < nbins; ++bin) {
      const double position = (static_cast<double>(bin) + 0.5) / static_cast<double>(nbins) - 0.5;
      const auto varied = [&](double change) {
        const double relative =
            change == 0.0 ? 0.0 : change * (1.0 + tilt * position) + noise * draws_.normal();
        return std::max(relative, -1.0);
      };
      data.hi_data[bin] += varied(up) * yields[bin];
      data.lo_data[bin] += varied(down) * yields[bin];
    }
    return data;
  }

  void add_factors() {
    const bool has_lumi = draws_.chance(0.5);
    for (spec::Channel& channel : result_.channels) {
      for (spec::Sample& sample : channel.samples) {
        if (sample.name == "signal") {
          sample.modifiers.push_back({"mu", "normfactor", {}});
        }
        const auto background = std::find(backgrounds_.begin(), backgrounds_.end(), sample.name);
        const bool is_free = background != backgrounds_.end() &&
                             is_free_[static_cast<std::size_t>(background - backgrounds_.begin())];
        if (is_free) {
          sample.modifiers.push_back({"norm_" + sample.name, "normfactor", {}});
        } else if (has_lumi) {
          sample.modifiers.push_back({"lumi", "lumi", {}});
        }
      }
    }
  }

  spec::BinData uncertainties(const std::vector<double>& yields, double scale) {
    spec::BinData data;
    for (const double yield : yields) {
      data.push_back(draws_.chance(0.03) ? 0.0 : scale * draws_.uniform(0.5, 1.5) * std::abs(yield));
    }
    return data;
  }

  void add_bin_uncertainties() {
    const bool has_staterror = draws_.chance(0.55);
    const double stat = 0.02 * std::exp(draws_.uniform(0.0, 2.3));
    const bool has_shapesys = draws_.chance(0.4);
    for (spec::Channel& channel : result_.channels) {
      const bool acts = has_staterror && draws_.chance(0.85);
      for (spec::Sample& sample : channel.samples) {
        if (acts && sample.name != "signal") {
          sample.modifiers.push_back(
              {"staterror_" + channel.name, "staterror", uncertainties(sample.data, stat)});
        } else if (has_shapesys && sample.name != "signal" && draws_.chance(0.4)) {
          sample.modifiers.push_back({"shape_" + channel.name + "_" + sample.name, "shapesys",
                                      uncertainties(sample.data, draws_.uniform(0.05, 0.4))});
        }
      }
    }
  }

  /// A multijet background with the same free bins in a signal region and in a new control region.
  void add_shapefactor() {
    if (!draws_.chance(0.12) || result_.channels.size() >= 6) {
      return;
    }
    spec::Channel& region = result_.channels.back();
    const std::size_t nbins = region.samples.front().data.size();
    const double events = draws_.uniform(2.0, 20.0) * static_cast<double>(nbins);
    region.samples.push_back({"multijet", spectrum(events, nbins), {{"multijet", "shapefactor", {}}}});
    result_.channels.push_back(
        {"CR_multijet",
         {{"multijet", spectrum(draws_.uniform(2.0, 8.0) * events, nbins), {{"multijet", "shapefactor", {}}}},
          {backgrounds_.front(), spectrum(0.3 * events, nbins), {}}}});
    add_nuisances(result_.channels.back().samples.back());
  }

  void configure() {
    spec::Measurement& measurement = result_.measurement;
    measurement.name = "realistic";
    measurement.poi = "mu";
    measurement.parameters.push_back({"mu", {{1.0}}, {{{0.0, 10.0}}}, {}, {}, {}, {}});
    measurement.parameters.push_back(
        {"lumi", {{1.0}}, {{{0.5, 1.5}}}, {{1.0}}, {{draws_.uniform(0.01, 0.03)}}, {}, {}});
    for (const std::string& background : backgrounds_) {
      if (draws_.chance(0.2)) {
        measurement.parameters.push_back({"norm_" + background, {{1.0}}, {{{0.1, 5.0}}}, {}, {}, {}, {}});
      }
    }
  }

  /// Where the data are drawn.
  Vector truth(const Model& model) {
    Vector x = model.suggested_init();
    const double mu = draws_.pick<double>({0.0, 0.0, 1.0, 1.0, 2.0});
    for (const ParameterSet& set : model.parameter_sets()) {
      const std::string& type = set.types.front();
      for (Index i = set.first; i < set.first + set.size; ++i) {
        if (model.suggested_fixed()[static_cast<std::size_t>(i)]) {
          continue;
        }
        if (type == "normsys" || type == "histosys") {
          x[i] = draws_.normal();
        } else if (set.name == "mu") {
          x[i] = mu;
        } else if (type == "normfactor" || type == "shapefactor") {
          x[i] = draws_.uniform(0.7, 1.4);
        } else {
          x[i] += (type == "lumi" ? 0.02 : 0.1) * draws_.normal();
        }
      }
    }
    return x.cwiseMax(model.suggested_lower()).cwiseMin(model.suggested_upper());
  }

  /// Poisson below 30 events, rounded normal above.
  double count(double rate) {
    if (!(rate > 0.0)) {
      return 0.0;
    }
    if (rate > 30.0) {
      return std::max(0.0, std::floor(rate + std::sqrt(rate) * draws_.normal() + 0.5));
    }
    const double uniform = draws_.uniform();
    double probability = std::exp(-rate);
    double sum = probability;
    double events = 0.0;
    while (sum < uniform && events < 200.0) {
      events += 1.0;
      probability *= rate / events;
      sum += probability;
    }
    return events;
  }

  void observe() {
    const Model model = result_.model();
    const Vector rates = model.expected_actualdata(truth(model));
    result_.data.resize(model.nbins() + model.nauxdata());
    result_.data.tail(model.nauxdata()) = model.auxdata();
    for (const spec::Channel& channel : result_.channels) {
      const auto& built = model.channels();
      const auto summary = std::find_if(built.begin(), built.end(), [&channel](const ChannelSummary& other) {
        return other.name == channel.name;
      });
      spec::Observation observation{channel.name, {}};
      for (Index bin = summary->first_bin; bin < summary->first_bin + summary->nbins; ++bin) {
        result_.data[bin] = count(rates[bin]);
        observation.data.push_back(result_.data[bin]);
      }
      result_.observations.push_back(std::move(observation));
    }
  }

  Draws draws_;
  RealisticModel result_;
  std::vector<std::string> backgrounds_;
  /// Whether each has a free normalization.
  std::vector<bool> is_free_;
  /// The first channels are control regions, of the first backgrounds.
  std::size_t ncontrol_ = 0;
  std::vector<Nuisance> nuisances_;
};

} // namespace detail

[[nodiscard]] inline RealisticModel realistic_model(std::uint64_t seed) {
  return detail::RealisticGenerator(seed).generate();
}

/// Whether some effect changes a yield by more than a tenth, on the same side at both variations.
[[nodiscard]] inline bool has_same_sided_effect(const std::vector<spec::Channel>& channels) {
  const auto is_notable = [](double up, double down, double yield) {
    return up * down > 0.0 && std::min(std::abs(up), std::abs(down)) > 0.1 * std::abs(yield);
  };
  const auto acts = [&](const spec::Sample& sample, const spec::Modifier& modifier) {
    if (const auto* norm = std::get_if<spec::NormSysData>(&modifier.data)) {
      return is_notable(norm->hi - 1.0, norm->lo - 1.0, 1.0);
    }
    bool notable = false;
    if (const auto* shape = std::get_if<spec::HistoSysData>(&modifier.data)) {
      for (std::size_t bin = 0; bin < sample.data.size(); ++bin) {
        const double yield = sample.data[bin];
        notable = notable || is_notable(shape->hi_data[bin] - yield, shape->lo_data[bin] - yield, yield);
      }
    }
    return notable;
  };
  for (const spec::Channel& channel : channels) {
    for (const spec::Sample& sample : channel.samples) {
      for (const spec::Modifier& modifier : sample.modifiers) {
        if (acts(sample, modifier)) {
          return true;
        }
      }
    }
  }
  return false;
}

} // namespace muhat::test
