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
  return select(x < set(low), set(low), select(x > set(high), set(high), x));
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

// ---- exp and its relatives
// -------------------------------------------------------------------------------------------

// x = n ln 2 + r, |r| <= ln(2)/2. The first fma is exact: ln 2 has its last bit at 2^-24 (2^-53), x none
// below r's last place, and |r| < 1/2.
NABLA_INLINE F32 reduceByLn2(F32 x, F32 n) {
  const F32 r = fma(-n, set(0x1.62e430p-1f), x);
  return fma(-n, set(-0x1.05c610p-29f), r);
}
NABLA_INLINE F64 reduceByLn2(F64 x, F64 n) {
  const F64 r = fma(-n, set(0x1.62e42fefa39efp-1), x);
  return fma(-n, set(0x1.abc9e3b39803fp-56), r);
}
NABLA_INLINE F32 log2e(F32) { return set(0x1.715476p0f); }
NABLA_INLINE F64 log2e(F64) { return set(0x1.71547652b82fep0); }

// (exp(r) - 1 - r) / r^2, fitted so that exp(r) has relative error 2^-28.1 (2^-57.8)
NABLA_INLINE F32 expTail(F32 r) {
  return polynomial(r, 0x1.694ca6p-10f, 0x1.12398p-7f, 0x1.555a26p-5f, 0x1.555492p-3f, 0x1.fffffap-2f);
}
NABLA_INLINE F64 expTail(F64 r) {
  return polynomial(r, 0x1.ad9303fd412f7p-26, 0x1.28adfefa6f8a2p-22, 0x1.71df18e255081p-19,
                    0x1.a019995cdc7d6p-16, 0x1.a01a012ff2941p-13, 0x1.6c16c18477aefp-10, 0x1.1111111126b3p-7,
                    0x1.55555555506bap-5, 0x1.55555555554fep-3, 0x1.000000000000ap-1);
}
// (expm1(r) - r) / r^2, fitted so that expm1(r) has relative error 2^-30.9 (2^-61.5)
NABLA_INLINE F32 expm1Tail(F32 r) {
  return polynomial(r, 0x1.9e0bfep-13f, 0x1.6d436ap-10f, 0x1.111306p-7f, 0x1.5554fp-5f, 0x1.555554p-3f, 0.5f);
}
NABLA_INLINE F64 expm1Tail(F64 r) {
  return polynomial(r, 0x1.1f1a283b150dep-29, 0x1.af5f17c20b7e7p-26, 0x1.27e5133c9376dp-22,
                    0x1.71ddf819199dep-19, 0x1.a01a018e0fb81p-16, 0x1.a01a01b000a1cp-13,
                    0x1.6c16c16c1aafap-10, 0x1.111111110f659p-7, 0x1.555555555554dp-5, 0x1.5555555555559p-3,
                    0.5);
}

// exp(x + low) for x already within [-746, 710] ([-104, 89]), |low| far below |x|. The scale is applied in
// two factors, so that results below the normal range are rounded once, and those above overflow.
template <class V>
NABLA_INLINE V expScaled(V x, V low) {
  const V t = fma(x, log2e(x), magic<V>());
  const V half = fma(x, log2e(x) * set(ElementOf<V>(0.5)), magic<V>());
  const V r = reduceByLn2(x, t - magic<V>()) + low;
  const V p = fma(r * r, expTail(r), r);
  const Uint<ElementOf<V>> n1 = asUint(half), n2 = asUint(t) - asUint(half);
  return (set(ElementOf<V>(1)) + p) * powerOfTwo(n1) * powerOfTwo(n2);
}

// exp(x). All x; max 1.1 ulp (float32), 1.1 ulp (float64).
NABLA_INLINE F32 exp(F32 x) { return expScaled(clamp(x, -104.f, 89.f), set(0.f)); }
NABLA_INLINE F64 exp(F64 x) { return expScaled(clamp(x, -746., 710.), set(0.)); }

// expm1(x) = 2 (p 2^(n-1) + (2^(n-1) - 1/2)) with p = expm1(r): the halves keep 2^n within range up to
// overflow.
template <class V>
NABLA_INLINE V expm1Clamped(V x) {
  using T = ElementOf<V>;
  const V t = fma(x, log2e(x), magic<V>());
  const V r = reduceByLn2(x, t - magic<V>());
  const V p = fma(r * r, expm1Tail(r), r);
  const V scale = powerOfTwo(asUint(t) - UintElement<T>(1));
  const V y = fma(p, scale, scale - set(T(0.5)));
  return y + y;
}

// expm1(x). All x; max 1.6 ulp (float32), 2.0 ulp (float64).
// Below 2^-25 (2^-54) expm1(x) rounds to x; the selection keeps -0 and subnormals.
NABLA_INLINE F32 expm1(F32 x) {
  return select(abs(x) < set(0x1p-25f), x, expm1Clamped(clamp(x, -20.f, 89.f)));
}
NABLA_INLINE F64 expm1(F64 x) { return select(abs(x) < set(0x1p-54), x, expm1Clamped(clamp(x, -40., 710.))); }

