#pragma once

/// A modifier kind of your own: one class, no derivatives needed.
///
///     struct Quadratic {                                   // 1 + a x + b x^2
///       static constexpr std::string_view type = "quadratic";
///       static constexpr muhat::UserEffect effect = muhat::UserEffect::factor;
///       static constexpr std::size_t parameter_count = 1;
///       explicit Quadratic(const muhat::UserModifierContext& context);
///       std::vector<muhat::UserParameter> parameters() const;
///       template <class T> T operator()(const std::array<T, 1>& pars, muhat::Index bin) const;
///     };
///     using MyModifiers = muhat::WithModifiers<Quadratic>;
///     const auto model = muhat::build_model<double, MyModifiers>(workspace);
///
/// The call operator is the factor (or the shift, in events) of one bin, for any
/// scalar T: first and second derivatives come from Boost.Math's forward autodiff
/// (J. Pulver, K. Brinkman, boost/math/differentiation/autodiff.hpp). A class that
/// knows better has a member
///
///     void derivatives(const std::array<double, n>& pars, muhat::Index bin,
///                      std::array<double, n>& gradient, muhat::UserHessian<n>& hessian) const;
///
/// Boost's pow(x, 2) has no derivative at x = 0; write x * x. A modifier whose
/// derivatives are not finite at the suggested start is refused.

#include <muhat/core/dual.hpp>
#include <muhat/core/kink.hpp>
#include <muhat/core/lanes.hpp>
#include <muhat/model/modifiers/modifier.hpp>
#include <muhat/model/modifiers/standard_modifiers.hpp>

#include <boost/math/differentiation/autodiff.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace muhat {

enum class UserEffect {
  /// Multiplies the rows of its sample.
  factor,
  /// Is added to the yield of its sample, in events, before all factors.
  shift
};

/// Where a user's modifier stands, and what it was given.
struct UserModifierContext {
  const std::string& channel;
  const std::string& sample;
  const std::string& name;
  /// The sample's yields per bin, in events.
  const std::vector<double>& yields;
  /// The modifier's `data`.
  const spec::CustomData& data;

  /// A list of numbers in `data`. Throws InvalidModel if it is not there.
  [[nodiscard]] const std::vector<double>& numbers(const std::string& key) const {
    const auto found = data.numbers.find(key);
    if (found == data.numbers.end()) {
      throw InvalidModel("modifier \"" + name + "\" of sample \"" + sample + "\" in channel \"" + channel +
                         "\" lacks the numbers \"" + key + "\" in its data");
    }
    return found->second;
  }
};

/// A scalar parameter that a user's modifier depends on. One that another modifier
/// defines too keeps that one's defaults and constraint.
struct UserParameter {
  std::string name;
  double init = 0.0;
  std::pair<double, double> bounds = {-5.0, 5.0};
  Constraint constraint = Constraint::normal;
  double auxdata = 0.0;
  /// Normal: width. Poisson: rate per unit parameter.
  double scale = 1.0;
};

template <std::size_t n>
using UserHessian = std::array<std::array<double, n>, n>;

/// Its `data` member in the JSON is an object of numbers and strings.
template <class K>
concept UserModifier = requires(const K& kind, const UserModifierContext& context,
                                const std::array<double, K::parameter_count>& pars, Index bin) {
  { K::type } -> std::convertible_to<std::string_view>;
  { K::effect } -> std::convertible_to<UserEffect>;
  K(context);
  { kind.parameters() } -> std::convertible_to<std::vector<UserParameter>>;
  { kind(pars, bin) } -> std::convertible_to<double>;
};

/// A class that supplies its own derivatives.
template <class K>
concept SuppliesDerivatives = requires(const K& kind, const std::array<double, K::parameter_count>& pars,
                                       Index bin, std::array<double, K::parameter_count>& gradient,
                                       UserHessian<K::parameter_count>& hessian) {
  kind.derivatives(pars, bin, gradient, hessian);
};

