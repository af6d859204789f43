// DENSE: a shared matrix times every sample's columns. Lanes are contiguous samples, so a tile is kRows rows of the
// result by kRegs registers of samples; the weights are broadcast.

template <class T, int kRows, int kRegs>
NABLA_INLINE void denseTile(const DenseArgs<T>& a, int64_t j, int64_t c, int64_t lane) {
  constexpr int W = kWidth<T>;
  Vec<T> s[kRows][kRegs];
  NABLA_UNROLL for (int r = 0; r < kRows; r++) {
    const Vec<T> start = set(a.bias != nullptr && c < a.biasColumns ? a.bias[(j + r) * a.biasJ] : T(0));
    NABLA_UNROLL for (int v = 0; v < kRegs; v++) s[r][v] = start;
  }
  const T* w = a.W + j * a.wJ;
  const T* x = a.x + c * a.xC + lane;
  for (int64_t k = 0; k < a.K; k++) {
    Vec<T> xv[kRegs];
    NABLA_UNROLL for (int v = 0; v < kRegs; v++) xv[v] = load<T>(x + v * W);
    NABLA_UNROLL for (int r = 0; r < kRows; r++) {
      const Vec<T> wv = set(w[r * a.wJ]);
      NABLA_UNROLL for (int v = 0; v < kRegs; v++) s[r][v] = fma(wv, xv[v], s[r][v]);
    }
    w += a.wK;
    x += a.xK;
  }
  NABLA_UNROLL for (int r = 0; r < kRows; r++) {
    T* out = a.out + (j + r) * a.outJ + c * a.outC + lane;
    const T* scale = a.scale == nullptr ? nullptr : a.scale + (j + r) * a.scaleJ + c * a.scaleC + lane;
    NABLA_UNROLL for (int v = 0; v < kRegs; v++) {
      Vec<T> y = s[r][v];
      if (scale != nullptr) {
        const Vec<T> f = load<T>(scale + v * W);
        y = a.accumulate ? fma(f, y, load<T>(out + v * W)) : f * y;
      } else if (a.accumulate) {
        y = load<T>(out + v * W) + y;
      }
      store<T>(out + v * W, y);
    }
  }
}

template <class T, int kRegs>
NABLA_INLINE void denseRows(const DenseArgs<T>& a, int64_t c, int64_t lane) {
  int64_t j = 0;
  for (; j + 4 <= a.J; j += 4) denseTile<T, 4, kRegs>(a, j, c, lane);
  for (; j < a.J; j++) denseTile<T, 1, kRegs>(a, j, c, lane);
}

template <class T>
void dense(const DenseArgs<T>& a) {
  constexpr int W = kWidth<T>;
  for (int64_t c = 0; c < a.C; c++) {
    int64_t lane = 0;
    for (; lane + 2 * W <= a.B; lane += 2 * W) denseRows<T, 2>(a, c, lane);
    for (; lane < a.B; lane += W) denseRows<T, 1>(a, c, lane);
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
      if (a.scale != nullptr) {
        const T f = a.scale[j * a.scaleJ + c * a.scaleC];
        *out = a.accumulate ? std::fma(f, s, *out) : f * s;
      } else {
        *out = a.accumulate ? *out + s : s;
      }
    }
  }
}
