#include "cases.hpp"

#include <support/stream.hpp>

#include <muhat/fit/objective.hpp>
#include <muhat/likelihood/likelihood.hpp>

#include <memory>

namespace muhat::benchmark {

namespace {

/// A likelihood at a point off its nominal one, where nothing vanishes.
struct Evaluation {
  explicit Evaluation(const Model& model, const Vector& data)
      : evaluator(Likelihood<Model>(model, data).evaluator()), x(model.suggested_init()), gradient(x.size()) {
    for (Index i = 0; i < x.size(); ++i) {
      if (!model.suggested_fixed()[static_cast<std::size_t>(i)]) {
        x[i] += 0.01 * static_cast<double>(i % 7 - 3);
      }
    }
  }

  LikelihoodEvaluator<Model> evaluator;
  Vector x, gradient, product;
  Matrix hessian;
  LowRankMetric metric;
};

template <class Run>
auto prepare(const Model& model, const Vector& data, Run run) {
  return [model, data, run] {
    auto scratch = std::make_shared<Evaluation>(model, data);
    return [scratch, run] { return run(*scratch); };
  };
}

double value_and_gradient(Evaluation& e) {
  return e.evaluator.value_and_gradient(e.x, e.gradient);
}

void add_subject(Measurements& measurements, const Subject& subject) {
  const auto add = [&](const char* what, std::vector<std::string> references, auto run) {
    measurements.add(
        {.group = "evaluation", .subject = subject.name, .what = what, .references = std::move(references)},
        prepare(subject.model, subject.data, run));
  };
  add("value", {}, [](Evaluation& e) { return e.evaluator.value(e.x); });
  add("value+gradient", {"value", "stream"}, value_and_gradient);
  add("Hessian product", {"value+gradient"}, [](Evaluation& e) {
    e.evaluator.hessian_product(e.x, e.gradient, e.product);
    return e.product[0];
  });
  add("metric", {"value+gradient"}, [](Evaluation& e) {
    e.evaluator.metric(e.x, e.metric);
    return e.metric.diagonal[0];
  });
  if (subject.model.nparameters() <= 1000) {
    add("Hessian", {"value+gradient"}, [](Evaluation& e) {
      e.evaluator.hessian(e.x, e.hessian);
      return e.hessian(0, 0);
    });
  }
  const std::size_t bytes = bundle_bytes(subject.model);
  measurements.add({.group = "evaluation", .subject = subject.name, .what = "stream"},
                   [bytes] { return [stream = std::make_shared<Stream>(bytes)] { return stream->read(); }; });
}

void add_curve(Measurements& measurements, const std::string& curve, const ModelSizes& sizes, double size) {
  measurements.add({.group = "scaling",
                    .subject = "value+gradient",
                    .what = curve + " " + std::to_string(static_cast<long>(size)),
                    .curve = "value+gradient against " + curve,
                    .size = size,
                    .repetitions = 3},
                   [sizes] {
                     const GeneratedModel generated = generate_model(sizes);
                     const Model model = build_model(generated.channels, generated.measurement);
                     return prepare(model, observed_data(generated, model), value_and_gradient)();
                   });
}

} // namespace

void add_evaluation_cases(Measurements& measurements, const std::vector<Subject>& subjects) {
  for (const Subject& subject : subjects) {
    add_subject(measurements, subject);
  }
  for (const std::size_t factor : {1U, 4U, 16U, 64U}) {
    const auto times = static_cast<double>(factor);
    add_curve(measurements, "bins",
              {.channels = 10 * factor, .bins = 20, .samples = 4, .normsys = 100, .histosys = 0},
              200.0 * times);
    add_curve(
        measurements, "parameters",
        {.channels = 10, .bins = 20, .samples = 4, .normsys = 50 * factor, .histosys = 0, .staterror = false},
        50.0 * times);
    add_curve(
        measurements, "non-zeros",
        {.channels = 20, .bins = 40, .samples = 4, .normsys = 0, .histosys = 20 * factor, .density = 0.5},
        20.0 * times * 20.0 * 40.0 * 4.0 * 0.5);
  }
}

} // namespace muhat::benchmark
