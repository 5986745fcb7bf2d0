#pragma once

/// Why a density does not exist at a point: which bins have a negative rate, or none where events
/// were seen, which samples make it so, and which modifiers drive them.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/sort_stably.hpp>
#include <muhat/model/evaluator.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/model.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace muhat {

namespace detail {

/// The modifiers of a cell whose return to their init would raise `row` most, without those that
/// would raise it by less than a hundredth of what the first one does.
template <class AnyModel>
[[nodiscard]] std::string driving_modifiers(const AnyModel& model, const Vector& pars, std::size_t cell,
                                            Index row) {
  using Scalar = typename AnyModel::scalar_type;
  ModelEvaluator<Scalar, typename AnyModel::Tables> evaluator(model.tables());
  VectorOf<Scalar> point = pars.template cast<Scalar>();
  const auto row_at_point = [&] {
    evaluator.forward(point.data(), Slopes::none);
    return static_cast<double>(evaluator.rows()[row]);
  };
  const double here = row_at_point();
  std::vector<std::pair<double, std::string>> drivers;
  for (const ModifierSummary& modifier : model.tables().cell_modifiers()[cell]) {
    const ParameterSet* set = model.tables().parameters().find_set(modifier.name);
    if (set == nullptr) {
      continue;
    }
    const VectorOf<Scalar> kept = point.segment(set->first, set->size);
    point.segment(set->first, set->size) =
        model.suggested_init().segment(set->first, set->size).template cast<Scalar>();
    const double gain = row_at_point() - here;
    point.segment(set->first, set->size) = kept;
    const std::string text = modifier.type + " \"" + modifier.name + "\"";
    if (gain > 0.0 && (drivers.empty() || drivers.back().second != text)) {
      drivers.emplace_back(gain, text);
    }
  }
  sort_stably(drivers, [](const auto& a, const auto& b) { return a.first > b.first; });
  while (drivers.size() > 1 && drivers.back().first < 0.01 * drivers.front().first) {
    drivers.pop_back();
  }
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(drivers.size(), 3); ++i) {
    text += (i == 0 ? ", driven by " : ", ") + drivers[i].second;
  }
  return text;
}

/// Indices of the bins without a density, those first whose rate is negative or not a number. A rate of zero
/// is one of them only under events, if `data` says how many there are.
template <class Rates>
[[nodiscard]] std::vector<Index> bins_without_density(const Rates& rates, Index nbins, const Vector& data) {
  using Scalar = typename Rates::Scalar;
  std::vector<Index> negative;
  std::vector<Index> empty;
  for (Index bin = 0; bin < nbins; ++bin) {
    const Scalar rate = rates[bin];
    if (!(rate >= Scalar(0))) {
      negative.push_back(bin);
    } else if (rate < std::numeric_limits<Scalar>::min() && (data.size() == 0 || data[bin] > 0.0)) {
      empty.push_back(bin);
    }
  }
  negative.insert(negative.end(), empty.begin(), empty.end());
  return negative;
}

} // namespace detail

/// One sentence per bin whose rate at `pars` is negative or not a number, then per bin whose rate is zero
/// though events were seen; "" if there is none. Names channel, bin, samples and the modifiers that drive
/// them for five bins, and counts the others. `data`: events per bin, whatever follows them; without data
/// every rate of zero counts. Meant for error messages: costs one evaluation per modifier of the samples
/// concerned. Throws InvalidArgument for parameters or data of a wrong size.
template <class AnyModel>
[[nodiscard]] std::string describe_negative_bins(const AnyModel& model, const Vector& pars,
                                                 const Vector& data = Vector()) {
  using Scalar = typename AnyModel::scalar_type;
  check_parameters(model, pars);
  if (data.size() != 0 && data.size() < model.nbins()) {
    throw InvalidArgument("the data have " + std::to_string(data.size()) + " entries, the model has " +
                          std::to_string(model.nbins()) + " bins");
  }
  const Layout& layout = model.tables().layout();
  const VectorOf<Scalar> point = pars.template cast<Scalar>();
  ModelEvaluator<Scalar, typename AnyModel::Tables> evaluator(model.tables());
  evaluator.forward(point.data(), Slopes::none);
  const std::vector<Index> bins = detail::bins_without_density(evaluator.rates(), model.nbins(), data);
  constexpr std::size_t most = 5;
  std::ostringstream text;
  for (std::size_t i = 0; i < std::min(bins.size(), most); ++i) {
    const ChannelSummary& channel = channel_of(layout, bins[i]);
    const Index b = bins[i] - channel.first_bin;
    text << (i > 0 ? "; " : "") << bin_text(channel, b) << " has an expected rate of "
         << static_cast<double>(evaluator.rates()[bins[i]]) << " events";
    if (data.size() != 0 && evaluator.rates()[bins[i]] >= Scalar(0)) {
      text << ", but " << data[bins[i]] << (data[bins[i]] == 1.0 ? " was" : " were")
           << " observed: give a sample a yield there, or drop the bin";
    }
    for (std::size_t k = 0; k < layout.cells.size(); ++k) {
      const Cell& cell = layout.cells[k];
      const Index row = cell.first_row + b;
      if (&layout.channels[static_cast<std::size_t>(cell.channel)] != &channel ||
          static_cast<double>(evaluator.rows()[row]) >= 0.0) {
        continue;
      }
      text << "; sample \"" << layout.samples[static_cast<std::size_t>(cell.sample)] << "\" contributes "
           << static_cast<double>(evaluator.rows()[row]) << detail::driving_modifiers(model, pars, k, row);
    }
  }
  if (bins.size() > most) {
    text << "; and " << bins.size() - most << " more such " << (bins.size() == most + 1 ? "bin" : "bins");
  }
  return text.str();
}

} // namespace muhat
