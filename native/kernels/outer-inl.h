// OUTER_SUM: the matrix product of a weight gradient, summed over samples.
//
// Samples are in lanes and the sum runs over lanes, so one operand is transposed, a piece at a time, into a
// buffer [samples][columns]; then it is an ordinary product: columns in lanes, the other operand's values
// broadcast one by one, kRows x kRegs sums in registers. Transposing costs J B element moves for I J B
// multiply-adds. Few columns go another way, outer-narrow-inl.h.

#if defined(NABLA_ISA_AVX2)
inline constexpr int kOuterRows = 6;
#else
inline constexpr int kOuterRows = 12;
#endif
inline constexpr int kOuterRegs = 2;

template <class T>
struct OuterRun {
  const T* a;
  int64_t aI, aLane;
  const T* b;
  int64_t bJ;
  bool bUniform;
};

// A piece: `runs` runs with `lanes` samples each.
template <class T>
struct OuterPiece {
  int64_t runs, lanes;
  OuterRun<T> run[kOuterRuns];
  T* acc;
  int64_t accI, accJ;
};

// Columns [j0, j0 + columns) of b, transposed: to[sample * kStride + j]. Unused columns up to kStride are
// never stored to acc.
template <class T, int kStride>
NABLA_INLINE void outerTranspose(const OuterPiece<T>& p, int64_t j0, int64_t columns, T* to) {
  constexpr int W = kWidth<T>;
  for (int64_t n = 0; n < p.runs; n++) {
    const OuterRun<T>& run = p.run[n];
    const T* b = run.b + j0 * run.bJ;
    for (int64_t j = 0; j < columns; j += W) {
      const int64_t rows = columns - j < W ? columns - j : W;
      int64_t l = 0;
      if (!run.bUniform && W > 1) {
        for (; l + W <= p.lanes; l += W) {
          Vec<T> v[W];
          if (rows == W) {
            NABLA_UNROLL
            for (int i = 0; i < W; i++) v[i] = load<T>(b + (j + i) * run.bJ + l);
          } else {
            NABLA_UNROLL
            for (int i = 0; i < W; i++) v[i] = load<T>(b + (j + (i < rows ? i : 0)) * run.bJ + l);
          }
          transpose<T>(v);
          NABLA_UNROLL
          for (int i = 0; i < W; i++) store<T>(to + (l + i) * kStride + j, v[i]);
        }
      }
      for (; l < p.lanes; l++) {
        for (int64_t i = 0; i < W; i++) {
          to[l * kStride + j + i] = i < rows ? b[(j + i) * run.bJ + (run.bUniform ? 0 : l)] : T(0);
        }
      }
    }
    to += p.lanes * kStride;
  }
}

template <class T, int kRows, int kRegs>
void outerTile(const OuterPiece<T>& p, int64_t i0, int64_t j0, int64_t columns, const T* transposed) {
  constexpr int W = kWidth<T>, kStride = kOuterRegs * W;
  Vec<T> s[kRows][kRegs];
  NABLA_UNROLL
  for (int r = 0; r < kRows; r++) {
    NABLA_UNROLL
    for (int v = 0; v < kRegs; v++) s[r][v] = set(T(0));
  }
  for (int64_t n = 0; n < p.runs; n++) {
    const int64_t aI = p.run[n].aI, aLane = p.run[n].aLane;
    const T* a = p.run[n].a + i0 * aI;
    for (int64_t l = p.lanes; l > 0; l--) {
      Vec<T> bv[kRegs];
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) bv[v] = load<T>(transposed + v * W);
      const T* row = a;
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        if (r % 4 == 0 && r > 0) row += 4 * aI;
        const Vec<T> av = set(row[r % 4 * aI]);
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) s[r][v] = fma(av, bv[v], s[r][v]);
      }
      transposed += kStride;
      a += aLane;
    }
  }
  T* acc = p.acc + i0 * p.accI + j0 * p.accJ;
  if (p.accJ == 1) {
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      T* row = acc + r * p.accI;
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        if ((v + 1) * W <= columns) {
          store<T>(row + v * W, load<T>(row + v * W) + s[r][v]);
        } else {
          const int k = static_cast<int>(columns - v * W);
          storePartial(row + v * W, loadPartial(row + v * W, k) + s[r][v], k);
        }
      }
    }
  } else {
    T sums[kRows][kRegs * W];
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) store<T>(&sums[r][v * W], s[r][v]);
    }
    for (int r = 0; r < kRows; r++) {
      for (int64_t j = 0; j < columns; j++) {
        T* at = acc + r * p.accI + j * p.accJ;
        *at = *at + sums[r][j];
      }
    }
  }
}

