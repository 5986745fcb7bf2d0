/// The least that needs all of muhat's dependencies: a quick check that they are found.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/core/special_functions.hpp>
#include <muhat/version.hpp>
#include <muhat/workspace/load.hpp>

#include <iostream>

int main(int argc, char* argv[]) {
  if (argc != 2) {
    std::cerr << "usage: program WORKSPACE\n";
    return 2;
  }
  const auto workspace = muhat::load_workspace(argv[1]);
  const muhat::Vector tails = muhat::Vector::Constant(1, muhat::normal_tail(0.0));
  std::cout << "muhat " << muhat::version << ": " << workspace.channel_names().size() << " channels\n";
  return tails[0] == 0.5 && workspace.channel_names().size() == 1 ? 0 : 1;
}
