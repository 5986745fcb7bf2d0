/// Fits whose gradient cannot become small: stiff constraints. Kinks are none of them.

#include <muhat/fit/detail/rounding.hpp>

#include <muhat/fit/fit.hpp>
#include <muhat/fit/trust_region.hpp>
#include <muhat/model/build_specification.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

using namespace muhat;
using namespace muhat::test;

namespace {

/// slope (x - 1) + (x - 1)^2 / 2 up to 1, 100 (x - 1) beyond.
struct Kinked {
  double slope = 0.0;

  [[nodiscard]] Index dimension() const { return 1; }
  double value(const Vector& x) {
    const double d = x[0] - 1.0;
    return d > 0.0 ? 100.0 * d : slope * d + 0.5 * d * d;
  }
  double value_and_gradient(const Vector& x, Vector& g) {
    g.resize(1);
    g[0] = x[0] > 1.0 ? 100.0 : slope + x[0] - 1.0;
    return value(x);
  }
};

/// Looks around a certified minimum, at random.
void check_no_lower_point(const Model& model, const Vector& data, const FitResult& minimum) {
  if (!minimum.certified()) {
    return;
  }
  auto f = Likelihood<Model>(model, data).evaluator();
  std::mt19937 engine(1);
  double lowest = minimum.twice_nll;
  Vector best = minimum.parameters;
  for (const double step : {0.03, 0.01, 0.003, 0.001}) {
    for (int k = 0; k < 1000; ++k) {
      Vector x = best;
      for (Index i = 0; i < x.size(); ++i) {
        x[i] += step * std::uniform_real_distribution<double>(-1.0, 1.0)(engine);
      }
      const Index mu = model.parameter_index("mu");
      x[mu] = std::min(std::max(x[mu], 0.0), 10.0);
      if (const double value = f.value(x); value < lowest) {
        lowest = value;
        best = x;
      }
    }
  }
  CHECK(lowest > minimum.twice_nll - 1e-6);
}

} // namespace

TEST_CASE("a gradient counts as zero only where rounding the point explains it", "[rounding]") {
  // Its minimum lies between two numbers: there is no point with a smaller gradient.
  const double curvature = 1e12;
  Quadratic f{Matrix::Constant(1, 1, curvature), Vector::Constant(1, -curvature * 0.7)};
  const Box box = unbounded(1);
  Vector gradient(1);
  detail::SmoothPiece piece;
  const auto is_zero = [&](double x) {
    const Vector point = Vector::Constant(1, x);
    f.value_and_gradient(point, gradient);
    piece.enter(f, point, gradient, box);
    int evaluations = 0;
    return detail::is_zero_up_to_rounding(f, point, gradient, box, piece, 1e-6, evaluations);
  };
  CHECK(is_zero(0.7));
  CHECK(is_zero(0.7 * (1.0 + 4e-16)));
  CHECK(gradient.norm() > 1e-6);
  CHECK_FALSE(is_zero(0.7 * (1.0 + 1e-14)));
  CHECK_FALSE(is_zero(0.1));
}

TEST_CASE("stiff constraints end in a certified minimum after a few iterations", "[rounding]") {
  for (const double uncertainty : {1e-2, 3e-4, 1e-5, 1e-7, 1e-9}) {
    for (const char* type : {"staterror", "shapesys"}) {
      CAPTURE(uncertainty, type);
      const Model model =
          build_model(spec::Model{{{"channel",
                                    {{"background",
                                      {50.0, 60.0},
                                      {{"stiff", type, spec::BinData{uncertainty, uncertainty}},
                                       {"n", "normsys", spec::NormSysData{1.1, 0.9}}}},
                                     {"signal", {5.0, 6.0}, {{"mu", "normfactor", {}}}}}}},
                                  {}});
      Vector data(model.nbins() + model.nauxdata());
      data << 52.0, 61.0, model.auxdata();
      const FitResult result = fit(model, data);
      CHECK(result.certified());
      CHECK(result.iterations < 50);
      CHECK(result.value("stiff[0]") == Approx(1.0).epsilon(1e-4));
      const FitResult exact = fit(model, data, {}, TrustRegionOptimizer{});
      CHECK(exact.certified());
      CHECK(exact.twice_nll == Approx(result.twice_nll).epsilon(1e-10));
    }
  }
}

