// AVX2 registers: 8 float32 or 4 float64.
template <>
struct Simd<float> {
  using V = float __attribute__((vector_size(32)));
  using I = int32_t __attribute__((vector_size(32)));
  using U = uint32_t __attribute__((vector_size(32)));
};
template <>
struct Simd<double> {
  using V = double __attribute__((vector_size(32)));
  using I = int64_t __attribute__((vector_size(32)));
  using U = uint64_t __attribute__((vector_size(32)));
};
using F32 = Simd<float>::V;
using F64 = Simd<double>::V;

NABLA_INLINE F32 set(float x) { return _mm256_set1_ps(x); }
NABLA_INLINE F64 set(double x) { return _mm256_set1_pd(x); }
NABLA_INLINE F32 fma(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }
NABLA_INLINE F64 fma(F64 a, F64 b, F64 c) { return _mm256_fmadd_pd(a, b, c); }
NABLA_INLINE F32 sqrt(F32 x) { return _mm256_sqrt_ps(x); }
NABLA_INLINE F64 sqrt(F64 x) { return _mm256_sqrt_pd(x); }
NABLA_INLINE F32 floor(F32 x) { return _mm256_floor_ps(x); }
NABLA_INLINE F64 floor(F64 x) { return _mm256_floor_pd(x); }

// a < b ? a : b and a > b ? a : b, so b for NaN.
NABLA_INLINE F32 lesser(F32 a, F32 b) { return _mm256_min_ps(a, b); }
NABLA_INLINE F64 lesser(F64 a, F64 b) { return _mm256_min_pd(a, b); }
NABLA_INLINE F32 greater(F32 a, F32 b) { return _mm256_max_ps(a, b); }
NABLA_INLINE F64 greater(F64 a, F64 b) { return _mm256_max_pd(a, b); }

// Entry n mod 8 of a table.
NABLA_INLINE F32 lookup(const float (&table)[8], Simd<float>::U n) {
  return _mm256_permutevar8x32_ps(_mm256_load_ps(table), __builtin_bit_cast(__m256i, n));
}

NABLA_INLINE F32 loadPartial(const float* p, int k) { return loadThroughBuffer<float>(p, k); }
NABLA_INLINE F64 loadPartial(const double* p, int k) { return loadThroughBuffer<double>(p, k); }
NABLA_INLINE void storePartial(float* p, F32 v, int k) { storeThroughBuffer<float>(p, v, k); }
NABLA_INLINE void storePartial(double* p, F64 v, int k) { storeThroughBuffer<double>(p, v, k); }

template <class M>
NABLA_INLINE bool any(M m) {
  const __m256i bits = __builtin_bit_cast(__m256i, m);
  return _mm256_testz_si256(bits, bits) == 0;
}

NABLA_INLINE F64 widenLow(F32 x) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1, 2, 3), F64);
}
NABLA_INLINE F64 widenHigh(F32 x) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, 4, 5, 6, 7), F64);
}
NABLA_INLINE F32 narrow(F64 low, F64 high) {
  using Half = float __attribute__((vector_size(16)));
  const Half l = __builtin_convertvector(low, Half), h = __builtin_convertvector(high, Half);
  return __builtin_shufflevector(l, h, 0, 1, 2, 3, 4, 5, 6, 7);
}
