import './numpy/methods.js';

export type { Array, ArrayLike, DType } from './array/array.js';
export type { Explanation } from './compile/explain.js';
export * as nn from './nn/index.js';
export * as numpy from './numpy/index.js';
export * as random from './random/index.js';
export type { AsyncOptions } from './runtime/async.js';
export { AbortError, type ErrorCode, NablaError } from './runtime/errors.js';
export { type Info, info } from './runtime/info.js';
export { evaluate } from './transform/evaluate.js';
export { grad, valueAndGrad } from './transform/grad.js';
export { hessian, hessianDiagonal, laplacian, type ValueGradHessian, valueGradHessian } from './transform/hessian.js';
export { explain, makeGraph } from './transform/insight.js';
export { jacfwd, jacrev } from './transform/jacobian.js';
export { jit } from './transform/jit.js';
export { hvp, jvp, linearize, vjp } from './transform/jvp.js';
export { type VmapOptions, vmap } from './transform/vmap.js';
export * as tree from './tree/index.js';
