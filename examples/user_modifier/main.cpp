// A modifier kind of one's own: a signal whose yield is a quadratic form in two Wilson coefficients,
// 1 + l0 c0 + l1 c1 + s (c0^2 + c1^2) bin by bin. Its derivatives come from automatic differentiation.
#include <muhat/model/modifiers/user_modifier.hpp>
#include <muhat/muhat.hpp>

#include <iomanip>
#include <iostream>

struct WilsonCoefficients {
  static constexpr std::string_view type = "wilson_coefficients";
  static constexpr muhat::UserEffect effect = muhat::UserEffect::factor;
  static constexpr std::size_t parameter_count = 2;

  explicit WilsonCoefficients(const muhat::UserModifierContext& context)
      : names(context.data.strings.at("parameters")), linear{context.numbers("linear_0"),
                                                             context.numbers("linear_1")},
        square(context.numbers("square")) {}

  std::vector<muhat::UserParameter> parameters() const {
    const muhat::UserParameter free{
        .name = "", .init = 0.0, .bounds = {-10.0, 10.0}, .constraint = muhat::Constraint::none};
    std::vector<muhat::UserParameter> both(2, free);
    both[0].name = names.at(0);
    both[1].name = names.at(1);
    return both;
  }

  template <class T>
  T operator()(const std::array<T, 2>& c, muhat::Index bin) const {
    const auto b = static_cast<std::size_t>(bin);
    return 1.0 + linear[0][b] * c[0] + linear[1][b] * c[1] + square[b] * (c[0] * c[0] + c[1] * c[1]);
  }

  std::vector<std::string> names;
  std::array<std::vector<double>, 2> linear;
  std::vector<double> square;
};

int main() {
  const auto workspace = muhat::load_workspace("examples/data/effective_theory.json",
                                               {.custom_modifier_types = {"wilson_coefficients"}});
  const auto model = muhat::build_model<double, muhat::WithModifiers<WilsonCoefficients>>(workspace);
  const auto data = muhat::observed_data(workspace, model);
  const auto fit = muhat::fit(model, data);
  std::cout << std::fixed << std::setprecision(4);
  for (const std::string& name : model.par_names()) {
    std::cout << name << " = " << fit.value(name) << '\n';
  }
  std::cout << "twice_nll = " << fit.twice_nll << '\n';
}
