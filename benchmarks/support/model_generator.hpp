#pragma once

/// Models that look like published ones, of any size.
///
/// Channels hold a signal with a free strength `mu`, and falling backgrounds of which the largest has
/// free factors. Nuisance parameters act on a fraction of the samples: as a
/// normalization (normsys), a shape (histosys) or both under one name. Observed data are
/// Poisson counts of the model away from its nominal point, so that a fit has somewhere to go. Everything
/// is a function of the sizes and the seed.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/random.hpp>
#include <muhat/spec/specification.hpp>

#include <boost/random/poisson_distribution.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace muhat::benchmark {

/// Which free factors the largest background has: one for all channels, one for each, or one for each bin,
/// shared by two channels that follow each other.
enum class FreeFactors { common, by_channel, by_bin };

struct ModelSizes {
  std::size_t channels = 4;
  /// Bins of each channel.
  std::size_t bins = 10;
  /// Samples of each channel, the signal among them; at least 2.
  std::size_t samples = 5;
  /// Nuisance parameters with a normalization, with a shape; names are shared from the first on.
  std::size_t normsys = 20;
  std::size_t histosys = 20;
  /// Probability that a nuisance parameter acts on a sample in a channel.
  double density = 0.3;
  /// One statistical uncertainty per bin.
  bool staterror = true;
  FreeFactors free_factors = FreeFactors::common;
  /// Expected events in the first bin of a channel.
  double events = 200.0;
  std::uint64_t seed = 1;
};

struct GeneratedModel {
  std::vector<spec::Channel> channels;
  spec::Measurement measurement;
  /// Per channel, in the order of `channels`, which is sorted by name.
  std::vector<spec::Observation> observations;
};

namespace detail {

/// Uniform in [0, 1), a function of the place alone.
class Noise {
public:
  explicit Noise(std::uint64_t seed) : seed_(mix_bits(seed)) {}

