// The kernel layer as the executor sees it: one table of function pointers per instruction set and compute
// dtype.
//
// Only pointers and sizes cross this header, so that code compiled for one instruction set can never be
// merged by the linker with code compiled for another. Kernels check nothing, allocate nothing and never
// throw: programs are validated before they run. Sizes and strides are in elements of T unless a name says
// otherwise.
//
// Letters: B samples (lanes) in a block, J rows of a result, K contracted rows, C columns (value and tangents
// together).
//
// Reproducibility. Every kernel gives the same bits on every instruction set: products and sums are fused
// exactly where the contracts below write fma, chains run in the stated order, and sums over lanes use 64
// bytes of logical lanes (16 float32, 8 float64) folded by the fixed tree `foldLanes`. (A NaN's sign and
// payload are not part of the promise.)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nabla {

// Logical lanes: a block holds a multiple of this many samples on every instruction set.
inline constexpr int kLaneBytes = 64;

// Element types of a caller's arrays, numbered as in the program format.
enum class ElementType : int { kFloat32 = 0, kFloat64 = 1, kInt32 = 2, kUint32 = 3, kBool = 4 };
inline constexpr int kElementTypes = 5;

// Operation numbers of the ELEMENTWISE instruction, and of `Kernels::elementwise`. Unused numbers are null
// pointers.
inline constexpr int kElementwiseOps = 69;

// out[r*outRow + i] = op(in[p][r*inRow[p] + (inScalar[p] ? 0 : i)] ...), 0 <= r < rows, 0 <= i < n.
// Any sizes and alignment. `out` may be one of the inputs exactly (same pointer and row stride), or disjoint
// from it. n == 1 is the way to walk operands of arbitrary stride, and is handled a register of rows at a
// time.
template <class T>
struct ElementwiseArgs {
  int64_t rows, n;
  T* out;
  int64_t outRow;
  const T* in[3];
  int64_t inRow[3];
  bool inScalar[3];
};

// out[i] = op(a[i], ...), 0 <= i < n: what most calls are, where nothing is left to be told apart. Operands
// an operation does not have are ignored. Aliasing as above.
template <class T>
using ElementwiseRun = void (*)(int64_t n, T* out, const T* a, const T* b, const T* c);

// Bytes a row of packed x takes at most, four registers of the widest instruction set; and how many bytes
// apart rows are that may be packed at all: where it begins to pay (1536 bytes apart 10 %, 768 up to 4, 256
// it costs 2), and what is packed is then never more than a third of x.
inline constexpr int64_t kPackedRow = 4 * kLaneBytes, kFarRow = 3 * kPackedRow;

// out[j,c,b] = (accumulate ? out[j,c,b] : 0) + scale[j,c,b] * (bias[j] + sum_k W[k,j] * x[k,c,b])
//
// W: K x J uniform; x: K x C x B; out: J x C x B; bias: J uniform, or null; scale: J x C x B, or null (1).
// The sum is one chain s = fma(W[k,j], x[k,c,b], s) over k upwards from bias[j] (or +0). Then, with scale,
// fma(scale, s, out) or scale * s; without, out + s or s. The bias goes to the first biasColumns columns
// only, so that a value column and its tangents are one call; the other columns start from +0. `dense` needs
// B a multiple of the logical lanes and lanes contiguous (step 1). `denseFlat` ignores B: one sample. out
// overlaps neither x nor W; scale may be out exactly only when accumulate is false. plain, J x C x B or null,
// gets s itself; it overlaps nothing else and goes with a scale. scaleC is 0 where all columns have one
// scale. packed, K x kPackedRow bytes or null, is memory for a copy of some of x, worth having where rows of
// x are far apart.
template <class T>
struct DenseArgs {
  int64_t J, K, C, B;
  T* out;
  int64_t outJ, outC;
  const T* W;
  int64_t wK, wJ;
  const T* x;
  int64_t xK, xC;
  const T* bias;
  int64_t biasJ;
  int64_t biasColumns;
  const T* scale;
  int64_t scaleJ, scaleC;
  T* plain;
  int64_t plainJ, plainC;
  bool accumulate;
  T* packed = nullptr;
};

// out[i,j,b] = (accumulate ? out[i,j,b] : 0) + sum_k (a[i,k,b] * w[k,b]) * b[j,k,b]
//
// a: I x K x B, b: J x K x B, w: K x B or null, each possibly uniform (no lane axis); out: I x J x B. s =
// fma(a*w, b, s) over k upwards from +0, a*w rounded first; then out + s if accumulate, else s. Beyond
// kContractShortColumns columns every kContractPiece steps of k have such an s, which is added to what the
// others gave. symmetric: a and b are the same operand and I == J; i <= j is computed and mirrored (so the
// bits are symmetric).
// `contract` needs B a multiple of the logical lanes; `contractFlat` ignores B and the uniform flags: one
// sample.
inline constexpr int64_t kContractShortColumns = 12, kContractPiece = 64;
template <class T>
struct ContractArgs {
  int64_t I, J, K, B;
  T* out;
  int64_t outI, outJ;
  const T* a;
  int64_t aI, aK;
  const T* b;
  int64_t bJ, bK;
  const T* w;
  int64_t wK;
  bool aUniform, bUniform, wUniform, accumulate, symmetric;
};

