import { Array, type ArrayLike, type DType } from '../array/array.js';
import { formatShape } from '../array/shape.js';
import { convert } from '../graph/build.js';
import type { Node } from '../graph/node.js';
import { NablaError } from '../runtime/errors.js';
import { arrayOf, isTraced, nodeOf, toArray } from '../trace/trace.js';
import { evaluateNow } from './eager.js';
import { writtenOut } from './written-out.js';

/**
 * Runs one operation: records it if an operand is being traced, else evaluates it at once.
 * @param build makes the operation's nodes from the operands'
 */
export function apply(operands: readonly Array[], build: (nodes: Node[]) => Node): Array {
  const result = build(operands.map(nodeOf));
  return operands.some(isTraced) ? arrayOf(result) : evaluateNow(result);
}

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64';

/**
 * The operands of a floating-point operation in their common dtype: float64 if any has it, else float32. Plain numbers
 * adopt the others' dtype.
 * @throws ERR_NABLA_DTYPE for integers and booleans, which take part only after `astype`.
 */
export function promote(op: string, xs: readonly ArrayLike[]): { arrays: Array[]; dtype: DType } {
  const typed = xs.map((x) => (isPlain(x) ? undefined : toArray(x, op)));
  for (const x of typed) if (x !== undefined) requireFloat(op, x);
  const dtype = typed.some((x) => x?.dtype === 'float64') ? 'float64' : 'float32';
  const recording = typed.some((x) => x !== undefined && isTraced(x));
  return { arrays: typed.map((x, i) => x ?? writtenOut(xs[i]!, op, dtype, recording)), dtype };
}

export function requireFloat(op: string, x: Array): void {
  if (isFloat(x.dtype)) return;
  throw new NablaError(
    'ERR_NABLA_DTYPE',
    `${op}: expected floating-point numbers but received ${x.dtype}${formatShape(x.shape)}; convert with astype('float32')`,
    { operation: op, dtype: x.dtype, shape: x.shape },
  );
}

function isPlain(x: ArrayLike): boolean {
  return typeof x === 'number' || (globalThis.Array.isArray(x) && !(x instanceof Array));
}

/** A floating-point operation of several operands. */
export function floatOp(op: string, xs: readonly ArrayLike[], build: (nodes: Node[]) => Node): Array {
  const { arrays, dtype } = promote(op, xs);
  return apply(arrays, (nodes) => build(nodes.map((x) => convert(x, dtype))));
}