// ---- tanh, sigmoid, softplus
// -----------------------------------------------------------------------------------------

// exp(2x) for 0 <= x <= 20, for tanh: r = x - n ln(2)/2, so the coefficients of expTail come with powers of
// two, and 2^n goes straight into the exponent. Not for NaN. In float32 the first part of ln 2 happens to be
// good to 2^-29 alone.
NABLA_INLINE F32 expOfTwice(F32 x) {
  const F32 t = fma(x, set(0x1.715476p1f), magic<F32>());
  const F32 r = fma(t - magic<F32>(), set(-0x1.62e430p-2f), x);
  const F32 p =
      polynomial(r, 0x1.694ca6p-4f, 0x1.12398p-2f, 0x1.555a26p-1f, 0x1.555492p0f, 0x1.fffffap0f, 2.f, 1.f);
  return asFloat(asUint(p) + (asUint(t) << 23));
}
NABLA_INLINE F64 expOfTwice(F64 x) {
  const F64 t = fma(x, set(0x1.71547652b82fep1), magic<F64>());
  const F64 n = t - magic<F64>();
  const F64 r = fma(n, set(-0x1.abc9e3b39803fp-57), fma(n, set(-0x1.62e42fefa39efp-2), x));
  const F64 p =
      polynomial(r, 0x1.ad9303fd412f7p-15, 0x1.28adfefa6f8a2p-12, 0x1.71df18e255081p-10, 0x1.a019995cdc7d6p-8,
                 0x1.a01a012ff2941p-6, 0x1.6c16c18477aefp-4, 0x1.1111111126b3p-2, 0x1.55555555506bap-1,
                 0x1.55555555554fep0, 0x1.000000000000ap1, 2., 1.);
  return asFloat(asUint(p) + (asUint(t) << 52));
}

// tanh(x). All x; max 1.4 ulp (float32), 1.4 ulp (float64).
// 1 - 2/(exp(2|x|) + 1) from 0.625 on; below, where that cancels, x + x^3 P(x^2), in float64 x + x^3 P/Q(x^2)
// with the same division. Rejected: expm1(2x)/(expm1(2x) + 2), 2.5 ulp; one rational function over the whole
// range, 4 ulp.
NABLA_INLINE F32 tanh(F32 x) {
  const F32 a = abs(x), one = set(1.f);
  // From 10 on tanh rounds to 1.
  const F32 e = expOfTwice(select(a > set(10.f), set(10.f), a));
  const F32 large = one - set(2.f) / (e + one);
  const F32 z = a * a;
  // Relative error 2^-27.7 on [0, 0.625].
  const F32 p =
      polynomial(z, -0x1.758cap-8f, 0x1.521152p-6f, -0x1.b83898p-5f, 0x1.110704p-3f, -0x1.555532p-2f);
  const F32 small = fma(a * z, p, a);
  return withSign(select(a >= set(0.625f), large, small), x);  // small for NaN
}
NABLA_INLINE F64 tanh(F64 x) {
  const F64 a = abs(x), one = set(1.);
  const F64 e = expOfTwice(select(a > set(20.), set(20.), a));
  const F64 z = a * a;
  // P/Q: Cephes (Moshier), relative error 2^-57 on [0, 0.625].
  const F64 p =
      polynomial(z, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3);
  const F64 q =
      polynomial(z, 1., 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3);
  const Mask<double> large = a >= set(0.625);  // false for NaN
  const F64 quotient = select(large, set(-2.), a * z * p) / select(large, e + one, q);
  return withSign(select(large, one, a) + quotient, x);
}

// sigmoid(x) = 1/(1 + exp(-x)). All x; max 2.0 ulp (float32), 2.0 ulp (float64).
// From u = exp(-|x|), which cannot overflow: 1/(1 + u) or u/(1 + u). The quotient is corrected for its own
// rounding and that of 1 + u, half an ulp each, so that exp's error is all but alone.
template <class V>
NABLA_INLINE V sigmoidFrom(V x, V u) {
  using T = ElementOf<V>;
  const V one = set(T(1));
  const V top = select(x < set(T(0)), u, one);
  const V w = one + u;
  const V wLow = u - (w - one);
  const V inverse = one / w;
  const V q = top * inverse;
  return fma(fma(-q, w, top) - q * wLow, inverse, q);
}
template <class V>
NABLA_INLINE V sigmoid(V x) {
  return sigmoidFrom(x, exp(-abs(x)));
}

// ---- logarithms
// ------------------------------------------------------------------------------------------------------

