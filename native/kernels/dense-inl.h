// DENSE: a shared matrix times every sample's columns.
//
// Samples are in lanes, so the product is J x K times K x (C B) with the weights broadcast and no horizontal
// sums. A tile holds kRows x kRegs sums in registers. To keep the FMA units busy a tile needs latency x
// throughput independent sums (4 x 2 = 8 on the machines at hand), and few enough loads: a step of k loads
// kRegs registers of x and kRows weights for kRows * kRegs FMAs. Sixteen sums do both on 32 registers, ten or
// twelve on sixteen.
//
// Rows are spread evenly over the tiles (20 rows are 5 x 4, not 2 x 8 + 4; 9 are 3 + 3 + 3): a last tile of
// one row would leave the units waiting for its single chain.

// Where the results of a call go, from the first lane and row of a column (or of all, end to end) on.
template <class T>
struct DenseResults {
  T* out;
  const T* scale;  // may be null
  T* plain;        // may be null
};

template <class T, int kRows, int kRegs>
void denseTile(const DenseArgs<T>& a, const T* w, const T* x, const DenseResults<T>& to,
               const int64_t* scaleLanes, const T* bias, int biased) {
  constexpr int W = kWidth<T>;
  Vec<T> s[kRows][kRegs];
  const int64_t wJ = a.wJ, wK = a.wK, xK = a.xK;
  NABLA_UNROLL
  for (int r = 0; r < kRows; r++) {
    NABLA_UNROLL
    for (int v = 0; v < kRegs; v++) s[r][v] = set(T(0));
  }
  if (biased > 0) {
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      const Vec<T> start = set(bias[r * a.biasJ]);
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        if (v < biased) s[r][v] = start;
      }
    }
  }
  for (int64_t k = a.K; k > 0; k--) {
    Vec<T> xv[kRegs];
    NABLA_UNROLL
    for (int v = 0; v < kRegs; v++) xv[v] = load<T>(x + v * W);
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      const Vec<T> wv = set(w[r * wJ]);
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) s[r][v] = fma(wv, xv[v], s[r][v]);
    }
    w += wK;
    x += xK;
  }
  T* const out = to.out;
  if (to.plain != nullptr) {
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) store<T>(to.plain + r * a.plainJ + v * W, s[r][v]);
    }
  }
  if (to.scale != nullptr) {
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        const Vec<T> f = load<T>(to.scale + r * a.scaleJ + scaleLanes[v]);
        T* o = out + r * a.outJ + v * W;
        store<T>(o, a.accumulate ? fma(f, s[r][v], load<T>(o)) : f * s[r][v]);
      }
    }
  } else {
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        T* o = out + r * a.outJ + v * W;
        store<T>(o, a.accumulate ? load<T>(o) + s[r][v] : s[r][v]);
      }
    }
  }
}

template <class T>
using DenseTile = void (*)(const DenseArgs<T>&, const T*, const T*, const DenseResults<T>&, const int64_t*,
                           const T*, int);

// The tile of `rows` rows, 1 <= rows <= kMost.
template <class T, int kMost, int kRegs>
NABLA_INLINE DenseTile<T> pickDenseTile(int64_t rows) {
  if constexpr (kMost == 1) {
    return denseTile<T, 1, kRegs>;
  } else {
    return rows == kMost ? denseTile<T, kMost, kRegs> : pickDenseTile<T, kMost - 1, kRegs>(rows);
  }
}

