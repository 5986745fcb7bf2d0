#include <muhat/cli/run.hpp>

#include <unistd.h>

#include <iostream>

int main(int argc, const char* const* argv) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  return muhat::cli::run(argc, argv, {std::cin, std::cout, std::cerr, terminal, true});
}
