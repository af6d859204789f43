// OUTER_SUM of few columns: dot products along the lanes, sixteen at a time, folded together at the end.
//
// No operand is transposed, and no register is half empty because there are 20 columns: a tile of sixteen
// sums loads kI + kJ registers for as many multiply-adds, and folding its sums, 45 instructions, is less than
// transposing. (20 x 20, 128 samples, AVX-512: 1.6 us, 2.0 by way of outerTile.) Each sum folded by itself
// would cost as much as the products. Three products of one layer in one call: 3.7 us.

template <class T, int kI, int kJ>
struct OuterDots {
  static constexpr int W = kWidth<T>, L = kLogicalLanes<T>, R = kLogicalRegisters<T>, kSums = kI * kJ;

  // Registers of `a` rows and `b` columns; a place beyond the last repeats it, its sum is not stored.
  struct Places {
    const T* a[kI];
    const T* b[kJ];
  };

  // One register of lanes, of which the first `lanes` count.
  template <bool kWhole>
  static NABLA_INLINE void step(const Places& at, int64_t offset, int lanes, Vec<T> (&s)[kI][kJ]) {
    Vec<T> av[kI];
    NABLA_UNROLL
    for (int i = 0; i < kI; i++)
      av[i] = kWhole ? load<T>(at.a[i] + offset) : loadPartial(at.a[i] + offset, lanes);
    NABLA_UNROLL
    for (int j = 0; j < kJ; j++) {
      const Vec<T> bv = kWhole ? load<T>(at.b[j] + offset) : loadPartial(at.b[j] + offset, lanes);
      NABLA_UNROLL
      for (int i = 0; i < kI; i++) s[i][j] = fma(av[i], bv, s[i][j]);
    }
  }

  __attribute__((noinline)) static void tile(const OuterPiece<T>& p, int64_t i0, int64_t rows, int64_t j0,
                                             int64_t columns) {
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
        Places at;
        NABLA_UNROLL
        for (int i = 0; i < kI; i++) at.a[i] = run.a + (i0 + (i < rows ? i : rows - 1)) * run.aI;
        NABLA_UNROLL
        for (int j = 0; j < kJ; j++) at.b[j] = run.b + (j0 + (j < columns ? j : columns - 1)) * run.bJ;
        int64_t l = q * W;
        for (; l + W <= p.lanes; l += L) step<true>(at, l, W, s);
        if (l < p.lanes) step<false>(at, l, static_cast<int>(p.lanes - l), s);
      }
      NABLA_UNROLL
      for (int i = 0; i < kI; i++) {
        NABLA_UNROLL
        for (int j = 0; j < kJ; j++) sums[q][i * kJ + j] = s[i][j];
      }
    }
    alignas(64) T folded[kSums];
    NABLA_UNROLL
    for (int n = 0; n < kSums; n += W) {
      Vec<T> group[R][W];
      NABLA_UNROLL
      for (int q = 0; q < R; q++) {
        NABLA_UNROLL
        for (int i = 0; i < W; i++) group[q][i] = sums[q][n + i];
      }
      store<T>(folded + n, foldRows<T>(group));
    }
    T* acc = p.acc + i0 * p.accI + j0 * p.accJ;
    if (p.accJ == 1 && columns == kJ) {
      for (int64_t i = 0; i < rows; i++) {
        NABLA_UNROLL
        for (int j = 0; j < kJ; j++) acc[i * p.accI + j] = acc[i * p.accI + j] + folded[i * kJ + j];
      }
      return;
    }
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < columns; j++) {
        T* to = acc + i * p.accI + j * p.accJ;
        *to = *to + folded[i * kJ + j];
      }
    }
  }

  // Some columns at a time, few enough that they stay in L1 while all rows go by: otherwise every tile would
  // find its rows and columns in L2. (20 x 20 of three pairs, 128 samples: 60 KB.) Columns and the rows of
  // one tile take three quarters of the smallest L1 there is, 32 KiB.
  static void piece(const OuterPiece<T>& p, int64_t I, int64_t J) {
    constexpr int64_t kNear = 24 << 10;
    const int64_t most = quotient(kNear, p.runs * p.lanes * static_cast<int64_t>(sizeof(T))) - kI;
    const int64_t block = most < kJ ? kJ : most - most % kJ;
    for (int64_t first = 0; first < J; first += block) {
      const int64_t end = J - first < block ? J : first + block;
      for (int64_t i = 0; i < I; i += kI) {
        const int64_t rows = I - i < kI ? I - i : kI;
        for (int64_t j = first; j < end; j += kJ) tile(p, i, rows, j, end - j < kJ ? end - j : kJ);
      }
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
