#pragma once

/// Random tiny models whose minima often lie where a rate is 0: one to three bins, few events, negative
/// yields, shapes that drive bins below zero, bins that vanish together or always. One seed makes one model.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <muhat/core/linear_algebra.hpp>
#include <muhat/spec/specification.hpp>

#include <support/draws.hpp>

namespace muhat::test {

struct EdgeModel {
  spec::Model model;
  /// Events per bin.
  Vector observed;
};

class EdgeModelGenerator {
public:
  explicit EdgeModelGenerator(std::uint64_t seed) : draws_(seed) {}

  EdgeModel generate() {
    nbins_ = 1 + draws_.index(3);
    nshapes_ = draws_.index(4);
    wild_ = draws_.chance(0.5);
    std::vector<spec::Sample> samples;
    samples.push_back(sample("s", 0.0, 3.0));
    samples.back().modifiers.push_back({"mu", "normfactor", {}});
    samples.push_back(sample("b", draws_.chance(0.2) ? -0.5 : 0.0, draws_.chance(0.5) ? 1.0 : 6.0));
    if (draws_.chance(0.3)) {
      spec::BinData uncertainty;
      for (const double yield : samples.back().data) {
        uncertainty.push_back(rounded(std::abs(yield) * draws_.uniform(0.05, 0.8)));
      }
      samples.back().modifiers.push_back(
          {"gamma", draws_.chance(0.5) ? "staterror" : "shapesys", uncertainty});
    }
    if (draws_.chance(0.5)) {
      samples.push_back(sample("c", -1.0, 1.5));
      if (draws_.chance(0.3)) {
        samples.back().modifiers.push_back({"k", "normfactor", {}});
      }
    }
    Vector observed(static_cast<Index>(nbins_));
    for (double& n : observed) {
      n = draws_.chance(0.5) ? 0.0 : std::floor(draws_.uniform(0.0, 7.0));
    }
    degenerate(samples, observed);
    return {spec::Model{{{"channel", samples}}, {}}, observed};
  }

private:
  static double rounded(double yield) { return std::round(100.0 * yield) / 100.0; }

  spec::Sample sample(const std::string& name, double low, double high) {
    spec::Sample result{name, {}, {}};
    for (std::size_t b = 0; b < nbins_; ++b) {
      result.data.push_back(rounded(draws_.uniform(low, high)));
    }
    for (std::size_t k = 0; k < nshapes_; ++k) {
      const std::string parameter = "alpha" + std::to_string(k);
      const double kind = draws_.uniform();
      if (kind < 0.5) {
        spec::HistoSysData shape;
        for (const double yield : result.data) {
          const double width = wild_ ? 1.5 * std::abs(yield) + 0.3 : 0.4 * std::abs(yield);
          shape.hi_data.push_back(rounded(yield + draws_.uniform(-width, width)));
          shape.lo_data.push_back(rounded(yield + draws_.uniform(-width, width)));
        }
        result.modifiers.push_back({parameter, "histosys", shape});
      } else if (kind < 0.7) {
        const double hi = rounded(draws_.uniform(0.6, 1.6));
        const double lo = rounded(draws_.uniform(0.6, 1.6));
        result.modifiers.push_back({parameter, "normsys", spec::NormSysData{hi, lo}});
      }
    }
    return result;
  }

  /// Sometimes the first two bins vanish at the same parameters, or the first one at all.
  void degenerate(std::vector<spec::Sample>& samples, Vector& observed) {
    const double kind = draws_.uniform();
    if (nbins_ < 2 || kind > 0.3) {
      return;
    }
    const bool twins = kind < 0.15;
    const auto change = [twins](std::vector<double>& yields) {
      (twins ? yields[1] : yields[0]) = twins ? yields[0] : 0.0;
    };
    for (spec::Sample& sample : samples) {
      change(sample.data);
      for (spec::Modifier& modifier : sample.modifiers) {
        if (auto* shape = std::get_if<spec::HistoSysData>(&modifier.data)) {
          change(shape->hi_data);
          change(shape->lo_data);
        } else if (auto* uncertainty = std::get_if<spec::BinData>(&modifier.data)) {
          change(*uncertainty);
        }
      }
    }
    observed[0] = 0.0;
    observed[1] = twins ? 0.0 : observed[1];
  }

  Draws draws_;
  std::size_t nbins_ = 1;
  std::size_t nshapes_ = 0;
  bool wild_ = false;
};

[[nodiscard]] inline EdgeModel random_edge_model(std::uint64_t seed) {
  return EdgeModelGenerator(seed).generate();
}

} // namespace muhat::test
