// Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC11), the counter-based generator behind jax.random: a keyed hash of a 64-bit counter, so that every
// number of an array is computed on its own and in any order.
#pragma once

#include <bit>
#include <cstdint>

namespace nabla::random {

struct Key {
  std::uint32_t k0, k1;
};

struct Words {
  std::uint32_t x0, x1;
};

namespace {

inline Words threefry2x32(Key key, std::uint32_t x0, std::uint32_t x1) {
  const std::uint32_t schedule[3] = {key.k0, key.k1, key.k0 ^ key.k1 ^ 0x1BD11BDA};
  constexpr int kRotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  x0 += schedule[0];
  x1 += schedule[1];
  for (std::uint32_t group = 0; group < 5; ++group) {
    for (const int rotation : kRotations[group % 2]) {
      x0 += x1;
      x1 = std::rotl(x1, rotation) ^ x0;
    }
    x0 += schedule[(group + 1) % 3];
    x1 += schedule[(group + 2) % 3] + group + 1;
  }
  return {x0, x1};
}

}  // namespace
}  // namespace nabla::random
