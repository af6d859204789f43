import { shapesEqual, size } from '../array/shape.js';
import { broadcastTo, concatenate, full, pad, range, rebuild, reshape, slice } from './build.js';
import { elementwiseRule } from './elementwise.js';
import type { Node } from './node.js';
import type { Context } from './simplify.js';
import { sliceLike } from './simplify-elementwise.js';

/** Operations whose result is a view or a rearrangement: slicing them first never costs more. */
const views: ReadonlySet<string> = new Set([
  'reshape',
  'broadcast',
  'slice',
  'pad',
  'concatenate',
  'constant',
  'batch',
  'unbatch',
]);

/**
 * Moves a slice above the operation it reads, so that only the part that is read gets computed:
 * `hessian(u).at(1, 1)` carries one tangent, not d.
 *
 * Not if the whole is needed anyway: then the slice is a view and costs nothing.
 */
export function rewriteSlice(node: Node, original: Node, context: Context): Node {
  const x = node.inputs[0]!;
  if (node.shape.includes(0)) return full(0, node.shape, node.dtype);
  if (!views.has(x.op) && !onlyPartsAreRead(original.inputs[0]!, context)) return node;
  return pushed(x, node.attrs.start!, node.shape) ?? node;
}

function onlyPartsAreRead(x: Node, context: Context): boolean {
  const users = context.users(x);
  if (!users.every((user) => user?.op === 'slice')) return false;
  const parts = new Set(users as Node[]);
  return [...parts].reduce((total, part) => total + size(part.shape), 0) < size(x.shape);
}

/** The block of `x` at `start`, computed from blocks of x's operands; undefined if there is no better way. */
function pushed(x: Node, start: readonly number[], shape: readonly number[]): Node | undefined {
  if (elementwiseRule(x.op))
    return rebuild(
      x,
      x.inputs.map((a) => sliceLike(a, start, shape)),
    );
  const [a] = x.inputs as [Node];
  switch (x.op) {
    case 'slice':
      return slice(
        a,
        start.map((s, i) => s + x.attrs.start![i]!),
        shape,
      );
    case 'convert':
    case 'batchSum':
      return rebuild(x, [slice(a, start, shape)]);
    case 'broadcast':
      return broadcastTo(sliceLike(a, start, shape), shape);
    case 'reshape':
      return pushedThroughReshape(x, a, start, shape);
    case 'pad':
      return pushedThroughPad(x, a, start, shape);
    case 'concatenate':
      return pushedThroughConcatenate(x, start, shape);
    case 'einsum': {
      const { labels, out } = x.attrs as { labels: number[][]; out: number[] };
      const operands = x.inputs.map((y, p) => {
        const at = labels[p]!.map((label) => out.indexOf(label));
        return slice(
          y,
          at.map((i) => (i < 0 ? 0 : start[i]!)),
          at.map((i, k) => (i < 0 ? y.shape[k]! : shape[i]!)),
        );
      });
      return rebuild(x, operands);
    }
    case 'batch': {
      const { dim } = x.attrs as { dim: number };
      const n = a.shape[dim]!;
      return rebuild(x, [slice(a, start.toSpliced(dim, 0, 0), shape.toSpliced(dim, 0, n))]);
    }
    case 'unbatch': {
      const { dim, axis } = x.attrs;
      if (shape[dim!] !== axis!.size) return undefined; // part of the samples: the map itself stays whole
      return rebuild(x, [slice(a, start.toSpliced(dim!, 1), shape.toSpliced(dim!, 1))]);
    }
    default:
      return undefined;
  }
}

/** Through a reshape that only adds or drops axes of length 1. */
function pushedThroughReshape(x: Node, a: Node, start: readonly number[], shape: readonly number[]): Node | undefined {
  const wide = (s: readonly number[]) => range(s.length).filter((i) => s[i] !== 1);
  const [from, to] = [wide(a.shape), wide(x.shape)];
  if (
    !shapesEqual(
      from.map((i) => a.shape[i]!),
      to.map((i) => x.shape[i]!),
    )
  )
    return undefined;
  const begin = a.shape.map(() => 0);
  const lengths = a.shape.map(() => 1);
  from.forEach((i, k) => {
    begin[i] = start[to[k]!]!;
    lengths[i] = shape[to[k]!]!;
  });
  return reshape(slice(a, begin, lengths), shape);
}

function pushedThroughPad(x: Node, a: Node, start: readonly number[], shape: readonly number[]): Node | undefined {
  const first = x.attrs.start!;
  // Intersection of the block that is read with the block that is not zero.
  const low = start.map((s, i) => Math.max(s, first[i]!));
  const high = start.map((s, i) => Math.min(s + shape[i]!, first[i]! + a.shape[i]!));
  if (low.some((l, i) => l >= high[i]!)) return full(0, shape, x.dtype);
  const inner = slice(
    a,
    low.map((l, i) => l - first[i]!),
    low.map((l, i) => high[i]! - l),
  );
  return pad(
    inner,
    low.map((l, i) => l - start[i]!),
    shape,
  );
}

function pushedThroughConcatenate(x: Node, start: readonly number[], shape: readonly number[]): Node | undefined {
  const { dim } = x.attrs as { dim: number };
  const pieces: Node[] = [];
  let at = 0;
  for (const piece of x.inputs) {
    const n = piece.shape[dim]!;
    const low = Math.max(start[dim]!, at);
    const high = Math.min(start[dim]! + shape[dim]!, at + n);
    if (low < high) pieces.push(slice(piece, start.with(dim, low - at), shape.with(dim, high - low)));
    at += n;
  }
  return pieces.length === 0 ? undefined : concatenate(pieces, dim);
}
