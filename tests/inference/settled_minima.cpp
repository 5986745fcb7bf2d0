#include <muhat/inference/settled_minima.hpp>

#include <support/catch.hpp>
#include <support/counting_models.hpp>
#include <support/draws.hpp>
#include <support/grids.hpp>
#include <support/messages.hpp>
#include <support/several_minima.hpp>
#include <support/specs.hpp>
#include <support/stopped_scan.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

using Values = std::vector<double>;

std::vector<Values> line(const std::vector<double>& mus) {
  std::vector<Values> boxes{{}};
  for (const double mu : mus) {
    boxes.push_back({mu});
  }
  return boxes;
}

std::vector<Values> plane(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<Values> boxes{{}};
  for (const double a : first) {
    for (const double b : second) {
      boxes.push_back({a, b});
    }
  }
  return boxes;
}

std::vector<Index> indices(const Model& model, const std::vector<std::string>& names) {
  std::vector<Index> held;
  for (const std::string& name : names) {
    held.push_back(muhat::detail::find_parameters(model, name).first);
  }
  return held;
}

template <class Minima>
void add_all(Minima& minima, const std::vector<Values>& boxes) {
  for (const Values& values : boxes) {
    minima.add(values);
  }
}

template <class Optimizer = DefaultOptimizer, Executor E = SerialExecutor>
SettledMinima<Model, Optimizer> settled(const SeveralMinima& basins, const std::vector<std::string>& held,
                                        const std::vector<Values>& boxes, const FitOptions& options = {},
                                        const Optimizer& optimizer = Optimizer{}, const E& executor = E{}) {
  SettledMinima<Model, Optimizer> minima(basins.model, basins.data, indices(basins.model, held), options,
                                         optimizer);
  add_all(minima, boxes);
  CHECK(minima.settle(executor));
  return minima;
}

/// Points of a grid that are next to each other in a row or a column.
bool are_neighbors(const Values& a, const Values& b, const std::vector<std::vector<double>>& axes) {
  int steps = 0;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const auto place = [&](double value) {
      return std::find(axes[axis].begin(), axes[axis].end(), value) - axes[axis].begin();
    };
    steps += static_cast<int>(std::abs(place(a[axis]) - place(b[axis])));
  }
  return steps == 1;
}

/// That no minimum lies below the free one, and none is higher than its neighbor's, moved there.
template <class Minima>
void check_settled(const Minima& minima, Fitter<Model>& fitter, const std::vector<Values>& boxes,
                   const std::vector<std::vector<double>>& axes) {
  for (const Values& values : boxes) {
    REQUIRE(minima.has(values));
    REQUIRE(minima[values].certified());
    const double value = minima[values].lowest.value;
    CHECK(fitter.twice_nll(minima[values].lowest.x) == Approx(value).margin(1e-9));
    CHECK(value >= minima[{}].lowest.value - same_minimum_tolerance);
    CHECK(value <= fitter.twice_nll(clamp(minima[{}].lowest.x, minima.box_at(values))) + 2e-6);
    for (const Values& other : boxes) {
      if (!values.empty() && !other.empty() && are_neighbors(values, other, axes)) {
        CHECK(value <= fitter.twice_nll(clamp(minima[other].lowest.x, minima.box_at(values))) + 2e-6);
      }
    }
  }
}

/// Throws in fits with `mu`, the last parameter, held at this value, as often as it has lives.
struct ThrowsHeldAt {
  double mu = 0.0;
  std::shared_ptr<int> lives = std::make_shared<int>(1000000);

  template <class F>
  OptimizerResult minimize(F& f, const Vector& x0, const Box& box) const {
    const Index last = x0.size() - 1;
    if (box.lower[last] == mu && box.upper[last] == mu && (*lives)-- > 0) {
      throw FitFailed("an optimizer that throws");
    }
    return DefaultOptimizer().minimize(f, x0, box);
  }
};

