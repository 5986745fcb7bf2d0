#pragma once

/// The tests' independent truth: HistFactory densities in `long double`,
/// straight from `spec::Model` and `spec::Measurement`, by the shortest route
/// and with nothing shared with the library's model or likelihood.
///
/// lambda_csb = (nominal + sum of histosys shifts) * product of factors,
/// nu_cb = sum_s lambda_csb, log L = sum log Pois(n | nu) + sum log c(a | theta).
/// Input is taken to be valid: build errors are the library's business.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <muhat/spec/specification.hpp>

#include <support/oracle_formulas.hpp>

namespace muhat::oracle {

using Reals = std::vector<Real>;

struct Options {
  std::string normsys = "code4";
  std::string histosys = "code4p";
  std::optional<double> clip_sample_data;
  std::optional<double> clip_bin_data;
};

enum class Constraint { none, normal, poisson };

/// Parameters of one name; the vectors have one entry per component.
struct ParameterSet {
  std::string name;
  std::set<std::string> types;
  std::size_t first = 0;
  std::size_t size = 0;
  bool scalar = true;
  Constraint constraint = Constraint::none;
  std::vector<double> init, lower, upper;
  std::vector<bool> fixed;
  /// Auxiliary data, and the Normal width or the Poisson rate factor; empty without constraint.
  Reals auxdata, width;
};

class Model {
public:
  /// The parameter configurations are those of `measurement`.
  Model(const spec::Model& model, const spec::Measurement& measurement, Options options = {})
      : options_(std::move(options)), channels_(sorted(model.channels)) {
    for (const spec::Channel& channel : channels_) {
      for (const spec::Sample& sample : channel.samples) {
        samples_.insert(sample.name);
      }
    }
    collect_sets();
    for (ParameterSet& set : sets_) {
      set_defaults(set);
      configure(set, measurement);
      set.first = nparameters_;
      nparameters_ += set.size;
    }
    resolve();
  }

  [[nodiscard]] const std::vector<ParameterSet>& parameter_sets() const { return sets_; }
  [[nodiscard]] const std::vector<spec::Channel>& channels() const { return channels_; }
  [[nodiscard]] const std::set<std::string>& samples() const { return samples_; }
  [[nodiscard]] std::size_t nparameters() const { return nparameters_; }
  [[nodiscard]] std::size_t nbins() const {
    std::size_t total = 0;
    for (const spec::Channel& channel : channels_) {
      total += channel.samples.front().data.size();
    }
    return total;
  }

  [[nodiscard]] const ParameterSet& set(const std::string& name) const {
    return *std::find_if(sets_.begin(), sets_.end(), [&](const auto& s) { return s.name == name; });
  }

  [[nodiscard]] std::vector<std::string> par_names() const {
    std::vector<std::string> names;
    for (const ParameterSet& set : sets_) {
      for (std::size_t i = 0; i < set.size; ++i) {
        names.push_back(set.scalar ? set.name : set.name + "[" + std::to_string(i) + "]");
      }
    }
    return names;
  }

  [[nodiscard]] Reals suggested_init() const {
    Reals all;
    for (const ParameterSet& set : sets_) {
      all.insert(all.end(), set.init.begin(), set.init.end());
    }
    return all;
  }

  [[nodiscard]] Reals auxdata() const {
    Reals all;
    for (const ParameterSet& set : sets_) {
      all.insert(all.end(), set.auxdata.begin(), set.auxdata.end());
    }
    return all;
  }

  /// lambda per (sample, bin): one row per distinct sample name (sorted), zero where a channel lacks it.
  [[nodiscard]] std::vector<Reals> expected_by_sample(const Reals& pars) const {
    std::vector<Reals> rates(samples_.size(), Reals(nbins(), 0.0L));
    for (const Row& row : rows_) {
      rates[row.sample][row.bin] = rate(row, pars);
    }
    return rates;
  }

  [[nodiscard]] Reals expected_actualdata(const Reals& pars) const {
    Reals rates(nbins(), 0.0L);
    for (const Row& row : rows_) {
      rates[row.bin] += rate(row, pars);
    }
    if (options_.clip_bin_data) {
      for (Real& nu : rates) {
        nu = std::max(nu, static_cast<Real>(*options_.clip_bin_data));
      }
    }
    return rates;
  }

  [[nodiscard]] Reals expected_auxdata(const Reals& pars) const {
    Reals all;
    for (const ParameterSet& set : sets_) {
      for (std::size_t i = 0; i < set.auxdata.size(); ++i) {
        all.push_back(pars[set.first + i] * (set.constraint == Constraint::poisson ? set.width[i] : 1.0L));
      }
    }
    return all;
  }

  /// `data` holds the main data, then the auxiliary data; only the first part is read here.
  [[nodiscard]] Real main_logpdf(const Reals& pars, const Reals& data) const {
    const Reals rates = expected_actualdata(pars);
    Real sum = 0;
    for (std::size_t bin = 0; bin < rates.size(); ++bin) {
      sum += poisson_logpdf(data[bin], rates[bin]);
    }
    return sum;
  }

