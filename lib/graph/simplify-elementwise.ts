import type { DType } from '../array/dtype.js';
import { shapesEqual, size } from '../array/shape.js';
import {
  add,
  broadcastTo,
  elementwiseNode,
  fullValue,
  mul,
  neg,
  pad,
  rebuild,
  reshape,
  scale,
  slice,
  sub,
} from './build.js';
import type { ElementwiseOp, Node } from './node.js';

/** Identities of sums, products and signs, and operands that need not be repeated because the operation broadcasts. */
export function rewriteElementwise(node: Node): Node {
  return signs(node) ?? constants(node) ?? padded(node) ?? unbroadcast(node) ?? node;
}

const keep = (node: Node, result: Node): Node | undefined =>
  shapesEqual(node.shape, result.shape) ? result : undefined;

/** a + (−b) = a − b and its kin; (a + b) + b = a + 2b, the two halves of a symmetric product's adjoint. */
function signs(node: Node): Node | undefined {
  const [a, b] = node.inputs as [Node, Node];
  switch (node.op) {
    case 'add':
      if (a === b) return scale(2, a);
      if (b.op === 'neg') return keep(node, sub(a, b.inputs[0]!));
      if (a.op === 'neg') return keep(node, sub(b, a.inputs[0]!));
      if (a.op === 'add' && a.inputs.includes(b)) return keep(node, add(otherThan(b, a.inputs), scale(2, b)));
      if (b.op === 'add' && b.inputs.includes(a)) return keep(node, add(otherThan(a, b.inputs), scale(2, a)));
      return undefined;
    case 'sub':
      if (b.op === 'neg') return keep(node, add(a, b.inputs[0]!));
      return undefined;
    case 'mul':
      if (a.op === 'neg' && b.op === 'neg') return keep(node, mul(a.inputs[0]!, b.inputs[0]!));
      if (a === b) return elementwiseNode('square', a);
      if (a.op === 'neg' && scaled(b)) return keep(node, mul(a.inputs[0]!, neg(b)));
      if (b.op === 'neg' && scaled(a)) return keep(node, mul(neg(a), b.inputs[0]!));
      return undefined;
    case 'square':
      return a.op === 'neg' ? elementwiseNode('square', a.inputs[0]!) : undefined;
    default:
      return undefined;
  }
}

const otherThan = (x: Node, pair: readonly Node[]): Node => (pair[0] === x ? pair[1]! : pair[0]!);

/** c·(d·x) = (cd)·x; −(c·x) = (−c)·x. */
function constants(node: Node): Node | undefined {
  const factor = scaled(node);
  if (!factor) return undefined;
  const inner = scaled(factor.x) ?? (factor.x.op === 'neg' ? { c: -1, x: factor.x.inputs[0]! } : undefined);
  if (!inner || !shapesEqual(inner.x.shape, node.shape)) return undefined;
  const c = factor.c * inner.c;
  return isRepresentable(c, node.dtype) || factor.c === 0 || inner.c === 0 ? scale(c, inner.x) : undefined;
}

/** Not beyond the dtype's range, nor so small that digits are lost: c·(d·x) may be an ordinary number where c·d is none. */
function isRepresentable(c: number, dtype: DType): boolean {
  const least = dtype === 'float32' ? 2 ** -126 : 2 ** -1022;
  return Number.isFinite(dtype === 'float32' ? Math.fround(c) : c) && Math.abs(c) >= least;
}

function scaled(node: Node): { c: number; x: Node } | undefined {
  if (node.op === 'neg') {
    const x = node.inputs[0]!;
    return x.op === 'mul' ? { c: -1, x } : undefined;
  }
  if (node.op !== 'mul') return undefined;
  const [a, b] = node.inputs as [Node, Node];
  const [p, q] = [fullValue(a), fullValue(b)];
  if (p !== undefined && shapesEqual(b.shape, node.shape)) return { c: p, x: b };
  if (q !== undefined && shapesEqual(a.shape, node.shape)) return { c: q, x: a };
  return undefined;
}

const linear: ReadonlySet<string> = new Set(['neg', 'mul']);

/**
 * The zeros of a `pad` come from transposing a slice; what is multiplied with them need not be computed.
 */
function padded(node: Node): Node | undefined {
  const [a, b] = node.inputs as [Node, Node | undefined];
  if (node.op === 'neg' && a.op === 'pad') return pad(neg(a.inputs[0]!), a.attrs.start!, node.shape);
  if (node.op === 'mul' && linear.has(node.op)) {
    const p = a.op === 'pad' ? a : b!.op === 'pad' ? b! : undefined;
    if (!p || !shapesEqual(p.shape, node.shape)) return undefined;
    const other = p === a ? b! : a;
    const inner = p.inputs[0]!;
    return pad(mul(inner, sliceLike(other, p.attrs.start!, inner.shape)), p.attrs.start!, node.shape);
  }
  if (node.op === 'add' && a.op === 'pad' && b!.op === 'pad') {
    const same = shapesEqual(a.attrs.start!, b!.attrs.start!) && shapesEqual(a.inputs[0]!.shape, b!.inputs[0]!.shape);
    if (same && shapesEqual(a.shape, b!.shape))
      return pad(add(a.inputs[0]!, b!.inputs[0]!), a.attrs.start!, node.shape);
  }
  return undefined;
}

/** The block of an operand that an elementwise operation needs for a block of its result. */
export function sliceLike(x: Node, start: readonly number[], shape: readonly number[]): Node {
  if (x.shape.length === 0) return x;
  return slice(
    x,
    start.map((s, i) => (x.shape[i] === 1 ? 0 : s)),
    shape.map((n, i) => (x.shape[i] === 1 ? Math.min(n, 1) : n)),
  );
}

/** Operands are repeated by the operation itself; a full constant is a scalar. */
function unbroadcast(node: Node): Node | undefined {
  const operands = node.inputs.map((x) => {
    if (x.op === 'broadcast') return x.inputs[0]!;
    const value = fullValue(x);
    return value !== undefined && x.shape.length > 0
      ? reshape(
          slice(
            x,
            x.shape.map(() => 0),
            x.shape.map(() => 1),
          ),
          [],
        )
      : x;
  });
  if (operands.every((x, i) => x === node.inputs[i])) return undefined;
  const inner = elementwiseNode(node.op as ElementwiseOp, ...operands);
  if (shapesEqual(inner.shape, node.shape)) return rebuild(node, operands);
  // All operands were repeated along some axis: repeat the result instead.
  return size(inner.shape) < size(node.shape) ? broadcastTo(inner, node.shape) : undefined;
}
