#pragma once

/// The model: expected events as a function of parameters.
///
///     nu_b(theta) = sum_{rows r of bin b} (nominal_r + shifts_r) * F_{cell(r)} * G_r
///
/// with one constant bundle per modifier kind for the shifts, the cell factors
/// F and the row factors G (see model/bundles/). HistFactory manual
/// CERN-OPEN-2012-016, equation (2).
///
/// A model is immutable and shares its tables: copies are cheap and may be used
/// from any number of threads. `build_model` (model/build.hpp) makes one.

#include <muhat/core/errors.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/layout.hpp>
#include <muhat/model/modifiers/modifier.hpp>
#include <muhat/model/modifiers/standard_modifiers.hpp>
#include <muhat/model/parameters.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace muhat {

/// The bundle that a kind's builder makes.
template <class Kind, class Scalar>
using BundleOf = decltype(std::declval<typename Kind::template Builder<Scalar>&>().build(
    std::declval<const BuildContext&>()));

/// A kind with its bundle, as an element of a model's tables.
template <class Kind, class Scalar>
struct StagedBundle {
  static constexpr ModifierStage stage = Kind::stage;
  BundleOf<Kind, Scalar> bundle;
};

/// A modifier as the summaries list it.
struct ModifierSummary {
  std::string name;
  std::string type;
};

template <class Scalar, class Modifiers>
struct ModelTables;

/// What one sample contributes to a staterror in one channel.
struct StatErrorShare {
  std::string name;
  std::int32_t cell = 0;
  /// First parameter component of the channel.
  std::int32_t parameter = 0;
  /// Absolute, per bin, in events.
  std::vector<double> uncertainties;
};

/// What models that differ in yields only have in common.
struct ModelStructure {
  Layout layout;
  ParameterTable parameters;
  std::string poi_name;
  /// The modifiers of each cell.
  std::vector<std::vector<ModifierSummary>> cell_modifiers;
  /// Where derivatives jump.
  std::vector<Kink> kinks;
  /// The statistical uncertainties that samples bring into a staterror's widths.
  std::vector<StatErrorShare> stat_errors;
};

/// Everything that evaluation reads. Immutable once built; copies share the structure.
template <class Scalar, class... Kinds>
struct ModelTables<Scalar, ModifierList<Kinds...>> {
  std::shared_ptr<const ModelStructure> structure;
  /// Per row, padded with zeros, in events.
  Column<Scalar> nominal;
  std::tuple<StagedBundle<Kinds, Scalar>...> bundles;
  std::optional<Scalar> clip_sample_data, clip_bin_data;

  [[nodiscard]] const Layout& layout() const noexcept { return structure->layout; }
  [[nodiscard]] const ParameterTable& parameters() const noexcept { return structure->parameters; }
  [[nodiscard]] const std::vector<std::vector<ModifierSummary>>& cell_modifiers() const noexcept {
    return structure->cell_modifiers;
  }
  [[nodiscard]] const std::vector<Kink>& kinks() const noexcept { return structure->kinks; }
  [[nodiscard]] const std::string& poi_name() const noexcept { return structure->poi_name; }
};

/// Where derivatives jump in any of the bundles: each parameter once, in bundle order.
template <class... Staged>
[[nodiscard]] std::vector<Kink> find_kinks(const std::tuple<Staged...>& bundles) {
  std::vector<Kink> kinks;
  const auto add = [&kinks](const auto& bundle) {
    if constexpr (requires { bundle.has_kinks(); }) {
      if (!bundle.has_kinks()) {
        return;
      }
      for (const std::int32_t parameter : bundle.parameters()) {
        const auto is_known = [parameter](const Kink& kink) { return kink.parameter == parameter; };
        if (std::none_of(kinks.begin(), kinks.end(), is_known)) {
          kinks.push_back({parameter, 0.0});
        }
      }
    }
  };
  std::apply([&add](const auto&... staged) { (add(staged.bundle), ...); }, bundles);
  return kinks;
}

/// See the head of this file. `Scalar` is the type of constants and results.
template <class Scalar = double, class Modifiers = StandardModifiers>
class BasicModel {
public:
  using scalar_type = Scalar;
  using modifiers_type = Modifiers;
  using Tables = ModelTables<Scalar, Modifiers>;

  explicit BasicModel(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}

  [[nodiscard]] const Tables& tables() const noexcept { return *tables_; }

