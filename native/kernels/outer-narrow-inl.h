// OUTER_SUM of few columns: dot products along the lanes, sixteen at a time, folded together at the end.
//
// No operand is transposed, and no register is half empty because there are 20 columns: a tile of sixteen
// sums loads kI + kJ registers for as many multiply-adds, and folding its sums, 45 instructions, is less than
// transposing. (20 x 20, 128 samples, AVX-512: 1.4 us, 2.0 by way of outerTile.) Each sum folded by itself
// would cost as much as the products. Three products of one layer in one call: 3.5 us. Prefetching the rows
// of the next tiles, or the accumulators, made it slower.

template <class T, int kI, int kJ>
struct OuterDots {
  static constexpr int W = kWidth<T>, L = kLogicalLanes<T>, R = kLogicalRegisters<T>, kSums = kI * kJ;
  static constexpr int kTiles = 8;  // in a strip
  // Packed: acc is aligned to T alone. Not by memcpy as `load` does, which was 3 % slower here.
  struct __attribute__((packed, may_alias)) Columns {
    T __attribute__((vector_size(kJ * sizeof(T)))) of;
  };

  // One register of each of kRows rows at `at`, of which the first `lanes` lanes count. Without kWhole there
  // are only `rows`: a place beyond the last repeats it, its sum is not stored.
  template <bool kWhole, bool kLanes, int kRows>
  static NABLA_INLINE void loadRows(const T* at, int64_t row, int64_t rows, int64_t lanes,
                                    Vec<T> (&v)[kRows]) {
    NABLA_UNROLL
    for (int i = 0; i < kRows; i++) {
      const T* from = at + (kWhole || i < rows ? i : rows - 1) * row;
      v[i] = kLanes ? load<T>(from) : loadPartial(from, static_cast<int>(lanes));
    }
  }

  template <bool kWhole, bool kLanes>
  static NABLA_INLINE void step(const T* a, int64_t aI, int64_t rows, const T* b, int64_t bJ, int64_t columns,
                                int64_t lanes, Vec<T> (&s)[kI][kJ]) {
    Vec<T> av[kI], bv[kJ];
    loadRows<kWhole, kLanes>(a, aI, rows, lanes, av);
    loadRows<kWhole, kLanes>(b, bJ, columns, lanes, bv);
    NABLA_UNROLL
    for (int j = 0; j < kJ; j++) {
      NABLA_UNROLL
      for (int i = 0; i < kI; i++) s[i][j] = fma(av[i], bv[j], s[i][j]);
    }
  }

  // The sum of row i and column j in lane i * kJ + j of `folded`: registers, not memory that could be where
  // the piece is described, which would then have to be read again for every tile.
  using Folded = Vec<T>[kSums / W];
  template <bool kWhole>
  static NABLA_INLINE void tile(const OuterPiece<T>& p, int64_t i0, int64_t rows, int64_t j0, int64_t columns,
                                Folded& folded) {
    Vec<T> sums[R][kSums];
    for (int q = 0; q < R; q++) {
      Vec<T> s[kI][kJ];
      NABLA_UNROLL
      for (int i = 0; i < kI; i++) {
        NABLA_UNROLL
        for (int j = 0; j < kJ; j++) s[i][j] = set(T(0));
      }
      for (int64_t n = 0; n < p.runs; n++) {
        const OuterRun<T>& run = p.run[n];
        const int64_t aI = run.aI, bJ = run.bJ;
        const T* a = run.a + i0 * aI + q * W;
        const T* b = run.b + j0 * bJ + q * W;
        int64_t left = p.lanes - q * W;
        for (; left >= W; left -= L, a += L, b += L) step<kWhole, true>(a, aI, rows, b, bJ, columns, W, s);
        if (left > 0) step<kWhole, false>(a, aI, rows, b, bJ, columns, left, s);
      }
      NABLA_UNROLL
      for (int i = 0; i < kI; i++) {
        NABLA_UNROLL
        for (int j = 0; j < kJ; j++) sums[q][i * kJ + j] = s[i][j];
      }
    }
    NABLA_UNROLL
    for (int n = 0; n < kSums; n += W) {
      Vec<T> group[R][W];
      NABLA_UNROLL
      for (int q = 0; q < R; q++) {
        NABLA_UNROLL
        for (int i = 0; i < W; i++) group[q][i] = sums[q][n + i];
      }
      folded[n / W] = foldRows<T>(group);
    }
  }
  template <bool kWhole>
  static NABLA_INLINE void storeTile(const OuterPiece<T>& p, int64_t i0, int64_t rows, int64_t j0,
                                     int64_t columns, T* to) {
    Folded folded;
    tile<kWhole>(p, i0, rows, j0, columns, folded);
    NABLA_UNROLL
    for (int n = 0; n < kSums; n += W) store<T>(to + n, folded[n / W]);
  }
  __attribute__((noinline)) static void storeEdge(const OuterPiece<T>& p, int64_t i0, int64_t rows,
                                                  int64_t j0, int64_t columns, T* to) {
    storeTile<false>(p, i0, rows, j0, columns, to);
  }

