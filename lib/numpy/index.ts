export { Array, type ArrayLike, type DType, type NestedNumbers, type TypedArray } from '../array/array.js';
export * from '../array/create.js';
export {
  abs,
  add,
  atan2,
  clip,
  cos,
  cosh,
  div,
  equal,
  erf,
  erfc,
  exp,
  expm1,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  where,
} from './elementwise.js';
export { diagonal, dot, einsum, matmul, mean, outer, type ReductionOptions, sum, trace, transpose } from './linear.js';
export { astype } from './methods.js';
export {
  at,
  at as slice,
  broadcastTo,
  concatenate,
  expandDims,
  type Index,
  ravel,
  reshape,
  squeeze,
  stack,
} from './shaping.js';
export { norm, std, type VarianceOptions, variance as var } from './statistics.js';

/** The ratio of a circle's circumference to its diameter. */
export const pi = Math.PI;
