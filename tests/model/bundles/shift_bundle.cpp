#include <muhat/model/bundles/shift_bundle.hpp>
#include <muhat/model/bundles/sinks.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

using namespace muhat;

namespace {

using Entries = std::map<std::pair<std::int32_t, std::int32_t>, std::pair<double, double>>;

/// Enough rows for several tiles; whole groups, halves of groups and lone entries.
Entries random_entries(std::mt19937_64& engine, std::int32_t parameters, std::int32_t rows, double density) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Entries entries;
  for (std::int32_t p = 0; p < parameters; ++p) {
    for (std::int32_t group = 0; group < rows / 8; ++group) {
      const double filled = uniform(engine) < density ? 1.0 : 0.05;
      for (std::int32_t row = 8 * group; row < 8 * group + 8; ++row) {
        if (uniform(engine) < filled) {
          entries[{3 * p + 1, row}] = {normal(engine), normal(engine)};
        }
      }
    }
  }
  return entries;
}

ShiftBundle<double> make_bundle(const Entries& entries) {
  std::vector<ShiftEntry<double>> list;
  for (const auto& [place, shift] : entries) {
    list.push_back({place.first, place.second, shift.first, shift.second});
  }
  return ShiftBundle<double>(list, InterpolationCode::code2);
}

/// Inside |alpha| <= 1 code2 weighs the second constant with alpha^2.
void check(const ShiftBundle<double>& bundle, const Entries& entries, std::int32_t parameters,
           std::int32_t rows) {
  Column<double> alpha = Column<double>::LinSpaced(3 * parameters + 1, -0.9, 0.9);
  Column<double> adjoint = Column<double>::LinSpaced(rows, -1.0, 2.0);
  Column<double> shifts = Column<double>::Zero(rows);
  Column<double> gradient = Column<double>::Zero(alpha.size());
  ShiftBundle<double>::Tape<double> tape;
  bundle.prepare(alpha.data(), tape, Slopes::left);
  bundle.forward(alpha.data(), shifts.data(), tape, Slopes::left);
  GradientSink<double> sink(gradient.data());
  bundle.reverse(alpha.data(), adjoint.data(), tape, sink);
  sink.finish();

  Column<double> expected_shifts = Column<double>::Zero(rows);
  Column<double> expected_gradient = Column<double>::Zero(alpha.size());
  for (const auto& [place, shift] : entries) {
    const double a = alpha[place.first];
    expected_shifts[place.second] += shift.first * a + shift.second * a * a;
    expected_gradient[place.first] += adjoint[place.second] * (shift.first + 2.0 * shift.second * a);
  }
  CHECK((shifts - expected_shifts).abs().maxCoeff() < 1e-11);
  CHECK((gradient - expected_gradient).abs().maxCoeff() < 1e-9);
  CHECK(bundle.entries().size() == entries.size());
}

} // namespace

TEST_CASE("a shift bundle is the sparse matrix that it was built from") {
  std::mt19937_64 engine(5);
  for (const std::int32_t rows : {8, 512, 4096}) {
    for (const double density : {0.0, 0.3, 1.0}) {
      const std::int32_t parameters = 12;
      const Entries entries = random_entries(engine, parameters, rows, density);
      INFO(rows << " rows, density " << density);
      check(make_bundle(entries), entries, parameters, rows);
    }
  }
}

TEST_CASE("single shifts can be read, changed and added in every tile") {
  std::mt19937_64 engine(6);
  const std::int32_t parameters = 5;
  const std::int32_t rows = 4096;
  Entries entries = random_entries(engine, parameters, rows, 0.2);
  ShiftBundle<double> bundle = make_bundle(entries);
  for (const std::int32_t row : {0, 7, 1023, 1024, 2500, 4095}) {
    for (const std::int32_t parameter : {1, 4, 13}) {
      const auto known = entries.find({parameter, row});
      const ShiftEntry<double> before = bundle.get(parameter, row);
      CHECK(before.linear == (known == entries.end() ? 0.0 : known->second.first));
      CHECK(before.bend == (known == entries.end() ? 0.0 : known->second.second));
      entries[{parameter, row}] = {1.5, -0.25 * row - 1.0};
      bundle.set({parameter, row, 1.5, -0.25 * row - 1.0});
      CHECK(bundle.get(parameter, row).bend == -0.25 * row - 1.0);
    }
  }
  CHECK(bundle.get(2, 100).linear == 0.0);
  check(bundle, entries, parameters, rows);
}

TEST_CASE("a bundle swept tile by tile is the bundle swept at once") {
  std::mt19937_64 engine(7);
  const std::int32_t parameters = 6;
  const std::int32_t rows = 4096;
  const Entries entries = random_entries(engine, parameters, rows, 0.4);
  std::vector<ShiftEntry<double>> list;
  for (const auto& [place, shift] : entries) {
    list.push_back({place.first, place.second, shift.first, shift.second});
  }
  const std::vector<Eigen::Index> starts{0, 8, 1016, 1024, 3200};
  const ShiftBundle<double> tiled(list, InterpolationCode::code2, starts);
  const ShiftBundle<double> whole = make_bundle(entries);
  const Column<double> alpha = Column<double>::LinSpaced(3 * parameters + 1, -0.9, 0.9);
  const Column<double> adjoint = Column<double>::LinSpaced(rows, -1.0, 2.0);
  Column<double> shifts = Column<double>::Zero(rows);
  Column<double> expected = shifts;
  Column<double> gradient = Column<double>::Zero(alpha.size());
  Column<double> expected_gradient = gradient;
  ShiftBundle<double>::Tape<double> tape;
  GradientSink<double> sink(gradient.data());
  tiled.prepare(alpha.data(), tape, Slopes::left);
  for (std::size_t tile = 0; tile < starts.size(); ++tile) {
    tiled.forward(alpha.data(), shifts.data(), tape, Slopes::left, tile);
    const Eigen::Index end = tile + 1 < starts.size() ? starts[tile + 1] : rows;
    CHECK((shifts.tail(rows - end) == 0.0).all());
    tiled.reverse(alpha.data(), adjoint.data(), tape, sink, tile);
  }
  sink.finish();
  whole.forward(alpha.data(), expected.data(), tape, Slopes::left);
  GradientSink<double> expected_sink(expected_gradient.data());
  whole.reverse(alpha.data(), adjoint.data(), tape, expected_sink);
  expected_sink.finish();
  CHECK((shifts - expected).abs().maxCoeff() < 1e-12);
  CHECK((gradient - expected_gradient).abs().maxCoeff() < 1e-10);
  for (const auto& entry : list) {
    CHECK(tiled.get(entry.parameter, entry.row).linear == entry.linear);
  }
}

TEST_CASE("sources that shift nothing leave no trace") {
  const std::vector<double> nominal(2000, 3.0);
  std::vector<double> high = nominal;
  const std::vector<ShiftSource<double>> nothing{{0, 16, &nominal, &high, &nominal}};
  CHECK(ShiftBundle<double>(nothing, InterpolationCode::code4p).empty());
  high[1500] = 4.0;
  const ShiftBundle<double> bundle(nothing, InterpolationCode::code4p);
  CHECK(bundle.parameters() == std::vector<std::int32_t>{0});
  CHECK(bundle.get(0, 1516).linear == 0.5);
  CHECK(bundle.get(0, 1516).bend == 0.5);
  CHECK(bundle.entries().size() == 1);
}
