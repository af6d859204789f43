// DENSE_GRAM: a product that is contracted with itself, the tangents of a layer on the way to a Hessian. The
// kernel that has the product in registers contracts it and stores, if anything, what the next layer reads: a
// panel of J x C is neither written nor read again. (20 x 20, three columns, 128 samples: 3.8 us, where dense
// and contract take 4.1 and forming the weights 0.3. Most of what could be gained goes to L1: x and out fill
// it.)
//
// A tile is kRows rows of all C columns, kRegs registers of lanes of each: 24 sums where there are 32
// registers, 12 where there are 16, as in dense-inl.h.

template <int kColumns>
inline constexpr int kGramSums = kColumns * (kColumns + 1) / 2;

#if defined(NABLA_ISA_AVX2) || defined(NABLA_ISA_SCALAR)
inline constexpr int kGramTile = 12;
#else
inline constexpr int kGramTile = 24;
#endif

// `tiles` tiles, one below the other, from row j on.
template <class T, int kRows, int kColumns, int kRegs>
__attribute__((noinline)) void gramTiles(const DenseGramArgs<T>& a, int64_t tiles, int64_t j, int64_t lane,
                                         const T* x, T* g) {
  constexpr int W = kWidth<T>, kSums = kGramSums<kColumns>;
  const int64_t wJ = a.wJ, wK = a.wK, xK = a.xK, xC = a.xC, outJ = a.outJ, outC = a.outC;
  const int64_t weightJ = a.weightJ, weight2J = a.weight2J, scaleJ = a.scaleJ, K = a.K;
  const T* w = a.W + j * wJ;
  const T* weight = a.weight + j * weightJ + lane;
  const T* weight2 = a.weight2 == nullptr ? nullptr : a.weight2 + j * weight2J + lane;
  const Vec<T> factor = set(a.factor);
  const T* scale = a.scale == nullptr ? nullptr : a.scale + j * scaleJ + lane;
  T* out = a.out == nullptr ? nullptr : a.out + j * outJ + lane;
  for (; tiles > 0; tiles--) {
    Vec<T> s[kRows][kColumns][kRegs];
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int c = 0; c < kColumns; c++) {
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) s[r][c][v] = set(T(0));
      }
    }
    const T *wk = w, *xk = x;
    for (int64_t k = K; k > 0; k--) {
      Vec<T> xv[kColumns][kRegs];
      NABLA_UNROLL
      for (int c = 0; c < kColumns; c++) {
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) xv[c][v] = load<T>(xk + c * xC + v * W);
      }
      const T* row = wk;
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        if (r % 4 == 0 && r > 0) row += 4 * wJ;
        const Vec<T> wv = set(row[r % 4 * wJ]);
        NABLA_UNROLL
        for (int c = 0; c < kColumns; c++) {
          NABLA_UNROLL
          for (int v = 0; v < kRegs; v++) s[r][c][v] = fma(wv, xv[c][v], s[r][c][v]);
        }
      }
      wk += wK;
      xk += xK;
    }
    w += kRows * wJ;
    // The sums of one register of lanes at a time: six of three columns are all that fit beside the product.
    NABLA_UNROLL
    for (int v = 0; v < kRegs; v++) {
      Vec<T> sum[kSums];
      NABLA_UNROLL
      for (int n = 0; n < kSums; n++) sum[n] = load<T>(g + (n * kRegs + v) * W);
      const T* wr = weight + v * W;
      const T* wr2 = weight2 == nullptr ? nullptr : weight2 + v * W;
      NABLA_UNROLL
      for (int r = 0; r < kRows; r++) {
        Vec<T> wv = load<T>(wr);
        wr = hidden(wr + weightJ);
        if (weight2 != nullptr) {
          wv = factor * wv * load<T>(wr2);
          wr2 = hidden(wr2 + weight2J);
        }
        int n = 0;
        NABLA_UNROLL
        for (int i = 0; i < kColumns; i++) {
          const Vec<T> scaled = s[r][i][v] * wv;
          NABLA_UNROLL
          for (int c = i; c < kColumns; c++, n++) sum[n] = fma(scaled, s[r][c][v], sum[n]);
        }
      }
      NABLA_UNROLL
      for (int n = 0; n < kSums; n++) store<T>(g + (n * kRegs + v) * W, sum[n]);
    }
    weight += kRows * weightJ;
    if (weight2 != nullptr) weight2 += kRows * weight2J;
    if (out == nullptr) continue;
    NABLA_UNROLL
    for (int r = 0; r < kRows; r++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        const Vec<T> f = scale == nullptr ? set(T(1)) : load<T>(scale + v * W);
        NABLA_UNROLL
        for (int c = 0; c < kColumns; c++) {
          store<T>(out + c * outC + v * W, scale == nullptr ? s[r][c][v] : f * s[r][c][v]);
        }
      }
      out = hidden(out + outJ);
      if (scale != nullptr) scale = hidden(scale + scaleJ);
    }
  }
}

