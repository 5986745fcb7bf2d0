#pragma once

/// The parameters of a model: sets of one or more components in a fixed order,
/// each with its start, bounds, constraint and auxiliary data.

#include <muhat/core/errors.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/near_matches.hpp>
#include <muhat/model/constraint_term.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace muhat {

/// All components that one modifier name brings into a model.
struct ParameterSet {
  std::string name;
  /// The modifier types that use it, in parameter order.
  std::vector<std::string> types;
  /// First component, and number of components.
  Index first = 0;
  Index size = 1;
  /// A scalar set's component is called `name`; the others `name[0]`, `name[1]`, ...
  bool scalar = true;
  std::vector<double> inits;
  std::vector<std::pair<double, double>> bounds;
  /// Suggested to stay at its init.
  std::vector<bool> fixed;
  Constraint constraint = Constraint::none;
  /// Empty where unconstrained.
  std::vector<double> auxdata;
  /// Widths of Normal constraints.
  std::vector<double> sigmas;
  /// Rates per unit parameter of Poisson constraints.
  std::vector<double> factors;
  /// Whether the measurement, not the samples, says what `sigmas` and `fixed` are.
  bool sigmas_configured = false;
  bool fixed_configured = false;
};

/// Parameter sets flattened to components.
class ParameterTable {
public:
  ParameterTable() = default;

  /// Numbers the components of `sets` in order. Throws InvalidNameReuse where two components
  /// would have one name. Complexity: linear.
  explicit ParameterTable(std::vector<ParameterSet> sets) : sets_(std::move(sets)) {
    Index size = 0;
    for (ParameterSet& set : sets_) {
      set.first = size;
      size += set.size;
    }
    init_.resize(size);
    lower_.resize(size);
    upper_.resize(size);
    fixed_.resize(static_cast<std::size_t>(size));
    names_.reserve(static_cast<std::size_t>(size));
    for (const ParameterSet& set : sets_) {
      flatten(set);
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto [place, is_new] = index_.emplace(names_[i], static_cast<Index>(i));
      if (!is_new) {
        throw InvalidNameReuse("invalid name reuse: two parameters would be called \"" + names_[i] +
                               "\", of " + describe_set(place->second) + " and of " +
                               describe_set(static_cast<Index>(i)) +
                               "; parameter names have to be unique, rename one of these modifiers");
      }
    }
    auxdata_.resize(static_cast<Index>(constraints_.size()));
    for (std::size_t i = 0; i < constraints_.size(); ++i) {
      auxdata_[static_cast<Index>(i)] = constraints_[i].auxdata;
    }
  }

  [[nodiscard]] Index size() const noexcept { return init_.size(); }
  [[nodiscard]] const std::vector<ParameterSet>& sets() const noexcept { return sets_; }
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] const Vector& init() const noexcept { return init_; }
  [[nodiscard]] const Vector& lower() const noexcept { return lower_; }
  [[nodiscard]] const Vector& upper() const noexcept { return upper_; }
  [[nodiscard]] const std::vector<bool>& fixed() const noexcept { return fixed_; }
  [[nodiscard]] const Vector& auxdata() const noexcept { return auxdata_; }
  /// In the order of the auxiliary data.
  [[nodiscard]] const std::vector<ConstraintTerm>& constraints() const noexcept { return constraints_; }

  /// The set called `name`, or nullptr. Complexity: number of sets.
  [[nodiscard]] const ParameterSet* find_set(std::string_view name) const noexcept {
    for (const ParameterSet& set : sets_) {
      if (set.name == name) {
        return &set;
      }
    }
    return nullptr;
  }

  /// The index of a component. Throws UnknownName with near matches.
  [[nodiscard]] Index index(std::string_view name) const {
    const auto found = index_.find(std::string(name));
    if (found == index_.end()) {
      throw UnknownName(unknown_name_message("parameter", name, names_));
    }
    return found->second;
  }

private:
  /// The set that a component belongs to.
  [[nodiscard]] std::string describe_set(Index component) const {
    const auto after = std::upper_bound(sets_.begin(), sets_.end(), component,
                                        [](Index k, const ParameterSet& set) { return k < set.first; });
    const ParameterSet& set = *std::prev(after);
    return (set.types.empty() ? "the set" : set.types.front()) + " \"" + set.name + "\" with " +
           std::to_string(set.size) + (set.size == 1 ? " parameter" : " parameters");
  }

  void flatten(const ParameterSet& set) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(set.size); ++i) {
      const Index k = set.first + static_cast<Index>(i);
      names_.push_back(set.scalar ? set.name : set.name + "[" + std::to_string(i) + "]");
      init_[k] = set.inits[i];
      lower_[k] = set.bounds[i].first;
      upper_[k] = set.bounds[i].second;
      fixed_[static_cast<std::size_t>(k)] = set.fixed[i];
      if (set.constraint != Constraint::none) {
        const double scale = set.constraint == Constraint::normal ? set.sigmas[i] : set.factors[i];
        constraints_.push_back({set.constraint, k, set.auxdata[i], scale});
      }
    }
  }

  std::vector<ParameterSet> sets_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, Index> index_;
  Vector init_, lower_, upper_;
  std::vector<bool> fixed_;
  Vector auxdata_;
  std::vector<ConstraintTerm> constraints_;
};

} // namespace muhat
