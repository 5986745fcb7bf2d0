#pragma once

/// The way down from a saddle point or a maximum: along a direction of negative curvature v,
///
///     x +- t v,  t = 1, 1/4, 1/16, ...,
///
/// the side first to which the gradient points down.

#include <muhat/core/linear_algebra.hpp>
#include <muhat/fit/certificate.hpp>
#include <muhat/fit/optimizer.hpp>

#include <optional>
#include <utility>

namespace muhat::detail {

struct LowerPoint {
  Vector x;
  Vector gradient;
  double value = 0.0;
};

/// The first such point inside the box that lies below `value`; empty if there is none. Where the curvature
/// is nearly 0 the way down may be long, and t begins at 1024. Adds the evaluations spent to `evaluations`.
template <class F>
[[nodiscard]] std::optional<LowerPoint> point_below(F& f, const Box& box, const Vector& x, double value,
                                                    const Vector& gradient, const Certificate& certificate,
                                                    int& evaluations) {
  const Vector& v = certificate.descent;
  if (v.size() != x.size()) {
    return std::nullopt;
  }
  const double largest = certificate.is_nearly_flat() ? 1024.0 : 1.0;
  const double sign = gradient.dot(v) > 0.0 ? -1.0 : 1.0;
  LowerPoint point{.x = x, .gradient = gradient, .value = value};
  for (const double side : {sign, -sign}) {
    for (double t = largest; t > 1e-6; t *= 0.25) {
      point.x = (x + side * t * v).cwiseMax(box.lower).cwiseMin(box.upper);
      point.value = f.value_and_gradient(point.x, point.gradient);
      ++evaluations;
      if (point.value < value && point.gradient.allFinite()) {
        return point;
      }
    }
  }
  return std::nullopt;
}

} // namespace muhat::detail
