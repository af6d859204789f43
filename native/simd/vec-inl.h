// Vector registers of one instruction set, behind GCC's and Clang's vector extensions.
//
// Included inside a target region and inside the instruction set's own namespace; NABLA_ISA_AVX512,
// NABLA_ISA_AVX2, NABLA_ISA_NEON or NABLA_ISA_SCALAR says which. Operators come from the compiler; here is
// what operators cannot say. Vec<T> is a register of T, Int<T> and Uint<T> integers of the same width.
// Comparisons give all-ones masks in an Int<T> (a bool when scalar): combine them with & and | and hand them
// to `select`.
#if defined(__clang__)
#define NABLA_INLINE __attribute__((always_inline)) inline
#define NABLA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NABLA_INLINE __attribute__((always_inline)) inline
#define NABLA_UNROLL _Pragma("GCC unroll 32")
#endif

template <class T>
struct Simd;
template <class T>
using Vec = typename Simd<T>::V;
template <class T>
using Int = typename Simd<T>::I;
template <class T>
using Uint = typename Simd<T>::U;

#if !defined(NABLA_ISA_SCALAR)
template <class T>
NABLA_INLINE Vec<T> loadThroughBuffer(const T* p, int k);
template <class T>
NABLA_INLINE void storeThroughBuffer(T* p, Vec<T> v, int k);
#endif

#if defined(NABLA_ISA_AVX512)
#include "vec-avx512-inl.h"
#elif defined(NABLA_ISA_AVX2)
#include "vec-avx2-inl.h"
#elif defined(NABLA_ISA_NEON)
#include "vec-neon-inl.h"
#else
#include "vec-scalar-inl.h"
#endif

template <class T>
using Mask = decltype(Vec<T>() < Vec<T>());
template <class T>
inline constexpr int kWidth = static_cast<int>(sizeof(Vec<T>) / sizeof(T));  // lanes in a register
template <class T>
inline constexpr int kLogicalLanes = static_cast<int>(64 / sizeof(T));  // lanes of a fixed-order sum
template <class T>
inline constexpr int kLogicalRegisters = kLogicalLanes<T> / kWidth<T>;

