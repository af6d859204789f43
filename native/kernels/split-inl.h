// How a side of a product is cut into tiles.

// Divisions of 64 bits take up to 90 cycles on older cores, as long as a small product; of 32 bits a third.
NABLA_INLINE int64_t quotient(int64_t n, int64_t d) {
  return ((n | d) >> 31) == 0 ? static_cast<int64_t>(static_cast<uint32_t>(n) / static_cast<uint32_t>(d))
                              : n / d;
}

// n >= 0 rows spread evenly over as few tiles of at most kMost as it takes: `longer` tiles of size + 1, then
// the others. (20 rows are 4 x 5, not 3 x 6 + 2: a last tile of one row would leave the units waiting for its
// single chain.)
template <int kMost>
struct EvenSplit {
  int64_t tiles, size, longer;
  NABLA_INLINE explicit EvenSplit(int64_t n) : tiles((n + kMost - 1) / kMost), size(n), longer(0) {
    if (tiles > 1) {
      size = quotient(n, tiles);
      longer = n - size * tiles;
    }
  }
  // Where tile t starts.
  NABLA_INLINE int64_t start(int64_t t) const { return t * size + (t < longer ? t : longer); }
};
