/// A stranger's program of two translation units that both include muhat.

#include "model_only.hpp"

#include <muhat/muhat.hpp>

#include <cmath>
#include <iostream>

int main(int argc, char* argv[]) {
  if (argc != 2) {
    std::cerr << "usage: program WORKSPACE\n";
    return 2;
  }
  const auto workspace = muhat::load_workspace(argv[1]);
  const auto model = muhat::build_model(workspace);
  const auto data = muhat::observed_data(workspace, model);
  const double here = muhat::logpdf(model, model.suggested_init(), data);
  const double there = log_density(model, model.suggested_init(), data);
  std::cout << "muhat " << muhat::version << ": log-density " << here << '\n';
  return std::isfinite(here) && here == there ? 0 : 1;
}
