/// Tiles of channels: where they begin and end, and that models cut into them are the models in one piece.

#include <muhat/model/layout.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <muhat/likelihood/likelihood.hpp>
#include <muhat/model/build.hpp>
#include <muhat/model/evaluator.hpp>
#include <muhat/model/modifiers/user_modifier.hpp>
#include <muhat/model/signal_hypothesis.hpp>

#include <support/block_jacobian.hpp>
#include <support/catch.hpp>
#include <support/library.hpp>
#include <support/random_models.hpp>
#include <support/specs.hpp>
#include <support/tolerances.hpp>

namespace {

namespace test = muhat::test;
using muhat::Index;
using muhat::Matrix;
using muhat::Vector;

template <class A, class B>
void check_same(const A& a, const B& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  CHECK((a - b).cwiseAbs().maxCoeff() <= test::tolerance::identity * (1.0 + b.cwiseAbs().maxCoeff()));
}

/// Rates, likelihood and all derivatives of two models of the same names at one point.
template <class AnyModel>
void check_same_model(const AnyModel& tiled, const AnyModel& whole, const Vector& x, const Vector& data) {
  REQUIRE(tiled.par_names() == whole.par_names());
  check_same(tiled.expected_actualdata(x), whole.expected_actualdata(x));
  check_same(tiled.expected_by_sample(x), whole.expected_by_sample(x));
  auto a = muhat::Likelihood<AnyModel>(tiled, data).evaluator();
  auto b = muhat::Likelihood<AnyModel>(whole, data).evaluator();
  Vector gradient(x.size()), expected(x.size());
  const double value = a.value_and_gradient(x, gradient);
  CHECK(value == a.value(x));
  CHECK(value == Approx(b.value_and_gradient(x, expected)).epsilon(test::tolerance::oracle_logpdf));
  check_same(gradient, expected);
  Matrix hessian, expected_hessian;
  a.hessian(x, hessian);
  b.hessian(x, expected_hessian);
  check_same(hessian, expected_hessian);
  const Vector direction = Vector::LinSpaced(x.size(), -1.0, 2.0);
  a.hessian_product(x, direction, gradient);
  b.hessian_product(x, direction, expected);
  check_same(gradient, expected);

  muhat::ModelEvaluator<double, typename AnyModel::Tables> sweep(tiled.tables());
  sweep.forward(x.data(), muhat::Slopes::left);
  Matrix jacobian;
  sweep.jacobian(jacobian);
  check_same(test::written_out(sweep.block_jacobian()), jacobian);
}

/// One factor 1 + x^2 + y, so that user's modifiers stand in several tiles.
struct Bowl {
  static constexpr std::string_view type = "bowl";
  static constexpr muhat::UserEffect effect = muhat::UserEffect::factor;
  static constexpr std::size_t parameter_count = 2;
  explicit Bowl(const muhat::UserModifierContext&) {}
  [[nodiscard]] static std::vector<muhat::UserParameter> parameters() {
    return {{.name = "x"}, {.name = "y"}};
  }
  template <class T>
  T operator()(const std::array<T, 2>& pars, Index) const {
    return 1.0 + pars[0] * pars[0] + pars[1];
  }
};

muhat::spec::Channel numbered_channel(int number, std::size_t nbins) {
  std::vector<double> yields(nbins, 10.0 + number), up(nbins, 12.0 + number), down(nbins, 9.0 + number);
  up.back() += 3.0;
  return test::channel("channel_" + std::to_string(number),
                       {test::sample("background", yields,
                                     {test::histosys("shape", up, down), test::normsys("size", 1.1, 0.95),
                                      test::staterror("stat", std::vector<double>(nbins, 1.0))}),
                        test::sample("signal", up, {test::normfactor("mu"), {"bowl", "bowl", {}}})});
}

} // namespace

TEST_CASE("small models are one tile, large ones as many as their channels allow") {
  std::vector<muhat::spec::Channel> channels;
  for (int i = 0; i < 6; ++i) {
    channels.push_back(numbered_channel(i, 3));
  }
  // 3 bins x (16 numbers of rows + 2 of shapes) x 8 bytes.
  REQUIRE(muhat::detail::sweep_bytes(channels.front()) == 432);
  CHECK(muhat::make_layout(channels).tiles.size() == 1);
  CHECK(muhat::make_layout(channels, 6 * 432 / 4).tiles.size() == 1);
  CHECK(muhat::make_layout(channels, 6 * 432 / 4 - 1).tiles.size() == 6);
  channels.push_back(numbered_channel(6, 300));
  for (int i = 7; i < 20; ++i) {
    channels.push_back(numbered_channel(i, 3));
  }
  // By name: channel_0, _1, _10 ... _19, _2 ... _5 in pairs, the large _6 alone, _7 and _8, _9.
  const muhat::Layout layout = muhat::make_layout(channels, 2 * 432);
  CHECK(layout.tiles.size() == 8 + 1 + 2);
}

