// GATHER and SCATTER: between the caller's arrays (a sample's elements together) and panels (an element's
// samples together), converting element types on the way.

struct Bool {  // one byte, 0 or not
  uint8_t byte;
};

template <class T, class S>
NABLA_INLINE T convertTo(S x) {
  if constexpr (std::is_same_v<S, Bool>) {
    return x.byte != 0 ? T(1) : T(0);
  } else if constexpr (std::is_same_v<T, Bool>) {
    return Bool{static_cast<uint8_t>(x != S(0))};
  } else if constexpr (std::is_integral_v<T>) {
    // Bounds as doubles are exact for 32-bit integers; comparisons are false for NaN.
    const double y = static_cast<double>(x);
    constexpr double low = static_cast<double>(std::numeric_limits<T>::min());
    constexpr double high = static_cast<double>(std::numeric_limits<T>::max());
    if (!(y > low)) return y <= low ? std::numeric_limits<T>::min() : T(0);
    return y >= high ? std::numeric_limits<T>::max() : static_cast<T>(y);
  } else {
    return static_cast<T>(x);
  }
}

template <class T, class S>
void gather(const GatherArgs<T>& a) {
  const S* src = static_cast<const S*>(a.src);
  for (int64_t r = 0; r < a.rows; r++) {
    T* out = a.out + r * a.outRow;
    const S* row = src + r * a.srcRow;
    for (int64_t l = 0; l < a.lanes; l++) out[l] = convertTo<T, S>(row[l * a.srcLane]);
    for (int64_t l = a.lanes; l < a.B; l++) out[l] = out[a.lanes - 1];
  }
}

// Rows [from, to) of a scatter, one number at a time.
template <class T, class U>
void scatterNumbers(const ScatterArgs<T>& a, int64_t from, int64_t to, int64_t firstLane) {
  U* dst = static_cast<U*>(a.dst);
  const int64_t step = a.srcUniform ? 0 : 1;
  for (int64_t r = from; r < to; r++) {
    const T* src = a.src + r * a.srcRow;
    U* row = dst + r * a.dstRow;
    for (int64_t l = firstLane; l < a.lanes; l++) row[l * a.dstLane] = convertTo<U, T>(src[l * step]);
  }
}

// Up to a register of consecutive rows from r on, whose elements lie side by side in a sample: transposed, so
// that every sample is one store.
template <class T>
NABLA_INLINE void scatterTransposed(const ScatterArgs<T>& a, int64_t r, int64_t rows) {
  constexpr int W = kWidth<T>;
  const T* src = a.src + r * a.srcRow;
  T* dst = static_cast<T*>(a.dst) + r;
  int64_t lane = 0;
  for (; lane + W <= a.lanes; lane += W) {
    Vec<T> v[W];
    NABLA_UNROLL
    for (int i = 0; i < W; i++) v[i] = load<T>(src + (i < rows ? i : 0) * a.srcRow + lane);
    transpose<T>(v);
    NABLA_UNROLL
    for (int i = 0; i < W; i++) {
      T* to = dst + (lane + i) * a.dstLane;
      if (rows == W) {
        store<T>(to, v[i]);
      } else {
        storePartial(to, v[i], static_cast<int>(rows));
      }
    }
  }
  if (lane < a.lanes) scatterNumbers<T, T>(a, r, r + rows, lane);
}

template <class T, class U>
void scatter(const ScatterArgs<T>& a) {
  int64_t r = 0;
  if constexpr (std::is_same_v<T, U> && kWidth<T> > 1) {
    constexpr int64_t W = kWidth<T>;
    if (!a.srcUniform && a.dstRow == 1 && a.lanes >= W) {
      // Samples a multiple of a cache line apart are written a whole line at a time. Large ones lie in the
      // same few sets of the cache, and a line written in two halves would have left it in between.
      constexpr int64_t kLine = 64;
      const auto address = reinterpret_cast<uintptr_t>(a.dst);
      if (a.rows >= 2 * W && a.dstLane * static_cast<int64_t>(sizeof(T)) % kLine == 0 &&
          address % sizeof(T) == 0) {
        r = static_cast<int64_t>((kLine - address % kLine) % kLine / sizeof(T));
        scatterNumbers<T, U>(a, 0, r, 0);
      }
      for (; r + W <= a.rows; r += W) scatterTransposed(a, r, W);
      // Fewer rows than a quarter of a register are not worth a transposition.
      if (4 * (a.rows - r) > W) {
        scatterTransposed(a, r, a.rows - r);
        r = a.rows;
      }
    }
  }
  scatterNumbers<T, U>(a, r, a.rows, 0);
}
