import type { DType, TypedArray } from '../array/array.js';
import { broadcastShapes, formatShape, size as shapeSize, shapesEqual } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';
import { elementwiseRule } from './elementwise.js';
import { type ConstantValue, type ElementwiseOp, type MapAxis, Node, unionAxes, withoutAxis } from './node.js';

/*
 * One function a primitive: checks its operands, works out shape, dtype and axes of the result, and folds the identities
 * that rules produce all the time (x·1, x + 0, a reshape to the same shape). All other simplification is the compiler's.
 */

export function input(index: number, shape: readonly number[], dtype: DType): Node {
  return new Node('input', [], { index }, shape, dtype, []);
}

function constant(value: ConstantValue, shape: readonly number[], dtype: DType): Node {
  return new Node('constant', [], { value }, shape, dtype, []);
}

export function full(value: number, shape: readonly number[], dtype: DType): Node {
  return constant({ kind: 'full', value }, shape, dtype);
}

/** The identity matrix [n, n]. */
export function eye(n: number, dtype: DType): Node {
  return n === 1 ? full(1, [1, 1], dtype) : constant({ kind: 'eye' }, [n, n], dtype);
}

/** An array known when the graph is made; its memory is shared, not copied. */
export function data(data: TypedArray, shape: readonly number[], dtype: DType): Node {
  return constant({ kind: 'data', data }, shape, dtype);
}

/** The scalar `value` in the dtype of `x` (float32 for a predicate). */
export function constantLike(value: number, x: Node): Node {
  return full(value, [], x.dtype === 'bool' ? 'float32' : x.dtype);
}

/** The number a constant holds everywhere, or undefined. */
export function fullValue(node: Node): number | undefined {
  const value = node.op === 'constant' ? node.attrs.value : undefined;
  return value?.kind === 'full' ? value.value : undefined;
}

/**
 * A value equal to `x` but distinct from it: what a transform differentiates with respect to. It is mapped over `axes` as well,
 * each sample having its own.
 */
export function copy(x: Node, axes: readonly MapAxis[] = []): Node {
  return new Node('copy', [x], {}, x.shape, x.dtype, unionAxes([x.axes, axes]));
}

export function convert(x: Node, dtype: DType): Node {
  if (x.dtype === dtype) return x;
  const value = fullValue(x);
  if (value !== undefined) return full(dtype === 'float32' ? Math.fround(value) : value, x.shape, dtype);
  return new Node('convert', [x], {}, x.shape, dtype, x.axes);
}

/** Any elementwise operation, with numpy's broadcasting of shapes. */
export function elementwiseNode(op: ElementwiseOp, ...operands: Node[]): Node {
  const rule = elementwiseRule(op)!;
  const shape = broadcastShapes(
    operands.map((x) => x.shape),
    op,
  );
  const aligned = operands.map((x) =>
    x.shape.length === 0 || x.shape.length === shape.length
      ? x
      : reshape(x, [...shape.slice(x.shape.length).fill(1), ...x.shape]),
  );
  const dtype = rule.predicate ? 'bool' : operands[operands.length - 1]!.dtype;
  return new Node(op, aligned, {}, shape, dtype, unionAxes(operands.map((x) => x.axes)));
}

const isFull = (x: Node, value: number): boolean => fullValue(x) === value;

/** `x` unless the other operand would have broadcast it to a larger shape. */
function unlessBroadcast(x: Node, other: Node, otherwise: () => Node): Node {
  return other.shape.length === 0 || (other.shape.length <= x.shape.length && shapeSize(other.shape) === 1)
    ? x
    : otherwise();
}

export function neg(x: Node): Node {
  const value = fullValue(x);
  if (value !== undefined) return full(-value, x.shape, x.dtype);
  return x.op === 'neg' ? x.inputs[0]! : elementwiseNode('neg', x);
}

export function add(a: Node, b: Node): Node {
  if (isFull(b, 0)) return unlessBroadcast(a, b, () => elementwiseNode('add', a, b));
  if (isFull(a, 0)) return unlessBroadcast(b, a, () => elementwiseNode('add', a, b));
  return elementwiseNode('add', a, b);
}

export function sub(a: Node, b: Node): Node {
  if (isFull(b, 0)) return unlessBroadcast(a, b, () => elementwiseNode('sub', a, b));
  if (isFull(a, 0)) return unlessBroadcast(neg(b), a, () => elementwiseNode('sub', a, b));
  return elementwiseNode('sub', a, b);
}

