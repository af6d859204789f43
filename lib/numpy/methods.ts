import { Array, type ArrayLike, type DType } from '../array/array.js';
import { astypeArray } from '../array/astype.js';
import { checkDtype } from '../array/dtype.js';
import { isTraced } from '../trace/trace.js';
import * as entrywise from './elementwise.js';
import * as linear from './linear.js';
import * as shaping from './shaping.js';

/* Every operation is a method too, since TypeScript has no operators: `u.mul(v).sub(w)`. */
declare module '../array/array.js' {
  interface Array {
    add(y: ArrayLike): Array;
    sub(y: ArrayLike): Array;
    mul(y: ArrayLike): Array;
    div(y: ArrayLike): Array;
    neg(): Array;
    pow(y: ArrayLike): Array;
    square(): Array;
    sqrt(): Array;
    reciprocal(): Array;
    exp(): Array;
    expm1(): Array;
    log(): Array;
    log1p(): Array;
    sin(): Array;
    cos(): Array;
    tan(): Array;
    tanh(): Array;
    sigmoid(): Array;
    softplus(): Array;
    erf(): Array;
    erfc(): Array;
    relu(): Array;
    abs(): Array;
    sign(): Array;
    floor(): Array;
    maximum(y: ArrayLike): Array;
    minimum(y: ArrayLike): Array;
    clip(low: ArrayLike, high: ArrayLike): Array;
    less(y: ArrayLike): Array;
    lessEqual(y: ArrayLike): Array;
    greater(y: ArrayLike): Array;
    greaterEqual(y: ArrayLike): Array;
    equal(y: ArrayLike): Array;
    notEqual(y: ArrayLike): Array;
    sum(options?: linear.ReductionOptions): Array;
    mean(options?: linear.ReductionOptions): Array;
    dot(y: ArrayLike): Array;
    matmul(y: ArrayLike): Array;
    transpose(axes?: readonly number[]): Array;
    /** The transpose. */
    readonly T: Array;
    trace(): Array;
    diagonal(): Array;
    reshape(shape: readonly number[] | number, ...more: readonly number[]): Array;
    squeeze(axis?: number | readonly number[]): Array;
    expandDims(axis: number): Array;
    ravel(): Array;
    broadcastTo(shape: readonly number[]): Array;
    at(...indices: shaping.Index[]): Array;
    slice(...indices: shaping.Index[]): Array;
    astype(dtype: DType): Array;
  }
}

const { add, sub, mul, div, neg, pow, square, sqrt, reciprocal, exp, expm1, log, log1p, sin, cos, tan, tanh } =
  entrywise;
const { sigmoid, softplus, erf, erfc, relu, abs, sign, floor, maximum, minimum, clip } = entrywise;
const { less, lessEqual, greater, greaterEqual, equal, notEqual } = entrywise;
const { sum, mean, dot, matmul, transpose, trace, diagonal } = linear;
const { reshape, squeeze, expandDims, ravel, broadcastTo, at } = shaping;

/** `x` in another dtype. A traced value converts between float32 and float64, and from booleans. */
export function astype(x: ArrayLike & Array, dtype: DType): Array {
  if (!isTraced(x)) return astypeArray(x as never, dtype);
  return x.dtype === checkDtype(dtype, 'astype') ? x : entrywise.astypeTraced(x, dtype);
}

const methods = {
  ...{ add, sub, mul, div, neg, pow, square, sqrt, reciprocal, exp, expm1, log, log1p, sin, cos, tan, tanh },
  ...{ sigmoid, softplus, erf, erfc, relu, abs, sign, floor, maximum, minimum, clip },
  ...{ less, lessEqual, greater, greaterEqual, equal, notEqual },
  ...{ sum, mean, dot, matmul, transpose, trace, diagonal },
  ...{ reshape, squeeze, expandDims, ravel, broadcastTo, at, slice: at, astype },
} as Record<string, (...args: unknown[]) => Array>;

for (const [name, operation] of Object.entries(methods)) {
  Object.defineProperty(Array.prototype, name, {
    value(this: Array, ...args: unknown[]) {
      return operation(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}
Object.defineProperty(Array.prototype, 'T', {
  get(this: Array) {
    return transpose(this);
  },
  configurable: true,
});
