#pragma once

/// Random streams that are a function of (seed, stream number) alone.
///
/// Toy number k of a run draws from its own generator, whose state is a hash of
/// the run's seed and k: whoever makes the toy, in whatever order, gets the
/// same bits. Distributions come from Boost.Random, whose algorithms are fixed
/// (those of the standard library differ between vendors).

#include <boost/random/mersenne_twister.hpp>

#include <cstdint>

namespace muhat {

/// The generator of every random number in muhat.
using RandomEngine = boost::random::mt19937_64;

/// A bijection of the 64-bit integers whose output looks random
/// (the finalizer of SplitMix64, Steele, Lea & Flood, OOPSLA 2014).
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// The generator of one stream. For a fixed seed, different streams have different states.
[[nodiscard]] inline RandomEngine random_stream(std::uint64_t seed, std::uint64_t stream) {
  constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15U;
  return RandomEngine(mix_bits(mix_bits(seed + golden_ratio) + stream * golden_ratio));
}

} // namespace muhat
