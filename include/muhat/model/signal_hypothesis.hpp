#pragma once

/// Other yields in place: one published background, thousands of signals.
///
///     const auto template_model = muhat::build_model(workspace);   // once
///     const auto model = muhat::with_signal(template_model, {{"SR", "signal", {1.2, 0.7}}});
///
/// The new model shares layout, parameters and names with the old one and copies
/// constants only: no specification is read, and nothing is sorted or looked up
/// by more than a few names. Both models are values: many threads may derive
/// their own from one.

#include <muhat/core/errors.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/model/model.hpp>
#include <muhat/model/modifiers/standard_modifiers.hpp>

#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

/// New data of one sample in one channel.
struct SampleHypothesis {
  std::string channel;
  std::string sample;
  /// Nominal yields per bin, in events.
  std::vector<double> yields;
  /// New data of modifiers that the sample carries, by name. A histosys or staterror that is not
  /// listed keeps its size relative to the yields (none where the old yield is zero).
  std::map<std::string, spec::HistoSysData> histosys = {};
  std::map<std::string, spec::NormSysData> normsys = {};
  std::map<std::string, std::vector<double>> staterror = {};
};

/// Every sample of a channel at most once.
using SignalHypothesis = std::vector<SampleHypothesis>;

namespace detail {

template <class Scalar, class Modifiers>
class SignalReplacement {
public:
  using Tables = ModelTables<Scalar, Modifiers>;

  explicit SignalReplacement(const Tables& tables) : tables_(std::make_shared<Tables>(tables)) {}

  void apply(const SampleHypothesis& hypothesis) {
    const std::size_t index = find_cell(hypothesis);
    // What is not given is relative to the template's yields, not to those of an earlier entry.
    if (!applied_.insert(index).second) {
      throw InvalidArgument("the signal hypothesis lists " + describe(hypothesis) +
                            " twice; give all its data in one entry");
    }
    const Cell& cell = layout().cells[index];
    require_bins(hypothesis, cell, hypothesis.yields, "yields");
    check_names(hypothesis, index);
    std::vector<double> ratio(hypothesis.yields.size(), 0.0);
    for (std::size_t b = 0; b < ratio.size(); ++b) {
      Scalar& yield = tables_->nominal[cell.first_row + static_cast<Index>(b)];
      ratio[b] = yield == Scalar(0) ? 0.0 : hypothesis.yields[b] / static_cast<double>(yield);
      yield = Scalar(hypothesis.yields[b]);
    }
    for (const ModifierSummary& modifier : tables_->cell_modifiers()[index]) {
      if (modifier.type == HistoSys::type) {
        set_shift(hypothesis, cell, modifier.name, ratio);
      } else if (modifier.type == NormSys::type) {
        set_factor(hypothesis, static_cast<std::int32_t>(index), modifier.name);
      } else if (modifier.type == StatError::type) {
        set_stat_error(hypothesis, index, modifier.name, ratio);
      } else if (modifier.type != Lumi::type && modifier.type != NormFactor::type &&
                 modifier.type != ShapeFactor::type) {
        throw InvalidArgument(describe(hypothesis) + " carries the " + modifier.type + " \"" + modifier.name +
                              "\", which depends on the yields; build the model anew");
      }
    }
  }

  [[nodiscard]] BasicModel<Scalar, Modifiers> finish() {
    if (structure_ != nullptr) {
      update_widths();
    }
    // A parameter that had no effect before may have one now.
    std::vector<Kink> kinks = find_kinks(tables_->bundles);
    if (kinks.size() != tables_->kinks().size()) {
      own_structure().kinks = std::move(kinks);
    }
    if (structure_ != nullptr) {
      tables_->structure = structure_;
    }
    return BasicModel<Scalar, Modifiers>(std::move(tables_));
  }

private:
  [[nodiscard]] const Layout& layout() const { return tables_->layout(); }

  ModelStructure& own_structure() {
    if (structure_ == nullptr) {
      structure_ = std::make_shared<ModelStructure>(*tables_->structure);
    }
    return *structure_;
  }

  static std::string describe(const SampleHypothesis& hypothesis) {
    return "sample \"" + hypothesis.sample + "\" of channel \"" + hypothesis.channel + "\"";
  }

