// CONTRACT: per-sample products of small matrices. Both operands vary by lane, so nothing is broadcast: a
// step of k loads rows + columns registers for rows x columns FMAs, and tiles over (i, j) are what keeps the
// FMA units busy.
//
// Up to kContractTile rows and columns are one tile that reads a, w and b as they are. Beyond, a w is formed
// once per tile of rows (a piece of k at a time, which stays in L1) and used for every tile of columns:
// forming it in every tile would add a product to every four FMAs.

#if defined(NABLA_ISA_AVX2)
inline constexpr int kContractTile = 3;  // 9 sums, 3 of b and one of a w: 13 of 16 registers
inline constexpr int kContractUpper =
    4;  // rows of an upper triangle in one tile: 10 sums, 4 of b, w and a w: 16
#else
inline constexpr int kContractTile = 4;   // 16 sums, 4 of b and one of a w: 21 of 32
inline constexpr int kContractUpper = 6;  // 21 sums, 6 of b, w and a w: 29
#endif

// Where a tile's results go, and the place of its mirror image, or null.
template <class T>
struct ContractOut {
  T* out;
  T* mirror;
  int64_t outI, outJ;
  bool accumulate;
};

template <class T, int kRows, int kColumns, int kRegs, bool kUpper>
NABLA_INLINE void contractStore(const ContractOut<T>& o, const Vec<T> (&s)[kRows][kColumns][kRegs]) {
  constexpr int W = kWidth<T>;
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = kUpper ? i : 0; j < kColumns; j++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) {
        T* p = o.out + i * o.outI + j * o.outJ + v * W;
        const Vec<T> y = o.accumulate ? load<T>(p) + s[i][j][v] : s[i][j][v];
        store<T>(p, y);
        if (o.mirror != nullptr && !(kUpper && i == j))
          store<T>(o.mirror + j * o.outI + i * o.outJ + v * W, y);
      }
    }
  }
}

// ---- one tile
// -------------------------------------------------------------------------------------------------------

template <class T>
NABLA_INLINE Vec<T> loadLanes(const T* p, bool uniform) {
  return uniform ? set(*p) : load<T>(p);
}

// What the operands of a single tile may be; everything else goes the way of many tiles.
enum class ContractKind {
  kPanels,      // a, b, w vary by lane
  kWeightless,  // a, b vary by lane, no w
  kUniform,     // a, b uniform, w varies: the curvature of a first layer
};

template <class T, int kRows, int kColumns, int kRegs, bool kUpper, ContractKind kKind>
void contractTile(const ContractArgs<T>& c, const T* a, const T* b, const T* w, T* out) {
  constexpr int W = kWidth<T>;
  constexpr bool kUniform = kKind == ContractKind::kUniform, kWeights = kKind != ContractKind::kWeightless;
  const int64_t aI = c.aI, aK = c.aK, bJ = c.bJ, bK = c.bK, wK = c.wK;
  Vec<T> s[kRows][kColumns][kRegs];
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = 0; j < kColumns; j++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) s[i][j][v] = set(T(0));
    }
  }
  for (int64_t k = c.K; k > 0; k--) {
    NABLA_UNROLL
    for (int v = 0; v < kRegs; v++) {
      Vec<T> bv[kColumns], wv = set(T(0));
      NABLA_UNROLL
      for (int j = 0; j < kColumns; j++) bv[j] = loadLanes(b + j * bJ + (kUniform ? 0 : v * W), kUniform);
      if constexpr (kWeights) wv = load<T>(w + v * W);
      NABLA_UNROLL
      for (int i = 0; i < kRows; i++) {
        // In the upper triangle a and b are the same operand.
        Vec<T> x = kUpper ? bv[i] : loadLanes(a + i * aI + (kUniform ? 0 : v * W), kUniform);
        if constexpr (kWeights) x = x * wv;
        NABLA_UNROLL
        for (int j = kUpper ? i : 0; j < kColumns; j++) s[i][j][v] = fma(x, bv[j], s[i][j][v]);
      }
    }
    a += aK;
    b += bK;
    if constexpr (kWeights) w += wK;
  }
  contractStore<T, kRows, kColumns, kRegs, kUpper>(
      {out, c.symmetric ? out : nullptr, c.outI, c.outJ, c.accumulate}, s);
}

