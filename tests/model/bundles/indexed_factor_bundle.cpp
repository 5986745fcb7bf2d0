#include <muhat/model/bundles/indexed_factor_bundle.hpp>
#include <muhat/model/bundles/sinks.hpp>

#include <support/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

using namespace muhat;

namespace {

/// Remembers (lane, parameter) of what a bundle reports.
struct Reported {
  std::vector<std::pair<Eigen::Index, std::int32_t>> factors;

  void row_factor(Eigen::Index row, std::int32_t parameter, double, double, double) {
    factors.emplace_back(row, parameter);
  }
};

} // namespace

TEST_CASE("factors that stand apart take memory of their own only") {
  constexpr Eigen::Index rows = 1000;
  constexpr std::int32_t count = 400;
  std::vector<IndexedFactor> factors;
  for (std::int32_t p = 0; p < count; ++p) {
    factors.push_back({17, p});
  }
  const IndexedFactorBundle bundle(factors, rows, count);
  CHECK(bundle.bytes() <= rows * sizeof(std::int32_t) + count * sizeof(IndexedFactor));
  Column<double> parameters = Column<double>::Ones(count + 1);
  parameters[3] = 2.0;
  parameters[count - 1] = 5.0;
  Column<double> product = Column<double>::Ones(rows);
  IndexedFactorBundle::Tape<double> tape;
  bundle.forward(parameters.data(), product.data(), tape);
  CHECK(tape.before.size() <= rows + count);
  CHECK(product[17] == 10.0);
  product[17] = 1.0;
  CHECK((product == 1.0).all());
}

TEST_CASE("rows with no, one and several factors have products, slopes and reports of their own") {
  // Parameter 4 is the constant 1 behind the others.
  const std::vector<IndexedFactor> factors{{0, 0}, {0, 1}, {0, 2}, {2, 1}, {3, 3}, {3, 3}, {4, 2}, {4, 0}};
  const IndexedFactorBundle bundle(factors, 5, 4);
  Column<double> parameters(5);
  for (const double second : {3.0, 0.0}) {
    CAPTURE(second);
    parameters << 2.0, second, 5.0, 7.0, 1.0;
    Column<double> product(5);
    product << 1.0, 10.0, 100.0, 1000.0, 1e4;
    const Column<double> start = product;
    IndexedFactorBundle::Tape<double> tape;
    bundle.forward(parameters.data(), product.data(), tape);
    Column<double> expected(5);
    expected << 10.0 * second, 10.0, 100.0 * second, 49000.0, 1e5;
    CHECK((product == expected).all());

    Column<double> adjoint = Column<double>::LinSpaced(5, 1.0, 5.0);
    Column<double> gradient = Column<double>::Zero(5);
    GradientSink<double> sink(gradient.data());
    bundle.reverse(parameters.data(), adjoint.data(), tape, sink);
    sink.finish();
    // Without a division: the slopes are there where a factor is 0.
    CHECK(gradient[0] == 5.0 * second + 5.0 * 5e4);
    CHECK(gradient[1] == 10.0 + 3.0 * 100.0);
    CHECK(gradient[2] == 2.0 * second + 5.0 * 2e4);
    CHECK(gradient[3] == 4.0 * 1000.0 * 2.0 * 7.0);
    Column<double> back(5);
    back << 10.0 * second, 2.0, 3.0 * second, 4.0 * 49.0, 50.0;
    CHECK((adjoint == back).all());
    CHECK((start * back).sum() == Approx((Column<double>::LinSpaced(5, 1.0, 5.0) * product).sum()));
  }
  Reported reported;
  bundle.report<ModifierStage::row_factor>(parameters.data(), reported);
  std::vector<std::pair<Eigen::Index, std::int32_t>> all;
  for (const IndexedFactor& factor : factors) {
    all.emplace_back(factor.lane, factor.parameter);
  }
  std::sort(all.begin(), all.end());
  std::sort(reported.factors.begin(), reported.factors.end());
  CHECK(reported.factors == all);
}

TEST_CASE("no factors need no table and change nothing") {
  const IndexedFactorBundle bundle({}, 1000, 0);
  CHECK(bundle.empty());
  CHECK(bundle.bytes() == 0);
  Column<double> product = Column<double>::Constant(1000, 3.0);
  const double one = 1.0;
  IndexedFactorBundle::Tape<double> tape;
  bundle.forward(&one, product.data(), tape);
  CHECK(tape.before.size() == 0);
  CHECK((product == 3.0).all());
}