/// Fills first and second derivatives of one bin, by autodiff unless the class supplies them.
/// Complexity: n (n + 1) / 2 calls on truncated Taylor series of order two.
template <UserModifier K>
void user_derivatives(const K& kind, const std::array<double, K::parameter_count>& pars, Index bin,
                      std::array<double, K::parameter_count>& gradient,
                      UserHessian<K::parameter_count>& hessian) {
  if constexpr (SuppliesDerivatives<K>) {
    kind.derivatives(pars, bin, gradient, hessian);
  } else {
    using Series = boost::math::differentiation::autodiff_fvar<double, 2>;
    constexpr std::size_t n = K::parameter_count;
    // Along e_j the second derivative is h_jj, along e_j + e_k it is h_jj + 2 h_jk + h_kk.
    const auto along = [&](std::size_t j, std::size_t k) {
      std::array<Series, n> point;
      for (std::size_t i = 0; i < n; ++i) {
        point[i] =
            i == j || i == k ? boost::math::differentiation::make_fvar<double, 2>(pars[i]) : Series(pars[i]);
      }
      return Series(kind(point, bin));
    };
    for (std::size_t j = 0; j < n; ++j) {
      const Series series = along(j, j);
      gradient[j] = series.derivative(1);
      hessian[j][j] = series.derivative(2);
    }
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < j; ++k) {
        hessian[j][k] = hessian[k][j] = 0.5 * (along(j, k).derivative(2) - hessian[j][j] - hessian[k][k]);
      }
    }
  }
}

/// All modifiers of one user kind: a list, as each may be anything.
template <UserModifier K>
class UserBundle {
public:
  static constexpr std::size_t n = K::parameter_count;

  struct Instance {
    K modifier;
    std::array<std::int32_t, n> parameters;
    Index first_row = 0;
    Index nbins = 0;
    /// Of the tape.
    std::size_t first_step = 0;
  };

  /// Per row: what stood there before, the effect and its slopes.
  template <class T>
  struct Tape {
    struct Step {
      T before, effect;
      std::array<T, n> slopes;
    };
    std::vector<Step> steps;
  };

  UserBundle() = default;
  /// `instances`: by their first row. `tile_starts`: the first row of each tile, ascending from 0.
  explicit UserBundle(std::vector<Instance> instances, const std::vector<Index>& tile_starts)
      : instances_(std::move(instances)) {
    for (Instance& instance : instances_) {
      instance.first_step = rows_;
      rows_ += static_cast<std::size_t>(instance.nbins);
    }
    for (const Index start : tile_starts) {
      const auto first =
          std::partition_point(instances_.begin(), instances_.end(),
                               [start](const Instance& instance) { return instance.first_row < start; });
      first_instance_.push_back(static_cast<std::size_t>(first - instances_.begin()));
    }
    first_instance_.push_back(instances_.size());
  }

  [[nodiscard]] bool empty() const noexcept { return instances_.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return instances_.size() * sizeof(Instance); }

  template <class T>
  void forward(const T* parameters, T* rows, Tape<T>& tape, Slopes slopes, std::size_t tile) const {
    tape.steps.resize(rows_);
    for (std::size_t i = first_instance_[tile]; i < first_instance_[tile + 1]; ++i) {
      const Instance& instance = instances_[i];
      auto* step = tape.steps.data() + instance.first_step;
      for (Index b = 0; b < instance.nbins; ++b, ++step) {
        T& row = rows[instance.first_row + b];
        step->before = row;
        evaluate(instance, b, parameters, slopes, *step);
        if constexpr (K::effect == UserEffect::factor) {
          row *= step->effect;
        } else {
          row += step->effect;
        }
      }
    }
  }

