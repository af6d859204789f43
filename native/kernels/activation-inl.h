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
    const Vec<T> u = math::exp(-abs(z));
    const Vec<T> d = set(T(1)) + u;
    return {math::sigmoidFrom(z, u), u / (d * d)};
  }
};
struct SoftplusWithSlope {
  template <class T>
  static NABLA_INLINE ValueAndSlope<T> apply(Vec<T> z) {
    const Vec<T> u = math::exp(-abs(z));
    return {math::softplusFrom(z, u), math::sigmoidFrom(z, u)};
  }
};

template <class T, class F, bool kUniform>
__attribute__((noinline)) void activationRows(const ActivationArgs<T>& args) {
  constexpr int W = kWidth<T>;
  const int64_t columns = args.columns, tangentColumn = args.tangentColumn, scaledColumn = args.scaledColumn;
  for (int64_t r = 0; r < args.rows; r++) {
    const T* z = args.z + r * args.zRow;
    const T* tangents = columns > 0 ? args.tangent + r * args.tangentRow : nullptr;
    T* scaled = columns > 0 ? args.scaled + r * args.scaledRow : nullptr;
    T* value = args.value + r * args.valueRow;
    T* slope = args.slope == nullptr ? nullptr : args.slope + r * args.slopeRow;
    for (int64_t i = 0; i < args.n; i += W) {
      const bool whole = W == 1 || i + W <= args.n;
      const int k = static_cast<int>(args.n - i);
      const ValueAndSlope<T> y = F::template apply<T>(whole ? load<T>(z + i) : loadPartial(z + i, k));
      const T* t = kUniform ? tangents : tangents + i;
      T* to = scaled + i;
      if (whole) {
        store<T>(value + i, y.value);
        if (slope != nullptr) store<T>(slope + i, y.slope);
        for (int64_t c = columns; c > 0; c--, t += tangentColumn, to += scaledColumn) {
          store<T>(to, y.slope * (kUniform ? set(*t) : load<T>(t)));
        }
      } else {
        storePartial(value + i, y.value, k);
        if (slope != nullptr) storePartial(slope + i, y.slope, k);
        for (int64_t c = columns; c > 0; c--, t += tangentColumn, to += scaledColumn) {
          storePartial(to, y.slope * (kUniform ? set(*t) : loadPartial(t, k)), k);
        }
      }
    }
  }
}

template <class T, class F>
void activation(const ActivationArgs<T>& args) {
  if (args.tangentUniform) {
    activationRows<T, F, true>(args);
  } else {
    activationRows<T, F, false>(args);
  }
}
