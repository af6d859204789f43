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

// A piece: `runs` values of r (distance aR, bR) with `lanes` samples each.
template <class T>
struct OuterPiece {
  int64_t runs, lanes;
  const T* a;
  int64_t aR, aI, aLane;
  const T* b;
  int64_t bR, bJ;
  bool bUniform;
  T* acc;
  int64_t accI, accJ;
};

// Columns [0, columns) of b, transposed: to[sample * kStride + j]. Unused columns up to kStride are never
// stored to acc.
template <class T, int kStride>
NABLA_INLINE void outerTranspose(const OuterPiece<T>& p, int64_t columns, T* to) {
  constexpr int W = kWidth<T>;
  for (int64_t run = 0; run < p.runs; run++) {
    const T* b = p.b + run * p.bR;
    for (int64_t j = 0; j < columns; j += W) {
      const int64_t rows = columns - j < W ? columns - j : W;
      int64_t l = 0;
      if (!p.bUniform && W > 1) {
        for (; l + W <= p.lanes; l += W) {
          Vec<T> v[W];
          if (rows == W) {
            NABLA_UNROLL
            for (int i = 0; i < W; i++) v[i] = load<T>(b + (j + i) * p.bJ + l);
          } else {
            NABLA_UNROLL
            for (int i = 0; i < W; i++) v[i] = load<T>(b + (j + (i < rows ? i : 0)) * p.bJ + l);
          }
          transpose<T>(v);
          NABLA_UNROLL
          for (int i = 0; i < W; i++) store<T>(to + (l + i) * kStride + j, v[i]);
        }
      }
      for (; l < p.lanes; l++) {
        for (int64_t i = 0; i < W; i++) {
          to[l * kStride + j + i] = i < rows ? b[(j + i) * p.bJ + (p.bUniform ? 0 : l)] : T(0);
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
  const int64_t aI = p.aI, aLane = p.aLane;
  for (int64_t run = 0; run < p.runs; run++) {
    const T* a = p.a + run * p.aR + i0 * aI;
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
  OuterPiece<T> q = p;
  for (int64_t j = 0; j < J; j += kStride) {
    const int64_t columns = J - j < kStride ? J - j : kStride;
    q.b = p.b + j * p.bJ;
    outerTranspose<T, kStride>(q, columns, transposed);
    for (int64_t t = 0; t < rows.tiles; t++) {
      const int64_t i = rows.start(t), height = rows.start(t + 1) - i;
      const OuterTile<T> tile = columns > W ? pickOuterTile<T, kOuterRows, kOuterRegs>(height)
                                            : pickOuterTile<T, kOuterRows, 1>(height);
      tile(q, i, j, columns, transposed);
    }
  }
}

#include "outer-narrow-inl.h"

template <class T>
void outerSum(const OuterSumArgs<T>& args) {
  if (args.I <= 0 || args.J <= 0 || args.R <= 0 || args.lanes <= 0) return;
  OuterSumArgs<T> g = args;
  // A product of two values does not depend on their order: the operand along the rows of acc is the one
  // transposed. Of dots the tile is long where the product is.
  const bool thin = g.narrow && (g.I <= kThinDots || g.J <= kThinDots);
  if (thin ? g.I > g.J : g.accJ != 1 && g.accI == 1) {
    std::swap(g.I, g.J);
    std::swap(g.accI, g.accJ);
    std::swap(g.a, g.b);
    std::swap(g.aR, g.bR);
    std::swap(g.aI, g.bJ);
    std::swap(g.aUniform, g.bUniform);
  }
  OuterPiece<T> p{0,    0,          nullptr, g.aR,   g.aI,  g.aUniform ? 0 : 1, nullptr, g.bR,
                  g.bJ, g.bUniform, g.acc,   g.accI, g.accJ};
  const int64_t group = g.lanes >= kOuterPiece ? 1 : quotient(kOuterPiece, g.lanes);
  for (int64_t r = 0; r < g.R; r += group) {
    p.runs = g.R - r < group ? g.R - r : group;
    for (int64_t l = 0; l < g.lanes; l += kOuterPiece) {
      p.lanes = g.lanes - l < kOuterPiece ? g.lanes - l : kOuterPiece;
      p.a = g.a + r * g.aR + (g.aUniform ? 0 : l);
      p.b = g.b + r * g.bR + (g.bUniform ? 0 : l);
      if (g.narrow) {
        outerNarrowPiece(p, g.I, g.J);
      } else {
        outerPiece(p, g.I, g.J);
      }
    }
  }
}
