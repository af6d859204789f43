import { shapesEqual } from '../array/shape.js';
import { batchSum, broadcastTo, mul, pad, range, rebuild, reshape, scale, transpose } from './build.js';
import type { Node } from './node.js';

/** Rules of the operations that move data or sum over samples. */
export function rewriteStructural(node: Node): Node {
  const [a] = node.inputs as [Node];
  const { dim, axis } = node.attrs;
  switch (node.op) {
    case 'batch':
      // Samples gathered and taken apart again, possibly along another axis of the shape.
      if (a.op === 'unbatch' && a.attrs.axis === axis && a.attrs.dim === dim) return a.inputs[0]!;
      return node;
    case 'unbatch':
      if (a.op === 'batch' && a.attrs.axis === axis) {
        const rank = a.inputs[0]!.shape.length;
        const perm = range(rank).filter((i) => i !== a.attrs.dim);
        perm.splice(dim!, 0, a.attrs.dim!);
        return transpose(a.inputs[0]!, perm);
      }
      return node;
    case 'batchSum':
      return sumOfSamples(node, a) ?? node;
    case 'broadcast':
      return a.op === 'broadcast' && a.shape.length === node.shape.length
        ? broadcastTo(a.inputs[0]!, node.shape)
        : node;
    case 'reshape':
      return squeezedBroadcast(node, a) ?? node;
    case 'pad':
      if (a.op !== 'pad') return node;
      return pad(
        a.inputs[0]!,
        node.attrs.start!.map((s, i) => s + a.attrs.start![i]!),
        node.shape,
      );
    default:
      return node;
  }
}

/**
 * Σ over samples of a product with factors the samples share: the factors come out, Σ_s W x_s = W Σ_s x_s, and the sum runs
 * over the smaller thing.
 */
function sumOfSamples(node: Node, a: Node): Node | undefined {
  const axis = node.attrs.axis!;
  const mapped = a.inputs.filter((x) => x.axes.includes(axis));
  if (a.op === 'einsum' && mapped.length === 1) {
    return rebuild(
      a,
      a.inputs.map((x) => (x === mapped[0] ? batchSum(x, axis) : x)),
    );
  }
  if (a.op === 'mul' && mapped.length === 1) {
    const [x, y] = a.inputs as [Node, Node];
    const [own, shared] = x === mapped[0] ? [x, y] : [y, x];
    if (shapesEqual(own.shape, a.shape) || own.shape.length === 0) {
      const total = mul(batchSum(own, axis), shared);
      return shapesEqual(total.shape, node.shape) ? total : broadcastTo(total, node.shape);
    }
  }
  if (a.op === 'neg') return scale(-1, batchSum(a.inputs[0]!, axis));
  if (['broadcast', 'reshape', 'slice', 'pad'].includes(a.op)) return rebuild(a, [batchSum(a.inputs[0]!, axis)]);
  return undefined;
}

/** A reshape that drops or adds axes of length 1 around a repetition repeats the smaller thing. */
function squeezedBroadcast(node: Node, a: Node): Node | undefined {
  if (a.op !== 'broadcast') return undefined;
  const wide = (s: readonly number[]) => range(s.length).filter((i) => s[i] !== 1);
  const [from, to] = [wide(a.shape), wide(node.shape)];
  if (
    !shapesEqual(
      from.map((i) => a.shape[i]!),
      to.map((i) => node.shape[i]!),
    )
  )
    return undefined;
  const inner = a.inputs[0]!;
  const shape = node.shape.map(() => 1);
  from.forEach((i, k) => {
    shape[to[k]!] = inner.shape[i]!;
  });
  return broadcastTo(reshape(inner, shape), node.shape);
}