  [[nodiscard]] double at(std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) const {
    const std::uint64_t bits = mix_bits(mix_bits(mix_bits(seed_ + a) + b) + c);
    return static_cast<double>(bits >> 11U) / 9007199254740992.0;
  }

private:
  std::uint64_t seed_;
};

/// Zero-padded, so that the order by name is the order by number.
inline std::string numbered(const char* stem, std::size_t number) {
  const std::string digits = std::to_string(number);
  return stem + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

/// What one nuisance parameter does to one sample of one channel.
struct Effect {
  bool acts = false;
  double size = 0.0;
  double tilt = 0.0;
  double asymmetry = 0.0;
};

class ModelGenerator {
public:
  explicit ModelGenerator(const ModelSizes& sizes) : sizes_(sizes), noise_(sizes.seed) {}

  [[nodiscard]] GeneratedModel make() const {
    GeneratedModel model;
    model.measurement.name = "measurement";
    model.measurement.poi = "mu";
    RandomEngine random = random_stream(sizes_.seed, 0);
    for (std::size_t c = 0; c < sizes_.channels; ++c) {
      spec::Channel channel{numbered("channel_", c), {}};
      std::vector<double> truth(sizes_.bins, 0.0);
      for (std::size_t s = 0; s < sizes_.samples; ++s) {
        channel.samples.push_back(make_sample(c, s, truth));
      }
      spec::Observation observation{channel.name, {}};
      for (const double rate : truth) {
        observation.data.push_back(
            static_cast<double>(boost::random::poisson_distribution<int, double>(rate)(random)));
      }
      model.observations.push_back(std::move(observation));
      model.channels.push_back(std::move(channel));
    }
    return model;
  }

private:
  [[nodiscard]] Effect effect(std::size_t c, std::size_t s, std::size_t parameter) const {
    const std::uint64_t place = c * sizes_.samples + s;
    Effect effect;
    effect.acts = noise_.at(1, place, parameter) < sizes_.density;
    if (effect.acts) {
      effect.size = 0.01 + 0.05 * noise_.at(2, place, parameter);
      effect.tilt = 0.1 * noise_.at(3, place, parameter) - 0.05;
      effect.asymmetry = 0.6 + 0.6 * noise_.at(4, place, parameter);
    }
    return effect;
  }

  /// The value of a nuisance parameter that the data are drawn at.
  [[nodiscard]] double pull(std::size_t parameter) const { return 2.0 * noise_.at(5, parameter) - 1.0; }

  [[nodiscard]] double position(std::size_t b) const {
    return (static_cast<double>(b) + 0.5) / static_cast<double>(sizes_.bins);
  }

  [[nodiscard]] std::vector<double> yields(std::size_t c, std::size_t s) const {
    const double share = s == 0 ? 0.05 : 1.0 / static_cast<double>(s * (s + 1));
    const double fall = s == 0 ? 0.5 : 2.0 + 1.5 * noise_.at(6, c, s);
    std::vector<double> result(sizes_.bins);
    for (std::size_t b = 0; b < sizes_.bins; ++b) {
      result[b] = sizes_.events * share * std::exp(-fall * position(b)) * (0.9 + 0.2 * noise_.at(7, c, s));
    }
    return result;
  }

  [[nodiscard]] spec::Sample make_sample(std::size_t c, std::size_t s, std::vector<double>& truth) const {
    spec::Sample sample{s == 0 ? "signal" : numbered("background_", s), yields(c, s), {}};
    std::vector<double> rate = sample.data;
    double factor = s == 0 ? 0.5 : 1.0;
    if (s == 0) {
      sample.modifiers.push_back({"mu", "normfactor", {}});
    } else if (s == 1) {
      sample.modifiers.push_back(free_factor(c));
    }
    for (std::size_t p = 0; p < std::max(sizes_.normsys, sizes_.histosys); ++p) {
      const Effect acting = effect(c, s, p);
      if (!acting.acts) {
        continue;
      }
      const std::string name = numbered("nuisance_", p);
      if (p < sizes_.histosys) {
        sample.modifiers.push_back({name, "histosys", shape(sample.data, acting)});
        for (std::size_t b = 0; b < rate.size(); ++b) {
          rate[b] += pull(p) * acting.tilt * (2.0 * position(b) - 1.0) * sample.data[b];
        }
      }
      if (p < sizes_.normsys) {
        sample.modifiers.push_back(
            {name, "normsys", spec::NormSysData{1.0 + acting.size, 1.0 - acting.asymmetry * acting.size}});
        factor *= 1.0 + pull(p) * acting.size;
      }
    }
    if (sizes_.staterror && s > 0) {
      spec::BinData uncertainty(sizes_.bins);
      for (std::size_t b = 0; b < sizes_.bins; ++b) {
        uncertainty[b] = std::sqrt(0.2 * sample.data[b]);
      }
      sample.modifiers.push_back({numbered("staterror_", c), "staterror", std::move(uncertainty)});
    }
    for (std::size_t b = 0; b < rate.size(); ++b) {
      truth[b] += std::max(0.1 * sample.data[b], rate[b]) * std::min(std::max(factor, 0.5), 2.0);
    }
    return sample;
  }

  [[nodiscard]] spec::Modifier free_factor(std::size_t c) const {
    switch (sizes_.free_factors) {
    case FreeFactors::by_channel:
      return {numbered("norm_", c), "normfactor", {}};
    case FreeFactors::by_bin:
      return {numbered("shape_", c / 2), "shapefactor", {}};
    case FreeFactors::common:
      break;
    }
    return {"norm_background", "normfactor", {}};
  }

  [[nodiscard]] spec::HistoSysData shape(const std::vector<double>& nominal, const Effect& acting) const {
    spec::HistoSysData data{nominal, nominal};
    for (std::size_t b = 0; b < nominal.size(); ++b) {
      const double tilt = acting.tilt * (2.0 * position(b) - 1.0);
      data.hi_data[b] *= 1.0 + tilt;
      data.lo_data[b] *= 1.0 - acting.asymmetry * tilt;
    }
    return data;
  }

  ModelSizes sizes_;
  Noise noise_;
};

} // namespace detail

[[nodiscard]] inline GeneratedModel generate_model(const ModelSizes& sizes) {
  return detail::ModelGenerator(sizes).make();
}

/// Observed counts, then the nominal auxiliary data.
template <class AnyModel>
[[nodiscard]] Vector observed_data(const GeneratedModel& generated, const AnyModel& model) {
  Vector data(model.nbins() + model.nauxdata());
  Index next = 0;
  for (const spec::Observation& observation : generated.observations) {
    for (const double count : observation.data) {
      data[next++] = count;
    }
  }
  data.tail(model.nauxdata()) = model.auxdata();
  return data;
}

} // namespace muhat::benchmark
