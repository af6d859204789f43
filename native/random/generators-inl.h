// The bodies behind random.h. Included once per instruction set by a file that has opened a target region, so
// everything is in an anonymous namespace: no code compiled for one instruction set may be taken for
// another's.
#pragma once

#include "random/headers.h"

#include "random/erf.h"
#include "random/erf_inv.h"
#include "random/random.h"
#include "random/threefry.h"

namespace nabla::random {
namespace {

// Numbers made at a time, so that the random bits pass through the first-level cache. A power of two: a chunk
// then never straddles a multiple of 2^32, and the upper word of its counters is one number.
constexpr std::size_t kChunk = 512;

template <class T>
struct Format;

template <>
struct Format<float> {
  using Word = std::uint32_t;
  static constexpr int kShift = 9;          // 32 random bits less the 23 of the significand
  static constexpr Word kOne = 0x3F800000;  // the bits of 1
  static constexpr float kRootTwo = 0x1.6a09e6p+0f;
  static constexpr float kRootHalf = 0x1.6a09e6p-1f;
  static constexpr float kAboveMinusOne = -0x1.fffffep-1f;
};

template <>
struct Format<double> {
  using Word = std::uint64_t;
  static constexpr int kShift = 12;
  static constexpr Word kOne = 0x3FF0000000000000;
  static constexpr double kRootTwo = 0x1.6a09e667f3bcdp+0;
  static constexpr double kRootHalf = 0x1.6a09e667f3bccp-1;  // 1 / kRootTwo rounded, one unit below sqrt(1/2)
  static constexpr double kAboveMinusOne = -0x1.fffffffffffffp-1;
};

// Word w of a legacy array of `words` words: the first half of the array are the first words of hashes, the
// second half the second. An odd array is hashed as if a counter 0 followed it.
inline std::uint32_t legacyWord(Key key, std::uint64_t w, std::uint64_t words) {
  const std::uint64_t half = (words + 1) / 2;
  const std::uint64_t j = w < half ? w : w - half;
  const std::uint64_t partner = j + half < words ? j + half : 0;
  const Words hash = threefry2x32(key, static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(partner));
  return w < half ? hash.x0 : hash.x1;
}

// Elements first .. first + count of an array of n; first is a multiple of kChunk, count at most kChunk.
inline void fillBits(Key key, Stream stream, std::uint64_t first, std::uint64_t n, std::size_t count,
                     std::uint32_t* out) {
  if (stream == Stream::kPartitionable) {
    const std::uint32_t high = static_cast<std::uint32_t>(first >> 32);
    const std::uint32_t low = static_cast<std::uint32_t>(first);
    for (std::size_t i = 0; i < count; ++i) {
      const Words hash = threefry2x32(key, high, low + static_cast<std::uint32_t>(i));
      out[i] = hash.x0 ^ hash.x1;
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = legacyWord(key, first + i, n);
  }
}

inline void fillBits(Key key, Stream stream, std::uint64_t first, std::uint64_t n, std::size_t count,
                     std::uint64_t* out) {
  // Legacy: 2n words, of which the first n are the upper halves and the second n, from the same hashes, the
  // lower ones.
  const bool partitionable = stream == Stream::kPartitionable;
  const std::uint32_t high = static_cast<std::uint32_t>(first >> 32);
  const std::uint32_t low = static_cast<std::uint32_t>(first);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t index = low + static_cast<std::uint32_t>(i);
    const Words hash = partitionable ? threefry2x32(key, high, index)
                                     : threefry2x32(key, index, index + static_cast<std::uint32_t>(n));
    out[i] = static_cast<std::uint64_t>(hash.x0) << 32 | hash.x1;
  }
}

void bits32(Key key, Stream stream, std::span<std::uint32_t> out) {
  for (std::size_t first = 0; first < out.size(); first += kChunk) {
    fillBits(key, stream, first, out.size(), std::min(kChunk, out.size() - first), out.data() + first);
  }
}

void bits64(Key key, Stream stream, std::span<std::uint32_t> out) {
  std::uint64_t words[kChunk];
  const std::size_t n = out.size() / 2;
  for (std::size_t first = 0; first < n; first += kChunk) {
    const std::size_t count = std::min(kChunk, n - first);
    fillBits(key, stream, first, n, count, words);
    for (std::size_t i = 0; i < count; ++i) {
      out[2 * (first + i)] = static_cast<std::uint32_t>(words[i] >> 32);
      out[2 * (first + i) + 1] = static_cast<std::uint32_t>(words[i]);
    }
  }
}

// [0, 1): random bits as the significand of a number in [1, 2), less 1.
template <class T>
inline T unitInterval(typename Format<T>::Word word) {
  return std::bit_cast<T>((word >> Format<T>::kShift) | Format<T>::kOne) - T(1);
}

// What one element's distribution is, repeated for a chunk.
template <class T>
struct ChunkBounds {
  alignas(64) T lower[kChunk];
  alignas(64) T range[kChunk];
  alignas(64) T clipLower[kChunk];
  alignas(64) T clipUpper[kChunk];
};

// lower + range * [0, 1), where rounding could otherwise reach below lower.
template <class T>
inline T stretch(T unit, T lower, T range) {
  const T value = std::fma(unit, range, lower);
  return lower > value ? lower : value;
}

template <class T>
void uniform(Key key, Stream stream, Bounds<T> bounds, std::span<T> out) {
  alignas(64) typename Format<T>::Word words[kChunk];
  ChunkBounds<T> chunk;
  const std::size_t period = bounds.lower.size();
  for (std::size_t first = 0; first < out.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, out.size() - first);
    if (first == 0 || kChunk % period != 0) {
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t b = (first + i) % period;
        chunk.lower[i] = bounds.lower[b];
        chunk.range[i] = bounds.upper[b] - bounds.lower[b];
      }
    }
    fillBits(key, stream, first, out.size(), count, words);
    T* const to = out.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = stretch(unitInterval<T>(words[i]), chunk.lower[i], chunk.range[i]);
    }
  }
}

