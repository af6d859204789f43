// Sums over lanes and rows, in orders that do not depend on the register width.

// The fixed tree over logical lanes: halves are added until one value is left.
template <class T>
NABLA_INLINE T foldLanes(T* s) {
  for (int half = kLogicalLanes<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) s[i] = s[i] + s[i + half];
  }
  return s[0];
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

template <class T>
void laneSum(const LaneSumArgs<T>& a) {
  for (int64_t r = 0; r < a.rows; r++) {
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
