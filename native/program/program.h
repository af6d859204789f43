// A program after decoding: every index, shape, stride and length in it has been checked, so that whoever
// runs it cannot leave its memory whatever the values of the inputs are.
//
// Letter code: N samples, B lanes (samples in a block), T the compute type (float or double). Sizes, strides
// and offsets count elements. Panel strides and offsets are already multiplied by B.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "program/opcodes.h"
#include "program/status.h"

namespace nabla {

constexpr int64_t elementBytes(DType dtype) { return dtype == DType::kF64 ? 8 : dtype == DType::kU8 ? 1 : 4; }

struct ArraySpec {
  DType dtype = DType::kF32;
  int64_t length = 0;
};

// An operand's place; strides follow the dims of its instruction.
struct Operand {
  Space space = Space::kNone;
  int32_t index = 0;
  int64_t offset = 0;
  std::array<int64_t, kMaxRank> strides{};
};

// clang-format off
// One instruction of any kind. `dims` are the outer logical dims (rank of them); what else is used depends on
// the opcode (strides after the outer dims are in outTail and inTail):
//   ELEMENTWISE  op, arity, in[arity], out
//   DENSE        J K C, biasColumns; out (sJ, sC); in = {W (sK, sJ), x (sK, sC), bias (sJ), scale (sJ, sC),
//                plain (sJ, sC; a result)} in their strides[0..1]
//   CONTRACT     I J K; out, in = {a, b, w}
//   REDUCE_SUM   out, in[0]
//   GATHER       out, in[0], laneStride
//   SCATTER      out (destination), in[0], laneStride
//   LANE_SUM     out (accumulator), in[0]
//   OUTER_SUM    I J, pairs; out (accumulator; outTail = accI, accJ), in = {a, b, a, b, ...}, inTail[p][0]
//   ACTIVATION   arity (which function), dims[0] (rows); out = value, in = {z, slope}
//   DENSE_GRAM   J K C, factor; out = gram (sI, sJ), in = {W (sK, sJ), x (sK, sC), weight (sJ), weight2 (sJ),
//                scale (sJ), out (sJ, sC; a result)}
// clang-format on
struct Instruction {
  Opcode opcode = Opcode::kElementwise;
  Op op = Op::kCopy;
  int32_t arity = 0;
  int32_t rank = 0;
  std::array<int64_t, kMaxRank> dims{};
  int64_t I = 0, J = 0, K = 0, C = 0;
  int64_t biasColumns = 0;
  bool accumulate = false;
  bool symmetric = false;
  int64_t laneStride = 0;
  Operand out;
  std::array<int64_t, 2> outTail{};
  double factor = 1;
  int32_t pairs = 1;
  std::array<Operand, 2 * kMaxOuterPairs> in;
  std::array<std::array<int64_t, 2>, 2 * kMaxOuterPairs> inTail{};
};

// After all chunks of a loop: dst[0..length) = beta * dst + sum over chunks of accumulator[accOffset..]
struct Final {
  int64_t accOffset = 0;
  int64_t length = 0;
  Operand dst;
  double beta = 0;
};

struct Loop {
  LoopKind kind = LoopKind::kFlat;
  int64_t N = 0;
  int64_t B = 0;
  int64_t arenaElements = 0;
  int64_t accumulatorElements = 0;
  std::vector<Instruction> instructions;
  std::vector<Final> finals;
};

struct Program {
  DType dtype = DType::kF32;
  std::vector<ArraySpec> inputs;
  std::vector<ArraySpec> outputs;
  std::vector<double> constants;
  int64_t sharedElements = 0;
  std::vector<Loop> loops;
};

// What a decoder accepts. The defaults are what a machine could hold; a fuzzer sets them low.
struct DecodeLimits {
  int64_t maxScratchBytes =
      0;  // arena, shared scratch or accumulators, each; 0 stands for the machine's memory
  int64_t maxWords = int64_t{1} << 28;
};

// Decodes and validates. On failure `program` is left empty and the status says which word or instruction is
// at fault and why: kProgram, kTooLarge or kOutOfMemory. Never throws.
Status decode(std::span<const double> words, Program& program, const DecodeLimits& limits = {}) noexcept;

}  // namespace nabla
