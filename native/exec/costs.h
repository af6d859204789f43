// What kernels cost, roughly: for deciding on threads and on when to look at the abort flag, and for nothing
// else.
#pragma once

#include "program/opcodes.h"

namespace nabla {

// Rough nanoseconds per float32 element with 64-byte vectors, for deciding on threads and abort checks only.
inline double elementwiseCost(Op op) {
  switch (op) {
    case Op::kExp:
    case Op::kExpm1:
    case Op::kLog:
    case Op::kLog1p:
    case Op::kSin:
    case Op::kCos:
    case Op::kTanh:
    case Op::kSigmoid:
    case Op::kSoftplus:
    case Op::kErf:
    case Op::kErfc:
      return 0.3;
    case Op::kPow:
    case Op::kAtan2:
      return 1;
    case Op::kSqrt:
    case Op::kReciprocal:
    case Op::kDiv:
      return 0.1;
    default:
      return 0.03;
  }
}
inline constexpr double kCallCost = 10;           // nanoseconds to get into a kernel
inline constexpr double kMultiplyAddCost = 0.01;  // per float32 product
inline constexpr double kMoveCost = 0.3;          // gather, scatter
inline constexpr double kSumCost = 0.05;
// Between two looks at the abort flag, and the longest kernel call if it can be cut: an abort is to end a run
// within a few milliseconds.
inline constexpr double kAbortInterval = 300e3;
inline constexpr double kLongestCall = 1e6;

}  // namespace nabla
