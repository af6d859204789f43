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

template <class T, class U>
void scatter(const ScatterArgs<T>& a) {
  U* dst = static_cast<U*>(a.dst);
  const int64_t step = a.srcUniform ? 0 : 1;
  for (int64_t r = 0; r < a.rows; r++) {
    const T* src = a.src + r * a.srcRow;
    U* row = dst + r * a.dstRow;
    for (int64_t l = 0; l < a.lanes; l++) row[l * a.dstLane] = convertTo<U, T>(src[l * step]);
  }
}
