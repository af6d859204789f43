// Logarithms, and softplus, which is one. Part of math-inl.h.

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