// For u = 2^k m, m in [1/sqrt 2, sqrt 2), f = m - 1, s = f/(2 + f): log u = k ln 2 + f - (f^2/2 - s (f^2/2 +
// R)), with 2 atanh(s) = 2s + s R. `correction` is added to the logarithm at its smallest part. (fdlibm's
// arrangement.) u is normal and positive.
NABLA_INLINE F32 logNormal(F32 u, F32 correction, F32 scale) {
  const Uint<float> bits = asUint(u) + (0x3f800000u - 0x3f3504f3u);
  const F32 k = asFloat((bits >> 23) | 0x4b000000u) - set(8388608.f + 127.f) + scale;
  const F32 f = asFloat((bits & 0x007fffffu) + 0x3f3504f3u) - set(1.f);
  const F32 s = f / (set(2.f) + f);
  const F32 z = s * s;
  // Relative error of 2 atanh(s): 2^-34.9.
  const F32 r = z * polynomial(z, 0x1.ec01p-3f, 0x1.23f25p-2f, 0x1.999bd2p-2f, 0x1.555554p-1f);
  const F32 h = set(0.5f) * f * f;
  return fma(k, set(0x1.62e430p-1f), -((h - (s * (h + r) + fma(k, set(-0x1.05c610p-29f), correction))) - f));
}
NABLA_INLINE F64 logNormal(F64 u, F64 correction, F64 scale) {
  const Uint<double> bits = asUint(u) + uint64_t{0x3ff0000000000000u - 0x3fe6a09e667f3bcdu};
  const F64 k = asFloat((bits >> 52) | uint64_t{0x4330000000000000u}) - set(0x1p52 + 1023.) + scale;
  const F64 f = asFloat((bits & uint64_t{0x000fffffffffffffu}) + uint64_t{0x3fe6a09e667f3bcdu}) - set(1.);
  const F64 s = f / (set(2.) + f);
  const F64 z = s * s;
  // Relative error of 2 atanh(s): 2^-59.4.
  const F64 r =
      z * polynomial(z, 0x1.2f103aeb694e9p-3, 0x1.39a0b4d9004e4p-3, 0x1.74664887e8a77p-3,
                     0x1.c71c51dcf779fp-3, 0x1.2492494224e8ap-2, 0x1.999999997fa39p-2, 0x1.5555555555593p-1);
  const F64 h = set(0.5) * f * f;
  return fma(k, set(0x1.62e42fefa39efp-1),
             -((h - (s * (h + r) + fma(k, set(0x1.abc9e3b39803fp-56), correction))) - f));
}

// log(x). All x; max 1.0 ulp (float32), 1.0 ulp (float64). log(±0) = -inf, log(x < 0) = NaN.
template <class V>
NABLA_INLINE V log(V x) {
  using T = ElementOf<V>;
  constexpr T kSmallest = std::numeric_limits<T>::min();
  constexpr int kShift = std::numeric_limits<T>::digits + 1;
  constexpr T kUp = static_cast<T>(sizeof(T) == 4 ? 0x1p25 : 0x1p54);
  static_assert(kShift == (sizeof(T) == 4 ? 25 : 54));
  const V zero = set(T(0));
  const auto subnormal = x < set(kSmallest);
  const V y = logNormal(select(subnormal, x * set(kUp), x), zero, select(subnormal, set(T(-kShift)), zero));
  const auto ordinary = (x > zero) & (x < infinity(x));
  const V special = select(x == zero, -infinity(x), select(x == infinity(x), x, notANumber(x)));
  return select(ordinary, y, special);
}

// log1p(x). All x; max 1.0 ulp (float32), 1.0 ulp (float64). log1p(-1) = -inf, log1p(x < -1) = NaN.
// u = 1 + x rounded, and log(1 + x) = log u + c/u to first order in the rounding error c.
template <class V>
NABLA_INLINE V log1p(V x) {
  using T = ElementOf<V>;
  const V zero = set(T(0)), one = set(T(1));
  const V u = one + x;
  const V c = select(x > one, one - (u - x), x - (u - one));
  const V y = logNormal(u, c / u, zero);
  const auto ordinary = (x > -one) & (x < infinity(x)) & (x != zero);
  const V special =
      select((x == zero) | (x == infinity(x)), x, select(x == -one, -infinity(x), notANumber(x)));
  return select(ordinary, y, special);
}

// softplus(x) = log(1 + exp(x)). All x; max 2.0 ulp (float32), 2.0 ulp (float64).
// max(x, 0) + log1p(exp(-|x|)): 1 + u lies in (1, 2], so log1p needs none of its special cases.
template <class V>
NABLA_INLINE V softplusFrom(V x, V u) {  // u = exp(-|x|)
  using T = ElementOf<V>;
  const V zero = set(T(0)), one = set(T(1));
  const V w = one + u;
  const V y = logNormal(w, (u - (w - one)) / w, zero);
  return select(x > zero, x, select(x <= zero, zero, x)) + y;
}
template <class V>
NABLA_INLINE V softplus(V x) {
  return softplusFrom(x, exp(-abs(x)));
}

// ---- sine and cosine
// -------------------------------------------------------------------------------------------------

__extension__ typedef unsigned __int128 Wide;

