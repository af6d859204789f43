// One lane, plain C++: the path for CPUs without AVX2, and the plainest witness of what every other path must
// give.
template <>
struct Simd<float> {
  using V = float;
  using I = int32_t;
  using U = uint32_t;
};
template <>
struct Simd<double> {
  using V = double;
  using I = int64_t;
  using U = uint64_t;
};
using F32 = float;
using F64 = double;

NABLA_INLINE F32 set(float x) { return x; }
NABLA_INLINE F64 set(double x) { return x; }
NABLA_INLINE F32 fma(F32 a, F32 b, F32 c) { return std::fma(a, b, c); }
NABLA_INLINE F64 fma(F64 a, F64 b, F64 c) { return std::fma(a, b, c); }
NABLA_INLINE F32 sqrt(F32 x) { return std::sqrt(x); }
NABLA_INLINE F64 sqrt(F64 x) { return std::sqrt(x); }
NABLA_INLINE F32 floor(F32 x) { return std::floor(x); }
NABLA_INLINE F64 floor(F64 x) { return std::floor(x); }

// Entry n mod 8 of a table.
NABLA_INLINE F32 lookup(const float (&table)[8], uint32_t n) { return table[n & 7u]; }

// A register holds one lane, so no tail is ever partial.
NABLA_INLINE F32 loadPartial(const float* p, int) { return *p; }
NABLA_INLINE F64 loadPartial(const double* p, int) { return *p; }
NABLA_INLINE void storePartial(float* p, F32 v, int) { *p = v; }
NABLA_INLINE void storePartial(double* p, F64 v, int) { *p = v; }

NABLA_INLINE bool any(bool m) { return m; }

// A float32 register holds one lane like a float64 one: the high half is a copy.
NABLA_INLINE F64 widenLow(F32 x) { return static_cast<double>(x); }
NABLA_INLINE F64 widenHigh(F32 x) { return static_cast<double>(x); }
NABLA_INLINE F32 narrow(F64 low, F64) { return static_cast<float>(low); }
