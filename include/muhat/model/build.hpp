#pragma once

/// From a specification to a model.
///
///     const auto model = muhat::build_model(workspace, {.measurement = "Measurement"});
///
/// Channels and samples are sorted by name; parameters stand as described in
/// model/parameter_collector.hpp. Complexity: linear in the size of the
/// specification, up to sorting names.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/model/interpolation/codes.hpp>
#include <muhat/model/model.hpp>
#include <muhat/model/parameter_configuration.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace muhat {

/// How to build a model. The defaults are those of pyhf.
struct ModelOptions {
  /// The workspace's measurement by name; empty: by index.
  std::string measurement = {};
  std::size_t measurement_index = 0;
  InterpolationCodes interpolation = {};
  /// Floors of the expected events of every sample in a bin, and of every bin; finite.
  std::optional<double> clip_sample_data = {};
  std::optional<double> clip_bin_data = {};
  /// What a sweep keeps in the cache (model/layout.hpp), best half of a core's second-level cache; tiles are
  /// whole channels, so one may be larger. Results differ by rounding only.
  std::size_t tile_bytes = default_tile_bytes;
};

/// What build_model and observed_data need of a workspace.
template <class W>
concept WorkspaceLike = requires(const W& workspace, const std::string& name, std::size_t index) {
  { workspace.specification() } -> std::convertible_to<const spec::Workspace&>;
  { workspace.measurement(name) } -> std::convertible_to<const spec::Measurement&>;
  { workspace.measurement(index) } -> std::convertible_to<const spec::Measurement&>;
};

namespace detail {

/// Throws InvalidModel for a name that two entries share.
template <class Named>
void require_unique_names(const std::vector<Named>& list, const std::string& what) {
  const std::vector<std::size_t> order = sorted_by_name(list);
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (list[order[i]].name == list[order[i - 1]].name) {
      throw InvalidModel("invalid model: two " + what + " are named \"" + list[order[i]].name +
                         "\"; rename one of them");
    }
  }
}

inline void check_channels(const std::vector<spec::Channel>& channels) {
  if (channels.empty()) {
    throw InvalidModel("invalid model: there is no channel");
  }
  require_unique_names(channels, "channels");
  for (const spec::Channel& channel : channels) {
    require_unique_names(channel.samples, "samples of channel \"" + channel.name + "\"");
    if (channel.samples.empty()) {
      throw InvalidModel("invalid model: channel \"" + channel.name + "\" has no sample");
    }
    for (const spec::Sample& sample : channel.samples) {
      if (sample.data.empty() || sample.data.size() != channel.samples.front().data.size()) {
        throw InvalidModel("invalid model: sample \"" + sample.name + "\" of channel \"" + channel.name +
                           "\" has " + std::to_string(sample.data.size()) + " bins, \"" +
                           channel.samples.front().name + "\" has " +
                           std::to_string(channel.samples.front().data.size()));
      }
      for (const double yield : sample.data) {
        if (!std::isfinite(yield)) {
          throw InvalidModel("invalid model: sample \"" + sample.name + "\" of channel \"" + channel.name +
                             "\" has a yield that is not a finite number");
        }
      }
    }
  }
}

/// No rate is less than NaN, yet every rate would count as clipped.
inline void check_clip(const std::optional<double>& floor, const char* option) {
  if (floor && !std::isfinite(*floor)) {
    throw InvalidArgument(
        "invalid model options: " + std::string(option) + " = " + number_text(*floor) +
        "; the floor of the expected events has to be a finite number, leave it out for none");
  }
}

template <class Scalar, class Modifiers>
class ModelBuilder;

/// Walks the specification twice: to collect parameters, then to fill bundles.
template <class Scalar, class... Kinds>
class ModelBuilder<Scalar, ModifierList<Kinds...>> {
public:
  using Tables = ModelTables<Scalar, ModifierList<Kinds...>>;

  ModelBuilder(const std::vector<spec::Channel>& channels, const ModelOptions& options)
      : channels_(&channels), options_(&options) {
    check_interpolation_codes(options.interpolation);
    check_clip(options.clip_sample_data, "clip_sample_data");
    check_clip(options.clip_bin_data, "clip_bin_data");
    check_channels(channels);
  }

  [[nodiscard]] std::shared_ptr<const Tables> build(const std::vector<spec::Parameter>& configurations,
                                                    const std::string& poi_name) {
    auto tables = std::make_shared<Tables>();
    auto structure = std::make_shared<ModelStructure>();
    tables->structure = structure;
    structure->layout = make_layout(*channels_, options_->tile_bytes);
    structure->poi_name = poi_name;
    ParameterCollector collector;
    for (const std::int32_t cell : structure->layout.walk) {
      collect(structure->layout, cell, collector);
    }
    const std::vector<CollectedSet> collected = collector.finish();
    structure->parameters = ParameterTable(configure_parameters(collected, configurations));
    fill(*tables, *structure, ParameterLocator(collected, structure->parameters));
    if (options_->clip_sample_data) {
      tables->clip_sample_data = Scalar(*options_->clip_sample_data);
    }
    if (options_->clip_bin_data) {
      tables->clip_bin_data = Scalar(*options_->clip_bin_data);
    }
    return tables;
  }

private:
  static constexpr std::array<std::string_view, sizeof...(Kinds)> types = {Kinds::type...};

  [[nodiscard]] const spec::Channel& channel_of(const Cell& cell) const {
    return (*channels_)[cell.spec_channel];
  }

  [[nodiscard]] static bool same_modifier(const spec::Modifier& a, const spec::Modifier& b) {
    return a.name == b.name && a.type == b.type;
  }