// Registers of lanes a tile takes at once: enough sums to hide the latency of a chain, and, where registers
// are left for it, two lines of each row side by side, as the prefetcher likes them (six sums of d = 3: a
// fifth faster).
#if defined(NABLA_ISA_AVX2) || defined(NABLA_ISA_SCALAR)
inline constexpr int kContractPairs = 4;
#else
inline constexpr int kContractPairs = 6;
#endif
template <int kSums>
inline constexpr int kContractRegs = kSums <= 2                ? 4
                                     : kSums <= kContractPairs ? 2
                                                               : 1;

template <class T, int kRows, int kColumns, bool kUpper, ContractKind kKind>
NABLA_INLINE void contractOneTile(const ContractArgs<T>& c) {
  constexpr int W = kWidth<T>, kRegs = kContractRegs < kUpper ? kRows * (kRows + 1) / 2 : kRows * kColumns > ;
  constexpr int64_t kStep = kKind == ContractKind::kUniform ? 0 : 1,
                    kWStep = kKind == ContractKind::kWeightless ? 0 : 1;
  int64_t lane = 0;
  for (; lane + kRegs * W <= c.B; lane += kRegs * W) {
    contractTile<T, kRows, kColumns, kRegs, kUpper, kKind>(c, c.a + kStep * lane, c.b + kStep * lane,
                                                           c.w + kWStep * lane, c.out + lane);
  }
  if constexpr (kRegs > 1) {
    for (; lane < c.B; lane += W) {
      contractTile<T, kRows, kColumns, 1, kUpper, kKind>(c, c.a + kStep * lane, c.b + kStep * lane,
                                                         c.w + kWStep * lane, c.out + lane);
    }
  }
}

template <class T, ContractKind kKind, int kRows, int kColumns>
NABLA_INLINE void contractPickColumns(const ContractArgs<T>& c) {
  if constexpr (kColumns > 1) {
    if (c.J < kColumns) return contractPickColumns<T, kKind, kRows, kColumns - 1>(c);
  }
  contractOneTile<T, kRows, kColumns, false, kKind>(c);
}

template <class T, ContractKind kKind, int kRows>
NABLA_INLINE void contractPickRows(const ContractArgs<T>& c) {
  if constexpr (kRows > 1) {
    if (c.I < kRows) return contractPickRows<T, kKind, kRows - 1>(c);
  }
  if (c.symmetric) return contractOneTile<T, kRows, kRows, true, kKind>(c);
  if constexpr (kKind != ContractKind::kUniform && kRows <= kContractTile) {
    contractPickColumns<T, kKind, kRows, kContractTile>(c);
  }
}

// ---- many tiles
// -----------------------------------------------------------------------------------------------------

inline constexpr int64_t kContractPiece =
    64;  // of k, at most: a tile's a w is 4 x 64 x 64 bytes, half of a small L1
inline constexpr int64_t kContractColumns = 32;  // of j: partial sums between pieces are 4 x 32 x 64 bytes

// One register of lanes, a piece of k. The sums start from `from` (kRows rows of kContractColumns registers,
// null for zeros) and end in `to`, or, if that is null, in the result.
template <class T>
struct ContractPiece {
  int64_t steps;
  T* packed;  // a w as [k][kRows] registers
  const T* a;
  int64_t aI, aK;
  const T* w;
  int64_t wK;
  const T* b;
  int64_t bJ, bK;
  const T* from;
  T* to;
};

// How a tile comes by a w and b. The first tile of a row of tiles forms a w in passing and stores it: the
// stores go unnoticed behind the multiply-adds, where a loop of their own would cost as much as a tile.
enum class ContractSource { kForm, kPacked, kPackedUniform };