template <class T>
void normal(Key key, Stream stream, std::span<T> out) {
  // (-1, 1): the range is 2 less half a unit in the last place of 1, which rounds to 2.
  constexpr T kRange = T(1) - Format<T>::kAboveMinusOne;
  alignas(64) typename Format<T>::Word words[kChunk];
  for (std::size_t first = 0; first < out.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, out.size() - first);
    fillBits(key, stream, first, out.size(), count, words);
    T* const to = out.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      const T u = stretch(unitInterval<T>(words[i]), Format<T>::kAboveMinusOne, kRange);
      to[i] = xlaErfInv(u) * Format<T>::kRootTwo;
    }
  }
}

template <class T>
void truncatedNormal(Key key, Stream stream, Bounds<T> bounds, std::span<T> out) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  // The uniform numbers the inverse is applied to lie between the distribution function's values at the
  // bounds; XLA multiplies by the rounded reciprocal of sqrt 2 where the formula divides.
  const std::size_t period = bounds.lower.size();
  ChunkBounds<T> chunk;
  alignas(64) typename Format<T>::Word words[kChunk];
  for (std::size_t first = 0; first < out.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, out.size() - first);
    if (first == 0 || kChunk % period != 0) {
      for (std::size_t i = 0; i < count; ++i) {
        if (i >= period) {
          chunk.lower[i] = chunk.lower[i - period];
          chunk.range[i] = chunk.range[i - period];
          chunk.clipLower[i] = chunk.clipLower[i - period];
          chunk.clipUpper[i] = chunk.clipUpper[i - period];
          continue;
        }
        const T lower = bounds.lower[(first + i) % period];
        const T upper = bounds.upper[(first + i) % period];
        chunk.lower[i] = errorFunction(lower * Format<T>::kRootHalf);
        chunk.range[i] = errorFunction(upper * Format<T>::kRootHalf) - chunk.lower[i];
        chunk.clipLower[i] = std::nextafter(lower, kInfinity);
        chunk.clipUpper[i] = std::nextafter(upper, -kInfinity);
      }
    }
    fillBits(key, stream, first, out.size(), count, words);
    T* const to = out.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      const T u = stretch(unitInterval<T>(words[i]), chunk.lower[i], chunk.range[i]);
      const T value = xlaErfInv(u) * Format<T>::kRootTwo;
      const T raised = value < chunk.clipLower[i] ? chunk.clipLower[i] : value;
      to[i] = raised > chunk.clipUpper[i] ? chunk.clipUpper[i] : raised;
    }
  }
}

constexpr Generators kGenerators = {
    bits32,        bits64,         uniform<float>,         uniform<double>,
    normal<float>, normal<double>, truncatedNormal<float>, truncatedNormal<double>,
};

}  // namespace
}  // namespace nabla::random