/// Two wells of one parameter at +1 and -1, the latter deeper or not; mu has a bin of its own.
SeveralMinima two_wells(double up, double down) {
  const Model model =
      build_model(spec::Model{{channel("SR", {sample("bkg", {100.0}, {histosys("a", {up}, {down})})}),
                               channel("VR", {sample("sig", {50.0}, {normfactor("mu")})})},
                              {}},
                  "mu");
  return {model, with_auxdata(model, {150.0, 60.0})};
}

} // namespace

TEST_CASE("boxes that are added in any order have the same minima", "[settled_minima]") {
  Draws draws(1);
  for (const unsigned seed : {7U, 14U, 62U, 273U}) {
    const SeveralMinima basins = drawn_basins(seed);
    std::vector<Values> boxes = line(grid(0.0, 7.0, 21));
    const auto first = settled(basins, {"mu"}, boxes);
    for (int k = 0; k < 3; ++k) {
      draws.shuffle(boxes);
      const auto permuted = settled(basins, {"mu"}, boxes);
      for (const Values& values : boxes) {
        CAPTURE(seed, values);
        CHECK(permuted[values].lowest.value == first[values].lowest.value);
        CHECK(permuted[values].lowest.x == first[values].lowest.x);
        CHECK(permuted[values].spread == first[values].spread);
      }
    }
    // Asked for one after the other, they know less at first.
    SettledMinima<Model> single(basins.model, basins.data, indices(basins.model, {"mu"}));
    for (const Values& values : boxes) {
      single.add(values);
      CHECK(single.settle());
    }
    for (const Values& values : boxes) {
      CAPTURE(seed, values);
      CHECK(single[values].lowest.value == Approx(first[values].lowest.value).margin(1e-6));
    }
  }
}

TEST_CASE("no minimum is above its neighbors' on a line, nor below the free one", "[settled_minima]") {
  const std::vector<double> mus = grid(0.0, 8.0, 33);
  for (unsigned seed = 0; seed < 25; ++seed) {
    CAPTURE(seed);
    const SeveralMinima basins = drawn_basins(seed);
    const std::vector<Values> boxes = line(mus);
    Fitter<Model> fitter(basins.model, basins.data);
    check_settled(settled(basins, {"mu"}, boxes), fitter, boxes, {mus});
    check_settled(settled(basins, {"mu"}, boxes, {.explore = false}), fitter, boxes, {mus});
  }
}

TEST_CASE("no minimum is above its neighbors' in rows and columns of a grid", "[settled_minima]") {
  const std::vector<std::vector<double>> axes{grid(-2.0, 2.0, 7), grid(0.0, 6.0, 5)};
  for (const unsigned seed : {5U, 7U, 14U, 34U, 59U, 62U, 89U}) {
    CAPTURE(seed);
    const SeveralMinima basins = drawn_basins(seed);
    const std::vector<Values> boxes = plane(axes[0], axes[1]);
    Fitter<Model> fitter(basins.model, basins.data);
    check_settled(settled(basins, {"a0", "mu"}, boxes), fitter, boxes, axes);
    check_settled(settled(basins, {"a0", "mu"}, boxes, {.explore = false}), fitter, boxes, axes);
  }
}

TEST_CASE("settled minima have the same bits on any number of threads", "[settled_minima]") {
  for (const unsigned seed : {7U, 273U}) {
    const SeveralMinima basins = drawn_basins(seed);
    const auto compare = [&](const std::vector<std::string>& held, const std::vector<Values>& boxes) {
      const auto serial = settled(basins, held, boxes);
      for (const std::size_t threads : {1U, 2U, 5U}) {
        const auto parallel = settled(basins, held, boxes, {}, DefaultOptimizer{}, ThreadExecutor(threads));
        CHECK(parallel.revision() == serial.revision());
        CHECK(parallel.modes() == serial.modes());
        for (const Values& values : boxes) {
          CAPTURE(seed, threads, values);
          CHECK(parallel[values].lowest.x == serial[values].lowest.x);
          CHECK(parallel[values].lowest.value == serial[values].lowest.value);
          CHECK(parallel[values].lowest.iterations == serial[values].lowest.iterations);
          CHECK(parallel[values].spread == serial[values].spread);
        }
      }
    };
    compare({"mu"}, line(grid(0.0, 8.0, 81)));
    compare({"a0", "mu"}, plane(grid(-1.0, 1.0, 5), grid(0.0, 6.0, 7)));
  }
}