template <class T, int kRows, int kColumns, bool kUpper, ContractSource kSource>
void contractPackedTile(const ContractPiece<T>& piece, const ContractOut<T>& o) {
  constexpr int W = kWidth<T>;
  constexpr bool kForm = kSource == ContractSource::kForm,
                 kUniform = kSource == ContractSource::kPackedUniform;
  Vec<T> s[kRows][kColumns][1];
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = 0; j < kColumns; j++) s[i][j][0] = set(T(0));
  }
  if (piece.from != nullptr) {
    NABLA_UNROLL
    for (int i = 0; i < kRows; i++) {
      NABLA_UNROLL
      for (int j = kUpper ? i : 0; j < kColumns; j++)
        s[i][j][0] = load<T>(piece.from + (i * kContractColumns + j) * W);
    }
  }
  T* packed = piece.packed;
  const T *a = piece.a, *b = piece.b, *w = piece.w;
  const int64_t aI = piece.aI, aK = piece.aK, bJ = piece.bJ, bK = piece.bK, wK = piece.wK;
  for (int64_t k = piece.steps; k > 0; k--) {
    Vec<T> bv[kColumns], wv = set(T(0));
    NABLA_UNROLL
    for (int j = 0; j < kColumns; j++) bv[j] = kUniform ? set(b[j * bJ]) : load<T>(b + j * bJ);
    if constexpr (kForm) wv = load<T>(w);
    NABLA_UNROLL
    for (int i = 0; i < kRows; i++) {
      Vec<T> x;
      if constexpr (kForm) {
        x = (kUpper ? bv[i] : load<T>(a + i * aI)) * wv;
        store<T>(packed + i * W, x);
      } else {
        x = load<T>(packed + i * W);
      }
      NABLA_UNROLL
      for (int j = kUpper ? i : 0; j < kColumns; j++) s[i][j][0] = fma(x, bv[j], s[i][j][0]);
    }
    packed += kRows * W;
    b += bK;
    if constexpr (kForm) {
      a += aK;
      w += wK;
    }
  }
  if (piece.to == nullptr) return contractStore<T, kRows, kColumns, 1, kUpper>(o, s);
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = kUpper ? i : 0; j < kColumns; j++)
      store<T>(piece.to + (i * kContractColumns + j) * W, s[i][j][0]);
  }
}

template <class T>
using ContractPackedTile = void (*)(const ContractPiece<T>&, const ContractOut<T>&);

template <class T, int kRows, int kColumns, bool kUpper>
NABLA_INLINE ContractPackedTile<T> pickSource(ContractSource source) {
  switch (source) {
    case ContractSource::kForm:
      return contractPackedTile<T, kRows, kColumns, kUpper, ContractSource::kForm>;
    case ContractSource::kPacked:
      return contractPackedTile<T, kRows, kColumns, kUpper, ContractSource::kPacked>;
    default:
      return contractPackedTile<T, kRows, kColumns, kUpper, ContractSource::kPackedUniform>;
  }
}

template <class T, int kRows, int kColumns>
NABLA_INLINE ContractPackedTile<T> pickPackedColumns(int64_t columns, ContractSource source) {
  if constexpr (kColumns > 1) {
    if (columns < kColumns) return pickPackedColumns<T, kRows, kColumns - 1>(columns, source);
  }
  return pickSource<T, kRows, kColumns, false>(source);
}

template <class T, int kRows>
NABLA_INLINE ContractPackedTile<T> pickPackedTile(int64_t rows, int64_t columns, bool upper,
                                                  ContractSource source) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return pickPackedTile<T, kRows - 1>(rows, columns, upper, source);
  }
  if (upper) return pickSource<T, kRows, kRows, true>(source);
  return pickPackedColumns<T, kRows, kContractTile>(columns, source);
}

// n split evenly into tiles of at most kContractTile: where tile t starts.
struct EvenSplit {
  int64_t tiles, size, longer;
  explicit EvenSplit(int64_t n)
      : tiles((n + kContractTile - 1) / kContractTile), size(n / tiles), longer(n % tiles) {}
  int64_t start(int64_t t) const { return t * size + (t < longer ? t : longer); }
};

template <class T>
__attribute__((noinline)) void contractPack(const ContractArgs<T>& c, const T* w,
                                            const ContractPiece<T>& piece, int64_t k0, int64_t height) {
  constexpr int W = kWidth<T>;
  T* to = piece.packed;
  for (int64_t k = 0; k < piece.steps; k++) {
    const Vec<T> wv = w == nullptr ? set(T(1)) : loadLanes(w + (k0 + k) * c.wK, c.wUniform);
    for (int64_t i = 0; i < height; i++) {
      const Vec<T> x = loadLanes(piece.a + i * c.aI + k * c.aK, c.aUniform);
      store<T>(to, w == nullptr ? x : x * wv);
      to += W;
    }
  }
}