// Columns the kernels of DENSE_GRAM take: their sums have to fit the registers beside the product.
inline constexpr int64_t kGramColumns = 4;

// s[j,c,b] = sum_k W[k,j] * x[k,c,b]
// gram[i,c,b] = (accumulate ? gram[i,c,b] : 0) + sum_j (s[j,i,b] * w[j,b]) * s[j,c,b]
// out[j,c,b] = scale[j,b] * s[j,c,b]
//
// with w = weight, or (factor * weight) * weight2 if there is a second. To the bit a `dense` without bias and
// a symmetric `contract` of its result, 1 <= C <= kGramColumns. out may be null, and so may scale (1). B
// is a multiple of the logical lanes. gram and out overlap nothing else. packed is that of DenseArgs.
template <class T>
struct DenseGramArgs {
  int64_t J, K, C, B;
  T* gram;
  int64_t gramI, gramJ;
  const T* W;
  int64_t wK, wJ;
  const T* x;
  int64_t xK, xC;
  const T* weight;
  int64_t weightJ;
  const T* weight2;
  int64_t weight2J;
  const T* scale;
  int64_t scaleJ;
  T* out;
  int64_t outJ, outC;
  T factor;
  bool accumulate;
  T* packed = nullptr;
};

// acc[r*accRow] += sum over lanes l < lanes of src[r*srcRow + l]
// Logical lane i of 16 (8) adds l = i, i + 16, ... upwards, then foldLanes. A uniform src adds lanes *
// src[r*srcRow] in one fma.
template <class T>
struct LaneSumArgs {
  int64_t rows, lanes;
  T* acc;
  int64_t accRow;
  const T* src;
  int64_t srcRow;
  bool srcUniform;
};

// acc[i*accI + j*accJ] += sum_p sum_r sum_{l < lanes} a[p][r,i,l] * b[p][r,j,l]
//
// The products of a weight gradient, a: R x I x B, b: R x J x B (B is only the distance the strides imply)
// for each of 1 <= pairs <= kOuterPairs. r runs over what is summed beside the lanes (tangent columns). A run
// is all lanes of one r of one pair; runs go over r, then over p. A piece is as many consecutive runs as have
// kOuterPiece lanes together (kNarrowPiece, if narrow), one at least and kOuterRuns at most, or that many
// lanes of one run where there are more. For every piece, s = fma(a, b, s) over its runs and within them over
// the lanes upwards from +0, then acc += s. A uniform operand has one value for all lanes. Narrow products
// have such an s for every logical lane, of which lane l is l mod 16 (8), and fold them as laneSum does
// before they add to acc. Whoever calls says which they are, by isNarrowOuter of the whole product: rows cut
// from it have to be summed like the others.
inline constexpr int64_t kOuterPiece = 128, kNarrowPiece = 512, kOuterRuns = 16;
inline constexpr int64_t kNarrowOuter = 24, kThinOuter = 6;
inline constexpr int kOuterPairs = 4;
template <class T>
struct OuterPair {
  const T* a;
  int64_t aR, aI;
  const T* b;
  int64_t bR, bJ;
  bool aUniform, bUniform;
};
template <class T>
struct OuterSumArgs {
  int64_t I, J, R, lanes;
  T* acc;
  int64_t accI, accJ;
  int pairs;
  bool narrow;
  OuterPair<T> pair[kOuterPairs];
};
template <class T>
constexpr bool isNarrowOuter(const OuterSumArgs<T>& a) {
  const int64_t less = a.I < a.J ? a.I : a.J, more = a.I < a.J ? a.J : a.I;
  bool uniform = false;
  for (int p = 0; p < a.pairs; p++) uniform = uniform || a.pair[p].aUniform || a.pair[p].bUniform;
  return !uniform && (more <= kNarrowOuter || less <= kThinOuter);
}

// reduceRows: out[i] = (accumulate ? out[i] : +0) + in[0*inRow + i] + in[1*inRow + i] + ..., 0 <= i < n, in
// that order. Lane-wise sum of panel rows (n = B), or of the leading axis of a uniform array. out overlaps in
// nowhere.
template <class T>
struct ReduceRowsArgs {
  int64_t rows, n;
  T* out;
  const T* in;
  int64_t inRow;
  bool accumulate;
};

