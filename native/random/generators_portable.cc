// The generators for any machine: std::fma becomes the machine's instruction or the C library's exact one.
#include "random/generators-inl.h"

namespace nabla::random {

const Generators& portableGenerators() { return kGenerators; }

void split(Key key, Stream stream, std::span<std::uint32_t> out) {
  if (stream == Stream::kLegacy) return bits32(key, stream, out);
  for (std::uint64_t i = 0; i < out.size() / 2; ++i) {
    const Words hash = threefry2x32(key, static_cast<std::uint32_t>(i >> 32), static_cast<std::uint32_t>(i));
    out[2 * i] = hash.x0;
    out[2 * i + 1] = hash.x1;
  }
}

Key foldIn(Key key, std::uint32_t data) {
  const Words hash = threefry2x32(key, 0, data);
  return {hash.x0, hash.x1};
}

}  // namespace nabla::random
