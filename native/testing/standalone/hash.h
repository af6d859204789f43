// Numbers that are the same everywhere, and what became of them in 64 bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace nabla::testing {

// FNV-1a over the values' bytes, all NaNs made the same: their sign and payload are not promised.
class Hash {
 public:
  template <class T>
  void add(const std::vector<T>& values) {
    for (T x : values) {
      if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(x)) x = std::numeric_limits<T>::quiet_NaN();
      }
      unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &x, sizeof(T));
      for (unsigned char byte : bytes) state_ = (state_ ^ byte) * 0x100000001b3u;
    }
  }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0xcbf29ce484222325u;
};

// Numbers of all sizes and, now and then, special values; the same everywhere (splitmix64).
template <class T>
std::vector<T> numbers(int64_t n, uint64_t seed, bool special) {
  std::vector<T> out(static_cast<std::size_t>(n));
  const T least = std::numeric_limits<T>::denorm_min(), most = std::numeric_limits<T>::max();
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T specials[] = {0,      -T(0), 1,     -1,     infinity, -infinity, nan, least,
                        -least, most,  -most, T(0.5), 2,        3,         -2,  T(1e-3)};
  for (T& x : out) {
    seed += 0x9e3779b97f4a7c15u;
    uint64_t z = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    x = static_cast<T>(static_cast<int64_t>(z >> 12)) * static_cast<T>(0x1p-51) - 1;
    if (special) {
      x = (z & 7) == 0 ? specials[(z >> 3) & 15]
                       : static_cast<T>(std::ldexp(x, static_cast<int>((z >> 3) % 60) - 30));
    }
  }
  return out;
}

}  // namespace nabla::testing
