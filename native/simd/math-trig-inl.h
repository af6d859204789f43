// Sine and cosine, of any argument. Part of math-inl.h.

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
