// ELEMENTWISE: one functor per operation, one loop for all of them.
//
// Functors take and return registers (or single values on the scalar path) and are written once for both
// dtypes.

struct OpCopy {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return x;
  }
};
struct OpNeg {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return -x;
  }
};
struct OpAbs {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return abs(x);
  }
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
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return x * x;
  }
};
struct OpSqrt {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return sqrt(x);
  }
};
struct OpReciprocal {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return set(T(1)) / x;
  }
};
struct OpExp {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::exp(x);
  }
};
struct OpExpm1 {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::expm1(x);
  }
};
struct OpLog {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::log(x);
  }
};
struct OpLog1p {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::log1p(x);
  }
};
struct OpSin {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::sin(x);
  }
};
struct OpCos {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::cos(x);
  }
};
struct OpTanh {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::tanh(x);
  }
};
struct OpSigmoid {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::sigmoid(x);
  }
};
struct OpSoftplus {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::softplus(x);
  }
};
struct OpErf {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::erf(x);
  }
};
struct OpErfc {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return math::erfc(x);
  }
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
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return roundToFloat32(x);
  }
};
struct OpFloor {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> x) {
    return floor(x);
  }
};

struct OpAdd {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return a + b;
  }
};
struct OpSub {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return a - b;
  }
};
struct OpMul {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return a * b;
  }
};
struct OpDiv {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return a / b;
  }
};
// Written as selections and not as the machine's max, whose treatment of NaN and of zeros of different sign
// differs from one instruction set to the next: a NaN wins, and equal arguments give the second.
struct OpMaximum {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a != a, a, select(a > b, a, b));
  }
};
struct OpMinimum {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a != a, a, select(a < b, a, b));
  }
};
struct OpPow {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return math::pow(a, b);
  }
};
struct OpAtan2 {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return math::atan2(a, b);
  }
};
struct OpLess {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a < b, set(T(1)), set(T(0)));
  }
};
struct OpLessEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a <= b, set(T(1)), set(T(0)));
  }
};
struct OpGreater {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a > b, set(T(1)), set(T(0)));
  }
};
struct OpGreaterEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a >= b, set(T(1)), set(T(0)));
  }
};
struct OpEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a == b, set(T(1)), set(T(0)));
  }
};
struct OpNotEqual {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b) {
    return select(a != b, set(T(1)), set(T(0)));
  }
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
  static NABLA_INLINE Vec<T> apply(Vec<T> c, Vec<T> a, Vec<T> b) {
    return select(c != set(T(0)), a, b);
  }
};
struct OpFma {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b, Vec<T> c) {
    return fma(a, b, c);
  }
};

struct OpFnma {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b, Vec<T> c) {
    return fma(-a, b, c);
  }
};
struct OpFms {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b, Vec<T> c) {
    return fma(a, b, -c);
  }
};
struct OpMulMul {
  template <class T>
  static NABLA_INLINE Vec<T> apply(Vec<T> a, Vec<T> b, Vec<T> c) {
    return (a * b) * c;
  }
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
__attribute__((noinline)) void elementwiseRows(int64_t rows, int64_t n, T* out, int64_t outRow,
                                               const T* const* in, const int64_t* inRow) {
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

// The same for long operations: one copy of their code, for whole and partial registers alike.
template <class T, class Op, int kArity>
__attribute__((noinline)) void elementwiseHeavyRows(int64_t rows, int64_t n, T* out, int64_t outRow,
                                                    const T* const* in, const int64_t* inRow) {
  constexpr int W = kWidth<T>;
  const T* p0 = in[0];
  const T* p1 = kArity > 1 ? in[1] : p0;
  const int64_t row0 = inRow[0], row1 = kArity > 1 ? inRow[1] : 0;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < n; i += W) {
      const bool whole = W == 1 || i + W <= n;
      const int k = static_cast<int>(n - i);
      const Vec<T> x0 = whole ? load<T>(p0 + i) : loadPartial(p0 + i, k);
      const Vec<T> x1 = kArity < 2 ? x0 : whole ? load<T>(p1 + i) : loadPartial(p1 + i, k);
      const Vec<T> y = applyOp<T, Op, kArity>(x0, x1, x0);
      if (whole) {
        store<T>(out + i, y);
      } else {
        storePartial(out + i, y, k);
      }
    }
    out += outRow, p0 += row0, p1 += row1;
  }
}

template <class T>
using ElementwiseRows = void (*)(int64_t rows, int64_t n, T* out, int64_t outRow, const T* const* in,
                                 const int64_t* inRow);