TEST_CASE("a settle that is stopped in its first fits leaves boxes without a minimum", "[settled_minima]") {
  const SeveralMinima basins = two_basins();
  SettledMinima<Model> minima(basins.model, basins.data, indices(basins.model, {"mu"}));
  const std::vector<Values> boxes = line(grid(0.0, 4.0, 9));
  add_all(minima, boxes);
  StoppedScan stopped(3);
  const ScanControl control = stopped.control();
  ScanWatch watch(control, boxes.size() - 1);
  CHECK_FALSE(minima.settle(SerialExecutor{}, &watch));
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    CAPTURE(k);
    CHECK(minima.has(boxes[k]) == (k < 4));
    CHECK(minima.is_reached(boxes[k]) == (k < 4));
  }
  CHECK(mentions(message_of<FitFailed>([&] { (void)minima[boxes[4]]; }), {"not reached"}));
  // What is left is done by the next call.
  CHECK(minima.settle());
  const auto whole = settled(basins, {"mu"}, boxes);
  for (const Values& values : boxes) {
    CHECK(minima[values].lowest.value == Approx(whole[values].lowest.value).margin(1e-6));
    CHECK_FALSE(minima.is_due(values));
  }
}

TEST_CASE("a settle that is stopped while minima are exchanged marks what is due", "[settled_minima]") {
  const std::vector<Values> boxes = line(grid(0.0, 8.0, 41));
  int marked = 0;
  for (const unsigned seed : {0U, 4U, 7U, 14U, 38U, 62U, 71U, 89U, 265U, 273U, 279U}) {
    const SeveralMinima basins = drawn_basins(seed);
    const auto whole = settled(basins, {"mu"}, boxes);
    bool ended = false;
    for (int stop_after = 40; !ended; stop_after += 3) {
      std::atomic<bool> cancel{false};
      int fits = 0;
      const auto minimize = [&] { cancel = cancel || ++fits > stop_after; };
      struct Stopping {
        const std::function<void()>* before;
        OptimizerResult minimize(LikelihoodEvaluator<Model>& f, const Vector& x0, const Box& box) const {
          (*before)();
          return DefaultOptimizer().minimize(f, x0, box);
        }
      };
      const std::function<void()> before = minimize;
      SettledMinima<Model, Stopping> minima(basins.model, basins.data, indices(basins.model, {"mu"}), {},
                                            Stopping{&before});
      add_all(minima, boxes);
      std::size_t points = 0;
      const ScanControl control{.cancel = &cancel,
                                .on_point = [&points](std::size_t done) { points = done; }};
      ScanWatch watch(control, boxes.size() - 1);
      ended = minima.settle(SerialExecutor{}, &watch);
      if (points < boxes.size() - 1 || ended) {
        continue;
      }
      for (const Values& values : boxes) {
        CAPTURE(seed, stop_after, values);
        REQUIRE(minima.has(values));
        // The free one is a reference that every box looks at.
        if (!minima.is_due(values)) {
          CHECK(minima[values].lowest.value == Approx(whole[values].lowest.value).margin(1e-5));
        }
        marked += minima.is_due(values) ? 1 : 0;
      }
      cancel = false;
      fits = -1000000;
      CHECK(minima.settle());
      for (const Values& values : boxes) {
        CHECK_FALSE(minima.is_due(values));
        CHECK(minima[values].lowest.value == Approx(whole[values].lowest.value).margin(1e-6));
      }
    }
  }
  CHECK(marked > 0);
}

