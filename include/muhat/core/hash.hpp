#pragma once

/// SHA-256 (FIPS 180-4, RFC 6234) and MD5 (RFC 1321) of a text, as lower-case
/// hexadecimal digits. They identify documents; MD5 resists no attack and is
/// here because published patch sets may carry it.

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muhat {

namespace detail {

/// Calls `consume(const unsigned char*)` for each block of 64 bytes of the
/// padded message: the text, a bit 1, zeros, and the length in bits.
template <class Consume>
void for_each_block(std::string_view text, bool big_endian_length, Consume consume) {
  std::size_t offset = 0;
  for (; text.size() - offset >= 64; offset += 64) {
    consume(reinterpret_cast<const unsigned char*>(text.data() + offset));
  }
  std::array<unsigned char, 128> tail{};
  const std::size_t rest = text.size() - offset;
  for (std::size_t i = 0; i < rest; ++i) {
    tail[i] = static_cast<unsigned char>(text[offset + i]);
  }
  tail[rest] = 0x80;
  const std::size_t padded = rest + 9 <= 64 ? 64 : 128;
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t shift = 8 * (big_endian_length ? 7 - i : i);
    tail[padded - 8 + i] = static_cast<unsigned char>(bits >> shift);
  }
  for (std::size_t i = 0; i < padded; i += 64) {
    consume(tail.data() + i);
  }
}

template <std::size_t N>
std::string hexadecimal(const std::array<unsigned char, N>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * N);
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

inline constexpr std::array<std::uint32_t, 64> sha256_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

inline void sha256_block(std::array<std::uint32_t, 8>& state, const unsigned char* block) {
  std::array<std::uint32_t, 64> w;
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned char* const p = block + 4 * i;
    w[i] = std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
  }
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + sha256_constants[i] + w[i];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::array<std::uint32_t, 8> step{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) {
    state[i] += step[i];
  }
}

inline void md5_block(std::array<std::uint32_t, 4>& state, const unsigned char* block,
                      const std::array<std::uint32_t, 64>& constants) {
  constexpr std::array<std::array<int, 4>, 4> shifts{
      {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
  std::array<std::uint32_t, 16> w;
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned char* const p = block + 4 * i;
    w[i] = std::uint32_t{p[3]} << 24 | std::uint32_t{p[2]} << 16 | std::uint32_t{p[1]} << 8 | p[0];
  }
  auto [a, b, c, d] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t round = i / 16;
    std::uint32_t f = 0;
    std::size_t word = 0;
    switch (round) {
    case 0:
      f = (b & c) | (~b & d);
      word = i;
      break;
    case 1:
      f = (d & b) | (~d & c);
      word = (5 * i + 1) % 16;
      break;
    case 2:
      f = b ^ c ^ d;
      word = (3 * i + 5) % 16;
      break;
    default:
      f = c ^ (b | ~d);
      word = (7 * i) % 16;
    }
    const std::uint32_t rotated = std::rotl(a + f + constants[i] + w[word], shifts[round][i % 4]);
    a = d;
    d = c;
    c = b;
    b += rotated;
  }
  const std::array<std::uint32_t, 4> step{a, b, c, d};
  for (std::size_t i = 0; i < 4; ++i) {
    state[i] += step[i];
  }
}

} // namespace detail

/// SHA-256 of a text: 64 hexadecimal digits. O(size of the text).
[[nodiscard]] inline std::string sha256(std::string_view text) {
  std::array<std::uint32_t, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  detail::for_each_block(text, true, [&](const unsigned char* block) { detail::sha256_block(state, block); });
  std::array<unsigned char, 32> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return detail::hexadecimal(bytes);
}

/// MD5 of a text: 32 hexadecimal digits. O(size of the text).
[[nodiscard]] inline std::string md5(std::string_view text) {
  std::array<std::uint32_t, 64> constants;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    constants[i] = static_cast<std::uint32_t>(4294967296.0 * std::fabs(std::sin(static_cast<double>(i + 1))));
  }
  std::array<std::uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  detail::for_each_block(text, false,
                         [&](const unsigned char* block) { detail::md5_block(state, block, constants); });
  std::array<unsigned char, 16> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(state[i / 4] >> (8 * (i % 4)));
  }
  return detail::hexadecimal(bytes);
}

} // namespace muhat