// x mod pi/2 for huge x (Payne and Hanek): the bits of 2/pi that matter times the mantissa. Returns the
// quadrant modulo 4 and high + low = remainder in [-pi/4, pi/4] to about 2^-100 relative to 1 and 2^-70
// relative to itself. |x| >= 2^-8, finite.
inline int reduceHuge(double x, double* high, double* low) {
  // 2/pi after a leading word of zeros, so that offsets start below its first bit.
  static constexpr uint64_t kTwoOverPi[] = {0,
                                            0xa2f9836e4e441529u,
                                            0xfc2757d1f534ddc0u,
                                            0xdb6295993c439041u,
                                            0xfe5163abdebbc561u,
                                            0xb7246e3a424dd2e0u,
                                            0x06492eea09d1921cu,
                                            0xfe1deb1cb129a73eu,
                                            0xe88235f52ebb4484u,
                                            0xe99c7026b45f7e41u,
                                            0x3991d639835339f4u,
                                            0x9c845f8bbdf9283bu,
                                            0x1ff897ffde05980fu,
                                            0xef2f118b5a0a6d1fu,
                                            0x6d367ecf27cb09b7u,
                                            0x4f463f669e5fea2du,
                                            0x7527bac7ebe5f17bu,
                                            0x3d0739f78a5292eau,
                                            0x6bfb5fb11f8d5d08u,
                                            0x56033046fc7b6babu,
                                            0xf0cfbc209af4361du};
  uint64_t bits;
  std::memcpy(&bits, &x, 8);
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1075;  // |x| = m 2^exponent
  const uint64_t m = (bits & 0x000fffffffffffffu) | 0x0010000000000000u;
  // Bits of 2/pi of weight 2^(2 - exponent) and above give multiples of four quarter turns. 192 bits from
  // there on.
  const int offset = exponent - 2 + 64;
  const int word = offset / 64, shift = offset % 64;
  uint64_t w[3];
  for (int i = 0; i < 3; i++) {
    w[i] = kTwoOverPi[word + i] << shift;
    if (shift != 0) w[i] |= kTwoOverPi[word + i + 1] >> (64 - shift);
  }
  const Wide p2 = Wide(m) * w[2];
  const Wide p1 = Wide(m) * w[1] + static_cast<uint64_t>(p2 >> 64);
  const uint64_t p0 = m * w[0] + static_cast<uint64_t>(p1 >> 64);
  const uint64_t mid = static_cast<uint64_t>(p1), tail = static_cast<uint64_t>(p2);
  int quadrant = static_cast<int>(p0 >> 62);
  uint64_t f1 = (p0 << 2) | (mid >> 62), f0 = (mid << 2) | (tail >> 62);
  bool negative = (bits >> 63) != 0;
  if ((f1 >> 63) != 0) {  // beyond half a quadrant: count from the next one
    quadrant++;
    f0 = ~f0 + 1;
    f1 = ~f1 + (f0 == 0 ? 1 : 0);
    negative = !negative;
  }
  if ((bits >> 63) != 0) quadrant = -quadrant;
  // Normalise: at most about 62 leading zeros for any double, so 66 bits are left.
  int zeros = 0;
  if (f1 == 0) {
    f1 = f0;
    f0 = 0;
    zeros = 64;
  }
  if (f1 != 0) {
    const int lead = std::countl_zero(f1);
    if (lead != 0) f1 = (f1 << lead) | (f0 >> (64 - lead));
    f0 <<= lead;
    zeros += lead;
  }
  const double unit = std::bit_cast<double>(static_cast<uint64_t>(1023 - 53 - zeros) << 52);
  const double fh = static_cast<double>(f1 >> 11) * unit;
  const double fl = static_cast<double>(((f1 & 0x7ff) << 42) | (f0 >> 22)) * (unit * 0x1p-53);
  const double h = fh * 0x1.921fb54442d18p0;
  const double l =
      std::fma(fh, 0x1.921fb54442d18p0, -h) + std::fma(fh, 0x1.1a62633145c07p-54, fl * 0x1.921fb54442d18p0);
  *high = negative ? -h : h;
  *low = negative ? -l : l;
  return quadrant & 3;
}

template <class V>
struct Quadrant {
  V r;                      // remainder
  Int<ElementOf<V>> index;  // quadrant in the two low bits
};

// Lanes beyond the fast path's range, one by one. Out of line: it is all but never taken.
template <class V>
__attribute__((noinline)) void reduceHugeLanes(const ElementOf<V>* x, ElementOf<V> limit, ElementOf<V>* r,
                                               int64_t* index) {
  using T = ElementOf<V>;
  for (int i = 0; i < kWidth<T>; i++) {
    if (!(std::fabs(x[i]) > limit)) continue;
    if (!(std::fabs(x[i]) <= std::numeric_limits<T>::max())) {
      r[i] = std::numeric_limits<T>::quiet_NaN();
      continue;
    }
    double high, low;
    index[i] = reduceHuge(static_cast<double>(x[i]), &high, &low);
    r[i] = static_cast<T>(high + low);
  }
}

