#pragma once

/// From collected sets and a measurement's parameter configurations to final
/// parameter sets. A configured attribute replaces the default; one that the set
/// does not have, or of the wrong length, is an error that names the parameter.

#include <muhat/core/errors.hpp>
#include <muhat/core/number_text.hpp>
#include <muhat/model/parameter_collector.hpp>
#include <muhat/model/parameters.hpp>
#include <muhat/spec/specification.hpp>

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muhat {

namespace detail {

/// Replaces `target` by a configured list; throws InvalidModel unless it has one value per component.
template <class T>
void replace_list(const ParameterSet& set, const std::optional<std::vector<T>>& configured,
                  const char* attribute, std::vector<T>& target) {
  if (!configured) {
    return;
  }
  if (configured->size() != static_cast<std::size_t>(set.size)) {
    throw InvalidModel("parameter \"" + set.name + "\": its configuration has " +
                       std::to_string(configured->size()) + " " + attribute + " but the parameter has " +
                       std::to_string(set.size) + (set.size == 1 ? " component" : " components"));
  }
  target = *configured;
}

inline void refuse_attribute(const ParameterSet& set, bool configured, const char* attribute,
                             const char* who) {
  if (configured) {
    throw InvalidModel("parameter \"" + set.name + "\" (" + set.types.front() + ") has no " + attribute +
                       ", which only " + who + " have; remove it from the configuration");
  }
}

inline void require_positive(const ParameterSet& set, const std::vector<double>& values,
                             const char* attribute) {
  for (const double value : values) {
    // The inverse of a smaller one is no number.
    if (!(value > 0.0) || !std::isnormal(value)) {
      throw InvalidModel("parameter \"" + set.name + "\": " + attribute + " = " + number_text(value) +
                         " has to be a positive number, not below 2.3e-308");
    }
  }
}

inline void check_ranges(const ParameterSet& set) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(set.size); ++i) {
    const auto& [lower, upper] = set.bounds[i];
    if (std::isnan(lower) || std::isnan(upper) || lower > upper) {
      throw InvalidModel("parameter \"" + set.name + "\": bounds [" + number_text(lower) + ", " +
                         number_text(upper) + "] have to be an interval");
    }
    if (!std::isfinite(set.inits[i])) {
      throw InvalidModel("parameter \"" + set.name + "\": its init has to be a finite number");
    }
  }
}

[[nodiscard]] inline ParameterSet with_defaults(const CollectedSet& collected) {
  const ParameterRequirement& requirement = collected.requirement;
  const auto size = static_cast<std::size_t>(requirement.size);
  ParameterSet set;
  set.name = requirement.name;
  set.types = collected.types;
  set.size = requirement.size;
  set.scalar = requirement.sharing == Sharing::scalar;
  set.inits.assign(size, requirement.init);
  set.bounds.assign(size, requirement.bounds);
  set.fixed = requirement.fixed;
  set.constraint = requirement.constraint;
  set.auxdata = requirement.auxdata;
  (set.constraint == Constraint::poisson ? set.factors : set.sigmas) = requirement.scales;
  return set;
}

inline void require_configuration(const ParameterSet& set, const spec::Parameter* configuration) {
  std::string missing;
  const auto note = [&missing](bool present, const char* attribute) {
    if (!present) {
      missing += missing.empty() ? attribute : std::string(", ") + attribute;
    }
  };
  note(configuration != nullptr && configuration->inits.has_value(), "inits");
  note(configuration != nullptr && configuration->bounds.has_value(), "bounds");
  note(configuration != nullptr && configuration->auxdata.has_value(), "auxdata");
  note(configuration != nullptr && configuration->sigmas.has_value(), "sigmas");
  if (!missing.empty()) {
    throw InvalidModel("parameter \"" + set.name + "\": a " + set.types.front() +
                       " modifier needs the measurement to configure it; missing: " + missing);
  }
}

inline void configure(ParameterSet& set, const spec::Parameter& configuration, bool sigmas_allowed) {
  refuse_attribute(set, configuration.auxdata && set.constraint == Constraint::none, "auxdata",
                   "constrained parameters");
  refuse_attribute(set, configuration.sigmas && !sigmas_allowed, "sigmas", "lumi and staterror");
  refuse_attribute(set, configuration.factors && set.constraint != Constraint::poisson, "factors",
                   "shapesys");
  replace_list(set, configuration.inits, "inits", set.inits);
  replace_list(set, configuration.bounds, "bounds", set.bounds);
  replace_list(set, configuration.auxdata, "auxdata", set.auxdata);
  replace_list(set, configuration.sigmas, "sigmas", set.sigmas);
  replace_list(set, configuration.factors, "factors", set.factors);
  set.sigmas_configured = configuration.sigmas.has_value();
  set.fixed_configured = configuration.fixed.has_value();
  if (configuration.fixed) {
    set.fixed.assign(static_cast<std::size_t>(set.size), *configuration.fixed);
  }
}

} // namespace detail

/// Throws InvalidModel for a name that is configured twice, or for what `configure` refuses.
[[nodiscard]] inline std::vector<ParameterSet>
configure_parameters(const std::vector<CollectedSet>& collected,
                     const std::vector<spec::Parameter>& configurations) {
  std::map<std::string_view, const spec::Parameter*> by_name;
  for (const spec::Parameter& configuration : configurations) {
    if (!by_name.emplace(configuration.name, &configuration).second) {
      throw InvalidModel("parameter \"" + configuration.name + "\" is configured twice in the measurement");
    }
  }
  std::vector<ParameterSet> sets;
  sets.reserve(collected.size());
  for (const CollectedSet& source : collected) {
    ParameterSet set = detail::with_defaults(source);
    const auto found = by_name.find(set.name);
    const spec::Parameter* configuration = found == by_name.end() ? nullptr : found->second;
    if (source.requirement.configured) {
      detail::require_configuration(set, configuration);
    }
    if (configuration != nullptr) {
      const bool sigmas_allowed =
          source.requirement.configured || source.requirement.sharing == Sharing::by_channel_bin;
      detail::configure(set, *configuration, sigmas_allowed);
    }
    detail::require_positive(set, set.sigmas, "sigma");
    detail::require_positive(set, set.factors, "factor");
    detail::check_ranges(set);
    sets.push_back(std::move(set));
  }
  return sets;
}

} // namespace muhat
