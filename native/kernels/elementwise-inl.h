// ELEMENTWISE: one functor per operation, the same loops for all of them.
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

// A run: n elements of every operand, end to end. Unrolled, four registers take as many instructions of the
// loop itself as one; of a number of every sample, eight registers, the call takes 15 ns instead of 18.
template <class T, class Op, int kArity>
void elementwiseRun(int64_t n, T* out, const T* a, const T* b, const T* c) {
  constexpr int W = kWidth<T>;
  int64_t i = 0;
#pragma GCC unroll 4
  for (; i + W <= n; i += W) {
    const Vec<T> x = load<T>(a + i);
    const Vec<T> y = kArity < 2 ? x : load<T>(b + i);
    const Vec<T> z = kArity < 3 ? x : load<T>(c + i);
    store<T>(out + i, applyOp<T, Op, kArity>(x, y, z));
  }
  if (W > 1 && i < n) {
    const int k = static_cast<int>(n - i);
    const Vec<T> x = loadPartial(a + i, k);
    const Vec<T> y = kArity < 2 ? x : loadPartial(b + i, k);
    const Vec<T> z = kArity < 3 ? x : loadPartial(c + i, k);
    storePartial(out + i, applyOp<T, Op, kArity>(x, y, z), k);
  }
}

// The same for long operations: one copy of their code, for whole and partial registers alike.
template <class T, class Op, int kArity>
void elementwiseHeavyRun(int64_t n, T* out, const T* a, const T* b, const T*) {
  constexpr int W = kWidth<T>;
  for (int64_t i = 0; i < n; i += W) {
    const bool whole = W == 1 || i + W <= n;
    const int k = static_cast<int>(n - i);
    const Vec<T> x = whole ? load<T>(a + i) : loadPartial(a + i, k);
    const Vec<T> y = kArity < 2 ? x : whole ? load<T>(b + i) : loadPartial(b + i, k);
    const Vec<T> r = applyOp<T, Op, kArity>(x, y, x);
    if (whole) {
      store<T>(out + i, r);
    } else {
      storePartial(out + i, r, k);
    }
  }
}

// Rows whose operand kScalar is one value per row, while the others are runs.
template <class T, class Op, int kArity, int kScalar>
__attribute__((noinline)) void elementwiseScaled(int64_t rows, int64_t n, T* out, int64_t outRow,
                                                 const T* const* in, const int64_t* inRow) {
  constexpr int W = kWidth<T>;
  const T* p0 = in[0];
  const T* p1 = kArity > 1 ? in[1] : p0;
  const T* p2 = kArity > 2 ? in[2] : p0;
  const int64_t row0 = inRow[0], row1 = kArity > 1 ? inRow[1] : 0, row2 = kArity > 2 ? inRow[2] : 0;
  for (int64_t r = 0; r < rows; r++) {
    const Vec<T> s = set(*(kScalar == 0 ? p0 : kScalar == 1 ? p1 : p2));
    int64_t i = 0;
    for (; i + W <= n; i += W) {
      const Vec<T> x0 = kScalar == 0 ? s : load<T>(p0 + i);
      const Vec<T> x1 = kScalar == 1 || kArity < 2 ? s : load<T>(p1 + i);
      const Vec<T> x2 = kScalar == 2 || kArity < 3 ? s : load<T>(p2 + i);
      store<T>(out + i, applyOp<T, Op, kArity>(x0, x1, x2));
    }
    if (W > 1 && i < n) {
      const int k = static_cast<int>(n - i);
      const Vec<T> x0 = kScalar == 0 ? s : loadPartial(p0 + i, k);
      const Vec<T> x1 = kScalar == 1 || kArity < 2 ? s : loadPartial(p1 + i, k);
      const Vec<T> x2 = kScalar == 2 || kArity < 3 ? s : loadPartial(p2 + i, k);
      storePartial(out + i, applyOp<T, Op, kArity>(x0, x1, x2), k);
    }
    out += outRow, p0 += row0, p1 += row1, p2 += row2;
  }
}

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
                                                 ElementwiseRun<T> run) {
  constexpr int64_t kPiece = 64;
  T buffer[3][kPiece], result[kPiece];
  const bool column = args.n == 1;
  const int64_t lines = column ? 1 : args.rows, length = column ? args.rows : args.n;
  for (int64_t line = 0; line < lines; line++) {
    for (int64_t i = 0; i < length; i += kPiece) {
      const int64_t m = length - i < kPiece ? length - i : kPiece;
      for (int p = 0; p < arity; p++) {
        const int64_t step = column ? args.inRow[p] : args.inScalar[p] ? 0 : 1;
        copyStrided<T>(args.in[p] + (column ? 0 : line * args.inRow[p]) + i * step, step, buffer[p], 1, m);
      }
      run(m, result, buffer[0], buffer[1], buffer[2]);
      const int64_t step = column ? args.outRow : 1;
      copyStrided<T>(result, 1, args.out + (column ? 0 : line * args.outRow) + i * step, step, m);
    }
  }
}

