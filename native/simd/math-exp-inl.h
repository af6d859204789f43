// exp, expm1 and sigmoid. Part of math-inl.h.

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
