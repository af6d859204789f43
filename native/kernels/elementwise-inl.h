// ELEMENTWISE: one functor per operation, one loop for all of them.
//
// Functors take and return registers (or single values on the scalar path) and are written once for both dtypes.

struct OpCopy {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return x; }
};
struct OpNeg {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return -x; }
};
struct OpAbs {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return abs(x); }
};
struct OpSign {  // -1, 0, 1; zeros keep their sign and NaN stays, as in numpy
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    const Vec<T> zero = set(T(0)), one = set(T(1));
    return select(x > zero, one, select(x < zero, -one, x));
  }
};
struct OpSquare {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return x * x; }
};
struct OpSqrt {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return sqrt(x); }
};
struct OpReciprocal {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return set(T(1)) / x; }
};
struct OpExp {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::exp(x); }
};
struct OpExpm1 {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::expm1(x); }
};
struct OpLog {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::log(x); }
};
struct OpLog1p {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::log1p(x); }
};
struct OpSin {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::sin(x); }
};
struct OpCos {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::cos(x); }
};
struct OpTanh {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::tanh(x); }
};
struct OpSigmoid {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::sigmoid(x); }
};
struct OpSoftplus {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::softplus(x); }
};
struct OpErf {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::erf(x); }
};
struct OpErfc {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return math::erfc(x); }
};
struct OpRelu {  // max(x, +0), NaN stays
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    const Vec<T> zero = set(T(0));
    return select(x <= zero, zero, x);
  }
};
struct OpStep {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    const Vec<T> zero = set(T(0));
    return select(x > zero, set(T(1)), zero);
  }
};
struct OpNot {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    const Vec<T> zero = set(T(0));
    return select(x == zero, set(T(1)), zero);
  }
};
struct OpRoundToFloat32 {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return roundToFloat32(x); }
};
struct OpFloor {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) { return floor(x); }
};

struct OpAdd {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return a + b; }
};
struct OpSub {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return a - b; }
};
struct OpMul {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return a * b; }
};
struct OpDiv {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return a / b; }
};
// Written as selections and not as the machine's max, whose treatment of NaN and of zeros of different sign differs
// from one instruction set to the next: a NaN wins, and equal arguments give the second.
struct OpMaximum {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a != a, a, select(a > b, a, b)); }
};
struct OpMinimum {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a != a, a, select(a < b, a, b)); }
};
struct OpPow {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return math::pow(a, b); }
};
struct OpAtan2 {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return math::atan2(a, b); }
};
struct OpLess {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a < b, set(T(1)), set(T(0))); }
};
struct OpLessEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a <= b, set(T(1)), set(T(0))); }
};
struct OpGreater {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a > b, set(T(1)), set(T(0))); }
};
struct OpGreaterEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a >= b, set(T(1)), set(T(0))); }
};
struct OpEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a == b, set(T(1)), set(T(0))); }
};
struct OpNotEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) { return select(a != b, set(T(1)), set(T(0))); }
};
struct OpAnd {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    const Vec<T> zero = set(T(0));
    return select((a != zero) & (b != zero), set(T(1)), zero);
  }
};
struct OpOr {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    const Vec<T> zero = set(T(0));
    return select((a != zero) | (b != zero), set(T(1)), zero);
  }
};

struct OpSelect {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> c, Vec<T> a, Vec<T> b) { return select(c != set(T(0)), a, b); }
};
struct OpFma {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b, Vec<T> c) { return fma(a, b, c); }
};

template <class T, class Op, int kArity>
NABLA_INLINE Vec<T> applyOp(Vec<T> a, [[maybe_unused]] Vec<T> b, [[maybe_unused]] Vec<T> c) {
  if constexpr (kArity == 1) {
    return Op::template apply<T>(a);
  } else if constexpr (kArity == 2) {
    return Op::template apply<T>(a, b);
  } else {
    return Op::template apply<T>(a, b, c);
  }
}

