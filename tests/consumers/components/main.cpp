/// Every installed component's headers, in one program.

#include <muhat/cli/run.hpp>
#ifdef MUHAT_HAS_LBFGSPP
#include <muhat/adapters/lbfgspp.hpp>
#endif
#ifdef MUHAT_HAS_NLOPT
#include <muhat/adapters/nlopt.hpp>
#endif
#ifdef MUHAT_HAS_TBB
#include <muhat/adapters/tbb.hpp>
static_assert(muhat::Executor<muhat::TbbExecutor>);
#endif

#include <iostream>

int main(int argc, const char* const* argv) {
  return muhat::cli::run(argc, argv, std::cin, std::cout, std::cerr);
}
