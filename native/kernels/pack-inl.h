// The x of one tile's lanes, put together: rows that lie C B values apart come from L2, a line or two at a
// time, where no prefetcher finds them (those of x86 look 2 KiB ahead at most), once for every tile below the
// other. Of rows next to each other the next lines are there when they are asked for. K = 768 and 51 columns:
// 55 -> 67 % of the FMA peak; K = 256 and three columns: 55 -> 64 % in float64, nothing in float32.

// Fewer tiles below each other than this do not pay for the copy, nor does what is less than this and stays
// in L1 (K = 64, 64 lanes: 10 % slower).
inline constexpr int64_t kTilesForPacking = 6, kLeastPacked = 12 << 10;
// Rows to ask for ahead of the copy.
inline constexpr int64_t kPackAhead = 24;

// K rows of kColumns x kRegs registers: to[(k * kColumns + c) * kRegs * W ...] = x[k * xK + c * xC ...].
template <class T, int kColumns, int kRegs>
__attribute__((noinline)) void pack(const T* x, int64_t K, int64_t xK, int64_t xC, T* to) {
  constexpr int W = kWidth<T>;
  static_assert(kColumns * kRegs * sizeof(Vec<T>) <= kPackedRow);
  for (int64_t k = 0; k < K; k++) {
    const T* const ahead = x + (k + kPackAhead < K ? kPackAhead * xK : 0);
    NABLA_UNROLL
    for (int c = 0; c < kColumns; c++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        __builtin_prefetch(ahead + c * xC + v * W);
        store<T>(to, load<T>(x + c * xC + v * W));
        to += W;
      }
    }
    x += xK;
  }
}

// Whether to: `row` is the packed length of one.
template <class T>
NABLA_INLINE bool isPacked(const T* packed, int64_t tiles, int64_t K, int64_t xK, int64_t row) {
  constexpr int64_t kBytes = sizeof(T);
  return packed != nullptr && tiles >= kTilesForPacking && K * row * kBytes > kLeastPacked &&
         xK * kBytes >= kFarRow;
}
