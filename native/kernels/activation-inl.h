// ACTIVATION: value and slope in one pass.

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

// Registers that are computed side by side. One alone is a chain of some forty dependent instructions, and
// only three such chains fit into the window in which the processor looks for work; the compiler interleaves
// the chains of a group (-fschedule-insns for these files). tanh of float64, AVX-512: 38 cycles a register
// alone, 31 in fours. With sixteen registers two chains are what goes without spilling.
#if defined(NABLA_ISA_SCALAR)
inline constexpr int kActivationGroup = 1;
#elif defined(NABLA_ISA_AVX2)
inline constexpr int kActivationGroup = 2;
#else
inline constexpr int kActivationGroup = 4;
#endif

template <class T, class F, int kGroup>
NABLA_INLINE int64_t activationGroups(int64_t i, int64_t n, const T* z, T* value, T* slope) {
  constexpr int W = kWidth<T>;
  for (; i + kGroup * W <= n; i += kGroup * W) {
    ValueAndSlope<T> y[kGroup];
    NABLA_UNROLL
    for (int g = 0; g < kGroup; g++) y[g] = F::template apply<T>(load<T>(z + i + g * W));
    NABLA_UNROLL
    for (int g = 0; g < kGroup; g++) store<T>(value + i + g * W, y[g].value);
    if (slope == nullptr) continue;
    NABLA_UNROLL
    for (int g = 0; g < kGroup; g++) store<T>(slope + i + g * W, y[g].slope);
  }
  return i;
}

template <class T, class F>
__attribute__((noinline)) void activationRow(int64_t n, const T* z, T* value, T* slope) {
  int64_t i = activationGroups<T, F, kActivationGroup>(0, n, z, value, slope);
  if constexpr (kActivationGroup > 1) i = activationGroups<T, F, 1>(i, n, z, value, slope);
  if (kWidth<T> == 1 || i == n) return;
  const int k = static_cast<int>(n - i);
  const ValueAndSlope<T> y = F::template apply<T>(loadPartial(z + i, k));
  storePartial(value + i, y.value, k);
  if (slope != nullptr) storePartial(slope + i, y.slope, k);
}

template <class T, class F>
void activation(const ActivationArgs<T>& args) {
  const bool isOneRow =
      args.zRow == args.n && args.valueRow == args.n && (args.slope == nullptr || args.slopeRow == args.n);
  const int64_t rows = isOneRow ? 1 : args.rows, n = isOneRow ? args.rows * args.n : args.n;
  for (int64_t r = 0; r < rows; r++) {
    activationRow<T, F>(n, args.z + r * args.zRow, args.value + r * args.valueRow,
                        args.slope == nullptr ? nullptr : args.slope + r * args.slopeRow);
  }
}