  static void require_bins(const SampleHypothesis& hypothesis, const Cell& cell,
                           const std::vector<double>& values, const std::string& what) {
    if (static_cast<Index>(values.size()) != cell.nbins) {
      throw InvalidArgument(what + " for " + describe(hypothesis) + " have " + std::to_string(values.size()) +
                            " bins, the model has " + std::to_string(cell.nbins));
    }
    for (std::size_t b = 0; b < values.size(); ++b) {
      if (!std::isfinite(values[b])) {
        throw InvalidArgument(what + " for " + describe(hypothesis) + " are not finite in bin " +
                              std::to_string(b));
      }
    }
  }

  [[nodiscard]] std::size_t find_cell(const SampleHypothesis& hypothesis) const {
    std::vector<std::string> places;
    for (std::size_t k = 0; k < layout().cells.size(); ++k) {
      const Cell& cell = layout().cells[k];
      const std::string& channel = layout().channels[static_cast<std::size_t>(cell.channel)].name;
      const std::string& sample = layout().samples[static_cast<std::size_t>(cell.sample)];
      if (channel == hypothesis.channel && sample == hypothesis.sample) {
        return k;
      }
    }
    for (const Cell& cell : layout().cells) {
      places.push_back(layout().samples[static_cast<std::size_t>(cell.sample)] + " in " +
                       layout().channels[static_cast<std::size_t>(cell.channel)].name);
    }
    throw UnknownName(
        unknown_name_message("sample", hypothesis.sample + " in " + hypothesis.channel, places));
  }

  /// Throws UnknownName for data of a modifier that the sample does not carry.
  void check_names(const SampleHypothesis& hypothesis, std::size_t cell) const {
    const auto check = [&](const auto& data, std::string_view type) {
      for (const auto& [name, value] : data) {
        std::vector<std::string> carried;
        bool found = false;
        for (const ModifierSummary& modifier : tables_->cell_modifiers()[cell]) {
          if (modifier.type == type) {
            carried.push_back(modifier.name);
            found = found || modifier.name == name;
          }
        }
        if (!found) {
          throw UnknownName(describe(hypothesis) + ": " +
                            unknown_name_message(std::string(type), name, carried));
        }
      }
    };
    check(hypothesis.histosys, HistoSys::type);
    check(hypothesis.normsys, NormSys::type);
    check(hypothesis.staterror, StatError::type);
  }

  [[nodiscard]] std::int32_t parameter(const std::string& name) const {
    return static_cast<std::int32_t>(tables_->parameters().index(name));
  }

  void set_shift(const SampleHypothesis& hypothesis, const Cell& cell, const std::string& name,
                 const std::vector<double>& ratio) {
    auto& bundle = std::get<StagedBundle<HistoSys, Scalar>>(tables_->bundles).bundle;
    const std::int32_t index = parameter(name);
    const auto given = hypothesis.histosys.find(name);
    if (given != hypothesis.histosys.end()) {
      require_bins(hypothesis, cell, given->second.hi_data, "hi_data of histosys \"" + name + "\"");
      require_bins(hypothesis, cell, given->second.lo_data, "lo_data of histosys \"" + name + "\"");
    }
    for (std::size_t b = 0; b < ratio.size(); ++b) {
      const auto row = static_cast<std::int32_t>(cell.first_row) + static_cast<std::int32_t>(b);
      ShiftEntry<Scalar> entry;
      if (given != hypothesis.histosys.end()) {
        entry = shift_entry(index, row, Scalar(hypothesis.yields[b]), Scalar(given->second.hi_data[b]),
                            Scalar(given->second.lo_data[b]));
      } else {
        entry = bundle.get(index, row);
        entry.linear *= Scalar(ratio[b]);
        entry.bend *= Scalar(ratio[b]);
      }
      if (!entry.is_finite()) {
        throw InvalidArgument("histosys \"" + name + "\" for " + describe(hypothesis) + " shifts bin " +
                              std::to_string(b) + " by more than a number can hold");
      }
      bundle.set(entry);
    }
  }

