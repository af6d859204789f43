// tanh. Part of math-inl.h.

// float32: a polynomial of degree 7 about the middle of each of eight intervals, whose ends are the numbers
// 2, 3, 4, 6, 8, ... of 3 |x| + 2: two bits of the exponent and one of the mantissa are the interval's
// number. Eight is what one shuffle of AVX2 or AVX-512 finds in a register, and there is no division: value
// and slope take 14 cycles a register with AVX-512, 20 by exp and a division. Every middle is a float32 whose
// tanh is one too, to 2^-12 of an ulp, so that only the last addition rounds; error of the fits 0.17 ulp.
// Rejected: degree 6, 1.4 ulp by itself.
// Rows: the middle, then the coefficients from the constant on, each rounded before the next were fitted.
alignas(32) inline constexpr float kTanhTable[9][8] = {
    {0, 0x1.ffe044p-2f, 0x1.000d0ep0f, 0x1.aa9f6cp0f, 0x1.553f2ap1f, 0x1.000cbep2f, 0x1.7ceb4cp2f,
     0x1.03ae6p3f},
    {0, 0x1.d91c48p-2f, 0x1.85faa2p-1f, 0x1.dcb768p-1f, 0x1.fb12c4p-1f, 0x1.ffa83ap-1f, 0x1.fffe3ap-1f,
     0x1.fffffap-1f},
    {0x1p0f, 0x1.92b4dp-1f, 0x1.adec58p-2f, 0x1.108ae4p-3f, 0x1.39cac6p-6f, 0x1.5ef9cep-10f, 0x1.c5ff1cp-16f,
     0x1.8000e6p-22f},
    {-0x1.1cfdc4p-22f, -0x1.741e48p-2f, -0x1.4776f6p-2f, -0x1.fb8542p-4f, -0x1.36c4d6p-6f, -0x1.5ec212p-10f,
     -0x1.c7a5f4p-16f, -0x1.800eecp-22f},
    {-0x1.555168p-2f, -0x1.82338ap-4f, 0x1.a8777cp-4f, 0x1.22d9d6p-4f, 0x1.9656fp-7f, 0x1.d30d4p-11f,
     0x1.2ebe98p-16f, 0x1.ffcbdep-23f},
    {-0x1.249dd8p-12f, 0x1.5147p-3f, 0x1.c6caa4p-6f, -0x1.96c0e8p-6f, -0x1.86b8fep-8f, -0x1.d0daf8p-12f,
     -0x1.23644cp-17f, -0x1.fd9abp-24f},
    {0x1.15de0ap-3f, -0x1.b60c7ep-6f, -0x1.7bd81p-5f, 0x1.39d782p-9f, 0x1.206a72p-9f, 0x1.71eebcp-13f,
     0x1.df470cp-19f, 0x1.9c3a4p-25f},
    {-0x1.370466p-7f, -0x1.993052p-5f, 0x1.1e51ccp-6f, 0x1.cad1b4p-9f, -0x1.3a195p-11f, -0x1.02a016p-14f,
     -0x1.986148p-20f, -0x1.2a46c6p-26f},
    {-0x1.365154p-5f, 0x1.38ec26p-6f, 0x1.b096d4p-9f, -0x1.55184ep-9f, 0x1.72334ep-14f, 0x1.201238p-16f,
     0x1.a863aap-22f, 0x1.2f5b4ap-28f},
};

// exp(2x) for 0 <= x <= 20: r = x - n ln(2)/2, so the coefficients of expTail come with powers of two, and
// 2^n goes straight into the exponent. Not for NaN.
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

// tanh(x). All x; max 1.1 ulp (float32), 1.4 ulp (float64).
NABLA_INLINE F32 tanh(F32 x) {
  // From 9.02 on tanh rounds to 1. NaN stays.
  const F32 a = lesser(set(9.02f), abs(x));
  const Uint<float> interval = asUint(fma(set(3.f), a, set(2.f))) >> 22;
  const F32 y = a - lookup(kTanhTable[0], interval);
  F32 p = lookup(kTanhTable[8], interval);
  NABLA_UNROLL
  for (int k = 7; k > 0; k--) p = fma(p, y, lookup(kTanhTable[k], interval));
  return withSign(p, x);
}
// 1 - 2/(exp(2|x|) + 1) from 0.625 on; below, where that cancels, x + x^3 P/Q(x^2) with the same division.
// Rejected: expm1(2x)/(expm1(2x) + 2), 2.5 ulp; one rational function over the whole range, 4 ulp; a table as
// in float32, which takes degree 15 and has only four numbers in a register of AVX2.
NABLA_INLINE F64 tanh(F64 x) {
  const F64 a = abs(x), one = set(1.);
  const F64 e = expOfTwice(lesser(set(20.), a));
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
