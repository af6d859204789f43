// CONTRACT: per-sample products of small matrices. Both operands vary by lane, so nothing is broadcast: a
// step of k loads rows + columns registers for rows x columns FMAs, and tiles over (i, j) are what keeps the
// FMA units busy.
//
// Few rows and columns are one tile that reads a, w and b as they are. Beyond, a w is formed once per tile of
// rows (a piece of k at a time, which stays in L1) and used for every tile of columns: forming it in every
// tile would add a product to every four multiply-adds.

// kContractTile x kContractTile sums, read as they are; kContractUpper rows of an upper triangle, where a and
// b are the same operand; kContractUpper x kContractTile sums of a w formed before.
#if defined(NABLA_ISA_AVX2)
inline constexpr int kContractTile = 3;   // 9 sums, 3 of b and one of a w: 13 of 16 registers; 12 sums: 16
inline constexpr int kContractUpper = 4;  // 10 sums, 4 of b, w and a w: 16
#else
inline constexpr int kContractTile = 4;   // 16 sums, 4 of b and one of a w: 21 of 32; 24 sums: 29
inline constexpr int kContractUpper = 6;  // 21 sums, 6 of b, w and a w: 29
#endif

// Where a tile's results go, and the place of its mirror image, or null. Sums start from zero, or go on
// (`continues`) from what is there; `adds` adds them to what is there at the end.
//
// Added, not gone on with, is what several instructions sum up: a chain through all layers of a network would
// round at the size of the whole Hessian at every step (float32, 20 x 5: a third more rounding error).
template <class T>
struct ContractOut {
  T* out;
  T* mirror;
  int64_t outI, outJ;
  bool adds, continues;
};

template <class T, int kRows, int kColumns, int kRegs, bool kUpper>
NABLA_INLINE void contractStart(const ContractOut<T>& o, Vec<T> (&s)[kRows][kColumns][kRegs]) {
  constexpr int W = kWidth<T>;
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = 0; j < kColumns; j++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) s[i][j][v] = set(T(0));
    }
  }
  if (!o.continues) return;
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = kUpper ? i : 0; j < kColumns; j++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) s[i][j][v] = load<T>(o.out + i * o.outI + j * o.outJ + v * W);
    }
  }
}

template <class T, int kRows, int kColumns, int kRegs, bool kUpper>
NABLA_INLINE void contractStore(const ContractOut<T>& o, Vec<T> (&s)[kRows][kColumns][kRegs]) {
  constexpr int W = kWidth<T>;
  const int64_t outI = o.outI, outJ = o.outJ;
  T *const out = o.out, *const mirror = o.mirror;
  if (o.adds) {
    NABLA_UNROLL
    for (int i = 0; i < kRows; i++) {
      NABLA_UNROLL
      for (int j = kUpper ? i : 0; j < kColumns; j++) {
        NABLA_UNROLL
        for (int v = 0; v < kRegs; v++) s[i][j][v] = load<T>(out + i * outI + j * outJ + v * W) + s[i][j][v];
      }
    }
  }
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = kUpper ? i : 0; j < kColumns; j++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) store<T>(out + i * outI + j * outJ + v * W, s[i][j][v]);
    }
  }
  if (mirror == nullptr) return;
  NABLA_UNROLL
  for (int i = 0; i < kRows; i++) {
    NABLA_UNROLL
    for (int j = kUpper ? i + 1 : 0; j < kColumns; j++) {
      NABLA_UNROLL
      for (int v = 0; v < kRegs; v++) store<T>(mirror + j * outI + i * outJ + v * W, s[i][j][v]);
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
  const ContractOut<T> o{out, c.symmetric ? out : nullptr, c.outI, c.outJ, c.accumulate, false};
  Vec<T> s[kRows][kColumns][kRegs];
  contractStart<T, kRows, kColumns, kRegs, kUpper>(o, s);
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
  contractStore<T, kRows, kColumns, kRegs, kUpper>(o, s);
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
  constexpr int W = kWidth<T>, kSums = kUpper ? kRows * (kRows + 1) / 2 : kRows * kColumns;
  constexpr int kRegs = kContractRegs<kSums>;
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

// kContractPiece: all of b in a piece, and the sums, which are read and written once per piece, should stay
// in L2: for d = 128 a piece of b is half a megabyte, the sums as much. With all of k at once b came from L3
// for every tile of rows (K = 128: 47 % of the FMA peak instead of 57).
//
// Up to kContractShortColumns, which is more than a single tile has on any instruction set, all of b in a
// piece, and a w of the rows, about fill a small L1: 32 x (10 + 5) x 64 bytes for ten columns (64 steps: 15 %
// slower). Their sums are one chain over all of k, piece after piece, as those of a single tile are; a row of
// tiles keeps them in memory of its own meanwhile.
inline constexpr int64_t kContractShortPiece = 32;
static_assert(kContractUpper <= kContractShortColumns && kContractTile <= kContractShortColumns);
// Tried without gain: prefetching b 2, 4 and 8 steps ahead; pieces of 32 and 48 steps for d = 32 to 128.

// One register of lanes, a piece of k.
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
  contractStart<T, kRows, kColumns, 1, kUpper>(o, s);
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
  contractStore<T, kRows, kColumns, 1, kUpper>(o, s);
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

template <class T, int kRows = kContractUpper>
NABLA_INLINE ContractPackedTile<T> pickPackedTile(int64_t rows, int64_t columns, bool upper,
                                                  ContractSource source) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return pickPackedTile<T, kRows - 1>(rows, columns, upper, source);
  }
  if (upper) return pickSource<T, kRows, kRows, true>(source);
  return pickPackedColumns<T, kRows, kContractTile>(columns, source);
}

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