template <class T>
using GramTiles = void (*)(const DenseGramArgs<T>&, int64_t, int64_t, int64_t, const T*, T*);

template <class T, int kMost, int kColumns, int kRegs>
NABLA_INLINE GramTiles<T> pickGramTiles(int64_t rows) {
  if constexpr (kMost == 1) {
    return gramTiles<T, 1, kColumns, kRegs>;
  } else {
    return rows == kMost ? gramTiles<T, kMost, kColumns, kRegs>
                         : pickGramTiles<T, kMost - 1, kColumns, kRegs>(rows);
  }
}

// Lanes from `lane` on, kRegs registers at a time; returns where it stopped. The sums lie in a buffer of
// their own meanwhile: they start from zero and are added to the result at the end (see ContractOut).
template <class T, int kColumns, int kRegs>
NABLA_INLINE int64_t gramLanes(const DenseGramArgs<T>& a, int64_t lane) {
  constexpr int W = kWidth<T>, kMost = kGramTile / (kColumns * kRegs);
  if (lane + kRegs * W > a.B) return lane;
  const EvenSplit<kMost> rows(a.J);
  const GramTiles<T> tall =
      pickGramTiles<T, kMost, kColumns, kRegs>(rows.longer > 0 ? rows.size + 1 : rows.size);
  const GramTiles<T> low = pickGramTiles<T, kMost, kColumns, kRegs>(rows.size);
  const bool packs = kRegs == 1 && isPacked<T>(a.packed, rows.tiles, a.K, a.xK, kColumns * kRegs * W);
  const DenseGramArgs<T>* args = &a;
  DenseGramArgs<T> repacked;
  if (packs) {
    repacked = a;
    repacked.xK = kColumns * kRegs * W;
    repacked.xC = kRegs * W;
    args = &repacked;
  }
  alignas(64) T g[kGramSums<kColumns> * kRegs * W];
  for (; lane + kRegs * W <= a.B; lane += kRegs * W) {
    for (int n = 0; n < kGramSums<kColumns> * kRegs; n++) store<T>(g + n * W, set(T(0)));
    if constexpr (kRegs == 1) {
      if (packs) pack<T, kColumns, kRegs>(a.x + lane, a.K, a.xK, a.xC, a.packed);
    }
    const T* const x = packs ? a.packed : a.x + lane;
    if (rows.longer > 0) tall(*args, rows.longer, 0, lane, x, g);
    low(*args, rows.tiles - rows.longer, rows.start(rows.longer), lane, x, g);
    int n = 0;
    for (int i = 0; i < kColumns; i++) {
      for (int c = i; c < kColumns; c++, n++) {
        for (int v = 0; v < kRegs; v++) {
          Vec<T> y = load<T>(g + (n * kRegs + v) * W);
          T* const to = a.gram + i * a.gramI + c * a.gramJ + lane + v * W;
          if (a.accumulate) y = load<T>(to) + y;
          store<T>(to, y);
          store<T>(a.gram + c * a.gramI + i * a.gramJ + lane + v * W, y);
        }
      }
    }
  }
  return lane;
}

template <class T, int kColumns>
void gramColumns(const DenseGramArgs<T>& a) {
  constexpr int kRegs = kColumns >= 4 || kGramTile == 12 ? 1 : 2;
  int64_t lane = 0;
  // x of the lanes a tile takes should stay in L1 for all rows (K = 64, two registers of lanes: 8 % slower).
  constexpr int64_t kNearBytes = 12 << 10;
  if constexpr (kRegs > 1) {
    if (a.K * kColumns * kRegs * static_cast<int64_t>(sizeof(Vec<T>)) <= kNearBytes) {
      lane = gramLanes<T, kColumns, kRegs>(a, lane);
    }
  }
  gramLanes<T, kColumns, 1>(a, lane);
}

template <class T>
void denseGram(const DenseGramArgs<T>& a) {
  if (a.J <= 0 || a.B <= 0) return;
  switch (a.C) {
    case 1:
      return gramColumns<T, 1>(a);
    case 2:
      return gramColumns<T, 2>(a);
    case 3:
      return gramColumns<T, 3>(a);
    case 4:
      return gramColumns<T, 4>(a);
    default:  // no such program is accepted
      return;
  }
}