TEST_CASE("what one box shows is tried in all others", "[settled_minima]") {
  const SeveralMinima wells = two_wells(160.0, 170.0);
  const Index a = indices(wells.model, {"a"}).front();
  const std::vector<Values> boxes = line({0.5, 1.0, 1.5});
  const auto side_of = [&](const SettledMinima<Model>& minima, double mu) {
    return minima[{mu}].lowest.x[a] > 0.0;
  };
  // One minimization from either side stays there.
  const auto from = [&](double side, bool explore) {
    return settled(wells, {"mu"}, boxes, {.init = {{"a", side}}, .explore = explore});
  };
  const auto up = from(0.9, false);
  const auto down = from(-0.9, false);
  REQUIRE(side_of(up, 1.0));
  REQUIRE_FALSE(side_of(down, 1.0));
  const bool up_is_lower = up[{1.0}].lowest.value < down[{1.0}].lowest.value;
  const double lowest = std::min(up[{1.0}].lowest.value, down[{1.0}].lowest.value);
  const double wrong_side = up_is_lower ? -0.9 : 0.9;
  const auto explored = from(wrong_side, true);
  // At least one of either side; mu tells more of them apart.
  int sides[2] = {0, 0};
  for (const Vector& mode : explored.modes()) {
    ++sides[mode[a] > 0.0 ? 1 : 0];
  }
  CHECK(sides[0] > 0);
  CHECK(sides[1] > 0);
  for (const double mu : {0.5, 1.0, 1.5}) {
    CHECK(side_of(explored, mu) == up_is_lower);
  }
  // Without exploration, modes that are given lead there.
  SettledMinima<Model> told(wells.model, wells.data, indices(wells.model, {"mu"}),
                            {.init = {{"a", wrong_side}}, .explore = false});
  told.set_modes(explored.modes());
  told.set_data(wells.data);
  add_all(told, boxes);
  CHECK(told.settle());
  for (const double mu : {0.5, 1.0, 1.5}) {
    CHECK(side_of(told, mu) == up_is_lower);
  }
  CHECK(told[{1.0}].lowest.value == Approx(lowest).margin(1e-6));
  CHECK(told.revision() == 4);
  CHECK(told.describe({1.0}).warnings.size() == 1);
}

TEST_CASE("modes are of the data that showed them", "[settled_minima]") {
  const SeveralMinima wells = two_wells(160.0, 170.0);
  auto minima = settled(wells, {"mu"}, line({0.5, 1.0}));
  REQUIRE_FALSE(minima.modes().empty());
  Vector flat = wells.data;
  flat[0] = 90.0;
  minima.set_data(flat);
  CHECK(minima.modes().empty());
  CHECK_FALSE(minima.has({}));
  CHECK_FALSE(minima.has({1.0}));
  minima.add({1.0});
  CHECK(minima.settle());
  CHECK(minima.modes().empty());
  CHECK(minima[{1.0}].others.empty());
}

TEST_CASE("every box is tried from starts that are asked for", "[settled_minima]") {
  const SeveralMinima wells = two_wells(160.0, 170.0);
  const Index a = indices(wells.model, {"a"}).front();
  const std::vector<Values> boxes = line({0.5, 1.0, 1.5});
  for (const double side : {-0.9, 0.9}) {
    Vector other = wells.model.suggested_init();
    other[a] = -side;
    const FitOptions one{.init = {{"a", side}}, .explore = false};
    FitOptions asked = one;
    asked.extra_starts = {other};
    FitOptions drawn = one;
    drawn.starts = 20;
    const auto alone = settled(wells, {"mu"}, boxes, one);
    const auto both = settled(wells, {"mu"}, boxes, asked);
    const auto many = settled(wells, {"mu"}, boxes, drawn);
    CHECK(both[{}].starts_disagree());
    CHECK_FALSE(alone[{}].starts_disagree());
    for (const Values& values : boxes) {
      CHECK(many[values].starts_disagree());
      CHECK(many[values].lowest.value == Approx(both[values].lowest.value).margin(1e-6));
      CHECK(both[values].lowest.value <= alone[values].lowest.value + 1e-9);
    }
  }
}

