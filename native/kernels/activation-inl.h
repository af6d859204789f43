// ACTIVATION: value, slope and scaled tangents in one pass. The function is bound by arithmetic and the
// scaling by loads and stores, so together they cost little more than the function alone; apart, every
// tangent waits for its own pass.

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

// One row, whole registers only: n is a multiple of a register. A function of its own because the pointers of
// rows and columns together are more than the machine has registers for, and one spilled in the inner loop
// costs a third.
template <class T, class F, bool kUniform>
__attribute__((noinline)) void activationRow(const T* z, T* value, T* slope, const T* tangents, T* scaled,
                                             const ActivationArgs<T>& args) {
  constexpr int W = kWidth<T>;
  const int64_t n = args.n, columns = args.columns;
  const int64_t tangentColumn = args.tangentColumn, scaledColumn = args.scaledColumn;
  for (int64_t i = 0; i < n; i += W) {
    const ValueAndSlope<T> y = F::template apply<T>(load<T>(z + i));
    store<T>(value + i, y.value);
    if (slope != nullptr) store<T>(slope + i, y.slope);
    const T* t = tangents;
    T* to = scaled;
    for (int64_t c = columns; c > 0; c--, t += tangentColumn, to += scaledColumn) {
      store<T>(to, y.slope * (kUniform ? set(*t) : load<T>(t)));
    }
    if (columns > 0) {
      if (!kUniform) tangents += W;
      scaled += W;
    }
  }
}

template <class T, class F, bool kUniform>
__attribute__((noinline)) void activationRows(const ActivationArgs<T>& args) {
  for (int64_t r = 0; r < args.rows; r++) {
    activationRow<T, F, kUniform>(args.z + r * args.zRow, args.value + r * args.valueRow,
                                  args.slope == nullptr ? nullptr : args.slope + r * args.slopeRow,
                                  args.columns > 0 ? args.tangent + r * args.tangentRow : nullptr,
                                  args.columns > 0 ? args.scaled + r * args.scaledRow : nullptr, args);
  }
}

// The last lanes of every row, through buffers: panels have whole registers, so this is for other callers.
template <class T, class F>
__attribute__((noinline)) void activationTail(const ActivationArgs<T>& args, int64_t from) {
  constexpr int W = kWidth<T>;
  const int64_t k = args.n - from;
  T z[W] = {}, value[W], slope[W];
  for (int64_t r = 0; r < args.rows; r++) {
    copyStrided<T>(args.z + r * args.zRow + from, 1, z, 1, k);
    activationRows<T, F, false>({1, W, 0, z, 0, value, 0, slope, 0, nullptr, 0, 0, false, nullptr, 0, 0});
    copyStrided<T>(value, 1, args.value + r * args.valueRow + from, 1, k);
    if (args.slope != nullptr) copyStrided<T>(slope, 1, args.slope + r * args.slopeRow + from, 1, k);
    for (int64_t c = 0; c < args.columns; c++) {
      const T* t = args.tangent + r * args.tangentRow + c * args.tangentColumn;
      T* to = args.scaled + r * args.scaledRow + c * args.scaledColumn;
      for (int64_t i = 0; i < k; i++) to[from + i] = slope[i] * (args.tangentUniform ? *t : t[from + i]);
    }
  }
}

template <class T, class F>
void activation(const ActivationArgs<T>& args) {
  if (args.n <= 0) return;
  ActivationArgs<T> whole = args;
  whole.n = args.n / kWidth<T> * kWidth<T>;
  if (whole.n < args.n) activationTail<T, F>(args, whole.n);
  if (args.tangentUniform) {
    activationRows<T, F, true>(whole);
  } else {
    activationRows<T, F, false>(whole);
  }
}