// x = n pi/2 + r. The first fma is exact (pi/2's last bit is at 2^-23 or 2^-52, x has none below r's last
// place, and |r| < 1). It may cancel against the second part's product, so that one is carried with both
// rounding errors; with the third part, half an ulp of r is left however close x comes to a multiple.
template <class V>
NABLA_INLINE V reduceByParts(V x, V n, V part1, V part2, V part3) {
  const V a = fma(-n, part1, x);
  const V w = n * part2;
  const V b = a - w;
  const V t = b - a;
  const V sumError = (a - (b - t)) - (w + t);
  const V rest = fma(n, part2, -w);
  return b + ((sumError - rest) - n * part3);
}
NABLA_INLINE F32 reduceByHalfPi(F32 x, F32 n) {
  return reduceByParts(x, n, set(0x1.921fb6p0f), set(-0x1.777a5cp-25f), set(-0x1.ee59dap-50f));
}
NABLA_INLINE F64 reduceByHalfPi(F64 x, F64 n) {
  return reduceByParts(x, n, set(0x1.921fb54442d18p0), set(0x1.1a62633145c07p-54),
                       set(-0x1.f1976b7ed8fbcp-110));
}

template <class V>
NABLA_INLINE Quadrant<V> reduceAngle(V x) {
  using T = ElementOf<V>;
  // Within these limits n is exact and |r| <= pi/4 but for the rounding of x 2/pi, which the fits allow for.
  const T limit = static_cast<T>(sizeof(T) == 4 ? 0x1p16 : 0x1p30);
  const V t = fma(x, set(static_cast<T>(0x1.45f306dc9c883p-1)), magic<V>());
  const V n = t - magic<V>();
  Quadrant<V> q;
  // n = 0 keeps x itself, -0 included.
  q.r = select(n == set(T(0)), x, reduceByHalfPi(x, n));
  q.index = asInt(t);
  const auto huge = abs(x) > set(limit);
  if (any(huge) || any(x != x)) {
    T lanes[kWidth<T>], r[kWidth<T>];
    int64_t index[kWidth<T>];
    IntElement<T> quadrants[kWidth<T>];
    store<T>(lanes, x);
    store<T>(r, q.r);
    std::memcpy(quadrants, &q.index, sizeof(quadrants));
    for (int i = 0; i < kWidth<T>; i++) index[i] = static_cast<int64_t>(quadrants[i]);
    reduceHugeLanes<V>(lanes, limit, r, index);
    for (int i = 0; i < kWidth<T>; i++) quadrants[i] = static_cast<IntElement<T>>(index[i]);
    q.r = load<T>(r);
    std::memcpy(&q.index, quadrants, sizeof(quadrants));
  }
  return q;
}

// sin r = r + r^3 S(r^2), relative error 2^-32.1 on |r| <= 0.81 (2^-57.9 on pi/4)
NABLA_INLINE F32 sinPolynomial(F32 r, F32 z) {
  return fma(r * z, polynomial(z, 0x1.75d4e8p-19f, -0x1.a04128p-13f, 0x1.11115ep-7f, -0x1.555556p-3f), r);
}
NABLA_INLINE F64 sinPolynomial(F64 r, F64 z) {
  return fma(r * z,
             polynomial(z, 0x1.5d8e3511cdcf2p-33, -0x1.ae5e5471f5503p-26, 0x1.71de355f05599p-19,
                        -0x1.a01a019bf222ep-13, 0x1.111111110f75dp-7, -0x1.5555555555548p-3),
             r);
}
// cos r = 1 - r^2/2 + r^4 C(r^2), relative error 2^-32.5 (2^-63.9)
NABLA_INLINE F32 cosPolynomial(F32 z) {
  const F32 c = polynomial(z, 0x1.998d66p-16f, -0x1.6c0aecp-10f, 0x1.555548p-5f);
  return fma(z, fma(z, c, set(-0.5f)), set(1.f));
}
NABLA_INLINE F64 cosPolynomial(F64 z) {
  const F64 c = polynomial(z, -0x1.8fa681e352e7p-37, 0x1.1ee9dbd0d8319p-29, -0x1.27e4f7f19d4bp-22,
                           0x1.a01a019c8f3eep-16, -0x1.6c16c16c15016p-10, 0x1.555555555554bp-5);
  return fma(z, fma(z, c, set(-0.5)), set(1.));
}

template <class V>
NABLA_INLINE V sinOfQuadrant(V r, Int<ElementOf<V>> index) {
  using T = ElementOf<V>;
  using I = IntElement<T>;
  const V z = r * r;
  const auto odd = (index & I(1)) != I(0);
  const V y = select(odd, cosPolynomial(z), sinPolynomial(r, z));
  // Bit 1 of the quadrant becomes the sign bit.
  return flipSign(y, asFloat(Int<T>((index & I(2)) << I(sizeof(T) * 8 - 2))));
}

