/// Modifier kinds of a user's own: values, derivatives and refusals.

#include <muhat/model/modifiers/user_modifier.hpp>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <muhat/core/errors.hpp>
#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/differences.hpp>
#include <support/library.hpp>
#include <support/messages.hpp>
#include <support/oracle_formulas.hpp>
#include <support/specs.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Index;
using muhat::Vector;

/// 1 + c_b x y + x^2, a factor of two parameters with one coefficient per bin.
struct Mixing {
  static constexpr std::string_view type = "mixing";
  static constexpr muhat::UserEffect effect = muhat::UserEffect::factor;
  static constexpr std::size_t parameter_count = 2;

  explicit Mixing(const muhat::UserModifierContext& context) : coefficients(context.numbers("c")) {}

  [[nodiscard]] std::vector<muhat::UserParameter> parameters() const {
    return {{.name = "x"},
            {.name = "y", .init = 1.0, .bounds = {0.0, 10.0}, .constraint = muhat::Constraint::none}};
  }

  template <class T>
  T operator()(const std::array<T, 2>& pars, Index bin) const {
    return 1.0 + coefficients[static_cast<std::size_t>(bin)] * pars[0] * pars[1] + pars[0] * pars[0];
  }

  std::vector<double> coefficients;
};

/// 3 exp(x) events more in every bin, with derivatives of its own or by autodiff.
template <bool supplies>
struct Growth {
  static constexpr std::string_view type = "growth";
  static constexpr muhat::UserEffect effect = muhat::UserEffect::shift;
  static constexpr std::size_t parameter_count = 1;

  explicit Growth(const muhat::UserModifierContext&) {}

  [[nodiscard]] std::vector<muhat::UserParameter> parameters() const { return {{.name = "x"}}; }

  template <class T>
  T operator()(const std::array<T, 1>& pars, Index) const {
    using std::exp;
    return 3.0 * exp(pars[0]);
  }

  void derivatives(const std::array<double, 1>& pars, Index, std::array<double, 1>& gradient,
                   muhat::UserHessian<1>& hessian) const requires supplies {
    gradient[0] = hessian[0][0] = 3.0 * std::exp(pars[0]);
  }
};

static_assert(muhat::UserModifier<Mixing>);
static_assert(muhat::SuppliesDerivatives<Growth<true>>);
static_assert(!muhat::SuppliesDerivatives<Growth<false>>);

/// Not finite at the suggested start x = 0.
struct LogarithmAtZero : Growth<false> {
  using Growth::Growth;
  template <class T>
  T operator()(const std::array<T, 1>& pars, Index) const {
    using std::log;
    return 1.0 + log(pars[0]);
  }
};

muhat::spec::Modifier custom(std::string name, std::string type, muhat::spec::CustomData data = {}) {
  return {std::move(name), std::move(type), std::move(data)};
}

using Kinds = muhat::WithModifiers<Mixing, Growth<false>>;

/// Two samples; "a" mixes and grows, and shares "x" with a normsys of "b".
muhat::spec::Model specification() {
  return test::single_channel(
      {test::sample("a", {10.0, 20.0},
                    {custom("mix", "mixing", {{{"c", {0.3, 0.7}}}, {}}), custom("grow", "growth"),
                     test::normfactor("mu"), test::staterror("stat", {1.0, 1.0})}),
       test::sample("b", {30.0, 40.0}, {test::normsys("x", 1.2, 0.9)})});
}

/// -2 log L of `specification` by hand, up to constants. Parameters: mu, x, stat[0], stat[1], y.
long double by_hand(const test::RealVector& p, const std::vector<double>& data) {
  const std::array<long double, 2> c{0.3L, 0.7L}, a{10.0L, 20.0L}, b{30.0L, 40.0L}, width{0.1L, 0.05L};
  const auto code4 = muhat::oracle::code4_coefficients(1.2, 0.9);
  const long double factor = muhat::oracle::normsys_factor("code4", p[1], 1.2, 0.9, code4);
  long double sum = p[1] * p[1];
  for (std::size_t bin = 0; bin < 2; ++bin) {
    const long double mixing = 1 + c[bin] * p[1] * p[4] + p[1] * p[1];
    const long double nu = (a[bin] + 3 * std::exp(p[1])) * mixing * p[0] * p[2 + bin] + b[bin] * factor;
    const long double pull = (1 - p[2 + bin]) / width[bin];
    sum += 2 * (nu - static_cast<long double>(data[bin]) * std::log(nu)) + pull * pull;
  }
  return sum;
}

} // namespace

