// A loop's instructions turned into kernel calls: shapes merged, constants filled in, only pointers left to
// add.
//
// Made once per program (and once more for a last block with fewer lanes), run once per block: a call costs a
// copy of its arguments, a few additions and an indirect call.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/table.h"
#include "program/program.h"

namespace nabla {

// Index into the table of base addresses that a thread keeps while it runs: these, then inputs, then outputs.
enum BaseSlot : int32_t {
  kArenaSlot,
  kSharedSlot,
  kAccumulatorSlot,
  kConstantSlot,
  kPackedSlot,
  kFirstArraySlot
};

// An operand's place: base address of its slot plus bytes.
struct Ref {
  int32_t slot = 0;
  int64_t bytes = 0;
};

// Axes a kernel does not walk itself: the call is repeated for each of their points. Strides are in bytes.
inline constexpr int kMaxOperands = 4;
struct Walk {
  int32_t rank = 0;
  int64_t sizes[kMaxRank]{};
  int64_t strides[kMaxRank][kMaxOperands]{};
  // Sum over this axis: every call but the first adds to the result.
  bool summed[kMaxRank]{};
};

template <class T>
struct ElementwiseStep {
  void (*kernel)(const ElementwiseArgs<T>&);
  ElementwiseArgs<T> args;
  int32_t arity;
  int32_t walk;  // -1: none
  Ref out, in[3];
};

// All operands end to end: three quarters of the instructions of a training step.
template <class T>
struct ElementwiseRunStep {
  ElementwiseRun<T> run;
  int64_t n;
  Ref out, in[3];  // operands that the operation does not have stand where the first one does
};

template <class T>
struct DenseStep {
  void (*kernel)(const DenseArgs<T>&);
  DenseArgs<T> args;
  Ref out, W, x, bias, scale, plain;
  bool hasBias, hasScale, hasPlain;
};

template <class T>
struct DenseGramStep {
  void (*kernel)(const DenseGramArgs<T>&);
  DenseGramArgs<T> args;
  Ref gram, W, x, weight, weight2, scale, out;
  bool hasWeight2, hasScale, hasOut;
};

template <class T>
struct ContractStep {
  void (*kernel)(const ContractArgs<T>&);
  ContractArgs<T> args;
  int32_t walk;
  Ref out, a, b, w;
  bool hasW;
};

template <class T>
struct ReduceRowsStep {
  void (*kernel)(const ReduceRowsArgs<T>&);
  ReduceRowsArgs<T> args;
  int32_t walk;
  Ref out, in;
};

template <class T>
struct ReduceLastStep {
  void (*kernel)(const ReduceLastArgs<T>&);
  ReduceLastArgs<T> args;
  int32_t walk;
  Ref out, in;
};

template <class T>
struct GatherStep {
  void (*kernel)(const GatherArgs<T>&);
  GatherArgs<T> args;
  int32_t walk;
  bool perSample;  // lanes are samples: take as many as the block has
  int64_t sampleBytes;
  Ref out, src;
};

template <class T>
struct ScatterStep {
  void (*kernel)(const ScatterArgs<T>&);
  ScatterArgs<T> args;
  int32_t walk;
  bool perSample;
  int64_t sampleBytes;
  Ref dst, src;
};

template <class T>
struct LaneSumStep {
  void (*kernel)(const LaneSumArgs<T>&);
  LaneSumArgs<T> args;
  int32_t walk;
  Ref acc, src;
};

template <class T>
struct OuterSumStep {
  void (*kernel)(const OuterSumArgs<T>&);
  OuterSumArgs<T> args;
  int32_t walk;  // -1: none, and if there is one there is one pair
  Ref acc, a[kOuterPairs], b[kOuterPairs];
};

template <class T>
struct ActivationStep {
  void (*kernel)(const ActivationArgs<T>&);
  ActivationArgs<T> args;
  Ref z, value, slope;
};

enum class StepKind : uint8_t {
  kElementwiseRun,
  kElementwise,
  kDense,
  kDenseGram,
  kContract,
  kReduceRows,
  kReduceLast,
  kGather,
  kScatter,
  kLaneSum,
  kOuterSum,
  kActivation,
};

struct StepIndex {
  StepKind kind;
  bool checkAbort;  // so much work lies behind since the last look that this is the time for one
  uint32_t index;
};

template <class T>
struct Steps {
  std::vector<StepIndex> order;
  std::vector<ElementwiseRunStep<T>> elementwiseRun;
  std::vector<ElementwiseStep<T>> elementwise;
  std::vector<DenseStep<T>> dense;
  std::vector<DenseGramStep<T>> denseGram;
  std::vector<ContractStep<T>> contract;
  std::vector<ReduceRowsStep<T>> reduceRows;
  std::vector<ReduceLastStep<T>> reduceLast;
  std::vector<GatherStep<T>> gather;
  std::vector<ScatterStep<T>> scatter;
  std::vector<LaneSumStep<T>> laneSum;
  std::vector<OuterSumStep<T>> outerSum;
  std::vector<ActivationStep<T>> activation;
  std::vector<Walk> walks;
  int64_t packedBytes = 0;  // memory the dense products may use, behind kPackedSlot
  double nanoseconds = 0;   // rough cost of one pass, for deciding on threads

  size_t memoryBytes() const;
};

// What a thread holds while it runs one block (or a flat loop: first 0, valid 1).
struct Frame {
  std::byte* const* bases;
  int64_t first;                   // first sample of the block
  int64_t valid;                   // samples in it
  const std::atomic<bool>* abort;  // may be null
};

// Makes the steps of a loop for blocks of `width` lanes (B, or less in the last block; 1 for flat loops). May
// throw std::bad_alloc.
template <class T>
Steps<T> makeSteps(const Program& program, const Loop& loop, int64_t width, const KernelTable& table);

// Runs them. False if the abort flag was seen.
template <class T>
bool runSteps(const Steps<T>& steps, const Frame& frame) noexcept;

extern template Steps<float> makeSteps<float>(const Program&, const Loop&, int64_t, const KernelTable&);
extern template Steps<double> makeSteps<double>(const Program&, const Loop&, int64_t, const KernelTable&);
extern template bool runSteps<float>(const Steps<float>&, const Frame&) noexcept;
extern template bool runSteps<double>(const Steps<double>&, const Frame&) noexcept;

}  // namespace nabla
