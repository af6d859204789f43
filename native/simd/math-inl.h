// Vector math functions. Every one is a straight line of selections, written once for all instruction sets;
// with contraction off and fma explicit it gives the same bits on each of them, the scalar path included.
//
// Errors are against the exact result, in units of the last place of the result, subnormal results included.
// The tests assert the numbers in the doc blocks: float32 on every argument, float64 on samples of every
// binade.
//
// Polynomials are minimax fits with rounded coefficients (Sollya's fpminimax); the comment gives the relative
// error of the fit itself on its interval. Dropping a coefficient without a new fit costs several ulp.
namespace math {

template <class V>
using ElementOf = std::conditional_t<std::is_same_v<V, F32>, float, double>;

template <class T>
using IntElement = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
template <class T>
using UintElement = std::make_unsigned_t<IntElement<T>>;

// Horner's rule, highest coefficient first.
template <class V, class... Rest>
NABLA_INLINE V polynomial(V x, ElementOf<V> first, Rest... rest) {
  V p = set(first);
  ((p = fma(p, x, set(static_cast<ElementOf<V>>(rest)))), ...);
  return p;
}

NABLA_INLINE F32 infinity(F32) { return set(std::numeric_limits<float>::infinity()); }
NABLA_INLINE F64 infinity(F64) { return set(std::numeric_limits<double>::infinity()); }
NABLA_INLINE F32 notANumber(F32) { return set(std::numeric_limits<float>::quiet_NaN()); }
NABLA_INLINE F64 notANumber(F64) { return set(std::numeric_limits<double>::quiet_NaN()); }

// min(max(x, low), high); NaN stays
template <class V>
NABLA_INLINE V clamp(V x, ElementOf<V> low, ElementOf<V> high) {
  return greater(set(low), lesser(set(high), x));
}

// Adding 1.5 * 2^(mantissa bits) rounds to the nearest integer n and leaves n in the low bits of the sum.
template <class V>
NABLA_INLINE V magic() {
  if constexpr (std::is_same_v<V, F32>) {
    return set(0x1.8p23f);
  } else {
    return set(0x1.8p52);
  }
}

// 2^n from the low bits of a magic sum; n within the normal exponents
NABLA_INLINE F32 powerOfTwo(Uint<float> n) { return asFloat((n << 23) + 0x3f800000u); }
NABLA_INLINE F64 powerOfTwo(Uint<double> n) { return asFloat((n << 52) + uint64_t{0x3ff0000000000000u}); }

#include "math-exp-inl.h"

#include "math-tanh-inl.h"

#include "math-log-inl.h"

#include "math-trig-inl.h"

#include "math-special-inl.h"

}  // namespace math
