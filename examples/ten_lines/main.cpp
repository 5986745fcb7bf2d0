#include <muhat/muhat.hpp>
#include <iostream>

int main() {
  const auto workspace = muhat::load_workspace("examples/data/two_bins.json");
  const auto model = muhat::build_model(workspace);
  const auto data = muhat::observed_data(workspace, model);
  const auto fit = muhat::fit(model, data);
  const auto test = muhat::hypotest(model, data, {.mu = 1.0});
  std::cout << "mu = " << fit.value("mu") << ", CLs = " << test.cls_observed << '\n';
}
