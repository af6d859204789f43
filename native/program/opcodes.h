// Numbers of the program format. lib/compile/opcodes.ts mirrors them; a test parses this file and compares.
#pragma once

namespace nabla {

inline constexpr double kProgramMagic = 0x4E41424C;  // "NABL"
inline constexpr int kProgramVersion = 4;
inline constexpr int kMaxRank = 6;
inline constexpr int kMaxGramColumns = 4;  // C of DENSE_GRAM
inline constexpr int kMaxOuterPairs = 4;   // of OUTER_SUM

// Element types of inputs and outputs. Programs compute in f32 or f64 only.
enum class DType : int { kF32 = 0, kF64 = 1, kI32 = 2, kU32 = 3, kU8 = 4 };

enum class LoopKind : int { kFlat = 0, kLanes = 1 };

// Where an operand lives.
enum class Space : int {
  kNone = 0,
  kPanel = 1,        // the thread's arena; every element is B consecutive lanes
  kShared = 2,       // uniform scratch of one run
  kInput = 3,        // the caller's array
  kOutput = 4,       // the caller's array, writable
  kConstant = 5,     // the program's own numbers
  kAccumulator = 6,  // sums over samples
};

enum class Opcode : int {
  kElementwise = 1,
  kDense = 2,
  kContract = 3,
  kReduceSum = 4,
  kGather = 5,
  kScatter = 6,
  kLaneSum = 7,
  kOuterSum = 8,
  kActivation = 9,
  kDenseGram = 10,
};

// Functions of ACTIVATION: a nonlinearity together with its derivative.
enum class ActivationOp : int {
  kTanh = 0,
  kSin = 1,
  kSigmoid = 2,
  kSoftplus = 3,
};
inline constexpr int kLastActivation = 3;

// Functions of ELEMENTWISE; the arity is the number's range: 0.. unary, 32.. binary, 64.. ternary.
enum class Op : int {
  kCopy = 0,
  kNeg = 1,
  kAbs = 2,
  kSign = 3,
  kSquare = 4,
  kSqrt = 5,
  kReciprocal = 6,
  kExp = 7,
  kExpm1 = 8,
  kLog = 9,
  kLog1p = 10,
  kSin = 11,
  kCos = 12,
  kTanh = 13,
  kSigmoid = 14,
  kSoftplus = 15,
  kErf = 16,
  kErfc = 17,
  kRelu = 18,
  kStep = 19,
  kNot = 20,
  kRoundToFloat32 = 21,
  kFloor = 22,
  kAdd = 32,
  kSub = 33,
  kMul = 34,
  kDiv = 35,
  kMaximum = 36,
  kMinimum = 37,
  kPow = 38,
  kLess = 39,
  kLessEqual = 40,
  kGreater = 41,
  kGreaterEqual = 42,
  kEqual = 43,
  kNotEqual = 44,
  kAnd = 45,
  kOr = 46,
  kAtan2 = 47,
  kSelect = 64,
  kFma = 65,     // a * b + c
  kFnma = 66,    // c - a * b
  kFms = 67,     // a * b - c
  kMulMul = 68,  // (a * b) * c
};

inline constexpr int kLastUnary = 22;
inline constexpr int kFirstBinary = 32;
inline constexpr int kLastBinary = 47;
inline constexpr int kFirstTernary = 64;
inline constexpr int kLastTernary = 68;
inline constexpr int kElementwiseTableSize = kLastTernary + 1;

// Number of arguments of an ELEMENTWISE function, 0 if there is no such function.
constexpr int elementwiseArity(long op) {
  if (op >= 0 && op <= kLastUnary) return 1;
  if (op >= kFirstBinary && op <= kLastBinary) return 2;
  if (op >= kFirstTernary && op <= kLastTernary) return 3;
  return 0;
}

}  // namespace nabla