TEST_CASE("tiles cover all bins and cells once, and begin at whole groups of lanes") {
  std::vector<muhat::spec::Channel> channels;
  for (int i = 0; i < 9; ++i) {
    channels.push_back(numbered_channel(i, static_cast<std::size_t>(1 + i)));
  }
  const muhat::Layout layout = muhat::make_layout(channels, 0);
  REQUIRE(layout.tiles.size() == 9);
  Index bin = 0;
  for (std::size_t i = 0; i < layout.tiles.size(); ++i) {
    const muhat::Tile& tile = layout.tiles[i];
    CHECK(tile.first_bin == bin);
    CHECK(tile.last_bin == bin + static_cast<Index>(1 + i));
    CHECK(tile.first_row % muhat::lane_count == 0);
    CHECK(tile.last_row == tile.first_row + 2 * static_cast<Index>(1 + i));
    bin = tile.last_bin;
  }
  CHECK(bin == layout.nbins);
  CHECK(layout.nrows == layout.tiles.back().last_row);
  std::vector<int> rows_of_bin(static_cast<std::size_t>(layout.nbins) + 1, 0);
  for (std::size_t row = 0; row < layout.row_bin.size(); ++row) {
    ++rows_of_bin[static_cast<std::size_t>(layout.row_bin[row])];
    const bool is_padding = layout.row_bin[row] == layout.nbins;
    CHECK(is_padding == (layout.row_cell[row] == static_cast<std::int32_t>(layout.cells.size())));
  }
  CHECK(std::all_of(rows_of_bin.begin(), rows_of_bin.end() - 1, [](int rows) { return rows == 2; }));
}

TEST_CASE("random models cut into tiles are the models in one piece") {
  std::size_t several = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const test::RandomModel random = test::random_model(seed);
    muhat::ModelOptions options = test::to_model_options(random.options);
    options.tile_bytes = 0;
    const muhat::Model tiled = muhat::build_model(random.model.channels, random.measurement, options);
    CHECK(tiled.tables().layout().tiles.size() == random.model.channels.size());
    several += random.model.channels.size() > 1 ? 1 : 0;
    test::Draws draws(seed);
    const Vector x = test::to_vector(test::random_point(random.truth(), draws));
    check_same_model(tiled, test::build(random), x, test::to_vector(random.data));
  }
  CHECK(several > 50);
}

TEST_CASE("clips, user's modifiers and replaced yields reach every tile") {
  std::vector<muhat::spec::Channel> channels;
  for (int i = 0; i < 5; ++i) {
    channels.push_back(numbered_channel(i, 3));
  }
  using Modifiers = muhat::WithModifiers<Bowl>;
  const auto floor = GENERATE(-1.0, 13.5);
  CAPTURE(floor);
  const muhat::ModelOptions whole_options{.clip_sample_data = floor, .clip_bin_data = 2.0 * floor};
  muhat::ModelOptions tiled_options = whole_options;
  tiled_options.tile_bytes = 0;
  const auto whole = muhat::build_model<double, Modifiers>(channels, test::measurement({}), whole_options);
  const auto tiled = muhat::build_model<double, Modifiers>(channels, test::measurement({}), tiled_options);
  REQUIRE(tiled.tables().layout().tiles.size() == 5);
  const Vector x = whole.suggested_init().array() + 0.3;
  Vector data(whole.nbins() + whole.nauxdata());
  data << whole.expected_actualdata(whole.suggested_init()), whole.auxdata();
  check_same_model(tiled, whole, x, data);

  const muhat::SampleHypothesis shifted{
      .channel = "channel_3",
      .sample = "background",
      .yields = {7.0, 8.0, 9.0},
      .histosys = {{"shape", muhat::spec::HistoSysData{{9.0, 8.5, 9.0}, {6.0, 8.0, 7.0}}}},
      .normsys = {{"size", muhat::spec::NormSysData{1.3, 0.8}}}};
  check_same_model(muhat::with_signal(tiled, {shifted}), muhat::with_signal(whole, {shifted}), x, data);
}