// sin(x), cos(x). All finite x; max 1.6 ulp (float32), 1.6 ulp (float64). Infinities give NaN.
template <class V>
NABLA_INLINE V sinOfAngle(V x, const Quadrant<V>& q) {
  // The polynomial's sum would turn -0 into +0.
  return select(x == set(ElementOf<V>(0)), x, sinOfQuadrant(q.r, q.index));
}
template <class V>
NABLA_INLINE V cosOfAngle(const Quadrant<V>& q) {
  return sinOfQuadrant(q.r, q.index + IntElement<ElementOf<V>>(1));
}
template <class V>
NABLA_INLINE V sin(V x) {
  return sinOfAngle(x, reduceAngle(x));
}
template <class V>
NABLA_INLINE V cos(V x) {
  return cosOfAngle(reduceAngle(x));
}

// ---- error functions, powers, angles: float64, and float32 by way of it
// ----------------------------------------------

// erf(x) for |x| <= 0.5: relative error 2^-56.
NABLA_INLINE F64 erfSmall(F64 x) {
  const F64 z = x * x;
  const F64 p = polynomial(z, -0x1.90fdbaf9e35e7p-24, 0x1.a693b2d4ec0b4p-20, -0x1.f3acbec7e3966p-17,
                           0x1.f9995d011f8f9p-14, -0x1.c02d81c750308p-11, 0x1.565bcc71b68bp-8,
                           -0x1.b82ce31047f46p-6, 0x1.ce2f21a03e3c9p-4, -0x1.812746b0379a5p-2);
  // 2/sqrt(pi) - 1 = 0.128379...: adding x last loses nothing to the rounding of the leading coefficient.
  return fma(x, fma(z, p, set(0x1.06eba8214db69p-3)), x);
}

// erfc(x) for 0.5 <= x: exp(-x^2) F(q) / (1 + 2x) with q = (x - 4)/(x + 4), F(q) = (1 + 2x) exp(x^2) erfc(x),
// which is smooth over the whole half line; relative error 2^-54.4 up to x = 28, where erfc has vanished. The
// square is carried in two parts.
NABLA_INLINE F64 erfcLarge(F64 x) {
  const F64 a = select(x > set(28.), set(28.), x);
  const F64 q = (a - set(4.)) / (a + set(4.));
  const F64 fTail =
      q * polynomial(q, -0x1.2eae7a28c200fp-27, 0x1.3e10e66fd631ap-24, 0x1.ede641b61d9bbp-25,
                     -0x1.a39e83ff59bfcp-21, 0x1.4dc6aa2bf8447p-22, 0x1.7d1b1ed557714p-18,
                     -0x1.78e36e00f78cep-17, -0x1.991ffa53488d2p-16, 0x1.3be26b31ec547p-13,
                     -0x1.a1e1227dd369ep-13, -0x1.8d4aba6cd2b2cp-11, 0x1.49c6754ef18f7p-8,
                     -0x1.0962385f73443p-6, 0x1.3079eded1984p-5, -0x1.0fb06dff15881p-4, 0x1.7fee004e5878p-4,
                     -0x1.9ddb23c3dfef8p-4, 0x1.16ecefcfa359p-4, 0x1.f7f5df66fc1aap-7, -0x1.1df1ad154a27p-3);
  const F64 f = set(0x1.3ba5916e9fd7fp0) + fTail;
  const F64 fLow = (set(0x1.3ba5916e9fd7fp0) - f) + fTail;
  const F64 square = a * a;
  const F64 squareLow = fma(a, a, -square);
  const F64 t = fma(-square, log2e(a), magic<F64>());
  const F64 half = fma(-square, log2e(a) * set(0.5), magic<F64>());
  const F64 n = t - magic<F64>();
  const F64 r1 = fma(-n, set(0x1.62e42fefa39efp-1), -square);
  const F64 r2 = fma(-n, set(0x1.abc9e3b39803fp-56), -squareLow);
  const F64 r = r1 + r2;
  const F64 e = fma(r * r, expTail(r), r);
  const F64 p = set(1.) + e;
  const F64 pLow = ((set(1.) - p) + e) + ((r1 - r) + r2);
  // p F / d with every rounding error of first order; scaled at the end, so that results below the normal
  // range are rounded once more at most.
  const F64 d = fma(set(2.), a, set(1.));
  const F64 dLow = fma(set(2.), a, set(1.) - d);
  const F64 inverse = set(1.) / d;
  const F64 top = p * f;
  const F64 topLow = fma(p, f, -top) + fma(p, fLow, pLow * f);
  const F64 y = top * inverse;
  const F64 yLow = (fma(-y, d, top) + (topLow - y * dLow)) * inverse;
  const Uint<double> n1 = asUint(half), n2 = asUint(t) - asUint(half);
  return (y + yLow) * powerOfTwo(n1) * powerOfTwo(n2);
}

// erf(x). All x; max 1.3 ulp (float64), 0.51 ulp (float32).
NABLA_INLINE F64 erf(F64 x) {
  const F64 a = abs(x);
  const Mask<double> small = a < set(0.5);
  return select(small, erfSmall(x), withSign(set(1.) - erfcLarge(a), x));
}

