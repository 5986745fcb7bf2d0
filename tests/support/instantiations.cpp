#define MUHAT_TESTS_INSTANTIATE
#include <support/instantiations.hpp>
