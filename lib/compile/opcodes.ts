/**
 * Numbers of the program format: the mirror of native/program/opcodes.h (a test compares the two).
 * Plain objects and not enums, so that the values can be listed, printed and narrowed.
 */

export const PROGRAM_MAGIC = 0x4e41424c; // "NABL"
export const PROGRAM_VERSION = 4;
export const MAX_RANK = 6;
/** C of DENSE_GRAM. */
export const MAX_GRAM_COLUMNS = 4;
/** Products that one OUTER_SUM adds up. */
export const MAX_OUTER_PAIRS = 4;

/** Element types of a program's inputs and outputs. Programs compute in float32 or float64 only. */
export const ProgramDType = { float32: 0, float64: 1, int32: 2, uint32: 3, bool: 4 } as const;
export type ProgramDType = (typeof ProgramDType)[keyof typeof ProgramDType];

export const LoopKind = { flat: 0, lanes: 1 } as const;
export type LoopKind = keyof typeof LoopKind;

/** Where an operand lives. */
export const Space = { none: 0, panel: 1, shared: 2, input: 3, output: 4, constant: 5, accumulator: 6 } as const;
export type Space = keyof typeof Space;

export const Opcode = {
  elementwise: 1,
  dense: 2,
  contract: 3,
  reduceSum: 4,
  gather: 5,
  scatter: 6,
  laneSum: 7,
  outerSum: 8,
  activation: 9,
  denseGram: 10,
} as const;
export type Opcode = keyof typeof Opcode;

/** Functions of ACTIVATION: a nonlinearity together with its derivative. */
export const ActivationOp = { tanh: 0, sin: 1, sigmoid: 2, softplus: 3 } as const;
export type ActivationOp = keyof typeof ActivationOp;

/** Functions of ELEMENTWISE. The arity is the number's range: 0.. unary, 32.. binary, 64.. ternary. */
export const Op = {
  copy: 0,
  neg: 1,
  abs: 2,
  sign: 3,
  square: 4,
  sqrt: 5,
  reciprocal: 6,
  exp: 7,
  expm1: 8,
  log: 9,
  log1p: 10,
  sin: 11,
  cos: 12,
  tanh: 13,
  sigmoid: 14,
  softplus: 15,
  erf: 16,
  erfc: 17,
  /** max(x, 0); NaN stays NaN */
  relu: 18,
  /** x > 0 ? 1 : 0 */
  step: 19,
  /** x == 0 ? 1 : 0 */
  not: 20,
  roundToFloat32: 21,
  floor: 22,
  add: 32,
  sub: 33,
  mul: 34,
  div: 35,
  /** NaN if either is */
  maximum: 36,
  minimum: 37,
  pow: 38,
  less: 39,
  lessEqual: 40,
  greater: 41,
  greaterEqual: 42,
  equal: 43,
  notEqual: 44,
  and: 45,
  or: 46,
  atan2: 47,
  /** (c, a, b): c != 0 ? a : b */
  select: 64,
  /** (a, b, c): a * b + c, rounded once */
  fma: 65,
  /** (a, b, c): c - a * b, rounded once */
  fnma: 66,
  /** (a, b, c): a * b - c, rounded once */
  fms: 67,
  /** (a, b, c): (a * b) * c */
  mulMul: 68,
} as const;
export type Op = keyof typeof Op;

/** Number of arguments of an ELEMENTWISE function. */
export function arity(op: Op): 1 | 2 | 3 {
  const number = Op[op];
  return number < 32 ? 1 : number < 64 ? 2 : 3;
}
