#pragma once

/// First-order dual numbers x + e x', e^2 = 0.
///
/// Running the reverse sweep of a gradient on duals yields the exact product of the
/// Hessian with a direction (forward over reverse). Only ring operations are
/// needed: nonlinear functions enter through `chain`.

#include <concepts>

namespace muhat {

template <class S>
struct Dual {
  S value = S(0);
  S tangent = S(0);

  Dual() = default;
  Dual(S v) : value(v) {}
  Dual(S v, S t) : value(v), tangent(t) {}

  Dual& operator+=(const Dual& other) {
    value += other.value;
    tangent += other.tangent;
    return *this;
  }
  Dual& operator*=(const Dual& other) {
    tangent = tangent * other.value + value * other.tangent;
    value *= other.value;
    return *this;
  }
  friend Dual operator+(Dual a, const Dual& b) { return a += b; }
  friend Dual operator*(Dual a, const Dual& b) { return a *= b; }
  friend Dual operator*(const Dual& a, S s) { return {a.value * s, a.tangent * s}; }
  friend Dual operator*(S s, const Dual& a) { return a * s; }
};

template <class T>
struct DualTraits {
  using Value = T;
};
template <class S>
struct DualTraits<Dual<S>> {
  using Value = S;
};

/// The plain scalar beneath T: T itself, or the value type of a dual.
template <class T>
using ValueOf = typename DualTraits<T>::Value;

template <std::floating_point S>
[[nodiscard]] S value_of(S x) {
  return x;
}
template <class S>
[[nodiscard]] S value_of(const Dual<S>& x) {
  return x.value;
}

/// g(x), given g and its derivative at the value of x.
template <std::floating_point S>
[[nodiscard]] S chain(S, S g, S) {
  return g;
}
template <class S>
[[nodiscard]] Dual<S> chain(const Dual<S>& x, S g, S derivative) {
  return {g, derivative * x.tangent};
}

} // namespace muhat
