// ACTIVATION: value, slope and scaled tangents in one pass. The function is bound by arithmetic and the scaling by loads and
// stores, so together they cost little more than the function alone; apart, every tangent waits for its own pass.

template <class T>
struct ValueAndSlope {
  Vec<T> value, slope;
};

struct TanhWithSlope {
  template <class T>
  static NABLA_INLINE ValueAndSlope<T> apply(Vec<T> z) {
    const Vec<T> a = math::tanh(z);
    return {a, fma(-a, a, set(T(1)))};
  }
};
struct SinWithSlope {
  template <class T>
  static NABLA_INLINE ValueAndSlope<T> apply(Vec<T> z) {
    const auto q = math::reduceAngle(z);
    return {math::sinOfAngle(z, q), math::cosOfAngle(q)};
  }
};
struct SigmoidWithSlope {
  template <class T>
  static NABLA_INLINE ValueAndSlope<T> apply(Vec<T> z) {
    const Vec<T> one = set(T(1));
    const Vec<T> u = math::exp(-abs(z));
    const Vec<T> d = one + u;
    return {select(z < set(T(0)), u, one) / d, u / (d * d)};
  }
};
struct SoftplusWithSlope {
  template <class T>
  static NABLA_INLINE ValueAndSlope<T> apply(Vec<T> z) {
    const Vec<T> one = set(T(1));
    const Vec<T> u = math::exp(-abs(z));
    return {math::softplusFrom(z, u), select(z < set(T(0)), u, one) / (one + u)};
  }
};

template <class T, class F>
void activation(const ActivationArgs<T>& args) {
  constexpr int W = kWidth<T>;
  for (int64_t r = 0; r < args.rows; r++) {
    const T* z = args.z + r * args.zRow;
    const T* tangent = args.tangent + (args.columns > 0 ? r * args.tangentRow : 0);
    T* value = args.value + r * args.valueRow;
    T* slope = args.slope == nullptr ? nullptr : args.slope + r * args.slopeRow;
    T* scaled = args.scaled + (args.columns > 0 ? r * args.scaledRow : 0);
    for (int64_t i = 0; i < args.n; i += W) {
      const bool whole = W == 1 || i + W <= args.n;
      const int k = static_cast<int>(args.n - i);
      const ValueAndSlope<T> y = F::template apply<T>(whole ? load<T>(z + i) : loadPartial(z + i, k));
      if (whole) {
        store<T>(value + i, y.value);
        if (slope != nullptr) store<T>(slope + i, y.slope);
        for (int64_t c = 0; c < args.columns; c++) {
          const T* t = tangent + c * args.tangentColumn;
          store<T>(scaled + c * args.scaledColumn + i, y.slope * (args.tangentUniform ? set(*t) : load<T>(t + i)));
        }
      } else {
        storePartial(value + i, y.value, k);
        if (slope != nullptr) storePartial(slope + i, y.slope, k);
        for (int64_t c = 0; c < args.columns; c++) {
          const T* t = tangent + c * args.tangentColumn;
          storePartial(scaled + c * args.scaledColumn + i,
                       y.slope * (args.tangentUniform ? set(*t) : loadPartial(t + i, k)), k);
        }
      }
    }
  }
}