TEST_CASE("a fit that throws stays with its box, and is tried again", "[settled_minima]") {
  const SeveralMinima basins = two_basins();
  REQUIRE(indices(basins.model, {"mu"}).front() == basins.model.suggested_init().size() - 1);
  const std::vector<Values> boxes = line({1.0, 2.0, 3.0, 4.0});
  const auto whole = settled(basins, {"mu"}, boxes);
  const auto minima = settled(basins, {"mu"}, boxes, {}, ThrowsHeldAt{3.0});
  for (const Values& values : boxes) {
    CAPTURE(values);
    const bool throws = values == Values{3.0};
    CHECK(minima.has(values) == !throws);
    CHECK(minima.is_reached(values));
    if (throws) {
      CHECK(message_of<FitFailed>([&] { (void)minima[values]; }) == "an optimizer that throws");
      CHECK_THROWS_AS(minima.describe(values), FitFailed);
    } else {
      CHECK(minima[values].lowest.value == Approx(whole[values].lowest.value).margin(1e-6));
    }
  }
  const auto recovered = settled(basins, {"mu"}, boxes, {}, ThrowsHeldAt{3.0, std::make_shared<int>(1)});
  CHECK(recovered[{3.0}].lowest.value == Approx(whole[{3.0}].lowest.value).margin(1e-6));
}

TEST_CASE("a box that failed is fitted anew where it is added again", "[settled_minima]") {
  const SeveralMinima basins = two_basins();
  const ThrowsHeldAt optimizer{3.0};
  auto minima = settled(basins, {"mu"}, line({2.0, 3.0}), {}, optimizer);
  CHECK_FALSE(minima.has({3.0}));
  const double kept = minima[{2.0}].lowest.value;
  *optimizer.lives = 0;
  minima.add({2.0});
  minima.add({3.0});
  CHECK(minima.settle());
  CHECK(minima.has({3.0}));
  CHECK(minima[{2.0}].lowest.value == Approx(kept).margin(1e-9));
}

TEST_CASE("boxes that were never added have no minimum", "[settled_minima]") {
  const SeveralMinima basins = two_basins();
  const auto minima = settled(basins, {"mu"}, line({1.0}));
  CHECK_FALSE(minima.has({2.0}));
  CHECK_FALSE(minima.is_reached({2.0}));
  CHECK_FALSE(minima.is_due({2.0}));
  CHECK_THROWS_AS((minima[{2.0}]), FitFailed);
  std::vector<Values> visited;
  minima.for_each([&](const Values& values, const Minimum&) { visited.push_back(values); });
  CHECK(visited == std::vector<Values>{{}, {1.0}});
}

TEST_CASE("where one minimum is all there is, none is replaced", "[settled_minima]") {
  const Model model = hello_world_model();
  SettledMinima<Model> minima(model, with_auxdata(model, {51.0, 48.0}), indices(model, {"mu"}));
  add_all(minima, line({0.0, 1.0, 2.0}));
  CHECK(minima.settle());
  CHECK(minima.revision() == 0);
}

TEST_CASE("copies are independent, also of boxes that are not settled yet", "[settled_minima]") {
  const SeveralMinima basins = two_basins();
  const std::vector<Values> boxes = line({0.5, 1.0, 2.0, 3.0});
  const auto whole = settled(basins, {"mu"}, boxes);
  std::unique_ptr<SettledMinima<Model>> original =
      std::make_unique<SettledMinima<Model>>(basins.model, basins.data, indices(basins.model, {"mu"}));
  add_all(*original, boxes);
  SettledMinima<Model> copy = *original;
  CHECK(copy.settle());
  CHECK_FALSE(original->has({1.0}));
  SettledMinima<Model> second = *original;
  original.reset();
  CHECK(second.settle());
  for (const Values& values : boxes) {
    REQUIRE(copy.has(values));
    REQUIRE(second.has(values));
    CHECK(copy[values].lowest.x == whole[values].lowest.x);
    CHECK(second[values].lowest.x == whole[values].lowest.x);
  }
}