// erfc(x). All x; max 1.5 ulp (float64), 0.51 ulp (float32).
NABLA_INLINE F64 erfc(F64 x) {
  const F64 a = abs(x);
  const F64 large = erfcLarge(a);
  return select(a < set(0.5), set(1.) - erfSmall(x), select(x < set(0.), set(2.) - large, large));
}

struct TwoParts {
  F64 high, low;
};
NABLA_INLINE TwoParts twoSum(F64 a, F64 b) {  // |a| >= |b|
  const F64 s = a + b;
  return {s, b - (s - a)};
}

// log(x) in two parts, to 2^-66 relative, for normal positive x (times 2^scale).
// s = (m - 1)/(m + 1), log m = 2s + (2/3) s^3 + s^5 P(s^2); the first two terms in two parts, since s^2/3 is
// up to 1 %.
NABLA_INLINE TwoParts logTwoParts(F64 x, F64 scale) {
  const Uint<double> bits = asUint(x) + uint64_t{0x3ff0000000000000u - 0x3fe6a09e667f3bcdu};
  const F64 k = asFloat((bits >> 52) | uint64_t{0x4330000000000000u}) - set(0x1p52 + 1023.) + scale;
  const F64 f = asFloat((bits & uint64_t{0x000fffffffffffffu}) + uint64_t{0x3fe6a09e667f3bcdu}) - set(1.);
  const F64 d = set(2.) + f;
  const F64 dLow = f - (d - set(2.));
  const F64 s = f / d;
  const F64 sLow = fma(-s, dLow, fma(-s, d, f)) / d;
  const F64 z = s * s;
  const F64 zLow = fma(s, s, -z) + set(2.) * s * sLow;
  // s^3 in two parts.
  const F64 cube = z * s;
  const F64 cubeLow = fma(z, s, -cube) + fma(z, sLow, zLow * s);
  const F64 third = set(0x1.5555555555555p-1);  // 2/3, and its rest
  const F64 b = cube * third;
  const F64 bLow = fma(cube, third, -b) + fma(cubeLow, third, cube * set(0x1.5555555555555p-55));
  // Relative error of 2 atanh(s): 2^-73.4.
  const F64 p =
      polynomial(z, 0x1.eacd52ec734aap-4, 0x1.de3ca9d11b34dp-4, 0x1.11207325d4db9p-3, 0x1.3b1364b59a6ap-3,
                 0x1.745d182985acfp-3, 0x1.c71c71c596643p-3, 0x1.2492492492f51p-2, 0x1.9999999999996p-2);
  const TwoParts u = twoSum(set(2.) * s, b);
  const TwoParts m = twoSum(u.high, u.low + (bLow + fma(cube * z, p, set(2.) * sLow)));
  // k ln 2 with a first part of 32 bits, so that the product is exact.
  const F64 e = k * set(0x1.62e42feep-1);
  const TwoParts v = twoSum(e, m.high);
  const TwoParts w = twoSum(m.high, e);
  const Mask<double> whole = k != set(0.);
  const F64 high = select(whole, v.high, w.high), low = select(whole, v.low, w.low);
  const F64 kLow = k * set(0x1.a39ef35793c76p-33);
  const F64 kRest = fma(k, set(0x1.a39ef35793c76p-33), -kLow) + k * set(0x1.cc01f97b57a08p-87);
  const TwoParts x1 = twoSum(high, kLow);
  return twoSum(x1.high, x1.low + (low + (m.low + kRest)));
}

// |x|^y = exp(y log|x|) and C's table of special values. kTwo: the logarithm in two parts, for a result good
// to float64.
template <bool kTwo>
NABLA_INLINE F64 powSelected(F64 x, F64 y) {
  const F64 zero = set(0.), one = set(1.), inf = infinity(x);
  const F64 a = abs(x);
  const Mask<double> subnormal = a < set(0x1p-1022);
  const F64 up = select(subnormal, a * set(0x1p54), a);
  const F64 scale = select(subnormal, set(-54.), zero);
  F64 high, low;
  if constexpr (kTwo) {
    const TwoParts l = logTwoParts(up, scale);
    high = y * l.high;
    low = fma(y, l.high, -high) + y * l.low;
  } else {
    const F64 l = logNormal(up, zero, scale);
    high = y * l;
    low = zero;
  }
  // Beyond these bounds the result has over- or underflowed, and the low part may be infinite.
  low = select(abs(high) < set(750.), low, zero);
  F64 r = expScaled(clamp(high, -746., 710.), low);
  // Zero and infinite bases and exponents: growing, shrinking, or one.
  const Mask<double> fractionalY = floor(y) != y;
  const Mask<double> oddHalf = floor(y * set(0.5)) != y * set(0.5);
  const Mask<double> edge = (a == zero) | (a == inf) | (abs(y) == inf);
  const Mask<double> grows = ((a > one) & (y > zero)) | ((a < one) & (y < zero));
  r = select(edge, select(grows, inf, select(a == one, one, zero)), r);
  r = select(fractionalY, r, select(oddHalf, flipSign(r, x), r));
  r = select((x < zero) & (a != inf) & fractionalY, notANumber(x), r);
  r = select((x != x) | (y != y), notANumber(x), r);
  return select((x == one) | (y == zero), one, r);
}