// Rows of n elements; S0..S2 say which operands are one value per row.
template <class T, class Op, int kArity, bool S0, bool S1, bool S2>
NABLA_INLINE void elementwiseRows(int64_t rows, int64_t n, T* out, int64_t outRow, const T* const* in,
                                  const int64_t* inRow) {
  constexpr int W = kWidth<T>;
  const T* p0 = in[0];
  const T* p1 = kArity > 1 ? in[1] : p0;
  const T* p2 = kArity > 2 ? in[2] : p0;
  const int64_t row0 = inRow[0], row1 = kArity > 1 ? inRow[1] : 0, row2 = kArity > 2 ? inRow[2] : 0;
  for (int64_t r = 0; r < rows; r++) {
    const Vec<T> s0 = set(*p0), s1 = set(*p1), s2 = set(*p2);
    int64_t i = 0;
    for (; i + W <= n; i += W) {
      const Vec<T> x0 = S0 ? s0 : load<T>(p0 + i);
      const Vec<T> x1 = S1 || kArity < 2 ? s1 : load<T>(p1 + i);
      const Vec<T> x2 = S2 || kArity < 3 ? s2 : load<T>(p2 + i);
      store<T>(out + i, applyOp<T, Op, kArity>(x0, x1, x2));
    }
    if (W > 1 && i < n) {
      const int k = static_cast<int>(n - i);
      const Vec<T> x0 = S0 ? s0 : loadPartial(p0 + i, k);
      const Vec<T> x1 = S1 || kArity < 2 ? s1 : loadPartial(p1 + i, k);
      const Vec<T> x2 = S2 || kArity < 3 ? s2 : loadPartial(p2 + i, k);
      storePartial(out + i, applyOp<T, Op, kArity>(x0, x1, x2), k);
    }
    out += outRow, p0 += row0, p1 += row1, p2 += row2;
  }
}

// One element per row, any strides: rows are packed into registers.
template <class T, class Op, int kArity>
NABLA_INLINE void elementwiseStrided(const ElementwiseArgs<T>& args) {
  constexpr int W = kWidth<T>;
  T buffer[3][W] = {};
  for (int64_t r = 0; r < args.rows; r += W) {
    const int k = args.rows - r < W ? static_cast<int>(args.rows - r) : W;
    for (int p = 0; p < kArity; p++) {
      for (int i = 0; i < k; i++) buffer[p][i] = args.in[p][(r + i) * args.inRow[p]];
    }
    const Vec<T> y = applyOp<T, Op, kArity>(load<T>(buffer[0]), load<T>(buffer[1]), load<T>(buffer[2]));
    T result[W];
    store<T>(result, y);
    for (int i = 0; i < k; i++) args.out[(r + i) * args.outRow] = result[i];
  }
}

// kHeavy operations are long: one copy of their code each, with uniform operands spread to a row beforehand.
template <class T, class Op, int kArity, bool kHeavy>
void elementwiseKernel(const ElementwiseArgs<T>& args) {
  int64_t rows = args.rows, n = args.n;
  if (rows <= 0 || n <= 0) return;
  bool scalar[3] = {false, false, false};
  if (n == 1) {
    // Rows of stride 0 or 1 are one long row.
    bool dense = args.outRow == 1 || rows == 1;
    for (int p = 0; p < kArity; p++) {
      dense = dense && (args.inRow[p] == 0 || args.inRow[p] == 1 || rows == 1);
      scalar[p] = args.inRow[p] == 0 || rows == 1;
    }
    if (!dense) return elementwiseStrided<T, Op, kArity>(args);
    n = rows;
    rows = 1;
  } else {
    bool dense = args.outRow == n;
    for (int p = 0; p < kArity; p++) {
      scalar[p] = args.inScalar[p];
      dense = dense && args.inRow[p] == (scalar[p] ? 0 : n);
    }
    if (dense) {
      n *= rows;
      rows = 1;
    }
  }
  T* out = args.out;
  const int64_t outRow = args.outRow;
  const T* const* in = args.in;
  const int64_t* inRow = args.inRow;
  if constexpr (kArity == 1 && !kHeavy) {
    if (scalar[0]) return elementwiseRows<T, Op, 1, true, false, false>(rows, n, out, outRow, in, inRow);
    return elementwiseRows<T, Op, 1, false, false, false>(rows, n, out, outRow, in, inRow);
  } else if constexpr (kArity == 2 && !kHeavy) {
    if (scalar[0] && scalar[1]) return elementwiseRows<T, Op, 2, true, true, false>(rows, n, out, outRow, in, inRow);
    if (scalar[0]) return elementwiseRows<T, Op, 2, true, false, false>(rows, n, out, outRow, in, inRow);
    if (scalar[1]) return elementwiseRows<T, Op, 2, false, true, false>(rows, n, out, outRow, in, inRow);
    return elementwiseRows<T, Op, 2, false, false, false>(rows, n, out, outRow, in, inRow);
  } else if constexpr (kArity == 3) {
    if (!scalar[0] && !scalar[1] && !scalar[2]) {
      return elementwiseRows<T, Op, 3, false, false, false>(rows, n, out, outRow, in, inRow);
    }
    if (!scalar[0] && scalar[1] && !scalar[2]) {
      return elementwiseRows<T, Op, 3, false, true, false>(rows, n, out, outRow, in, inRow);
    }
    if (!scalar[0] && !scalar[1]) return elementwiseRows<T, Op, 3, false, false, true>(rows, n, out, outRow, in, inRow);
    if (scalar[0] && !scalar[1] && !scalar[2]) {
      return elementwiseRows<T, Op, 3, true, false, false>(rows, n, out, outRow, in, inRow);
    }
  }
  if constexpr (kHeavy) {
    if (!scalar[0] && !scalar[1]) {
      return elementwiseRows<T, Op, kArity, false, false, false>(rows, n, out, outRow, in, inRow);
    }
  }
  if constexpr (kHeavy || kArity == 3) {
    // The rare combinations: spread uniform operands over a piece of a row at a time.
    constexpr int64_t kPiece = 256;
    T spread[3][kPiece];
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t i = 0; i < n; i += kPiece) {
        const int64_t m = n - i < kPiece ? n - i : kPiece;
        const T* piece[3] = {};
        int64_t none[3] = {};
        for (int p = 0; p < kArity; p++) {
          const T* row = in[p] + r * inRow[p];
          piece[p] = scalar[p] ? spread[p] : row + i;
          if (scalar[p]) {
            for (int64_t q = 0; q < m; q++) spread[p][q] = *row;
          }
        }
        elementwiseRows<T, Op, kArity, false, false, false>(1, m, out + r * outRow + i, 0, piece, none);
      }
    }
  }
}

