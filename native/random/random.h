// Random numbers, bit for bit those of jax.random with its default generator on a CPU.
//
// A key and an index give a number; nothing is carried from one number to the next. Letter code: n numbers, b
// bounds. Bounds are arrays of b >= 1 values that repeat along the output: element i takes bound i mod b.
#pragma once

#include <cstdint>
#include <span>

#include "random/threefry.h"

namespace nabla::random {

// Which counters are hashed for an array of n numbers.
enum class Stream {
  kPartitionable,  // element i hashes i: JAX's default since 0.5.0
  kLegacy,  // element i shares a hash with element i + n/2: JAX before, and what older checkpoints were drawn
            // with
};

// Beyond this many 32-bit words JAX hashes a legacy array in a third way, which is not offered here.
constexpr std::uint64_t kMaxLegacyWords = 0xFFFFFFFE;

template <class T>
struct Bounds {
  std::span<const T> lower, upper;
};

// The functions below, compiled for one instruction set. Their results are the same bits on all of them.
struct Generators {
  // jax.random.bits. 32 bits: out is n words; 64 bits: out is n pairs of words, upper half first.
  void (*bits32)(Key key, Stream stream, std::span<std::uint32_t> out);
  void (*bits64)(Key key, Stream stream, std::span<std::uint32_t> out);

  // jax.random.uniform in [lower, upper).
  void (*uniform32)(Key key, Stream stream, Bounds<float> bounds, std::span<float> out);
  void (*uniform64)(Key key, Stream stream, Bounds<double> bounds, std::span<double> out);

  // jax.random.normal: mean 0, variance 1.
  void (*normal32)(Key key, Stream stream, std::span<float> out);
  void (*normal64)(Key key, Stream stream, std::span<double> out);

  // jax.random.truncated_normal: the normal distribution cut to the open interval (lower, upper), before any
  // scaling.
  void (*truncatedNormal32)(Key key, Stream stream, Bounds<float> bounds, std::span<float> out);
  void (*truncatedNormal64)(Key key, Stream stream, Bounds<double> bounds, std::span<double> out);
};

// The best this machine can run, and the one every machine can.
const Generators& generators();
const Generators& portableGenerators();

// jax.random.split: out is n keys as n pairs of words.
void split(Key key, Stream stream, std::span<std::uint32_t> out);

// jax.random.fold_in.
Key foldIn(Key key, std::uint32_t data);

}  // namespace nabla::random
