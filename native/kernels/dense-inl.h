// DENSE: a shared matrix times every sample's columns.
//
// Samples are in lanes, so the product is J x K times K x (C B) with the weights broadcast and no horizontal
// sums. A tile holds kRows x kRegs sums in registers. To keep the FMA units busy a tile needs latency x
// throughput independent sums (4 x 2 = 8 on the machines at hand), and few enough loads: a step of k loads
// kRegs registers of x and kRows weights for kRows * kRegs FMAs. Sixteen sums would do; twenty-four, where
// there are 32 registers, spread the start and the end of a tile over more steps: at K = 20 those are a third
// of the time of sixteen. Sixteen registers hold twelve sums.
//
// Wide or tall: a tile of 6 x 4 loads least, but goes through K x 4 registers of x, once for every six rows.
// If that is more than half of a small L1 cache, x comes from L2 each time, 256 bytes for 24 FMAs; a tile of
// 12 x 2 asks for 128 and passes over x half as often, and finds its weights, twelve in a row, in one line.
// On a core with 32 KiB of L1, K = 256: 67 % of the FMA peak with 4 x 4.
//
// Tried without gain: long sums in parts of 128 steps, so that x stays in L1 and the weights in L2. At K =
// 768 the results, written and read again by every part, cost more than that saves.
//
// Nor two slices of packed lanes side by side, tile by tile, so that weights too many for L2 are read once
// for both (768 x 768, 800 lanes): 1.00 on one thread, 0.97 on two.
//
// Rows are spread evenly over the tiles. Where one register of lanes is left (a single sample, the ends of
// blocks) all 24 sums are rows: 20 rows of K = 20 in one tile take 0.8 of the time of three.

// Where the results of a call go, from the first lane and row of a column (or of all, end to end) on.
//
// Handed on by reference, and arguments are copied only where they change: a struct is copied in wide pieces,
// which cannot be taken from the narrow stores that filled it a moment ago. The processor waits until those
// have reached the cache, behind all results of the tiles before.
template <class T>
struct DenseResults {
  T* out;
  const T* scale;  // may be null
  T* plain;        // may be null
};

// Between rows pointers are hidden from the compiler: it would work out all addresses of a tile before the
// loop over tiles, keep them in memory for lack of registers, and with them those of the loop over k.
template <class T>
NABLA_INLINE T* hidden(T* p) {
  __asm__("" : "+r"(p));
  return p;
}

// `tiles` tiles, one below the other. They are one call: what has to be set up for a tile is as much as three
// steps of k, and is the same for all.
template <class T, int kRows, int kRegs>
__attribute__((noinline)) void denseTiles(const DenseArgs<T>& a, int64_t tiles, const T* w, const T* x,
                                          const DenseResults<T>& to, const int64_t* scaleLanes, const T* bias,
                                          int biased) {
  constexpr int W = kWidth<T>;
  T *out = to.out, *plain = to.plain;
  const T* scale = to.scale;
  const int64_t wJ = a.wJ, wK = a.wK, xK = a.xK, outJ = a.outJ, plainJ = a.plainJ, scaleJ = a.scaleJ;
  const int64_t biasJ = a.biasJ, K = a.K;
  const bool accumulate = a.accumulate;
  int64_t lanes[kRegs];
  NABLA_UNROLL
  for (int v = 0; v < kRegs; v++) lanes[v] = scaleLanes[v];
  for (; tiles > 0; tiles--) {
    Vec<T> s[kRows][kRegs];
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) s[r][v] = set(T(0));
    }
    if (biased > 0) {
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        const Vec<T> start = set(*bias);
        bias = hidden(bias + biasJ);
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) {
          if (v < biased) s[r][v] = start;
        }
      }
    }
    const T *wk = w, *xk = x;
    for (int64_t k = K; k > 0; k--) {
      Vec<T> xv[kRegs];
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) xv[v] = load<T>(xk + v * W);
      const T* row = wk;
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        if (r % 4 == 0 && r > 0) {
          row += 4 * wJ;
        }
        const Vec<T> wv = set(row[r % 4 * wJ]);
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) s[r][v] = fma(wv, xv[v], s[r][v]);
      }
      wk += wK;
      xk += xK;
    }
    w += kRows * wJ;
    if (plain != nullptr) {
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) store<T>(plain + v * W, s[r][v]);
        plain = hidden(plain + plainJ);
      }
    }
    if (scale != nullptr) {
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) {
          const Vec<T> f = load<T>(scale + lanes[v]);
          T* o = out + v * W;
          store<T>(o, accumulate ? fma(f, s[r][v], load<T>(o)) : f * s[r][v]);
        }
        out = hidden(out + outJ);
        scale = hidden(scale + scaleJ);
      }
    } else {
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) {
          T* o = out + v * W;
          store<T>(o, accumulate ? load<T>(o) + s[r][v] : s[r][v]);
        }
        out = hidden(out + outJ);
      }
    }
  }
}