// One operand per call for all operations: keeps the packing below small.
template <class T>
__attribute__((noinline)) void copyStrided(const T* from, int64_t fromStep, T* to, int64_t toStep,
                                           int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i * toStep] = from[i * fromStep];
}

// Any strides and uniform operands: elements are packed into buffers, a piece of a row (or, where rows have
// one element, of a column) at a time. Slow, and for what programs rarely do.
template <class T>
__attribute__((noinline)) void elementwisePacked(const ElementwiseArgs<T>& args, int arity,
                                                 ElementwiseRows<T> function) {
  constexpr int64_t kPiece = 64;
  T buffer[3][kPiece], result[kPiece];
  const T* const in[3] = {buffer[0], buffer[1], buffer[2]};
  constexpr int64_t kNone[3] = {};
  const bool column = args.n == 1;
  const int64_t lines = column ? 1 : args.rows, length = column ? args.rows : args.n;
  for (int64_t line = 0; line < lines; line++) {
    for (int64_t i = 0; i < length; i += kPiece) {
      const int64_t m = length - i < kPiece ? length - i : kPiece;
      for (int p = 0; p < arity; p++) {
        const int64_t step = column ? args.inRow[p] : args.inScalar[p] ? 0 : 1;
        copyStrided<T>(args.in[p] + (column ? 0 : line * args.inRow[p]) + i * step, step, buffer[p], 1, m);
      }
      function(1, m, result, 0, in, kNone);
      const int64_t step = column ? args.outRow : 1;
      copyStrided<T>(result, 1, args.out + (column ? 0 : line * args.outRow) + i * step, step, m);
    }
  }
}

template <class T, class Op, int kArity, bool kHeavy>
void elementwiseKernel(const ElementwiseArgs<T>& args) {
  int64_t rows = args.rows, n = args.n;
  if (rows <= 0 || n <= 0) return;
  bool scalar[3] = {false, false, false};
  if (n == 1) {
    // Rows of stride 0 or 1 are one long row.
    bool contiguous = args.outRow == 1 || rows == 1;
    for (int p = 0; p < kArity; p++) {
      contiguous = contiguous && (args.inRow[p] == 0 || args.inRow[p] == 1 || rows == 1);
      scalar[p] = args.inRow[p] == 0 && rows > 1;
    }
    if (!contiguous) {
      if constexpr (kHeavy) {
        return elementwisePacked<T>(args, kArity, elementwiseHeavyRows<T, Op, kArity>);
      } else {
        return elementwisePacked<T>(args, kArity, elementwiseRows<T, Op, kArity, false, false, false>);
      }
    }
    n = rows;
    rows = 1;
  } else {
    bool contiguous = args.outRow == n;
    for (int p = 0; p < kArity; p++) {
      scalar[p] = args.inScalar[p];
      contiguous = contiguous && args.inRow[p] == (scalar[p] ? 0 : n);
    }
    if (contiguous) {
      n *= rows;
      rows = 1;
    }
  }
  T* out = args.out;
  const int64_t outRow = args.outRow;
  const T* const* in = args.in;
  const int64_t* inRow = args.inRow;
  if constexpr (kHeavy) {
    constexpr ElementwiseRows<T> function = elementwiseHeavyRows<T, Op, kArity>;
    if (!scalar[0] && !scalar[1]) return function(rows, n, out, outRow, in, inRow);
    elementwisePacked<T>(args, kArity, function);
  } else {
    constexpr ElementwiseRows<T> function = elementwiseRows<T, Op, kArity, false, false, false>;
    if (!scalar[0] && !scalar[1] && !scalar[2]) return function(rows, n, out, outRow, in, inRow);
    if constexpr (kArity == 1) {
      return elementwiseRows<T, Op, kArity, true, false, false>(rows, n, out, outRow, in, inRow);
    } else {
      if (scalar[0] && !scalar[1] && !scalar[2]) {
        return elementwiseRows<T, Op, kArity, true, false, false>(rows, n, out, outRow, in, inRow);
      }
      if (!scalar[0] && scalar[1] && !scalar[2]) {
        return elementwiseRows<T, Op, kArity, false, true, false>(rows, n, out, outRow, in, inRow);
      }
    }
    if constexpr (kArity > 2) {
      if (!scalar[0] && !scalar[1]) {
        return elementwiseRows<T, Op, kArity, false, false, true>(rows, n, out, outRow, in, inRow);
      }
    }
    elementwisePacked<T>(args, kArity, function);
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
  e[66] = elementwiseKernel<T, OpFnma, 3, false>;
  e[67] = elementwiseKernel<T, OpFms, 3, false>;
  e[68] = elementwiseKernel<T, OpMulMul, 3, false>;
}
