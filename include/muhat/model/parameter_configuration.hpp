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

/// A parameter and where its configuration stands: `parameter "u" (at "/measurements/0/.../sigmas")`.
[[nodiscard]] inline std::string describe(const ParameterSet& set, const spec::Parameter* configuration,
                                          const std::string& attribute = {}) {
  std::string text = "parameter \"" + set.name + "\"";
  if (configuration != nullptr && !configuration->pointer.empty()) {
    text += " (at \"" + configuration->pointer + (attribute.empty() ? "" : "/" + attribute) + "\")";
  }
  return text;
}

/// How messages name the value of one component.
[[nodiscard]] inline std::string component_text(const ParameterSet& set, const std::string& attribute,
                                                std::size_t i) {
  return set.size == 1 ? attribute : attribute + "[" + std::to_string(i) + "]";
}

/// Replaces `target` by a configured list; throws InvalidModel unless it has one value per component.
template <class T>
void replace_list(const ParameterSet& set, const spec::Parameter& configuration,
                  const std::optional<std::vector<T>>& configured, const char* attribute,
                  std::vector<T>& target) {
  if (!configured) {
    return;
  }
  if (configured->size() != static_cast<std::size_t>(set.size)) {
    throw InvalidModel(describe(set, &configuration, attribute) + ": its configuration has " +
                       std::to_string(configured->size()) + " " + attribute + " but the parameter has " +
                       std::to_string(set.size) + (set.size == 1 ? " component" : " components") +
                       "; give one value for each");
  }
  target = *configured;
}

inline void refuse_attribute(const ParameterSet& set, const spec::Parameter& configuration, bool configured,
                             const char* attribute, const char* who) {
  if (configured) {
    throw InvalidModel(describe(set, &configuration, attribute) + ", a " + set.types.front() + ", has no " +
                       attribute + ", which only " + who + " have; remove it from the configuration");
  }
}

inline void require_positive(const ParameterSet& set, const spec::Parameter* configuration,
                             const std::vector<double>& values, const char* attribute) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    // The inverse of a smaller one is no number.
    if (!(values[i] > 0.0) || !std::isnormal(values[i])) {
      throw InvalidModel(describe(set, configuration, attribute) + ": " + component_text(set, attribute, i) +
                         " = " + number_text(values[i]) + " has to be a positive number, not below 2.3e-308");
    }
  }
}

inline void check_ranges(const ParameterSet& set, const spec::Parameter* configuration) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(set.size); ++i) {
    const auto& [lower, upper] = set.bounds[i];
    if (std::isnan(lower) || std::isnan(upper) || lower > upper) {
      throw InvalidModel(describe(set, configuration, "bounds") + ": " + component_text(set, "bounds", i) +
                         " = [" + number_text(lower) + ", " + number_text(upper) +
                         "] have to be an interval");
    }
    if (!std::isfinite(set.inits[i])) {
      throw InvalidModel(describe(set, configuration, "inits") + ": " + component_text(set, "inits", i) +
                         " = " + number_text(set.inits[i]) + " has to be a finite number");
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
    throw InvalidModel(describe(set, configuration) + ": a " + set.types.front() +
                       " modifier needs the measurement to configure it; missing: " + missing);
  }
}

inline void configure(ParameterSet& set, const spec::Parameter& configuration, bool sigmas_allowed) {
  refuse_attribute(set, configuration, configuration.auxdata && set.constraint == Constraint::none, "auxdata",
                   "constrained parameters");
  refuse_attribute(set, configuration, configuration.sigmas && !sigmas_allowed, "sigmas",
                   "lumi and staterror");
  refuse_attribute(set, configuration, configuration.factors && set.constraint != Constraint::poisson,
                   "factors", "shapesys");
  replace_list(set, configuration, configuration.inits, "inits", set.inits);
  replace_list(set, configuration, configuration.bounds, "bounds", set.bounds);
  replace_list(set, configuration, configuration.auxdata, "auxdata", set.auxdata);
  replace_list(set, configuration, configuration.sigmas, "sigmas", set.sigmas);
  replace_list(set, configuration, configuration.factors, "factors", set.factors);
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
      throw InvalidModel(
          "parameter \"" + configuration.name + "\" is configured twice in the measurement" +
          (configuration.pointer.empty() ? "" : " (again at \"" + configuration.pointer + "\")") +
          "; remove one of the two");
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
    detail::require_positive(set, configuration, set.sigmas, "sigmas");
    detail::require_positive(set, configuration, set.factors, "factors");
    detail::check_ranges(set, configuration);
    sets.push_back(std::move(set));
  }
  return sets;
}

} // namespace muhat
