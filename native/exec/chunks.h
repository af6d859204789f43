// How a loop's blocks are cut into chunks with sums of their own.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace nabla {

// At most this many chunks, so that many threads find work; fewer if their accumulators would fill more than
// this memory; never fewer than kMinChunks (one per block if there are not so many blocks). Every chunk's
// accumulators are zeroed, come into the cache, leave it and come back to be added up: that should stay
// within a last-level cache and be little beside the blocks. (4 x 256 weights, 0.8 MB, 32 blocks: 16 MiB, 21
// chunks, take 4 % longer on one thread.)
inline constexpr int64_t kMaxChunks = 64;
inline constexpr int64_t kMinChunks = 8;
inline constexpr int64_t kChunkMemory = int64_t{6} << 20;

// Number of chunks for a loop of `blocks` blocks. It depends on nothing but the program: never on threads or
// machine, since the order of additions and so the last bits of every sum follow from it.
constexpr int64_t chunkCount(int64_t blocks, int64_t accumulatorBytes) {
  const auto fitting = static_cast<uint64_t>(kChunkMemory / std::max<int64_t>(accumulatorBytes, 1));
  // A power of two: threads mostly come in those, and get equal shares.
  return std::min(blocks, std::clamp(static_cast<int64_t>(std::bit_floor(fitting)), kMinChunks, kMaxChunks));
}

// First of the blocks of part i out of `parts`; the parts differ by one block at most. Quotients and not
// blocks * i / parts, which would overflow for a program that declares 2^53 samples.
constexpr int64_t firstBlock(int64_t blocks, int64_t parts, int64_t i) {
  return blocks / parts * i + std::min(i, blocks % parts);
}

}  // namespace nabla