template <class T>
using OuterTile = void (*)(const OuterPiece<T>&, int64_t, int64_t, int64_t, const T*);

template <class T, int kRows, int kRegs>
NABLA_INLINE OuterTile<T> pickOuterTile(int64_t rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return pickOuterTile<T, kRows - 1, kRegs>(rows);
  }
  return outerTile<T, kRows, kRegs>;
}

template <class T>
NABLA_INLINE void outerPiece(const OuterPiece<T>& p, int64_t I, int64_t J) {
  constexpr int W = kWidth<T>, kStride = kOuterRegs * W;
  alignas(64) T transposed[kOuterPiece * kStride];
  const EvenSplit<kOuterRows> rows(I);
  for (int64_t j = 0; j < J; j += kStride) {
    const int64_t columns = J - j < kStride ? J - j : kStride;
    outerTranspose<T, kStride>(p, j, columns, transposed);
    for (int64_t t = 0; t < rows.tiles; t++) {
      const int64_t i = rows.start(t), height = rows.start(t + 1) - i;
      const OuterTile<T> tile = columns > W ? pickOuterTile<T, kOuterRows, kOuterRegs>(height)
                                            : pickOuterTile<T, kOuterRows, 1>(height);
      tile(p, i, j, columns, transposed);
    }
  }
}

#include "outer-narrow-inl.h"

// The same product with the sides exchanged.
template <class T>
OuterSumArgs<T> exchanged(const OuterSumArgs<T>& args) {
  OuterSumArgs<T> g = args;
  std::swap(g.I, g.J);
  std::swap(g.accI, g.accJ);
  for (int p = 0; p < g.pairs; p++) {
    OuterPair<T>& pair = g.pair[p];
    std::swap(pair.a, pair.b);
    std::swap(pair.aR, pair.bR);
    std::swap(pair.aI, pair.bJ);
    std::swap(pair.aUniform, pair.bUniform);
  }
  return g;
}

template <class T>
void outerPieces(const OuterSumArgs<T>& g) {
  OuterPiece<T> piece;
  piece.acc = g.acc;
  piece.accI = g.accI;
  piece.accJ = g.accJ;
  const int64_t most = g.narrow ? kNarrowPiece : kOuterPiece;
  const int64_t fitting = g.lanes >= most ? 1 : quotient(most, g.lanes);
  const int64_t group = fitting < kOuterRuns ? fitting : kOuterRuns;
  const int64_t total = g.R * g.pairs;
  int p = 0;
  int64_t r = 0;
  for (int64_t first = 0; first < total; first += group) {
    piece.runs = total - first < group ? total - first : group;
    for (int64_t n = 0; n < piece.runs; n++) {
      const OuterPair<T>& pair = g.pair[p];
      piece.run[n] = {pair.a + r * pair.aR, pair.aI, pair.aUniform ? 0 : 1,
                      pair.b + r * pair.bR, pair.bJ, pair.bUniform};
      if (++r == g.R) r = 0, p++;
    }
    for (int64_t l = 0; l < g.lanes; l += most) {
      piece.lanes = g.lanes - l < most ? g.lanes - l : most;
      if (g.narrow) {
        outerNarrowPiece(piece, g.I, g.J);
      } else {
        outerPiece(piece, g.I, g.J);
      }
      if (l + most >= g.lanes) break;
      // More lanes than a piece has: then it is one run.
      if (piece.run[0].aLane != 0) piece.run[0].a += most;
      if (!piece.run[0].bUniform) piece.run[0].b += most;
    }
  }
}

template <class T>
void outerSum(const OuterSumArgs<T>& args) {
  if (args.I <= 0 || args.J <= 0 || args.R <= 0 || args.lanes <= 0) return;
  // A product of two values does not depend on their order: the operand along the rows of acc is the one
  // transposed. Of dots the tile is long where the product is.
  const bool thin = args.narrow && (args.I <= kThinDots || args.J <= kThinDots);
  if (thin ? args.I > args.J : args.accJ != 1 && args.accI == 1) return outerPieces(exchanged(args));
  outerPieces(args);
}