  [[nodiscard]] Real constraint_logpdf(const Reals& pars, const Reals& data) const {
    Real sum = 0;
    std::size_t next = nbins();
    for (const ParameterSet& set : sets_) {
      for (std::size_t i = 0; i < set.auxdata.size(); ++i, ++next) {
        const Real theta = pars[set.first + i];
        sum += set.constraint == Constraint::poisson ? poisson_logpdf(data[next], set.width[i] * theta)
                                                     : normal_logpdf(data[next], theta, set.width[i]);
      }
    }
    return sum;
  }

  [[nodiscard]] Real logpdf(const Reals& pars, const Reals& data) const {
    return main_logpdf(pars, data) + constraint_logpdf(pars, data);
  }

  [[nodiscard]] Real twice_nll(const Reals& pars, const Reals& data) const { return -2 * logpdf(pars, data); }

private:
  struct Normsys {
    std::size_t parameter;
    Real hi, lo;
    std::array<Real, 6> code4;
  };
  struct Histosys {
    std::size_t parameter;
    Real hi, lo;
  };
  /// One bin of one sample, with everything that acts on it.
  struct Row {
    std::size_t sample, bin;
    Real nominal;
    std::vector<Histosys> shifts;
    std::vector<Normsys> powers;
    std::vector<std::size_t> factors;
  };

  static std::vector<spec::Channel> sorted(std::vector<spec::Channel> channels) {
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(channels.begin(), channels.end(), by_name);
    for (spec::Channel& channel : channels) {
      std::sort(channel.samples.begin(), channel.samples.end(), by_name);
      for (spec::Sample& sample : channel.samples) {
        std::sort(sample.modifiers.begin(), sample.modifiers.end(), [](const auto& a, const auto& b) {
          return std::pair(a.name, a.type) < std::pair(b.name, b.type);
        });
      }
    }
    return channels;
  }

  /// Calls f(channel, sample, modifier) for every modifier, in the order of SEMANTICS section 2.
  template <class F>
  void walk(F f) const {
    for (const spec::Channel& channel : channels_) {
      for (const spec::Sample& sample : channel.samples) {
        for (const spec::Modifier& modifier : sample.modifiers) {
          f(channel, sample, modifier);
        }
      }
    }
  }

  void collect_sets() {
    for (const char* type :
         {"histosys", "lumi", "normfactor", "normsys", "shapefactor", "shapesys", "staterror"}) {
      const std::size_t start = sets_.size();
      walk([&](const auto&, const auto&, const spec::Modifier& modifier) {
        if (modifier.type != type) {
          return;
        }
        const auto same = [&](const ParameterSet& set) { return set.name == modifier.name; };
        auto found = std::find_if(sets_.begin(), sets_.end(), same);
        if (found == sets_.end()) {
          ParameterSet set;
          set.name = modifier.name;
          found = sets_.insert(sets_.end(), set);
        }
        found->types.insert(type);
      });
      if (type == std::string("staterror")) {
        std::sort(sets_.begin() + static_cast<std::ptrdiff_t>(start), sets_.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
      }
    }
  }

  static void fill(ParameterSet& set, std::size_t size, double init, double lower, double upper) {
    set.size = size;
    set.init.assign(size, init);
    set.lower.assign(size, lower);
    set.upper.assign(size, upper);
    set.fixed.assign(size, false);
  }

  void set_defaults(ParameterSet& set) const {
    const std::string& type = *set.types.begin();
    if (type == "normfactor" || type == "lumi") {
      fill(set, 1, 1, 0, 10);
    }
    if (type == "normsys" || type == "histosys") {
      fill(set, 1, 0, -5, 5);
      set.constraint = Constraint::normal;
      set.auxdata = {0};
      set.width = {1};
    }
    if (type == "lumi") {
      set.constraint = Constraint::normal;
      set.auxdata = {1};
      set.width = {1};
    }
    set.scalar = type == "normfactor" || type == "lumi" || type == "normsys" || type == "histosys";
    if (type == "shapefactor" || type == "shapesys") {
      walk([&](const auto&, const spec::Sample& sample, const spec::Modifier& modifier) {
        if (modifier.name == set.name) {
          type == "shapefactor" ? fill(set, sample.data.size(), 1, 0, 10)
                                : shapesys_defaults(set, sample, std::get<spec::BinData>(modifier.data));
        }
      });
    }
    if (type == "staterror") {
      staterror_defaults(set);
    }
  }

  static void shapesys_defaults(ParameterSet& set, const spec::Sample& sample,
                                const spec::BinData& uncertainty) {
    fill(set, sample.data.size(), 1, 1e-10, 10);
    set.constraint = Constraint::poisson;
    for (std::size_t bin = 0; bin < sample.data.size(); ++bin) {
      const Real nominal = sample.data[bin];
      const Real unc = uncertainty[bin];
      const bool active = nominal > 0 && unc > 0;
      set.width.push_back(active ? (nominal / unc) * (nominal / unc) : 1.0L);
      set.fixed[bin] = !active;
    }
    set.auxdata = set.width;
  }

  void staterror_defaults(ParameterSet& set) const {
    Reals widths;
    for (const spec::Channel& channel : channels_) {
      const std::size_t nbins = channel.samples.front().data.size();
      Reals nominal(nbins, 0.0L), square(nbins, 0.0L);
      bool carried = false;
      for (const spec::Sample& sample : channel.samples) {
        for (const spec::Modifier& modifier : sample.modifiers) {
          if (modifier.name != set.name) {
            continue;
          }
          carried = true;
          for (std::size_t bin = 0; bin < nbins; ++bin) {
            const Real unc = std::get<spec::BinData>(modifier.data)[bin];
            nominal[bin] += sample.data[bin];
            square[bin] += unc * unc;
          }
        }
      }
      for (std::size_t bin = 0; carried && bin < nbins; ++bin) {
        widths.push_back(nominal[bin] > 0 ? std::sqrt(square[bin]) / nominal[bin] : 0.0L);
      }
    }
    fill(set, widths.size(), 1, 1e-10, 10);
    set.constraint = Constraint::normal;
    set.auxdata.assign(widths.size(), 1);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      set.fixed[i] = widths[i] == 0;
      set.width.push_back(widths[i] == 0 ? 1.0L : widths[i]);
    }
  }