#if defined(NABLA_ISA_SCALAR)
template <class T>
NABLA_INLINE Vec<T> load(const T* p) {
  return *p;
}
template <class T>
NABLA_INLINE void store(T* p, Vec<T> v) {
  *p = v;
}
NABLA_INLINE F32 select(bool m, F32 a, F32 b) { return m ? a : b; }
NABLA_INLINE F64 select(bool m, F64 a, F64 b) { return m ? a : b; }
NABLA_INLINE int32_t select(bool m, int32_t a, int32_t b) { return m ? a : b; }
NABLA_INLINE int64_t select(bool m, int64_t a, int64_t b) { return m ? a : b; }
#else
template <class T>
NABLA_INLINE Vec<T> load(const T* p) {
  // Not through a pointer to a less aligned vector type: Clang forgets the alignment of a typedef that comes
  // through a template, and reads as if p were aligned. This is the same single unaligned instruction on
  // every compiler.
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
NABLA_INLINE void store(T* p, Vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}
template <class T>
NABLA_INLINE Vec<T> loadThroughBuffer(const T* p, int k) {
  T buffer[kWidth<T>] = {};
  for (int i = 0; i < k; i++) buffer[i] = p[i];
  return load<T>(buffer);
}
template <class T>
NABLA_INLINE void storeThroughBuffer(T* p, Vec<T> v, int k) {
  T buffer[kWidth<T>];
  store<T>(buffer, v);
  for (int i = 0; i < k; i++) p[i] = buffer[i];
}
NABLA_INLINE F32 select(Int<float> m, F32 a, F32 b) { return m ? a : b; }
NABLA_INLINE F64 select(Int<double> m, F64 a, F64 b) { return m ? a : b; }
NABLA_INLINE Int<float> select(Int<float> m, Int<float> a, Int<float> b) { return m ? a : b; }
NABLA_INLINE Int<double> select(Int<double> m, Int<double> a, Int<double> b) { return m ? a : b; }
#endif

#if !defined(NABLA_ISA_AVX512) && !defined(NABLA_ISA_AVX2)
// a < b ? a : b and a > b ? a : b, so b for NaN.
template <class V>
NABLA_INLINE V lesser(V a, V b) {
  return select(a < b, a, b);
}
template <class V>
NABLA_INLINE V greater(V a, V b) {
  return select(a > b, a, b);
}
#endif

NABLA_INLINE Int<float> asInt(F32 x) { return __builtin_bit_cast(Int<float>, x); }
NABLA_INLINE Int<double> asInt(F64 x) { return __builtin_bit_cast(Int<double>, x); }
NABLA_INLINE Uint<float> asUint(F32 x) { return __builtin_bit_cast(Uint<float>, x); }
NABLA_INLINE Uint<double> asUint(F64 x) { return __builtin_bit_cast(Uint<double>, x); }
NABLA_INLINE F32 asFloat(Int<float> x) { return __builtin_bit_cast(F32, x); }
NABLA_INLINE F64 asFloat(Int<double> x) { return __builtin_bit_cast(F64, x); }
NABLA_INLINE F32 asFloat(Uint<float> x) { return __builtin_bit_cast(F32, x); }
NABLA_INLINE F64 asFloat(Uint<double> x) { return __builtin_bit_cast(F64, x); }

NABLA_INLINE F32 abs(F32 x) { return asFloat(asUint(x) & 0x7fffffffu); }
NABLA_INLINE F64 abs(F64 x) { return asFloat(asUint(x) & 0x7fffffffffffffffu); }
NABLA_INLINE F32 signBit(F32 x) { return asFloat(asUint(x) & 0x80000000u); }
NABLA_INLINE F64 signBit(F64 x) { return asFloat(asUint(x) & 0x8000000000000000u); }
// magnitude >= +0 with sign's sign
template <class V>
NABLA_INLINE V withSign(V magnitude, V sign) {
  return asFloat(asUint(magnitude) | asUint(signBit(sign)));
}
// x ^ sign bit of s
template <class V>
NABLA_INLINE V flipSign(V x, V s) {
  return asFloat(asUint(x) ^ asUint(signBit(s)));
}

NABLA_INLINE F32 roundToFloat32(F32 x) { return x; }
NABLA_INLINE F64 roundToFloat32(F64 x) { return widenLow(narrow(x, x)); }

// ---- transposition
// --------------------------------------------------------------------------------------------------

#if !defined(NABLA_ISA_SCALAR)
// One stage of the butterfly: lanes and registers whose numbers differ in bit kBit change places.
template <class T, int kBit, std::size_t... kLane>
NABLA_INLINE void exchange(Vec<T>& a, Vec<T>& b, std::index_sequence<kLane...>) {
  constexpr int W = kWidth<T>;
  const Vec<T> low =
      __builtin_shufflevector(a, b,
                              ((static_cast<int>(kLane) & kBit) != 0 ? W + static_cast<int>(kLane) - kBit
                                                                     : static_cast<int>(kLane))...);
  const Vec<T> high =
      __builtin_shufflevector(a, b,
                              ((static_cast<int>(kLane) & kBit) != 0 ? W + static_cast<int>(kLane)
                                                                     : static_cast<int>(kLane) + kBit)...);
  a = low;
  b = high;
}
template <class T, int kBit>
NABLA_INLINE void transposeStages(Vec<T> (&v)[kWidth<T>]) {
  constexpr int W = kWidth<T>;
  NABLA_UNROLL
  for (int i = 0; i < W; i++) {
    if ((i & kBit) == 0) exchange<T, kBit>(v[i], v[i + kBit], std::make_index_sequence<W>{});
  }
  if constexpr (kBit > 1) transposeStages<T, kBit / 2>(v);
}
// Lane l of v[i] and lane i of v[l] change places.
template <class T>
NABLA_INLINE void transpose(Vec<T> (&v)[kWidth<T>]) {
  transposeStages<T, kWidth<T> / 2>(v);
}
#else
template <class T>
NABLA_INLINE void transpose(Vec<T> (&)[1]) {}
#endif