// Rows of nothing but runs.
template <class T>
__attribute__((noinline)) void elementwiseRuns(const ElementwiseArgs<T>& args, int64_t rows, int64_t n,
                                               int arity, ElementwiseRun<T> run) {
  const auto at = [&](int p, int64_t r) { return p < arity ? args.in[p] + r * args.inRow[p] : nullptr; };
  for (int64_t r = 0; r < rows; r++) run(n, args.out + r * args.outRow, at(0, r), at(1, r), at(2, r));
}

template <class T, class Op, int kArity, bool kHeavy>
void elementwiseKernel(const ElementwiseArgs<T>& args) {
  constexpr ElementwiseRun<T> run =
      kHeavy ? elementwiseHeavyRun<T, Op, kArity> : elementwiseRun<T, Op, kArity>;
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
    if (!contiguous) return elementwisePacked<T>(args, kArity, run);
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
  const int scalars = scalar[0] + scalar[1] + scalar[2];
  if (scalars == 0) return elementwiseRuns<T>(args, rows, n, kArity, run);
  if constexpr (!kHeavy) {
    if (scalars == 1) {
      const auto scaled = [&](auto function) {
        function(rows, n, args.out, args.outRow, args.in, args.inRow);
      };
      if (scalar[0]) return scaled(elementwiseScaled<T, Op, kArity, 0>);
      if constexpr (kArity > 1) {
        if (scalar[1]) return scaled(elementwiseScaled<T, Op, kArity, 1>);
      }
      if constexpr (kArity > 2) {
        if (scalar[2]) return scaled(elementwiseScaled<T, Op, kArity, 2>);
      }
    }
  }
  elementwisePacked<T>(args, kArity, run);
}

template <class T, class Op, int kArity, bool kHeavy>
constexpr void fillOperation(Kernels<T>& k, int op) {
  k.elementwise[op] = elementwiseKernel<T, Op, kArity, kHeavy>;
  k.elementwiseRun[op] = kHeavy ? elementwiseHeavyRun<T, Op, kArity> : elementwiseRun<T, Op, kArity>;
}

template <class T>
constexpr void fillElementwise(Kernels<T>& k) {
  fillOperation<T, OpCopy, 1, false>(k, 0);
  fillOperation<T, OpNeg, 1, false>(k, 1);
  fillOperation<T, OpAbs, 1, false>(k, 2);
  fillOperation<T, OpSign, 1, false>(k, 3);
  fillOperation<T, OpSquare, 1, false>(k, 4);
  fillOperation<T, OpSqrt, 1, false>(k, 5);
  fillOperation<T, OpReciprocal, 1, false>(k, 6);
  fillOperation<T, OpExp, 1, true>(k, 7);
  fillOperation<T, OpExpm1, 1, true>(k, 8);
  fillOperation<T, OpLog, 1, true>(k, 9);
  fillOperation<T, OpLog1p, 1, true>(k, 10);
  fillOperation<T, OpSin, 1, true>(k, 11);
  fillOperation<T, OpCos, 1, true>(k, 12);
  fillOperation<T, OpTanh, 1, true>(k, 13);
  fillOperation<T, OpSigmoid, 1, true>(k, 14);
  fillOperation<T, OpSoftplus, 1, true>(k, 15);
  fillOperation<T, OpErf, 1, true>(k, 16);
  fillOperation<T, OpErfc, 1, true>(k, 17);
  fillOperation<T, OpRelu, 1, false>(k, 18);
  fillOperation<T, OpStep, 1, false>(k, 19);
  fillOperation<T, OpNot, 1, false>(k, 20);
  fillOperation<T, OpRoundToFloat32, 1, false>(k, 21);
  fillOperation<T, OpFloor, 1, false>(k, 22);
  fillOperation<T, OpAdd, 2, false>(k, 32);
  fillOperation<T, OpSub, 2, false>(k, 33);
  fillOperation<T, OpMul, 2, false>(k, 34);
  fillOperation<T, OpDiv, 2, false>(k, 35);
  fillOperation<T, OpMaximum, 2, false>(k, 36);
  fillOperation<T, OpMinimum, 2, false>(k, 37);
  fillOperation<T, OpPow, 2, true>(k, 38);
  fillOperation<T, OpLess, 2, false>(k, 39);
  fillOperation<T, OpLessEqual, 2, false>(k, 40);
  fillOperation<T, OpGreater, 2, false>(k, 41);
  fillOperation<T, OpGreaterEqual, 2, false>(k, 42);
  fillOperation<T, OpEqual, 2, false>(k, 43);
  fillOperation<T, OpNotEqual, 2, false>(k, 44);
  fillOperation<T, OpAnd, 2, false>(k, 45);
  fillOperation<T, OpOr, 2, false>(k, 46);
  fillOperation<T, OpAtan2, 2, true>(k, 47);
  fillOperation<T, OpSelect, 3, false>(k, 64);
  fillOperation<T, OpFma, 3, false>(k, 65);
  fillOperation<T, OpFnma, 3, false>(k, 66);
  fillOperation<T, OpFms, 3, false>(k, 67);
  fillOperation<T, OpMulMul, 3, false>(k, 68);
}