  void collect(const Layout& layout, std::int32_t index, ParameterCollector& collector) const {
    const Cell& cell = layout.cells[static_cast<std::size_t>(index)];
    const spec::Channel& channel = channel_of(cell);
    const spec::Sample& sample = channel.samples[cell.spec_sample];
    // Sorted, so that what is built depends on no order of the file, to the last bit.
    const std::vector<std::size_t> order = spec::sorted_modifiers(sample.modifiers);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const ModifierSite site{channel, sample, sample.modifiers[order[i]], cell, index, order[i]};
      if (i > 0 && same_modifier(sample.modifiers[order[i - 1]], site.modifier)) {
        throw InvalidModel("invalid model: " + site.describe() +
                           " stands in its sample twice; remove one of the two");
      }
      require(site, collector, std::index_sequence_for<Kinds...>{});
    }
  }

  template <std::size_t... I>
  static void require(const ModifierSite& site, ParameterCollector& collector, std::index_sequence<I...>) {
    const bool known =
        ((site.modifier.type == Kinds::type && (Kinds::require(site, collector, I), true)) || ...);
    if (!known) {
      throw InvalidModel("invalid model: " + site.describe() + " is of an unknown modifier type; " +
                         unknown_name_message("modifier type", site.modifier.type, types));
    }
  }

  void fill(Tables& tables, ModelStructure& structure, const ParameterLocator& locator) const {
    const Layout& layout = structure.layout;
    tables.nominal.setZero(padded_size(layout.nrows));
    structure.cell_modifiers.resize(layout.cells.size());
    std::tuple<typename Kinds::template Builder<Scalar>...> builders;
    for (std::size_t k = 0; k < layout.cells.size(); ++k) {
      const Cell& cell = layout.cells[k];
      const spec::Channel& channel = channel_of(cell);
      const spec::Sample& sample = channel.samples[cell.spec_sample];
      for (std::size_t b = 0; b < sample.data.size(); ++b) {
        tables.nominal[cell.first_row + static_cast<Index>(b)] = Scalar(sample.data[b]);
      }
      structure.cell_modifiers[k].reserve(sample.modifiers.size());
      for (const std::size_t m : spec::sorted_modifiers(sample.modifiers)) {
        const ModifierSite site{channel, sample, sample.modifiers[m], cell, static_cast<std::int32_t>(k), m};
        add(site, locator, builders, std::index_sequence_for<Kinds...>{});
        structure.cell_modifiers[k].push_back({site.modifier.name, site.modifier.type});
        if (site.modifier.type == StatError::type) {
          structure.stat_errors.push_back({site.modifier.name, site.cell_index,
                                           locator.first(site.modifier.name, cell.channel),
                                           site.data<spec::BinData>()});
        }
      }
    }
    const BuildContext context{layout, options_->interpolation,
                               static_cast<std::int32_t>(structure.parameters.size())};
    finish(tables, structure, context, builders, std::index_sequence_for<Kinds...>{});
  }

  template <class Builders, std::size_t... I>
  static void add(const ModifierSite& site, const ParameterLocator& locator, Builders& builders,
                  std::index_sequence<I...>) {
    (void)((site.modifier.type == Kinds::type && (std::get<I>(builders).add(site, locator), true)) || ...);
  }

  template <class Builders, std::size_t... I>
  static void finish(Tables& tables, ModelStructure& structure, const BuildContext& context,
                     Builders& builders, std::index_sequence<I...>) {
    ((std::get<I>(tables.bundles).bundle = std::get<I>(builders).build(context)), ...);
    structure.kinks = find_kinks(tables.bundles);
  }

  const std::vector<spec::Channel>* channels_;
  const ModelOptions* options_;
};

} // namespace detail

/// Builds a model of given channels and one measurement. `Scalar` and `Modifiers` may be
/// chosen: `build_model<long double>(specification, measurement)`.
/// Throws InvalidModel, InvalidNameReuse, InvalidArgument.
template <class Scalar = double, class Modifiers = StandardModifiers>
[[nodiscard]] BasicModel<Scalar, Modifiers> build_model(const std::vector<spec::Channel>& channels,
                                                        const spec::Measurement& measurement,
                                                        const ModelOptions& options = {}) {
  detail::ModelBuilder<Scalar, Modifiers> builder(channels, options);
  return BasicModel<Scalar, Modifiers>(builder.build(measurement.parameters, measurement.poi));
}

/// Builds a model of a specification with its own parameter configurations, for a parameter of
/// interest that may be empty.
template <class Scalar = double, class Modifiers = StandardModifiers>
[[nodiscard]] BasicModel<Scalar, Modifiers> build_model(const spec::Model& model, const std::string& poi = {},
                                                        const ModelOptions& options = {}) {
  detail::ModelBuilder<Scalar, Modifiers> builder(model.channels, options);
  return BasicModel<Scalar, Modifiers>(builder.build(model.parameters, poi));
}

/// Builds the model of a workspace for one of its measurements.
/// Throws UnknownName for a measurement that is not there.
template <class Scalar = double, class Modifiers = StandardModifiers, WorkspaceLike W>
[[nodiscard]] BasicModel<Scalar, Modifiers> build_model(const W& workspace,
                                                        const ModelOptions& options = {}) {
  const spec::Measurement& measurement = options.measurement.empty()
                                             ? workspace.measurement(options.measurement_index)
                                             : workspace.measurement(options.measurement);
  return build_model<Scalar, Modifiers>(workspace.specification().channels, measurement, options);
}

} // namespace muhat