  // Rows [i0, i0 + rows) of columns [first, end). The sums of all tiles are added to acc together: a tile
  // that does so by itself, four numbers here and four there, holds up the next one for 30 cycles.
  static NABLA_INLINE void strip(const OuterPiece<T>& p, int64_t i0, int64_t rows, int64_t first,
                                 int64_t end) {
    alignas(64) T folded[kTiles][kSums];
    T* sums = folded[0];
    int64_t j = first;
    if (rows == kI) {
      for (; j + kJ <= end; j += kJ, sums += kSums) storeTile<true>(p, i0, kI, j, kJ, sums);
    }
    for (; j < end; j += kJ, sums += kSums) storeEdge(p, i0, rows, j, end - j < kJ ? end - j : kJ, sums);
    const int64_t accI = p.accI, accJ = p.accJ, whole = accJ == 1 ? (end - first) / kJ * kJ : 0;
    T* acc = p.acc + i0 * accI + first * accJ;
    for (int64_t i = 0; i < rows; i++, acc += accI) {
      const T* from = folded[0] + i * kJ;
      int64_t c = 0;
      for (; c < whole; c += kJ, from += kSums) {
        Columns* const to = reinterpret_cast<Columns*>(acc + c);
        to->of = to->of + reinterpret_cast<const Columns*>(from)->of;
      }
      for (; c < end - first; c++) acc[c * accJ] = acc[c * accJ] + folded[c / kJ][i * kJ + c % kJ];
    }
  }

  // Some columns at a time, few enough that they stay in L1 while all rows go by: otherwise every tile would
  // find its rows and columns in L2. (20 x 20 of three pairs, 128 samples: 60 KB.) Columns and the rows of
  // one tile take three quarters of the smallest L1 there is, 32 KiB.
  static void piece(const OuterPiece<T>& p, int64_t I, int64_t J) {
    constexpr int64_t kNear = 24 << 10, kMost = kTiles * kJ;
    const int64_t fitting = quotient(kNear, p.runs * p.lanes * static_cast<int64_t>(sizeof(T))) - kI;
    const int64_t block = fitting < kJ ? kJ : fitting < kMost ? fitting - fitting % kJ : kMost;
    for (int64_t first = 0; first < J; first += block) {
      const int64_t end = J - first < block ? J : first + block;
      for (int64_t i = 0; i < I; i += kI) strip(p, i, I - i < kI ? I - i : kI, first, end);
    }
  }
};

// Of so few rows a tile of 4 x 4 would waste half.
inline constexpr int64_t kThinDots = 2;

template <class T>
void outerNarrowPiece(const OuterPiece<T>& p, int64_t I, int64_t J) {
  if (I == 1) return OuterDots<T, 1, 16>::piece(p, I, J);
  if (I == 2) return OuterDots<T, 2, 8>::piece(p, I, J);
  OuterDots<T, 4, 4>::piece(p, I, J);
}