  template <class T, class Sink>
  void reverse(const T*, T* adjoint, const Tape<T>& tape, Sink& sink, std::size_t tile) const {
    for (std::size_t i = first_instance_[tile + 1]; i-- > first_instance_[tile];) {
      const Instance& instance = instances_[i];
      const auto* step = tape.steps.data() + instance.first_step + instance.nbins;
      for (Index b = instance.nbins; b-- > 0;) {
        --step;
        const Index row = instance.first_row + b;
        for (std::size_t j = 0; j < n; ++j) {
          T slope = adjoint[row] * step->slopes[j];
          if constexpr (K::effect == UserEffect::factor) {
            slope *= step->before;
          }
          sink.add_single(instance.parameters[j], row, slope);
        }
        if constexpr (K::effect == UserEffect::factor) {
          adjoint[row] *= step->effect;
        }
      }
    }
  }

  /// Reports each effect with its derivatives (model/rate_curvature.hpp).
  template <auto, class S, class Report>
  void report(const S* parameters, Report& report) const {
    for (const Instance& instance : instances_) {
      std::array<double, n> pars{};
      for (std::size_t j = 0; j < n; ++j) {
        pars[j] = static_cast<double>(parameters[instance.parameters[j]]);
      }
      for (Index b = 0; b < instance.nbins; ++b) {
        std::array<double, n> gradient{};
        UserHessian<n> hessian{};
        user_derivatives(instance.modifier, pars, b, gradient, hessian);
        report_row(instance, instance.first_row + b, S(instance.modifier(pars, b)), gradient, hessian,
                   report);
      }
    }
  }

private:
  template <class S, class Report>
  static void report_row(const Instance& instance, Index row, S effect, const std::array<double, n>& gradient,
                         const UserHessian<n>& hessian, Report& report) {
    std::array<S, n> slope{};
    std::array<std::array<S, n>, n> curvature{};
    for (std::size_t j = 0; j < n; ++j) {
      slope[j] = S(gradient[j]);
      for (std::size_t k = 0; k < n; ++k) {
        curvature[j][k] = S(hessian[j][k]);
      }
    }
    if constexpr (K::effect == UserEffect::factor) {
      report.row_factor(row, instance.parameters, effect, slope, curvature);
    } else {
      for (std::size_t j = 0; j < n; ++j) {
        report.shift(row, instance.parameters[j], slope[j], curvature[j][j]);
        for (std::size_t k = 0; k < j; ++k) {
          report.mixed_shift(row, instance.parameters[j], instance.parameters[k], curvature[j][k]);
        }
      }
    }
  }

  template <class T>
  static void evaluate(const Instance& instance, Index bin, const T* parameters, Slopes slopes,
                       typename Tape<T>::Step& step) {
    std::array<double, n> pars{};
    for (std::size_t j = 0; j < n; ++j) {
      pars[j] = static_cast<double>(value_of(parameters[instance.parameters[j]]));
    }
    using S = ValueOf<T>;
    const S effect = S(instance.modifier(pars, bin));
    if (slopes == Slopes::none) {
      step.effect = T(effect);
      return;
    }
    std::array<double, n> gradient{};
    UserHessian<n> hessian{};
    user_derivatives(instance.modifier, pars, bin, gradient, hessian);
    step.effect = linearized<T>(effect, gradient, parameters, instance);
    for (std::size_t j = 0; j < n; ++j) {
      step.slopes[j] = linearized<T>(S(gradient[j]), hessian[j], parameters, instance);
    }
  }

  /// A value with the tangents that follow from its slopes in the parameters.
  template <class T>
  static T linearized(ValueOf<T> value, const std::array<double, n>& slopes, const T* parameters,
                      const Instance& instance) {
    using S = ValueOf<T>;
    T result(value);
    if constexpr (!std::is_same_v<T, S>) {
      for (std::size_t j = 0; j < n; ++j) {
        result += chain(parameters[instance.parameters[j]], S(0), S(slopes[j]));
      }
    }
    return result;
  }