export function mul(a: Node, b: Node): Node {
  const [x, y] = [fullValue(a), fullValue(b)];
  if (x !== undefined && y !== undefined && a.shape.length === 0 && b.shape.length === 0) return constantLike(x * y, a);
  if (y === 1) return unlessBroadcast(a, b, () => elementwiseNode('mul', a, b));
  if (x === 1) return unlessBroadcast(b, a, () => elementwiseNode('mul', a, b));
  if (y === -1) return unlessBroadcast(neg(a), b, () => elementwiseNode('mul', a, b));
  if (x === -1) return unlessBroadcast(neg(b), a, () => elementwiseNode('mul', a, b));
  return elementwiseNode('mul', a, b);
}

/** c·x for a number c. */
export function scale(c: number, x: Node): Node {
  return mul(constantLike(c, x), x);
}

export const div = (a: Node, b: Node): Node => elementwiseNode('div', a, b);
export const pow = (a: Node, b: Node): Node => elementwiseNode('pow', a, b);
export const square = (x: Node): Node => elementwiseNode('square', x);
export const reciprocal = (x: Node): Node => elementwiseNode('reciprocal', x);
export const exp = (x: Node): Node => elementwiseNode('exp', x);
export const log = (x: Node): Node => elementwiseNode('log', x);
export const sin = (x: Node): Node => elementwiseNode('sin', x);
export const cos = (x: Node): Node => elementwiseNode('cos', x);
export const sigmoid = (x: Node): Node => elementwiseNode('sigmoid', x);
export const sign = (x: Node): Node => elementwiseNode('sign', x);
export const step = (x: Node): Node => elementwiseNode('step', x);
export const select = (c: Node, a: Node, b: Node): Node => elementwiseNode('select', c, a, b);
export const comparison = (op: 'less' | 'greater' | 'equal', a: Node, b: Node): Node => elementwiseNode(op, a, b);

/**
 * Einstein summation over labelled axes, Σ over the labels absent from `out`. One operand: sums, transposes, diagonals;
 * two: matrix products and outer products; three: J_ki w_k J_kj. Sizes of equal labels must agree (no broadcasting).
 */
export function einsum(
  operands: readonly Node[],
  labels: readonly (readonly number[])[],
  out: readonly number[],
): Node {
  const sizes = new Map<number, number>();
  operands.forEach((x, p) => {
    labels[p]!.forEach((label, i) => {
      const size = sizes.get(label) ?? x.shape[i]!;
      if (size !== x.shape[i]) {
        throw new NablaError(
          'ERR_NABLA_SHAPE',
          `einsum: sizes ${size} and ${x.shape[i]} of one label differ (operands ${operands.map((o) => formatShape(o.shape)).join(', ')})`,
          { shapes: operands.map((o) => o.shape) },
        );
      }
      sizes.set(label, size);
    });
  });
  const single = operands.length === 1 && labels[0]!.length === out.length;
  if (single && labels[0]!.every((label, i) => label === out[i])) return operands[0]!;
  return new Node(
    'einsum',
    operands,
    { labels, out },
    out.map((label) => sizes.get(label)!),
    operands[0]!.dtype,
    unionAxes(operands.map((x) => x.axes)),
  );
}

/** 0, 1, … n − 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Einsum in letters, for rules that know their ranks: `einsumText('ki,k,kj->ij', a, b, c)`. */
export function einsumText(spec: string, ...operands: Node[]): Node {
  const [left, right] = spec.split('->') as [string, string];
  const codes = (letters: string) => [...letters].map((c) => c.charCodeAt(0) - 97);
  return einsum(operands, left.split(',').map(codes), codes(right));
}

/** The sum over `axes` of the shape (which are dropped). */
export function sum(x: Node, axes: readonly number[]): Node {
  if (axes.length === 0) return x;
  const labels = range(x.shape.length);
  return einsum(
    [x],
    [labels],
    labels.filter((i) => !axes.includes(i)),
  );
}

/** Axis i of the result is axis `perm[i]` of `x`. */
export function transpose(x: Node, perm: readonly number[]): Node {
  return einsum([x], [range(x.shape.length)], perm);
}

export function reshape(x: Node, shape: readonly number[]): Node {
  if (shapesEqual(x.shape, shape)) return x;
  if (x.op === 'reshape') return reshape(x.inputs[0]!, shape);
  const value = fullValue(x);
  if (value !== undefined) return full(value, shape, x.dtype);
  return new Node('reshape', [x], {}, shape, x.dtype, x.axes);
}

