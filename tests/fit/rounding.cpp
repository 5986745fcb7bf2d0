/// Fits whose gradient cannot become small: stiff constraints.

#include <muhat/fit/detail/rounding.hpp>

#include <muhat/fit/fit.hpp>
#include <muhat/fit/trust_region.hpp>
#include <muhat/model/build_specification.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <utility>

using namespace muhat;
using namespace muhat::test;

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
    return detail::is_zero_up_to_rounding(f, point, gradient, box, piece, 1e-6);
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
