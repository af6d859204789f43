// NEON registers: 4 float32 or 2 float64. Part of the AArch64 baseline, so no region is opened for it.
template <>
struct Simd<float> {
  using V = float __attribute__((vector_size(16)));
  using I = int32_t __attribute__((vector_size(16)));
  using U = uint32_t __attribute__((vector_size(16)));
};
template <>
struct Simd<double> {
  using V = double __attribute__((vector_size(16)));
  using I = int64_t __attribute__((vector_size(16)));
  using U = uint64_t __attribute__((vector_size(16)));
};
using F32 = Simd<float>::V;
using F64 = Simd<double>::V;

NABLA_INLINE F32 set(float x) { return F32{x, x, x, x}; }
NABLA_INLINE F64 set(double x) { return F64{x, x}; }
NABLA_INLINE F32 fma(F32 a, F32 b, F32 c) {
  return (F32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
NABLA_INLINE F64 fma(F64 a, F64 b, F64 c) {
  return (F64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
NABLA_INLINE F32 sqrt(F32 x) { return (F32)vsqrtq_f32((float32x4_t)x); }
NABLA_INLINE F64 sqrt(F64 x) { return (F64)vsqrtq_f64((float64x2_t)x); }
NABLA_INLINE F32 floor(F32 x) { return (F32)vrndmq_f32((float32x4_t)x); }
NABLA_INLINE F64 floor(F64 x) { return (F64)vrndmq_f64((float64x2_t)x); }

// Entry n mod 8 of a table. Its four bytes are found one by one: 4 n, 4 n + 1, ...
NABLA_INLINE F32 lookup(const float (&table)[8], Simd<float>::U n) {
  const Simd<float>::U bytes = (n & 7u) * 0x04040404u + 0x03020100u;
  const uint8_t* p = reinterpret_cast<const uint8_t*>(table);
  return __builtin_bit_cast(
      F32, vqtbl2q_u8({{vld1q_u8(p), vld1q_u8(p + 16)}}, __builtin_bit_cast(uint8x16_t, bytes)));
}

NABLA_INLINE F32 loadPartial(const float* p, int k) { return loadThroughBuffer<float>(p, k); }
NABLA_INLINE F64 loadPartial(const double* p, int k) { return loadThroughBuffer<double>(p, k); }
NABLA_INLINE void storePartial(float* p, F32 v, int k) { storeThroughBuffer<float>(p, v, k); }
NABLA_INLINE void storePartial(double* p, F64 v, int k) { storeThroughBuffer<double>(p, v, k); }

template <class M>
NABLA_INLINE bool any(M m) {
  const Simd<double>::I bits = __builtin_bit_cast(Simd<double>::I, m);
  return (bits[0] | bits[1]) != 0;
}

NABLA_INLINE F64 widenLow(F32 x) { return __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1), F64); }
NABLA_INLINE F64 widenHigh(F32 x) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, 2, 3), F64);
}
NABLA_INLINE F32 narrow(F64 low, F64 high) {
  using Half = float __attribute__((vector_size(8)));
  const Half l = __builtin_convertvector(low, Half), h = __builtin_convertvector(high, Half);
  return __builtin_shufflevector(l, h, 0, 1, 2, 3);
}