TEST_CASE("large counts end in a certified minimum, and nothing beside it is one", "[rounding]") {
  for (const double events : {1e9, 1e11, 1e12, 1e14}) {
    CAPTURE(events);
    const Model model = build_model(
        spec::Model{
            {{"channel",
              {{"background", {events, 1.3 * events}, {{"alpha", "normsys", spec::NormSysData{1.01, 0.99}}}},
               {"signal", {1e-6 * events, 3e-6 * events}, {{"mu", "normfactor", {}}}}}}},
            {}},
        "mu");
    Vector data(model.nbins() + model.nauxdata());
    data << std::round(events + 1e-7 * events), std::round(1.3 * events + 0.5 * std::sqrt(events)),
        model.auxdata();
    const Index alpha = model.parameter_index("alpha");
    for (const double mu : {0.0, 1.0}) {
      const FitResult result = fixed_poi_fit(mu, model, data);
      CHECK(result.certified());
      CHECK(result.iterations < 50);
      CHECK(fixed_poi_fit(mu, model, data, {}, TrustRegionOptimizer{}).certified());
      // A thousandth of a standard deviation beside it is no minimum.
      auto f = Likelihood(model, data).evaluator();
      Vector x = result.parameters;
      x[alpha] += 1e-3 / (0.01 * std::sqrt(2.3 * events));
      Vector gradient;
      f.value_and_gradient(x, gradient);
      Box box = make_setup(model, {.fix = {{"mu", mu}}}).box();
      detail::SmoothPiece piece;
      piece.enter(f, x, gradient, box);
      int evaluations = 0;
      CHECK_FALSE(detail::is_zero_up_to_rounding(f, x, gradient, box, piece, 1e-6, evaluations));
    }
    CHECK(fit(model, data).certified());
  }
}

TEST_CASE("the jump of a gradient at a kink is no rounding", "[rounding]") {
  for (const double slope : {1.0, 0.1, 1e-3}) {
    // Falls to the left of 1, and rises steeply to its right.
    Kinked f{slope};
    const Vector x = Vector::Ones(1);
    Vector gradient(1);
    f.value_and_gradient(x, gradient);
    REQUIRE(gradient[0] == Approx(slope));
    detail::SmoothPiece piece;
    int evaluations = 0;
    CHECK_FALSE(detail::is_zero_up_to_rounding(f, x, gradient, unbounded(1), piece, 1e-6, evaluations));
    CHECK(evaluations == 8);
  }
}

TEST_CASE("no fit to clipped samples ends at a kink with lower points around it", "[rounding]") {
  struct Case {
    std::vector<double> background, a_hi, b_hi;
    Vector observed;
  };
  const std::vector<Case> cases{
      {{4.0, 1.0, 6.0}, {3.0, -8.0, -2.0}, {-1.0, 0.0, -3.0}, Vector{{1.0, 3.0, 0.0}}},
      {{9.0, 7.0, 8.0}, {1.0, 2.0, 12.0}, {4.0, 16.0, 2.0}, Vector{{0.0, 3.0, 1.0}}}};
  for (const Case& c : cases) {
    const auto histosys = [&](const char* name, const std::vector<double>& hi) {
      std::vector<double> lo;
      for (std::size_t b = 0; b < hi.size(); ++b) {
        lo.push_back(2.0 * c.background[b] - hi[b]);
      }
      return spec::Modifier{name, "histosys", spec::HistoSysData{hi, lo}};
    };
    const Model model =
        build_model(spec::Model{{{"channel",
                                  {{"bkg", c.background, {histosys("a", c.a_hi), histosys("b", c.b_hi)}},
                                   {"sig", {1.0, 2.0, 3.0}, {{"mu", "normfactor", {}}}}}}},
                                {}},
                    "", ModelOptions{.clip_sample_data = 0.0});
    Vector data(model.nbins() + model.nauxdata());
    data << c.observed, model.auxdata();
    check_no_lower_point(model, data, fit(model, data));
    check_no_lower_point(model, data, fit(model, data, {}, TrustRegionOptimizer{}));
  }
}