  static void configure(ParameterSet& set, const spec::Measurement& measurement) {
    for (const spec::Parameter& parameter : measurement.parameters) {
      if (parameter.name != set.name) {
        continue;
      }
      set.init = parameter.inits.value_or(set.init);
      if (parameter.bounds) {
        for (std::size_t i = 0; i < set.size; ++i) {
          std::tie(set.lower[i], set.upper[i]) = (*parameter.bounds)[i];
        }
      }
      if (parameter.fixed) {
        set.fixed.assign(set.size, *parameter.fixed);
      }
      if (parameter.auxdata) {
        set.auxdata.assign(parameter.auxdata->begin(), parameter.auxdata->end());
      }
      const auto& width = parameter.sigmas ? parameter.sigmas : parameter.factors;
      if (width) {
        set.width.assign(width->begin(), width->end());
      }
    }
  }

  /// Component of `set` that acts on bin `bin` of `channel`.
  std::size_t component(const ParameterSet& set, const spec::Channel& channel, std::size_t bin) const {
    if (set.scalar) {
      return set.first;
    }
    std::size_t offset = 0;
    if (set.types.count("staterror") != 0) {
      for (const spec::Channel& other : channels_) {
        if (other.name == channel.name) {
          break;
        }
        bool carried = false;
        for (const spec::Sample& sample : other.samples) {
          for (const spec::Modifier& modifier : sample.modifiers) {
            carried = carried || modifier.name == set.name;
          }
        }
        offset += carried ? other.samples.front().data.size() : 0;
      }
    }
    return set.first + offset + bin;
  }

  void resolve() {
    std::map<std::string, const ParameterSet*> by_name;
    for (const ParameterSet& set : sets_) {
      by_name[set.name] = &set;
    }
    std::size_t first_bin = 0;
    for (const spec::Channel& channel : channels_) {
      for (const spec::Sample& sample : channel.samples) {
        const auto index =
            static_cast<std::size_t>(std::distance(samples_.begin(), samples_.find(sample.name)));
        for (std::size_t bin = 0; bin < sample.data.size(); ++bin) {
          Row row{index, first_bin + bin, sample.data[bin], {}, {}, {}};
          for (const spec::Modifier& modifier : sample.modifiers) {
            act(row, modifier, bin, component(*by_name.at(modifier.name), channel, bin));
          }
          rows_.push_back(std::move(row));
        }
      }
      first_bin += channel.samples.front().data.size();
    }
  }

  static void act(Row& row, const spec::Modifier& modifier, std::size_t bin, std::size_t parameter) {
    if (modifier.type == "histosys") {
      const auto& data = std::get<spec::HistoSysData>(modifier.data);
      row.shifts.push_back({parameter, data.hi_data[bin], data.lo_data[bin]});
    } else if (modifier.type == "normsys") {
      const auto& data = std::get<spec::NormSysData>(modifier.data);
      row.powers.push_back({parameter, data.hi, data.lo, code4_coefficients(data.hi, data.lo)});
    } else {
      row.factors.push_back(parameter);
    }
  }

  [[nodiscard]] Real rate(const Row& row, const Reals& pars) const {
    Real lambda = row.nominal;
    for (const Histosys& shift : row.shifts) {
      lambda += histosys_shift(options_.histosys, pars[shift.parameter], row.nominal, shift.hi, shift.lo);
    }
    for (const Normsys& power : row.powers) {
      lambda *= normsys_factor(options_.normsys, pars[power.parameter], power.hi, power.lo, power.code4);
    }
    for (const std::size_t factor : row.factors) {
      lambda *= pars[factor];
    }
    return options_.clip_sample_data ? std::max(lambda, static_cast<Real>(*options_.clip_sample_data))
                                     : lambda;
  }

  Options options_;
  std::vector<spec::Channel> channels_;
  std::set<std::string> samples_;
  std::vector<ParameterSet> sets_;
  std::vector<Row> rows_;
  std::size_t nparameters_ = 0;
};

} // namespace muhat::oracle