  void set_factor(const SampleHypothesis& hypothesis, std::int32_t cell, const std::string& name) {
    const auto given = hypothesis.normsys.find(name);
    if (given == hypothesis.normsys.end()) {
      return;
    }
    const auto& [hi, lo] = given->second;
    if (!(hi > 0.0 && lo > 0.0 && std::isfinite(hi) && std::isfinite(lo))) {
      throw InvalidArgument("normsys \"" + name + "\" for " + describe(hypothesis) +
                            ": hi and lo have to be positive numbers");
    }
    auto& bundle = std::get<StagedBundle<NormSys, Scalar>>(tables_->bundles).bundle;
    if (!has_finite_constants(bundle.code(), Scalar(hi), Scalar(lo))) {
      throw InvalidArgument("normsys \"" + name + "\" for " + describe(hypothesis) +
                            ": between hi = " + number_text(hi) + " and lo = " + number_text(lo) +
                            " the interpolation has coefficients too large for a number");
    }
    bundle.set({parameter(name), cell, Scalar(hi), Scalar(lo)});
  }

  void set_stat_error(const SampleHypothesis& hypothesis, std::size_t cell, const std::string& name,
                      const std::vector<double>& ratio) {
    const auto given = hypothesis.staterror.find(name);
    if (given != hypothesis.staterror.end()) {
      require_bins(hypothesis, layout().cells[cell], given->second,
                   "uncertainties of staterror \"" + name + "\"");
    }
    for (StatErrorShare& share : own_structure().stat_errors) {
      if (share.name != name || share.cell != static_cast<std::int32_t>(cell)) {
        continue;
      }
      for (std::size_t b = 0; b < ratio.size(); ++b) {
        share.uncertainties[b] =
            given != hypothesis.staterror.end() ? given->second[b] : share.uncertainties[b] * ratio[b];
      }
    }
  }

  /// Widths of the staterrors from the changed shares, unless the measurement gives them.
  void update_widths() {
    const Index n = structure_->parameters.size();
    Vector yields = Vector::Zero(n);
    Vector variances = Vector::Zero(n);
    std::vector<bool> uncertain(static_cast<std::size_t>(n), false);
    for (const StatErrorShare& share : structure_->stat_errors) {
      const Cell& cell = layout().cells[static_cast<std::size_t>(share.cell)];
      for (Index b = 0; b < cell.nbins; ++b) {
        const double uncertainty = share.uncertainties[static_cast<std::size_t>(b)];
        yields[share.parameter + b] += static_cast<double>(tables_->nominal[cell.first_row + b]);
        variances[share.parameter + b] += uncertainty * uncertainty;
        if (uncertainty != 0.0) {
          uncertain[static_cast<std::size_t>(share.parameter + b)] = true;
        }
      }
    }
    std::vector<ParameterSet> sets = structure_->parameters.sets();
    for (ParameterSet& set : sets) {
      const bool is_stat_error = set.types.size() == 1 && set.types.front() == StatError::type;
      for (Index i = 0; is_stat_error && i < set.size; ++i) {
        const double width = relative_width(yields[set.first + i], variances[set.first + i]);
        const auto k = static_cast<std::size_t>(i);
        if (uncertain[static_cast<std::size_t>(set.first + i)] &&
            !has_relative_width(yields[set.first + i], variances[set.first + i])) {
          throw InvalidArgument("staterror \"" + set.name + "\", component " + std::to_string(i) + ": " +
                                width_problem(yields[set.first + i], variances[set.first + i]));
        }
        if (!set.sigmas_configured) {
          set.sigmas[k] = width > 0.0 ? width : 1.0;
        }
        if (!set.fixed_configured) {
          set.fixed[k] = !(width > 0.0);
        }
      }
    }
    structure_->parameters = ParameterTable(std::move(sets));
  }

  std::shared_ptr<Tables> tables_;
  /// The cells that were given.
  std::set<std::size_t> applied_;
  /// Set once something other than constants changes.
  std::shared_ptr<ModelStructure> structure_;
};

} // namespace detail

/// The model with other yields, and where given other modifier data, of the named samples.
/// Throws UnknownName for a channel, sample or modifier that is not there, InvalidArgument for
/// data of a wrong length or value, for a sample listed twice, or for one with a shapesys or a user-defined
/// modifier, whose constraint or effect may depend on the yields. Complexity: a copy of the model's
/// constants; parameters too where a staterror is concerned.
template <class Scalar, class Modifiers>
[[nodiscard]] BasicModel<Scalar, Modifiers> with_signal(const BasicModel<Scalar, Modifiers>& model,
                                                        const SignalHypothesis& hypothesis) {
  detail::SignalReplacement<Scalar, Modifiers> replacement(model.tables());
  for (const SampleHypothesis& sample : hypothesis) {
    replacement.apply(sample);
  }
  return replacement.finish();
}

} // namespace muhat