// Lanes [lane, end) of one column, or of all columns at once where they lie end to end; whole tiles of kRegs
// registers. Returns where it stopped. Lanes below biasEnd get the bias; scales repeat after scaleEnd lanes.
template <class T, int kMost, int kRegs>
NABLA_INLINE int64_t denseLanes(const DenseArgs<T>& a, int64_t lane, int64_t end, int64_t biasEnd,
                                int64_t scaleEnd, const T* x, const DenseResults<T>& to) {
  constexpr int W = kWidth<T>;
  constexpr int64_t kStep = kRegs * W;
  if (lane + kStep > end) return lane;
  const int64_t tiles = (a.J + kMost - 1) / kMost, rows = a.J / tiles, longer = a.J % tiles;
  const DenseTile<T> tall = pickDenseTile<T, kMost, kRegs>(longer > 0 ? rows + 1 : rows);
  const DenseTile<T> low = pickDenseTile<T, kMost, kRegs>(rows);
  int64_t scaleLane = lane % scaleEnd;
  for (; lane + kStep <= end; lane += kStep) {
    const int64_t biasedLanes = biasEnd - lane;
    const int biased = biasedLanes <= 0       ? 0
                       : biasedLanes >= kStep ? kRegs
                                              : static_cast<int>(biasedLanes / W);
    int64_t scaleLanes[kRegs];
    for (int v = 0; v < kRegs; v++) {
      scaleLanes[v] = scaleLane;
      scaleLane = scaleLane + W < scaleEnd ? scaleLane + W : 0;
    }
    int64_t j = 0;
    for (int64_t t = 0; t < tiles; t++) {
      const bool isTall = t < longer;
      const DenseResults<T> here{to.out + j * a.outJ + lane,
                                 to.scale == nullptr ? nullptr : to.scale + j * a.scaleJ,
                                 to.plain == nullptr ? nullptr : to.plain + j * a.plainJ + lane};
      (isTall ? tall : low)(a, a.W + j * a.wJ, x + lane, here, scaleLanes,
                            biased == 0 ? nullptr : a.bias + j * a.biasJ, biased);
      j += rows + (isTall ? 1 : 0);
    }
  }
  return lane;
}

template <class T>
void denseColumns(const DenseArgs<T>& a, int64_t end, int64_t biasEnd, int64_t scaleEnd, const T* x,
                  const DenseResults<T>& to) {
  int64_t lane = 0;
#if defined(NABLA_ISA_AVX2)
  lane = denseLanes<T, 6, 2>(a, lane, end, biasEnd, scaleEnd, x, to);
#else
  lane = denseLanes<T, 4, 4>(a, lane, end, biasEnd, scaleEnd, x, to);
  lane = denseLanes<T, 8, 2>(a, lane, end, biasEnd, scaleEnd, x, to);
#endif
  denseLanes<T, 8, 1>(a, lane, end, biasEnd, scaleEnd, x, to);
}

template <class T>
void dense(const DenseArgs<T>& a) {
  if (a.J <= 0 || a.C <= 0 || a.B <= 0) return;
  const int64_t biased = a.bias == nullptr ? 0 : a.biasColumns;
  const bool isOneScale = a.scale == nullptr || a.scaleC == 0;
  const bool isEndToEnd = a.xC == a.B && a.outC == a.B && (isOneScale || a.scaleC == a.B) &&
                          (a.plain == nullptr || a.plainC == a.B);
  if (a.C == 1 || isEndToEnd) {
    return denseColumns(a, a.C * a.B, biased * a.B, isOneScale ? a.B : a.C * a.B, a.x,
                        {a.out, a.scale, a.plain});
  }
  for (int64_t c = 0; c < a.C; c++) {
    denseColumns(a, a.B, c < biased ? a.B : 0, a.B, a.x + c * a.xC,
                 {a.out + c * a.outC, a.scale == nullptr ? nullptr : a.scale + c * a.scaleC,
                  a.plain == nullptr ? nullptr : a.plain + c * a.plainC});
  }
}

// One sample: small products of uniform operands, any strides.
template <class T>
void denseFlat(const DenseArgs<T>& a) {
  for (int64_t j = 0; j < a.J; j++) {
    for (int64_t c = 0; c < a.C; c++) {
      T s = a.bias != nullptr && c < a.biasColumns ? a.bias[j * a.biasJ] : T(0);
      for (int64_t k = 0; k < a.K; k++) s = std::fma(a.W[k * a.wK + j * a.wJ], a.x[k * a.xK + c * a.xC], s);
      T* out = a.out + j * a.outJ + c * a.outC;
      if (a.plain != nullptr) a.plain[j * a.plainJ + c * a.plainC] = s;
      if (a.scale != nullptr) {
        const T f = a.scale[j * a.scaleJ + c * a.scaleC];
        *out = a.accumulate ? std::fma(f, s, *out) : f * s;
      } else {
        *out = a.accumulate ? *out + s : s;
      }
    }
  }
}
