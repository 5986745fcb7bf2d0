/// compare_output FILE: does standard input say what FILE says? Text must agree exactly, but numbers with a
/// fraction or an exponent only to 1e-6 of their size, as compilers differ in the last digits.

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <string>

namespace {

std::string read_all(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool numbers_agree(const std::string& expected, const std::string& actual) {
  const double a = std::strtod(expected.c_str(), nullptr);
  const double b = std::strtod(actual.c_str(), nullptr);
  return std::abs(a - b) <= 1e-6 * std::abs(a);
}

bool texts_agree(const std::string& expected, const std::string& actual) {
  const std::regex number(R"([-+]?[0-9]+(\.[0-9]+([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+))");
  using Iterator = std::sregex_iterator;
  Iterator e(expected.begin(), expected.end(), number);
  Iterator a(actual.begin(), actual.end(), number);
  std::string expected_rest = expected;
  std::string actual_rest = actual;
  for (; e != Iterator() && a != Iterator(); ++e, ++a) {
    if (e->prefix() != a->prefix() || !numbers_agree(e->str(), a->str())) {
      return false;
    }
    expected_rest = e->suffix();
    actual_rest = a->suffix();
  }
  return e == Iterator() && a == Iterator() && expected_rest == actual_rest;
}

} // namespace

int main(int argc, char* argv[]) {
  std::ifstream file(argc == 2 ? argv[1] : "");
  if (!file) {
    std::cerr << "usage: compare_output FILE < text\n";
    return 2;
  }
  const std::string expected = read_all(file);
  const std::string actual = read_all(std::cin);
  if (texts_agree(expected, actual)) {
    return 0;
  }
  std::cerr << "--- expected\n" << expected << "--- printed\n" << actual;
  return 1;
}
