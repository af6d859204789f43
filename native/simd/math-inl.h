namespace math {
#define NABLA_LIBM1(name, call) \
  template <class V> NABLA_INLINE V name(V x) { \
    using T = std::conditional_t<std::is_same_v<V, F32>, float, double>; \
    T b[kWidth<T>]; store<T>(b, x); \
    for (T& e : b) e = call; \
    return load<T>(b); }
NABLA_LIBM1(exp, std::exp(e))
NABLA_LIBM1(expm1, std::expm1(e))
NABLA_LIBM1(log, std::log(e))
NABLA_LIBM1(log1p, std::log1p(e))
NABLA_LIBM1(sin, std::sin(e))
NABLA_LIBM1(cos, std::cos(e))
NABLA_LIBM1(tanh, std::tanh(e))
NABLA_LIBM1(sigmoid, (T(1) / (T(1) + std::exp(-e))))
NABLA_LIBM1(softplus, ((e > 0 ? e : T(0)) + std::log1p(std::exp(-std::fabs(e)))))
NABLA_LIBM1(erf, std::erf(e))
NABLA_LIBM1(erfc, std::erfc(e))
#define NABLA_LIBM2(name, call) \
  template <class V> NABLA_INLINE V name(V x, V y) { \
    using T = std::conditional_t<std::is_same_v<V, F32>, float, double>; \
    T b[kWidth<T>], c[kWidth<T>]; store<T>(b, x); store<T>(c, y); \
    for (int i = 0; i < kWidth<T>; i++) b[i] = call; \
    return load<T>(b); }
NABLA_LIBM2(pow, std::pow(b[i], c[i]))
NABLA_LIBM2(atan2, std::atan2(b[i], c[i]))
}  // namespace math