// pow(x, y), C's special values. All x, y; max 1.5 ulp (float64), 0.51 ulp (float32).
NABLA_INLINE F64 pow(F64 x, F64 y) { return powSelected<true>(x, y); }

// atan2(y, x), C's special values. All x, y; max 1.5 ulp (float64), 0.51 ulp (float32).
// t = min/max, above tan(pi/8) turned by pi/4: (t - 1)/(t + 1) = (min - max)/(min + max), still one division.
NABLA_INLINE F64 atan2(F64 y, F64 x) {
  const F64 zero = set(0.), inf = infinity(x);
  F64 ax = abs(x), ay = abs(y);
  // Two infinities count as equal and finite, one infinity and a number as 1 and 0, two zeros likewise; huge
  // and tiny pairs are moved to where sums and quotients are exact.
  const Mask<double> both = (ax == inf) & (ay == inf);
  ax = select(both, set(1.), ax);
  ay = select(both, set(1.), ay);
  const Mask<double> swap = ay > ax;
  const F64 larger = select(swap, ay, ax), smaller = select(swap, ax, ay);
  const Mask<double> whole = (larger == zero) | (larger == inf);
  const F64 most0 = select(whole, set(1.), larger), least0 = select(whole, zero, smaller);
  const F64 factor =
      select(most0 > set(0x1p1000), set(0x1p-60), select(most0 < set(0x1p-900), set(0x1p100), set(1.)));
  const F64 most = most0 * factor, least = least0 * factor;
  const Mask<double> turned = least > most * set(0x1.a8279ap-2);
  // Numerator, denominator and quotient each with its rounding error: a second ulp would come from them
  // otherwise.
  const F64 top = select(turned, least - most, least), bottom = select(turned, most + least, most);
  const F64 topLow = select(turned, least - (top + most), zero),
            bottomLow = select(turned, least - (bottom - most), zero);
  const F64 inverse = set(1.) / bottom;
  const F64 t = top * inverse;
  const F64 tLow = (fma(-t, bottom, top) + (topLow - t * bottomLow)) * inverse;
  const F64 z = t * t;
  // Relative error 2^-63.7 on |t| <= tan(pi/8).
  const F64 p =
      polynomial(z, 0x1.f0111d84e7b2fp-7, -0x1.11ba2979bcaaep-5, 0x1.70b28dde3485fp-5, -0x1.ab6da8b035301p-5,
                 0x1.e16f469ae67aap-5, -0x1.110c4af140958p-4, 0x1.3b136b1d32857p-4, -0x1.745d14919c87ep-4,
                 0x1.c71c71b5f9222p-4, -0x1.24924924721bep-3, 0x1.99999999995bfp-3, -0x1.5555555555554p-2);
  const F64 high0 = select(turned, set(0x1.921fb54442d18p-1), zero);
  const F64 low0 = select(turned, set(0x1.1a62633145c07p-55), zero);
  // angle = high + (t + t^3 p + low); then pi/2 - angle, then pi - angle, each with the parts of pi.
  F64 high = high0, rest = t + fma(t * z, p, tLow + low0);
  rest = select(swap, set(0x1.1a62633145c07p-54) - rest, rest);
  high = select(swap, set(0x1.921fb54442d18p0) - high, high);
  // The sign bit of x, not its value: atan2(+0, -0) is pi.
  const F64 minus = asFloat(asUint(signBit(x)) | asUint(set(1.)));
  const Mask<double> left = minus < zero;
  rest = select(left, set(0x1.1a62633145c07p-53) - rest, rest);
  high = select(left, set(0x1.921fb54442d18p1) - high, high);
  return withSign(select((x != x) | (y != y), notANumber(x), high + rest), y);
}

// float32 through float64: a float64 result within 2.5 ulp is a float32 result within 0.5 + 2^-27 ulp.
#define NABLA_THROUGH_DOUBLE_1(name) \
  NABLA_INLINE F32 name(F32 x) { return narrow(name(widenLow(x)), name(widenHigh(x))); }
NABLA_THROUGH_DOUBLE_1(erf)
NABLA_THROUGH_DOUBLE_1(erfc)
#undef NABLA_THROUGH_DOUBLE_1
NABLA_INLINE F32 pow(F32 x, F32 y) {
  return narrow(powSelected<false>(widenLow(x), widenLow(y)), powSelected<false>(widenHigh(x), widenHigh(y)));
}
NABLA_INLINE F32 atan2(F32 y, F32 x) {
  return narrow(atan2(widenLow(y), widenLow(x)), atan2(widenHigh(y), widenHigh(x)));
}

}  // namespace math