TEST_CASE("a user's modifier joins the parameters of the model") {
  const auto model = muhat::build_model<double, Kinds>(specification());
  CHECK(model.par_names() == std::vector<std::string>{"mu", "x", "stat[0]", "stat[1]", "y"});
  CHECK(model.suggested_init() == Vector{{1.0, 0.0, 1.0, 1.0, 1.0}});
  CHECK(model.suggested_upper()[4] == 10.0);
  // x keeps the constraint of the normsys, y has none.
  CHECK(model.nauxdata() == 3);
  const Vector rates = model.expected_actualdata(Vector{{2.0, 0.0, 1.0, 1.1, 5.0}});
  CHECK(rates.isApprox(Vector{{2.0 * 13.0 + 30.0, 2.0 * 1.1 * 23.0 + 40.0}}));
}

TEST_CASE("derivatives of a user's modifier are those of the formula, at zero too") {
  const auto model = muhat::build_model<double, Kinds>(specification());
  const std::vector<double> data{60.0, 75.0};
  Vector all(5);
  all << data[0], data[1], model.auxdata();
  auto evaluator = muhat::Likelihood(model, all).evaluator();
  const auto exact = [&](const test::RealVector& p) { return by_hand(p, data); };
  for (const Vector& x : {Vector{{1.2, 0.0, 0.95, 1.05, 0.0}}, Vector{{0.7, 0.4, 1.1, 0.9, 2.0}},
                          Vector{{1.0, -1.7, 1.0, 1.0, 1.0}}}) {
    CAPTURE(x);
    const test::RealVector point = test::to_reals(x);
    Vector gradient, product;
    muhat::Matrix hessian;
    (void)evaluator.value_and_gradient(x, gradient);
    evaluator.hessian(x, hessian);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto row = static_cast<Index>(i);
      CHECK(gradient[row] == Approx(static_cast<double>(test::first_difference(exact, point, i)))
                                 .epsilon(test::tolerance::gradient)
                                 .margin(1e-6));
      for (std::size_t j = 0; j < 5; ++j) {
        CHECK(hessian(row, static_cast<Index>(j)) ==
              Approx(static_cast<double>(test::second_difference(exact, point, i, j)))
                  .epsilon(test::tolerance::hessian)
                  .margin(1e-4));
      }
    }
    const Vector direction{{1.0, -2.0, 0.5, 0.3, -1.0}};
    evaluator.hessian_product(x, direction, product);
    CHECK(product.isApprox(hessian * direction, test::tolerance::identity));
  }
}

TEST_CASE("derivatives that a user supplies replace automatic ones and agree") {
  const muhat::spec::Model specification = test::single_sample({10.0}, {custom("grow", "growth")});
  const auto automatic = muhat::build_model<double, muhat::WithModifiers<Growth<false>>>(specification);
  const auto supplied = muhat::build_model<double, muhat::WithModifiers<Growth<true>>>(specification);
  const Vector data{{12.0, 0.0}};
  auto a = muhat::Likelihood(automatic, data).evaluator();
  auto b = muhat::Likelihood(supplied, data).evaluator();
  Vector gradient_a, gradient_b;
  muhat::Matrix hessian_a, hessian_b;
  const Vector x{{0.8}};
  CHECK(a.value_and_gradient(x, gradient_a) == b.value_and_gradient(x, gradient_b));
  CHECK(gradient_a.isApprox(gradient_b, 1e-14));
  a.hessian(x, hessian_a);
  b.hessian(x, hessian_b);
  CHECK(hessian_a.isApprox(hessian_b, 1e-14));
}

TEST_CASE("a user's modifier without finite derivatives at its start is refused by name") {
  const muhat::spec::Model specification = test::single_sample({10.0}, {custom("steep", "growth")});
  const std::string message = test::message_of<muhat::InvalidModel>(
      [&] { (void)muhat::build_model<double, muhat::WithModifiers<LogarithmAtZero>>(specification); });
  CHECK(test::mentions(message, {"steep", "background", "SR", "bin 0"}));
}

TEST_CASE("a user's modifier whose data lack a list is refused by name") {
  const muhat::spec::Model specification = test::single_sample({10.0}, {custom("mix", "mixing")});
  const std::string message =
      test::message_of<muhat::InvalidModel>([&] { (void)muhat::build_model<double, Kinds>(specification); });
  CHECK(test::mentions(message, {"mix", "background", "SR", "\"c\""}));
}

TEST_CASE("a model that does not list a user's kind refuses its type") {
  CHECK_THROWS_AS((void)muhat::build_model(specification()), muhat::InvalidModel);
}