// reduceLast: out[r*outRow] = (accumulate ? out[r*outRow] : 0) + sum_{i < n} in[r*inRow + i*inStep]
// Uniform arrays. Logical lanes as in LaneSumArgs, then foldLanes.
template <class T>
struct ReduceLastArgs {
  int64_t rows, n;
  T* out;
  int64_t outRow;
  const T* in;
  int64_t inRow, inStep;
  bool accumulate;
};

// out[r*outRow + l] = T(src[r*srcRow + l*srcLane]) for l < lanes, and for lanes <= l < B a copy of lane lanes
// - 1.
//
// src points at the first element wanted, in an array of the table's element type; 1 <= lanes <= B, B of any
// size (1 for uniform copies, where rows walk the strides). Integers convert exactly or round to nearest;
// bool is (byte != 0).
template <class T>
struct GatherArgs {
  int64_t rows, lanes, B;
  T* out;
  int64_t outRow;
  const void* src;
  int64_t srcRow, srcLane;
};

// dst[r*dstRow + l*dstLane] = U(src[r*srcRow + (srcUniform ? 0 : l)]) for l < lanes
//
// To integers: truncation towards zero, saturating, NaN to 0 (JavaScript would wrap; no program relies on
// it). To bool: src != 0 (NaN is true).
template <class T>
struct ScatterArgs {
  int64_t rows, lanes;
  const T* src;
  int64_t srcRow;
  bool srcUniform;
  void* dst;
  int64_t dstRow, dstLane;
};

// Activations with their first derivative: a pass over pre-activations that leaves the activation and its
// slope.
enum class Activation : int { kTanh = 0, kSin = 1, kSigmoid = 2, kSoftplus = 3 };
inline constexpr int kActivations = 4;

// value[r,l] = f(z[r,l]); slope[r,l] = f'(z[r,l])
//
// rows x n lanes each, any n and alignment. slope may be null. value may be z exactly; otherwise results
// overlap no operand. f': tanh fma(-a, a, 1) with a = f(z); sin cos(z), from the same range reduction;
// sigmoid u / (1 + u)^2, u = exp(-|z|), which keeps its relative accuracy far out; softplus sigmoid(z). f
// itself has the bits of the elementwise operation.
template <class T>
struct ActivationArgs {
  int64_t rows, n;
  const T* z;
  int64_t zRow;
  T* value;
  int64_t valueRow;
  T* slope;
  int64_t slopeRow;
};

// A loop of nothing but independent fused multiply-adds, to measure what the machine can do: returns the
// number of floating-point operations done in `steps` steps (a multiply-add is two); *sink keeps the compiler
// honest.
template <class T>
using FmaPeak = int64_t (*)(int64_t steps, T* sink);

template <class T>
struct Kernels {
  void (*elementwise[kElementwiseOps])(const ElementwiseArgs<T>&);
  ElementwiseRun<T> elementwiseRun[kElementwiseOps];
  void (*dense)(const DenseArgs<T>&);
  void (*denseFlat)(const DenseArgs<T>&);
  void (*denseGram)(const DenseGramArgs<T>&);
  void (*contract)(const ContractArgs<T>&);
  void (*contractFlat)(const ContractArgs<T>&);
  void (*laneSum)(const LaneSumArgs<T>&);
  void (*outerSum)(const OuterSumArgs<T>&);
  void (*reduceRows)(const ReduceRowsArgs<T>&);
  void (*reduceLast)(const ReduceLastArgs<T>&);
  void (*gather[kElementTypes])(const GatherArgs<T>&);    // by the caller's element type
  void (*scatter[kElementTypes])(const ScatterArgs<T>&);  // by the caller's element type
  void (*activation[kActivations])(const ActivationArgs<T>&);
  FmaPeak<T> fmaPeak;
};

struct KernelTable {
  const char* isa;  // "avx512", "avx2", "neon", "scalar": what NABLA_ISA and info() call it
  int vectorBytes;
  Kernels<float> f32;
  Kernels<double> f64;

  template <class T>
  const Kernels<T>& kernels() const {
    if constexpr (sizeof(T) == 4) {
      return f32;
    } else {
      return f64;
    }
  }
};

// Tables this CPU and operating system can run, best first; the last one is always "scalar".
std::span<const KernelTable* const> supportedTables();

// The table of that name if this machine can run it, else null.
const KernelTable* findTable(std::string_view isa);

// The table in use: the one NABLA_ISA names if this machine has it, else the best. Read once per process.
const KernelTable& activeTable();

// False when NABLA_ISA names something this machine cannot run (activeTable() is then the best one): for the
// caller to report.
bool isaOverrideHonoured();

}  // namespace nabla