// One register of lanes.
template <class T>
struct ContractLanes {
  const ContractArgs<T>& c;
  const T *a, *b, *w;
  T* out;
  T* packed;

  // Everything varies by lane: the first tile of a row forms a w. Otherwise a loop of its own does.
  bool panels() const { return w != nullptr && !c.aUniform && !c.bUniform && !c.wUniform; }

  // Rows [i0, i0 + height) of the result over steps [k0, k1) of k: the upper triangle of the rows themselves,
  // if symmetric, and what is right of it. `place` says where row i0 + i, column j goes.
  template <class Place>
  NABLA_INLINE void row(int64_t i0, int64_t height, int64_t k0, int64_t k1, Place&& place) const {
    ContractPiece<T> piece{k1 - k0, packed,  a + i0 * c.aI + k0 * c.aK,
                           c.aI,    c.aK,    panels() ? w + k0 * c.wK : nullptr,
                           c.wK,    nullptr, c.bJ,
                           c.bK};
    if (!panels()) contractPack(c, w, piece, k0, height);
    const int64_t right = c.symmetric ? i0 + height : 0;
    const EvenSplit<kContractTile> columns(c.J - right);
    for (int64_t q = c.symmetric ? -1 : 0; q < columns.tiles; q++) {
      const bool first = q == (c.symmetric ? -1 : 0);
      const int64_t j0 = q < 0 ? i0 : right + columns.start(q);
      const int64_t width = q < 0 ? height : right + columns.start(q + 1) - j0;
      const ContractSource source = panels() && first ? ContractSource::kForm
                                    : c.bUniform      ? ContractSource::kPackedUniform
                                                      : ContractSource::kPacked;
      piece.b = b + j0 * c.bJ + k0 * c.bK;
      pickPackedTile<T>(height, width, q < 0, source)(piece, place(j0));
    }
  }

  T* mirrorOf(int64_t i0, int64_t j0) const {
    return c.symmetric ? out + j0 * c.outI + i0 * c.outJ : nullptr;
  }

