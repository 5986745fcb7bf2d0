#include "cases.hpp"

#include <support/finite_differences.hpp>

#include <muhat/core/executor.hpp>
#include <muhat/fit/fit.hpp>
#include <muhat/fit/quasi_newton.hpp>
#include <muhat/inference/hypotest.hpp>
#include <muhat/inference/toy_calculator.hpp>
#ifdef MUHAT_HAS_LBFGSPP
#include <muhat/adapters/lbfgspp.hpp>
#endif
#ifdef MUHAT_HAS_NLOPT
#include <muhat/adapters/nlopt.hpp>
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace muhat::benchmark {

namespace {

/// Any optimizer for likelihoods, so that fits and tests are compiled once for all peers.
class Peer {
public:
  using Objective = LikelihoodEvaluator<Model>;

  Peer() : Peer(DefaultOptimizer()) {}
  template <class Optimizer>
  explicit Peer(Optimizer optimizer)
      : minimize_([optimizer](Objective& f, const Vector& x0, const Box& box) {
          return optimizer.minimize(f, x0, box);
        }) {}

  template <class F>
  [[nodiscard]] OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    return minimize_(f, x0, box);
  }

private:
  std::function<OptimizerResult(Objective&, const Vector&, const Box&)> minimize_;
};

struct NamedPeer {
  std::string name;
  Peer optimizer;
  /// Dense algebra or numerical gradients: only for models with fewer parameters than this.
  Index most_parameters;
};

std::vector<NamedPeer> peers() {
  std::vector<NamedPeer> list;
#ifdef MUHAT_HAS_LBFGSPP
  list.push_back({"LBFGS++", Peer(LbfgsppOptimizer()), 1000});
#endif
#ifdef MUHAT_HAS_NLOPT
  list.push_back({"SLSQP", Peer(SlsqpOptimizer()), 400});
  list.push_back({"SLSQP, numerical gradient", Peer(WithNumericalGradient<SlsqpOptimizer>()), 400});
#endif
  list.push_back(
      {"quasi-Newton, numerical gradient", Peer(WithNumericalGradient<QuasiNewtonOptimizer>()), 400});
  return list;
}

/// The minimum, or NaN where there is no certificate.
double outcome(const FitResult& fit) {
  return fit.certified() ? fit.twice_nll : std::numeric_limits<double>::quiet_NaN();
}

template <class Optimizer>
double cls(const Model& model, const Vector& data, const Optimizer& optimizer, bool explore = true) {
  try {
    return hypotest(model, data, {.mu = 1.0, .fit = {.explore = explore}}, optimizer).cls_observed;
  } catch (const FitFailed&) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

void add_fits(Measurements& measurements, const Subject& subject) {
  const auto fit_once = [&](const std::string& what, FitOptions options) {
    measurements.add({.group = "fit", .subject = subject.name, .what = what},
                     [model = subject.model, data = subject.data, options] {
                       return [&model, &data, &options] { return outcome(fit(model, data, options)); };
                     });
  };
  fit_once("muhat", {.explore = false});
  fit_once("muhat, looking around", {});
  const auto test_once = [&](const Case& of, bool explore) {
    measurements.add(of, [model = subject.model, data = subject.data, explore] {
      return [&model, &data, explore] { return cls(model, data, DefaultOptimizer(), explore); };
    });
  };
  test_once({.group = "hypotest", .subject = subject.name, .what = "muhat, explore=off"}, false);
  test_once(
      {.group = "hypotest", .subject = subject.name, .what = "muhat", .references = {"muhat, explore=off"}},
      true);
  for (const NamedPeer& peer : peers()) {
    if (subject.model.nparameters() > peer.most_parameters) {
      continue;
    }
    const auto of = [&](const char* group) {
      return Case{.group = group,
                  .subject = subject.name,
                  .what = peer.name,
                  .references = {std::string_view(group) == "fit" ? "muhat" : "muhat, explore=off"},
                  .repetitions = subject.model.nparameters() > 50 ? 1 : 3};
    };
    measurements.add(of("fit"), [model = subject.model, data = subject.data, optimizer = peer.optimizer] {
      return [&model, &data, &optimizer] { return outcome(fit(model, data, {.explore = false}, optimizer)); };
    });
    measurements.add(of("hypotest"),
                     [model = subject.model, data = subject.data, optimizer = peer.optimizer] {
                       return [&model, &data, &optimizer] { return cls(model, data, optimizer, false); };
                     });
  }
}

/// Hypotheses whose signal yields differ a little from one to the next.
void add_signals(Measurements& measurements, const Subject& subject) {
  const auto next = [signal = subject.signal](int k) {
    SignalHypothesis hypothesis = signal;
    for (SampleHypothesis& sample : hypothesis) {
      for (double& yield : sample.yields) {
        yield *= 1.0 + 0.01 * static_cast<double>(k % 50);
      }
    }
    return hypothesis;
  };
  measurements.add({.group = "signal in place", .subject = subject.name, .what = "replace"},
                   [model = subject.model, next] {
                     return [&model, &next, k = 0]() mutable {
                       return with_signal(model, next(++k)).tables().nominal[0];
                     };
                   });
  measurements.add({.group = "signal in place", .subject = subject.name, .what = "replace and test"},
                   [model = subject.model, data = subject.data, next] {
                     return [&model, &data, &next, k = 0]() mutable {
                       return cls(with_signal(model, next(++k)), data, DefaultOptimizer());
                     };
                   });
}

void add_toys(Measurements& measurements, const Subject& subject) {
  constexpr std::size_t toys = 20;
  measurements.add({.group = "toys",
                    .subject = subject.name,
                    .what = "two fits each",
                    .pieces = 2.0 * static_cast<double>(toys),
                    .repetitions = 3},
                   [model = subject.model, data = subject.data] {
                     auto calculator = std::make_shared<ToyCalculator<Model>>(model, data);
                     return [calculator] {
                       const ToyEnsemble made = calculator->run(1.0, {.ntoys = toys}, SerialExecutor());
                       return static_cast<double>(made.tested.failed.size());
                     };
                   });
}

/// Models with about `n` parameters, most of which are of one kind.
ModelSizes gammas(std::size_t n) {
  const std::size_t channels = std::max<std::size_t>(1, n / 50);
  return {.channels = channels, .bins = (n - 22) / channels, .samples = 4, .normsys = 20, .histosys = 20};
}

ModelSizes shapefactors(std::size_t n) {
  ModelSizes sizes = gammas(n);
  sizes.channels *= 2;
  sizes.staterror = false;
  sizes.free_factors = FreeFactors::by_bin;
  return sizes;
}

ModelSizes normfactors(std::size_t n) {
  return {.channels = n - 21,
          .bins = 5,
          .samples = 3,
          .normsys = 20,
          .histosys = 20,
          .staterror = false,
          .free_factors = FreeFactors::by_channel};
}

/// The number of shapes grows as the square root of that of all parameters.
ModelSizes shapes_and_gammas(std::size_t n) {
  ModelSizes sizes = gammas(n);
  sizes.histosys = static_cast<std::size_t>(2.0 * std::sqrt(static_cast<double>(n)));
  sizes.normsys = 0;
  sizes.bins = (n - 2 - sizes.histosys) / sizes.channels;
  return sizes;
}

/// Without looking around, which has a cost of its own.
void add_fit_curve(Measurements& measurements, const std::string& kind, ModelSizes (*sizes)(std::size_t),
                   std::size_t parameters) {
  measurements.add({.group = "scaling",
                    .subject = "fit",
                    .what = kind + ", parameters " + std::to_string(parameters),
                    .curve = "fit against parameters, " + kind,
                    .size = static_cast<double>(parameters),
                    .repetitions = 3},
                   [sizes, parameters] {
                     const GeneratedModel generated = generate_model(sizes(parameters));
                     const Model model = build_model(generated.channels, generated.measurement);
                     const Vector data = observed_data(generated, model);
                     return [model, data] { return outcome(fit(model, data, {.explore = false})); };
                   });
}

} // namespace

void add_inference_cases(Measurements& measurements, const std::vector<Subject>& subjects) {
  for (const Subject& subject : subjects) {
    add_fits(measurements, subject);
    add_signals(measurements, subject);
    if (subject.model.nparameters() <= 1000) {
      add_toys(measurements, subject);
    }
  }
  for (const std::size_t parameters : {100U, 200U, 400U, 800U, 1600U, 1900U, 2100U, 3200U, 6400U, 25600U}) {
    add_fit_curve(measurements, "one gamma per bin", gammas, parameters);
    add_fit_curve(measurements, "shapefactors", shapefactors, parameters);
    add_fit_curve(measurements, "normfactors", normfactors, parameters);
    add_fit_curve(measurements, "histosys and staterror", shapes_and_gammas, parameters);
  }
}

} // namespace muhat::benchmark
