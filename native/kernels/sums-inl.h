// Sums over lanes and rows, in orders that do not depend on the register width.

// The fixed tree over logical lanes: halves are added until one value is left.
template <class T>
NABLA_INLINE T foldLanes(T* s) {
  for (int half = kLogicalLanes<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) s[i] = s[i] + s[i + half];
  }
  return s[0];
}

#if !defined(NABLA_ISA_SCALAR)
// The stages of a transposition, each followed by the addition of what it has brought side by side.
template <class T, int kBit>
NABLA_INLINE void foldStages(Vec<T> (&v)[kWidth<T>]) {
  NABLA_UNROLL
  for (int i = 0; i < kBit; i++) {
    exchange<T, kBit>(v[i], v[i + kBit], std::make_index_sequence<kWidth<T>>{});
    v[i] = v[i] + v[i + kBit];
  }
  if constexpr (kBit > 1) foldStages<T, kBit / 2>(v);
}
#endif

// foldLanes of as many rows as a register has lanes: row i, whose logical lanes are s[0][i], s[1][i], ..., in
// lane i.
template <class T>
NABLA_INLINE Vec<T> foldRows(Vec<T> (&s)[kLogicalRegisters<T>][kWidth<T>]) {
  NABLA_UNROLL
  for (int half = kLogicalRegisters<T> / 2; half > 0; half /= 2) {
    NABLA_UNROLL
    for (int q = 0; q < half; q++) {
      NABLA_UNROLL
      for (int i = 0; i < kWidth<T>; i++) s[q][i] = s[q][i] + s[q + half][i];
    }
  }
#if !defined(NABLA_ISA_SCALAR)
  foldStages<T, kWidth<T> / 2>(s[0]);
#endif
  return s[0][0];
}

template <class T>
NABLA_INLINE T sumContiguous(const T* src, int64_t n) {
  constexpr int W = kWidth<T>, L = kLogicalLanes<T>, R = kLogicalRegisters<T>;
  Vec<T> s[R];
  for (int q = 0; q < R; q++) s[q] = set(T(0));
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    for (int q = 0; q < R; q++) s[q] = s[q] + load<T>(src + i + q * W);
  }
  T lanes[L];
  for (int q = 0; q < R; q++) store<T>(lanes + q * W, s[q]);
  for (int64_t q = 0; i + q < n; q++) lanes[q] = lanes[q] + src[i + q];
  return foldLanes<T>(lanes);
}

// Sums of up to kRows rows, kept by logical lanes: s[q][i] those of row i. All rows go along together, so
// that no addition waits for the one before. Places beyond the last row get the last one's.
template <class T, int kRows>
NABLA_INLINE void sumRows(const T* src, int64_t srcRow, int height, int64_t lanes,
                          Vec<T> (&s)[kLogicalRegisters<T>][kWidth<T>]) {
  constexpr int W = kWidth<T>, L = kLogicalLanes<T>, R = kLogicalRegisters<T>;
  int64_t l = 0;
  for (; l + L <= lanes; l += L) {
    const T* from = src + l;
    NABLA_UNROLL
    for (int i = 0; i < kRows; i++) {
      NABLA_UNROLL
      for (int q = 0; q < R; q++) s[q][i] = s[q][i] + load<T>(from + q * W);
      from += i + 1 < height ? srcRow : 0;
    }
  }
  NABLA_UNROLL
  for (int q = 0; q < R; q++, l += W) {
    if (l >= lanes) return;
    const int rest = static_cast<int>(lanes - l < W ? lanes - l : W);
    const T* from = src + l;
    NABLA_UNROLL
    for (int i = 0; i < kRows; i++) {
      s[q][i] = s[q][i] + loadPartial(from, rest);
      from += i + 1 < height ? srcRow : 0;
    }
  }
}

// Rows in groups of a register, of which the last may be short: folding them together costs as much as
// folding two by themselves.
template <class T>
NABLA_INLINE int64_t laneSumGroups(const LaneSumArgs<T>& a) {
  constexpr int W = kWidth<T>, R = kLogicalRegisters<T>, kFew = W > 8 ? W / 4 : W;
  int64_t r = 0;
  for (; r + 2 < a.rows; r += W) {
    const int height = static_cast<int>(a.rows - r < W ? a.rows - r : W);
    Vec<T> s[R][W];
    NABLA_UNROLL
    for (int q = 0; q < R; q++) {
      NABLA_UNROLL
      for (int i = 0; i < W; i++) s[q][i] = set(T(0));
    }
    const T* const src = a.src + r * a.srcRow;
    if (height <= kFew) {
      sumRows<T, kFew>(src, a.srcRow, height, a.lanes, s);
    } else {
      sumRows<T, W>(src, a.srcRow, height, a.lanes, s);
    }
    alignas(64) T folded[W];
    store<T>(folded, foldRows<T>(s));
    for (int i = 0; i < height; i++) {
      T* acc = a.acc + (r + i) * a.accRow;
      *acc = *acc + folded[i];
    }
  }
  return r < a.rows ? r : a.rows;
}

template <class T>
void laneSum(const LaneSumArgs<T>& a) {
  for (int64_t r = a.srcUniform || kWidth<T> == 1 ? 0 : laneSumGroups(a); r < a.rows; r++) {
    T* acc = a.acc + r * a.accRow;
    const T* src = a.src + r * a.srcRow;
    if (a.srcUniform) {
      *acc = std::fma(static_cast<T>(a.lanes), *src, *acc);
    } else {
      *acc = *acc + sumContiguous(src, a.lanes);
    }
  }
}

template <class T>
void reduceRows(const ReduceRowsArgs<T>& a) {
  constexpr int W = kWidth<T>;
  int64_t i = 0;
  for (; i + W <= a.n; i += W) {
    Vec<T> s = a.accumulate ? load<T>(a.out + i) : set(T(0));
    for (int64_t r = 0; r < a.rows; r++) s = s + load<T>(a.in + r * a.inRow + i);
    store<T>(a.out + i, s);
  }
  for (; i < a.n; i++) {
    T s = a.accumulate ? a.out[i] : T(0);
    for (int64_t r = 0; r < a.rows; r++) s = s + a.in[r * a.inRow + i];
    a.out[i] = s;
  }
}

template <class T>
void reduceLast(const ReduceLastArgs<T>& a) {
  constexpr int L = kLogicalLanes<T>;
  for (int64_t r = 0; r < a.rows; r++) {
    const T* in = a.in + r * a.inRow;
    T* out = a.out + r * a.outRow;
    T sum;
    if (a.inStep == 1) {
      sum = sumContiguous(in, a.n);
    } else {
      T lanes[L] = {};
      for (int64_t i = 0; i < a.n; i++) lanes[i % L] = lanes[i % L] + in[i * a.inStep];
      sum = foldLanes<T>(lanes);
    }
    *out = a.accumulate ? *out + sum : sum;
  }
}