  // Pieces of k outside, rows of tiles inside.
  void wide() const {
    const EvenSplit<kContractUpper> rows(c.I);
    int64_t k0 = 0;
    do {
      const int64_t k1 = k0 + kContractPiece < c.K ? k0 + kContractPiece : c.K;
      for (int64_t p = 0; p < rows.tiles; p++) {
        const int64_t i0 = rows.start(p);
        row(i0, rows.start(p + 1) - i0, k0, k1, [&](int64_t j0) {
          return ContractOut<T>{out + i0 * c.outI + j0 * c.outJ,
                                k1 == c.K ? mirrorOf(i0, j0) : nullptr,
                                c.outI,
                                c.outJ,
                                c.accumulate || k0 > 0,
                                false};
        });
      }
      k0 = k1;
    } while (k0 < c.K);
  }

  // Rows of tiles outside, pieces of k inside: more than one of them into memory of their own.
  void narrow() const {
    constexpr int W = kWidth<T>;
    constexpr int64_t sumsI = kContractShortColumns * W;
    alignas(64) T sums[kContractUpper * sumsI];
    const bool isOne = c.K <= kContractShortPiece;
    const EvenSplit<kContractUpper> rows(c.I);
    for (int64_t p = 0; p < rows.tiles; p++) {
      const int64_t i0 = rows.start(p), height = rows.start(p + 1) - i0;
      int64_t k0 = 0;
      do {
        const int64_t k1 = k0 + kContractShortPiece < c.K ? k0 + kContractShortPiece : c.K;
        row(i0, height, k0, k1, [&](int64_t j0) {
          if (isOne) {
            return ContractOut<T>{
                out + i0 * c.outI + j0 * c.outJ, mirrorOf(i0, j0), c.outI, c.outJ, c.accumulate, false};
          }
          return ContractOut<T>{sums + j0 * W, nullptr, sumsI, W, false, k0 > 0};
        });
        k0 = k1;
      } while (k0 < c.K);
      if (!isOne) deliver(i0, height, sums, sumsI);
    }
  }

  void deliver(int64_t i0, int64_t height, const T* sums, int64_t sumsI) const {
    constexpr int W = kWidth<T>;
    for (int64_t i = 0; i < height; i++) {
      for (int64_t j = c.symmetric ? i0 + i : 0; j < c.J; j++) {
        T* const to = out + (i0 + i) * c.outI + j * c.outJ;
        Vec<T> s = load<T>(sums + i * sumsI + j * W);
        if (c.accumulate) s = load<T>(to) + s;
        store<T>(to, s);
        if (c.symmetric) store<T>(out + j * c.outI + (i0 + i) * c.outJ, s);
      }
    }
  }
};

template <class T>
void contractManyTiles(const ContractArgs<T>& c) {
  alignas(64) T packed[kContractPiece * kContractUpper * kWidth<T>];
  for (int64_t lane = 0; lane < c.B; lane += kWidth<T>) {
    const ContractLanes<T> lanes{c,
                                 c.aUniform ? c.a : c.a + lane,
                                 c.bUniform ? c.b : c.b + lane,
                                 c.w == nullptr || c.wUniform ? c.w : c.w + lane,
                                 c.out + lane,
                                 packed};
    if (c.J <= kContractShortColumns) {
      lanes.narrow();
    } else {
      lanes.wide();
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
  const int64_t piece = a.J <= kContractShortColumns ? a.K : kContractPiece;
  for (int64_t i = 0; i < a.I; i++) {
    for (int64_t j = a.symmetric ? i : 0; j < a.J; j++) {
      T* out = a.out + i * a.outI + j * a.outJ;
      int64_t k = 0;
      do {
        const int64_t end = a.K - k < piece ? a.K : k + piece;
        T s = T(0);
        const bool adds = a.accumulate || k > 0;
        for (; k < end; k++) {
          T x = a.a[i * a.aI + k * a.aK];
          if (a.w != nullptr) x = x * a.w[k * a.wK];
          s = std::fma(x, a.b[j * a.bJ + k * a.bK], s);
        }
        *out = adds ? *out + s : s;
      } while (k < a.K);
      if (a.symmetric) a.out[j * a.outI + i * a.outJ] = *out;
    }
  }
}