template <class T>
using DenseTiles = void (*)(const DenseArgs<T>&, int64_t, const T*, const T*, const DenseResults<T>&,
                            const int64_t*, const T*, int);

// Tiles of `rows` rows, 1 <= rows <= kMost.
template <class T, int kMost, int kRegs>
NABLA_INLINE DenseTiles<T> pickDenseTiles(int64_t rows) {
  if constexpr (kMost == 1) {
    return denseTiles<T, 1, kRegs>;
  } else {
    return rows == kMost ? denseTiles<T, kMost, kRegs> : pickDenseTiles<T, kMost - 1, kRegs>(rows);
  }
}

// Lanes [lane, end) of one column, or of all columns at once where they lie end to end; whole tiles of kRegs
// registers. Returns where it stopped. Lanes below biasEnd get the bias; scales repeat after scaleEnd lanes.
template <class T, int kMost, int kRegs, bool kPacks = false>
NABLA_INLINE int64_t denseLanes(const DenseArgs<T>& a, int64_t lane, int64_t end, int64_t biasEnd,
                                int64_t scaleEnd, const T* x, const DenseResults<T>& to) {
  constexpr int W = kWidth<T>;
  constexpr int64_t kStep = kRegs * W;
  if (lane + kStep > end) return lane;
  const EvenSplit<kMost> rows(a.J);
  const DenseTiles<T> tall = pickDenseTiles<T, kMost, kRegs>(rows.longer > 0 ? rows.size + 1 : rows.size);
  const DenseTiles<T> low = pickDenseTiles<T, kMost, kRegs>(rows.size);
  const bool packs = kPacks && isPacked<T>(a.packed, rows.tiles, a.K, a.xK, kStep);
  const DenseArgs<T>* args = &a;
  DenseArgs<T> repacked;
  if (packs) {
    repacked = a;
    repacked.xK = kStep;
    args = &repacked;
  }
  int64_t scaleLane = lane < scaleEnd ? lane : lane % scaleEnd;
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
    if constexpr (kPacks) {
      if (packs) pack<T, 1, kRegs>(x + lane, a.K, a.xK, 0, a.packed);
    }
    const T* const from = packs ? a.packed : x + lane;
    const auto run = [&](DenseTiles<T> function, int64_t count, int64_t j) {
      const DenseResults<T> here{to.out + j * a.outJ + lane,
                                 to.scale == nullptr ? nullptr : to.scale + j * a.scaleJ,
                                 to.plain == nullptr ? nullptr : to.plain + j * a.plainJ + lane};
      function(*args, count, a.W + j * a.wJ, from, here, scaleLanes,
               biased == 0 ? nullptr : a.bias + j * a.biasJ, biased);
    };
    if (rows.longer > 0) run(tall, rows.longer, 0);
    run(low, rows.tiles - rows.longer, rows.start(rows.longer));
  }
  return lane;
}

template <class T>
void denseColumns(const DenseArgs<T>& a, int64_t end, int64_t biasEnd, int64_t scaleEnd, const T* x,
                  const DenseResults<T>& to) {
  int64_t lane = 0;
#if defined(NABLA_ISA_AVX2)
  lane = denseLanes<T, 6, 2, true>(a, lane, end, biasEnd, scaleEnd, x, to);
#elif defined(NABLA_ISA_SCALAR)
  lane = denseLanes<T, 4, 4>(a, lane, end, biasEnd, scaleEnd, x, to);
#else
  constexpr int64_t kNearBytes = 16 << 10;
  if (a.K * static_cast<int64_t>(4 * sizeof(Vec<T>)) <= kNearBytes) {
    lane = denseLanes<T, 6, 4>(a, lane, end, biasEnd, scaleEnd, x, to);
  }
  lane = denseLanes<T, 12, 2, true>(a, lane, end, biasEnd, scaleEnd, x, to);
#endif
#if defined(NABLA_ISA_AVX512) || defined(NABLA_ISA_NEON)
  denseLanes<T, 24, 1>(a, lane, end, biasEnd, scaleEnd, x, to);
#else
  denseLanes<T, 8, 1>(a, lane, end, biasEnd, scaleEnd, x, to);
#endif
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