template <class T>
constexpr void fillElementwise(Kernels<T>& k) {
  auto& e = k.elementwise;
  e[0] = elementwiseKernel<T, OpCopy, 1, false>;
  e[1] = elementwiseKernel<T, OpNeg, 1, false>;
  e[2] = elementwiseKernel<T, OpAbs, 1, false>;
  e[3] = elementwiseKernel<T, OpSign, 1, false>;
  e[4] = elementwiseKernel<T, OpSquare, 1, false>;
  e[5] = elementwiseKernel<T, OpSqrt, 1, false>;
  e[6] = elementwiseKernel<T, OpReciprocal, 1, false>;
  e[7] = elementwiseKernel<T, OpExp, 1, true>;
  e[8] = elementwiseKernel<T, OpExpm1, 1, true>;
  e[9] = elementwiseKernel<T, OpLog, 1, true>;
  e[10] = elementwiseKernel<T, OpLog1p, 1, true>;
  e[11] = elementwiseKernel<T, OpSin, 1, true>;
  e[12] = elementwiseKernel<T, OpCos, 1, true>;
  e[13] = elementwiseKernel<T, OpTanh, 1, true>;
  e[14] = elementwiseKernel<T, OpSigmoid, 1, true>;
  e[15] = elementwiseKernel<T, OpSoftplus, 1, true>;
  e[16] = elementwiseKernel<T, OpErf, 1, true>;
  e[17] = elementwiseKernel<T, OpErfc, 1, true>;
  e[18] = elementwiseKernel<T, OpRelu, 1, false>;
  e[19] = elementwiseKernel<T, OpStep, 1, false>;
  e[20] = elementwiseKernel<T, OpNot, 1, false>;
  e[21] = elementwiseKernel<T, OpRoundToFloat32, 1, false>;
  e[22] = elementwiseKernel<T, OpFloor, 1, false>;
  e[32] = elementwiseKernel<T, OpAdd, 2, false>;
  e[33] = elementwiseKernel<T, OpSub, 2, false>;
  e[34] = elementwiseKernel<T, OpMul, 2, false>;
  e[35] = elementwiseKernel<T, OpDiv, 2, false>;
  e[36] = elementwiseKernel<T, OpMaximum, 2, false>;
  e[37] = elementwiseKernel<T, OpMinimum, 2, false>;
  e[38] = elementwiseKernel<T, OpPow, 2, true>;
  e[39] = elementwiseKernel<T, OpLess, 2, false>;
  e[40] = elementwiseKernel<T, OpLessEqual, 2, false>;
  e[41] = elementwiseKernel<T, OpGreater, 2, false>;
  e[42] = elementwiseKernel<T, OpGreaterEqual, 2, false>;
  e[43] = elementwiseKernel<T, OpEqual, 2, false>;
  e[44] = elementwiseKernel<T, OpNotEqual, 2, false>;
  e[45] = elementwiseKernel<T, OpAnd, 2, false>;
  e[46] = elementwiseKernel<T, OpOr, 2, false>;
  e[47] = elementwiseKernel<T, OpAtan2, 2, true>;
  e[64] = elementwiseKernel<T, OpSelect, 3, false>;
  e[65] = elementwiseKernel<T, OpFma, 3, false>;
}