  /// Number of parameter components, of bins, of auxiliary data.
  [[nodiscard]] Index nparameters() const noexcept { return tables_->parameters().size(); }
  [[nodiscard]] Index nbins() const noexcept { return tables_->layout().nbins; }
  [[nodiscard]] Index nauxdata() const noexcept { return tables_->parameters().auxdata().size(); }

  [[nodiscard]] const std::vector<ParameterSet>& parameter_sets() const noexcept {
    return tables_->parameters().sets();
  }
  [[nodiscard]] const std::vector<std::string>& par_names() const noexcept {
    return tables_->parameters().names();
  }
  [[nodiscard]] const Vector& suggested_init() const noexcept { return tables_->parameters().init(); }
  [[nodiscard]] const Vector& suggested_lower() const noexcept { return tables_->parameters().lower(); }
  [[nodiscard]] const Vector& suggested_upper() const noexcept { return tables_->parameters().upper(); }
  [[nodiscard]] const std::vector<bool>& suggested_fixed() const noexcept {
    return tables_->parameters().fixed();
  }
  /// Nominal auxiliary data, one per constraint term.
  [[nodiscard]] const Vector& auxdata() const noexcept { return tables_->parameters().auxdata(); }
  [[nodiscard]] const std::vector<ConstraintTerm>& constraints() const noexcept {
    return tables_->parameters().constraints();
  }
  /// Sorted by name.
  [[nodiscard]] const std::vector<ChannelSummary>& channels() const noexcept {
    return tables_->layout().channels;
  }
  [[nodiscard]] const std::vector<std::string>& samples() const noexcept { return tables_->layout().samples; }
  /// The parameter of interest that the measurement names; may be empty, or name no parameter.
  [[nodiscard]] const std::string& poi_name() const noexcept { return tables_->poi_name(); }
  /// Where derivatives jump: parameters under interpolation code0 or code1, at 0.
  [[nodiscard]] const std::vector<Kink>& kinks() const noexcept { return tables_->kinks(); }
  /// Index of a component. Throws UnknownName with near matches.
  [[nodiscard]] Index parameter_index(std::string_view name) const {
    return tables_->parameters().index(name);
  }

  /// Expected events per bin at n parameters. Allocates; loops should use an evaluator
  /// (model/evaluator.hpp). Throws InvalidArgument for a wrong number of parameters.
  [[nodiscard]] VectorOf<Scalar> expected_actualdata(const VectorOf<Scalar>& pars) const;

  /// Expected events as samples x bins; zero where a channel lacks a sample.
  [[nodiscard]] MatrixOf<Scalar> expected_by_sample(const VectorOf<Scalar>& pars) const;

private:
  std::shared_ptr<const Tables> tables_;
};

using Model = BasicModel<>;

/// Throws InvalidArgument unless `pars` has one entry per parameter of `model`.
template <class Scalar, class Modifiers, class Pars>
void check_parameters(const BasicModel<Scalar, Modifiers>& model, const Pars& pars) {
  if (pars.size() != model.nparameters()) {
    throw InvalidArgument("the model has " + std::to_string(model.nparameters()) + " parameters, but " +
                          std::to_string(pars.size()) + " were given");
  }
}

} // namespace muhat

#include <muhat/model/evaluator.hpp>

namespace muhat {

template <class Scalar, class Modifiers>
VectorOf<Scalar> BasicModel<Scalar, Modifiers>::expected_actualdata(const VectorOf<Scalar>& pars) const {
  check_parameters(*this, pars);
  ModelEvaluator<Scalar, Tables> evaluator(*tables_);
  evaluator.forward(pars.data(), Slopes::none);
  return evaluator.rates().head(nbins()).matrix();
}

template <class Scalar, class Modifiers>
MatrixOf<Scalar> BasicModel<Scalar, Modifiers>::expected_by_sample(const VectorOf<Scalar>& pars) const {
  check_parameters(*this, pars);
  ModelEvaluator<Scalar, Tables> evaluator(*tables_);
  evaluator.forward(pars.data(), Slopes::none);
  const Layout& layout = tables_->layout();
  MatrixOf<Scalar> result = MatrixOf<Scalar>::Zero(static_cast<Index>(layout.samples.size()), layout.nbins);
  for (const Cell& cell : layout.cells) {
    for (Index b = 0; b < cell.nbins; ++b) {
      const Index row = cell.first_row + b;
      result(cell.sample, layout.row_bin[static_cast<std::size_t>(row)]) += evaluator.rows()[row];
    }
  }
  return result;
}

} // namespace muhat