/** `x` repeated along its axes of size 1 (leading axes are added as needed). */
export function broadcastTo(x: Node, shape: readonly number[]): Node {
  if (shapesEqual(x.shape, shape)) return x;
  const value = fullValue(x);
  if (value !== undefined) return full(value, shape, x.dtype);
  const aligned = reshape(x, [...shape.slice(x.shape.length).fill(1), ...x.shape]);
  return new Node('broadcast', [aligned], {}, shape, x.dtype, x.axes);
}

/** The adjoint of `broadcastTo`: sums `x` down to `shape`. */
export function sumTo(x: Node, shape: readonly number[]): Node {
  if (shapesEqual(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = range(x.shape.length).filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  return reshape(sum(x, axes), shape);
}

/** The block of `x` that begins at `start` and has `shape`. */
export function slice(x: Node, start: readonly number[], shape: readonly number[]): Node {
  if (shapesEqual(x.shape, shape)) return x;
  const value = fullValue(x);
  if (value !== undefined) return full(value, shape, x.dtype);
  return new Node('slice', [x], { start }, shape, x.dtype, x.axes);
}

/** The adjoint of `slice`: `x` at `start` in a field of zeros of `shape`. */
export function pad(x: Node, start: readonly number[], shape: readonly number[]): Node {
  if (shapesEqual(x.shape, shape)) return x;
  return new Node('pad', [x], { start }, shape, x.dtype, x.axes);
}

export function concatenate(operands: readonly Node[], dim: number): Node {
  if (operands.length === 1) return operands[0]!;
  const shape = [...operands[0]!.shape];
  shape[dim] = operands.reduce((total, x) => total + x.shape[dim]!, 0);
  return new Node('concatenate', operands, { dim }, shape, operands[0]!.dtype, unionAxes(operands.map((x) => x.axes)));
}

/** Maps axis `dim` of `x` over `axis`: the value of one sample is one slice of `x`. */
export function batch(x: Node, dim: number, axis: MapAxis): Node {
  const shape = x.shape.filter((_, i) => i !== dim);
  const value = fullValue(x);
  if (value !== undefined) return full(value, shape, x.dtype);
  return new Node('batch', [x], { dim, axis }, shape, x.dtype, unionAxes([x.axes, [axis]]));
}

/** The inverse of `batch`: gathers all samples along a new axis `dim`. A value not mapped over `axis` is repeated. */
export function unbatch(x: Node, dim: number, axis: MapAxis): Node {
  const shape = [...x.shape.slice(0, dim), axis.size, ...x.shape.slice(dim)];
  if (!x.axes.includes(axis)) {
    return broadcastTo(reshape(x, [...x.shape.slice(0, dim), 1, ...x.shape.slice(dim)]), shape);
  }
  return new Node('unbatch', [x], { dim, axis }, shape, x.dtype, withoutAxis(x.axes, axis));
}

/** The sum over all samples of a mapped axis. */
export function batchSum(x: Node, axis: MapAxis): Node {
  if (!x.axes.includes(axis)) return scale(axis.size, x);
  return new Node('batchSum', [x], { axis }, x.shape, x.dtype, withoutAxis(x.axes, axis));
}

/** The same primitive on other operands (and, where given, other attributes): how passes rebuild a graph. */
export function rebuild(node: Node, inputs: readonly Node[], attrs = node.attrs): Node {
  if (attrs === node.attrs && inputs.every((x, i) => x === node.inputs[i])) return node;
  const x = inputs[0]!;
  switch (node.op) {
    case 'input':
    case 'constant':
      return node;
    case 'copy':
      return copy(
        x,
        node.axes.filter((axis) => !node.inputs[0]!.axes.includes(axis)),
      );
    case 'convert':
      return convert(x, node.dtype);
    case 'einsum':
      return einsum(inputs, attrs.labels!, attrs.out!);
    case 'reshape':
      return reshape(x, node.shape);
    case 'broadcast':
      return broadcastTo(x, node.shape);
    case 'slice':
      return slice(x, attrs.start!, node.shape);
    case 'pad':
      return pad(x, attrs.start!, node.shape);
    case 'concatenate':
      return concatenate(inputs, attrs.dim!);
    case 'batch':
      return batch(x, attrs.dim!, attrs.axis!);
    case 'unbatch':
      return unbatch(x, attrs.dim!, attrs.axis!);
    case 'batchSum':
      return batchSum(x, attrs.axis!);
    case 'add':
      return add(x, inputs[1]!);
    case 'sub':
      return sub(x, inputs[1]!);
    case 'mul':
      return mul(x, inputs[1]!);
    case 'neg':
      return neg(x);
    default:
      return elementwiseNode(node.op, ...inputs);
  }
}
