// Error functions, powers, angles: float64, and float32 by way of it. Part of math-inl.h.

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