  std::vector<Instance> instances_;
  /// Of each tile, with one more at the end.
  std::vector<std::size_t> first_instance_;
  std::size_t rows_ = 0;
};

/// Makes a user's class a modifier kind (model/modifiers/modifier.hpp).
template <UserModifier K>
struct UserKind {
  static constexpr std::string_view type = K::type;
  static constexpr ModifierStage stage =
      K::effect == UserEffect::factor ? ModifierStage::row_factor : ModifierStage::shift;

  static void require(const ModifierSite& site, ParameterCollector& collector, std::size_t kind) {
    const K modifier = make(site);
    std::vector<UserParameter> parameters = modifier.parameters();
    if (parameters.size() != K::parameter_count) {
      throw InvalidModel(site.describe() + " names " + std::to_string(parameters.size()) +
                         " parameters, but " + std::to_string(K::parameter_count) + " belong to its type");
    }
    check_derivatives(site, modifier, parameters);
    for (UserParameter& parameter : parameters) {
      const bool free = parameter.constraint == Constraint::none;
      collector.add(site, kind,
                    {.name = std::move(parameter.name),
                     .init = parameter.init,
                     .bounds = parameter.bounds,
                     .constraint = parameter.constraint,
                     .auxdata = free ? std::vector<double>{} : std::vector<double>{parameter.auxdata},
                     .scales = free ? std::vector<double>{} : std::vector<double>{parameter.scale},
                     .joins_any = true});
    }
  }

  template <class S>
  class Builder {
  public:
    void add(const ModifierSite& site, const ParameterLocator& locator) {
      K modifier = make(site);
      typename UserBundle<K>::Instance instance{
          std::move(modifier), {}, site.cell.first_row, site.cell.nbins};
      const std::vector<UserParameter> parameters = instance.modifier.parameters();
      for (std::size_t j = 0; j < K::parameter_count; ++j) {
        instance.parameters[j] = locator.first(parameters[j].name, site.cell.channel);
      }
      instances_.push_back(std::move(instance));
    }
    [[nodiscard]] UserBundle<K> build(const BuildContext& context) {
      return UserBundle<K>(std::move(instances_), first_rows(context.layout));
    }

  private:
    std::vector<typename UserBundle<K>::Instance> instances_;
  };

private:
  static K make(const ModifierSite& site) {
    static const spec::CustomData nothing;
    const auto* data = std::get_if<spec::CustomData>(&site.modifier.data);
    return K(UserModifierContext{site.channel.name, site.sample.name, site.modifier.name, site.sample.data,
                                 data == nullptr ? nothing : *data});
  }

  static void check_derivatives(const ModifierSite& site, const K& modifier,
                                const std::vector<UserParameter>& parameters) {
    std::array<double, K::parameter_count> pars{};
    for (std::size_t j = 0; j < K::parameter_count; ++j) {
      pars[j] = parameters[j].init;
    }
    for (Index b = 0; b < site.cell.nbins; ++b) {
      std::array<double, K::parameter_count> gradient{};
      UserHessian<K::parameter_count> hessian{};
      user_derivatives(modifier, pars, b, gradient, hessian);
      bool finite = std::isfinite(static_cast<double>(modifier(pars, b)));
      for (std::size_t j = 0; j < K::parameter_count; ++j) {
        finite = finite && std::isfinite(gradient[j]);
        for (const double second : hessian[j]) {
          finite = finite && std::isfinite(second);
        }
      }
      if (!finite) {
        throw InvalidModel(site.describe() + ": value or derivatives in bin " + std::to_string(b) +
                           " are not finite at the suggested start; write x * x instead of pow(x, 2), or "
                           "supply derivatives()");
      }
    }
  }
};

/// The standard kinds and one or more of the user's own.
template <UserModifier... Kinds>
using WithModifiers =
    ModifierList<HistoSys, Lumi, NormFactor, NormSys, ShapeFactor, ShapeSys, StatError, UserKind<Kinds>...>;

} // namespace muhat