template <class T>
void contractManyTiles(const ContractArgs<T>& c) {
  constexpr int W = kWidth<T>;
  alignas(64) T packed[kContractPiece * kContractTile * W];
  alignas(64) T partial[kContractTile * kContractColumns * W];
  const EvenSplit rows(c.I), columns(c.J);
  // Everything varies by lane: the first tile of a row forms a w. Otherwise a loop of its own does.
  const bool panels = c.w != nullptr && !c.aUniform && !c.bUniform && !c.wUniform;
  // A shorter piece keeps all of b in L1 where there are few columns; with more it comes from L2 once per
  // tile of rows, and partial sums would be moved more often than a shorter piece saves.
  const int64_t longest = c.J <= 12 ? kContractPiece / 2 : kContractPiece;
  // Whole tiles of columns that fit the partial sums; any number where k is one piece and there are none.
  const int64_t group = c.K <= longest ? columns.tiles : kContractColumns / kContractTile;
  for (int64_t lane = 0; lane < c.B; lane += W) {
    const T* a = c.aUniform ? c.a : c.a + lane;
    const T* b = c.bUniform ? c.b : c.b + lane;
    const T* w = c.w == nullptr || c.wUniform ? c.w : c.w + lane;
    for (int64_t p = 0; p < rows.tiles; p++) {
      const int64_t i0 = rows.start(p), height = rows.start(p + 1) - i0;
      for (int64_t q0 = c.symmetric ? p : 0; q0 < columns.tiles; q0 += group) {
        const int64_t q1 = q0 + group < columns.tiles ? q0 + group : columns.tiles;
        int64_t k0 = 0;
        do {
          const int64_t k1 = k0 + longest < c.K ? k0 + longest : c.K;
          ContractPiece<T> piece{k1 - k0, packed,  a + i0 * c.aI + k0 * c.aK,
                                 c.aI,    c.aK,    panels ? w + k0 * c.wK : nullptr,
                                 c.wK,    nullptr, c.bJ,
                                 c.bK,    nullptr, nullptr};
          if (!panels) contractPack(c, w, piece, k0, height);
          for (int64_t q = q0; q < q1; q++) {
            const int64_t j0 = columns.start(q), width = columns.start(q + 1) - j0;
            const bool upper = c.symmetric && q == p;
            const ContractSource source = panels && q == q0 ? ContractSource::kForm
                                          : c.bUniform      ? ContractSource::kPackedUniform
                                                            : ContractSource::kPacked;
            T* sums = partial + (j0 - columns.start(q0)) * W;
            piece.b = b + j0 * c.bJ + k0 * c.bK;
            piece.from = k0 == 0 ? nullptr : sums;
            piece.to = k1 == c.K ? nullptr : sums;
            pickPackedTile<T, kContractTile>(height, width, upper, source)(
                piece, {c.out + i0 * c.outI + j0 * c.outJ + lane,
                        c.symmetric ? c.out + j0 * c.outI + i0 * c.outJ + lane : nullptr, c.outI, c.outJ,
                        c.accumulate});
          }
          k0 = k1;
        } while (k0 < c.K);
      }
    }
  }
}

template <class T>
void contract(const ContractArgs<T>& c) {
  if (c.I <= 0 || c.J <= 0 || c.B <= 0) return;
  const bool small = c.symmetric ? c.I <= kContractUpper : c.I <= kContractTile && c.J <= kContractTile;
  if (small && c.aUniform == c.bUniform && !(c.w != nullptr && c.wUniform)) {
    if (!c.aUniform && c.w != nullptr) return contractPickRows<T, ContractKind::kPanels, kContractUpper>(c);
    if (!c.aUniform) return contractPickRows<T, ContractKind::kWeightless, kContractUpper>(c);
    if (c.w != nullptr && c.symmetric) return contractPickRows<T, ContractKind::kUniform, kContractUpper>(c);
  }
  contractManyTiles(c);
}

// One sample: any strides.
template <class T>
void contractFlat(const ContractArgs<T>& a) {
  for (int64_t i = 0; i < a.I; i++) {
    for (int64_t j = a.symmetric ? i : 0; j < a.J; j++) {
      T s = 0;
      for (int64_t k = 0; k < a.K; k++) {
        T x = a.a[i * a.aI + k * a.aK];
        if (a.w != nullptr) x = x * a.w[k * a.wK];
        s = std::fma(x, a.b[j * a.bJ + k * a.bK], s);
      }
      T* out = a.out + i * a.outI + j * a.outJ;
      *out = a.accumulate ? *out + s : s;
      if (a.symmetric) a.out[j * a.outI + i * a.outJ] = *out;
    }
  }
}
