// AVX-512 registers: 16 float32 or 8 float64.
template <>
struct Simd<float> {
  using V = float __attribute__((vector_size(64)));
  using I = int32_t __attribute__((vector_size(64)));
  using U = uint32_t __attribute__((vector_size(64)));
};
template <>
struct Simd<double> {
  using V = double __attribute__((vector_size(64)));
  using I = int64_t __attribute__((vector_size(64)));
  using U = uint64_t __attribute__((vector_size(64)));
};
using F32 = Simd<float>::V;
using F64 = Simd<double>::V;

NABLA_INLINE F32 set(float x) { return _mm512_set1_ps(x); }
NABLA_INLINE F64 set(double x) { return _mm512_set1_pd(x); }
NABLA_INLINE F32 fma(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }
NABLA_INLINE F64 fma(F64 a, F64 b, F64 c) { return _mm512_fmadd_pd(a, b, c); }
NABLA_INLINE F32 sqrt(F32 x) { return _mm512_mask_sqrt_ps(x, 0xffff, x); }
NABLA_INLINE F64 sqrt(F64 x) { return _mm512_mask_sqrt_pd(x, 0xff, x); }
NABLA_INLINE F32 floor(F32 x) {
  return _mm512_mask_roundscale_ps(x, 0xffff, x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
NABLA_INLINE F64 floor(F64 x) {
  return _mm512_mask_roundscale_pd(x, 0xff, x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

// a < b ? a : b and a > b ? a : b, so b for NaN: one instruction, which GCC does not find by itself.
NABLA_INLINE F32 lesser(F32 a, F32 b) { return _mm512_maskz_min_ps(0xffff, a, b); }
NABLA_INLINE F64 lesser(F64 a, F64 b) { return _mm512_maskz_min_pd(0xff, a, b); }
NABLA_INLINE F32 greater(F32 a, F32 b) { return _mm512_maskz_max_ps(0xffff, a, b); }
NABLA_INLINE F64 greater(F64 a, F64 b) { return _mm512_maskz_max_pd(0xff, a, b); }

// Entry n mod 8 of a table.
NABLA_INLINE F32 lookup(const float (&table)[8], Simd<float>::U n) {
  const __m256 once = _mm256_load_ps(table);
  const F32 twice = __builtin_shufflevector(once, once, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  return _mm512_maskz_permutexvar_ps(0xffff, __builtin_bit_cast(__m512i, n), twice);
}

NABLA_INLINE F32 loadPartial(const float* p, int k) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << k) - 1u), p);
}
NABLA_INLINE F64 loadPartial(const double* p, int k) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << k) - 1u), p);
}
NABLA_INLINE void storePartial(float* p, F32 v, int k) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << k) - 1u), v);
}
NABLA_INLINE void storePartial(double* p, F64 v, int k) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << k) - 1u), v);
}

template <class M>
NABLA_INLINE bool any(M m) {
  const __m512i bits = __builtin_bit_cast(__m512i, m);
  return _mm512_test_epi64_mask(bits, bits) != 0;
}

NABLA_INLINE F64 widenLow(F32 x) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7), F64);
}
NABLA_INLINE F64 widenHigh(F32 x) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15), F64);
}
NABLA_INLINE F32 narrow(F64 low, F64 high) {
  using Half = float __attribute__((vector_size(32)));
  const Half l = __builtin_convertvector(low, Half), h = __builtin_convertvector(high, Half);
  return __builtin_shufflevector(l, h, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
