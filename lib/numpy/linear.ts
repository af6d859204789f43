import type { Array, ArrayLike } from '../array/array.js';
import { broadcastShapes, formatShape, normalizeAxes, normalizeAxis } from '../array/shape.js';
import {
  einsum as einsumNode,
  mul as elementwiseMul,
  elementwiseNode,
  full,
  range,
  reshape as reshapeNode,
  scale,
  sum as sumNodes,
} from '../graph/build.js';
import type { Node } from '../graph/node.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { floatOp } from './apply.js';

export interface ReductionOptions {
  /** The axis or axes to reduce, negative ones counted from the end; all without it. */
  axis?: number | readonly number[] | null;
  /** Keep reduced axes with length 1. */
  keepdims?: boolean;
}

function reduce(
  op: string,
  x: ArrayLike,
  options: ReductionOptions | undefined,
  build: (x: Node, axes: number[]) => Node,
): Array {
  checkOptions(options, ['axis', 'keepdims'], op);
  return floatOp(op, [x], ([a]) => {
    const axes = normalizeAxes(options?.axis, a!.shape.length, op);
    const result = build(a!, axes);
    if (!options?.keepdims) return result;
    return reshapeNode(
      result,
      a!.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
    );
  });
}

/** The sum over all axes, or over `axis`. */
export const sum = (x: ArrayLike, options?: ReductionOptions): Array => reduce('sum', x, options, sumNodes);

/** The arithmetic mean over all axes, or over `axis`. */
export const mean = (x: ArrayLike, options?: ReductionOptions): Array =>
  reduce('mean', x, options, (a, axes) =>
    divided(
      sumNodes(a, axes),
      axes.reduce((n, i) => n * a.shape[i]!, 1),
    ),
  );

/** x/n; times 1/n only where that is the same, so that the mean of equal numbers is that number. */
const divided = (x: Node, n: number): Node =>
  Number.isInteger(Math.log2(n)) ? scale(1 / n, x) : elementwiseNode('div', x, full(n, [], x.dtype));

const mismatch = (op: string, a: Node, b: Node, why: string): NablaError =>
  new NablaError(
    'ERR_NABLA_SHAPE',
    `${op}: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} do not fit: ${why}`,
    {
      operation: op,
      shapes: [a.shape, b.shape],
    },
  );

/**
 * The dot product of the last axis of `x` with the first of `y` (numpy's `dot`: with the last but one of a `y` of rank 2
 * or more): [..., k]·[k] → [...], [..., k]·[k, n] → [..., n], [..., k]·[..., k, n] → [..., ..., n]. A scalar scales.
 */
export function dot(x: ArrayLike, y: ArrayLike): Array {
  return floatOp('dot', [x, y], ([a, b]) => {
    const [p, q] = [a!.shape.length, b!.shape.length];
    if (p === 0 || q === 0) return elementwiseMul(a!, b!);
    const left = range(p);
    const right = range(q).map((i) => p + i);
    const contracted = Math.max(0, q - 2);
    right[contracted] = p - 1;
    if (a!.shape[p - 1] !== b!.shape[contracted])
      throw mismatch('dot', a!, b!, 'the contracted axes must have the same length');
    return einsumNode([a!, b!], [left, right], [...left.slice(0, -1), ...right.filter((_, i) => i !== contracted)]);
  });
}

/**
 * The matrix product over the last two axes, leading axes broadcast: [..., n, k]·[..., k, m] → [..., n, m]; vectors as
 * numpy has it.
 */
export function matmul(x: ArrayLike, y: ArrayLike): Array {
  return floatOp('matmul', [x, y], ([a, b]) => {
    const [p, q] = [a!.shape.length, b!.shape.length];
    if (p === 0 || q === 0) throw mismatch('matmul', a!, b!, 'scalars have no axis to contract; use mul');
    const k = a!.shape[p - 1]!;
    if (k !== b!.shape[Math.max(0, q - 2)]) {
      throw mismatch(
        'matmul',
        a!,
        b!,
        `the last axis of the first (${k}) and the contracted axis of the second must have the same length`,
      );
    }
    const what = `matmul: leading axes of ${formatShape(a!.shape)} and ${formatShape(b!.shape)}`;
    const leading = broadcastShapes([a!.shape.slice(0, -2), b!.shape.slice(0, -2)], what);
    // Leading axes of the operand that has fewer, or of length 1, are dropped rather than repeated: einsum shares it.
    const rank = leading.length;
    const [LABEL_N, LABEL_K, LABEL_M] = [rank, rank + 1, rank + 2];
    const prepare = (node: Node, tail: number[]): readonly [Node, number[]] => {
      const own = node.shape.slice(0, -tail.length);
      const labels = own.map((_, i) => rank - own.length + i);
      const kept = own.map((n, i) => n !== 1 || leading[labels[i]!] === 1);
      const shape = [...own.filter((_, i) => kept[i]), ...node.shape.slice(own.length)];
      return [reshapeNode(node, shape), [...labels.filter((_, i) => kept[i]), ...tail]];
    };
    const [left, leftLabels] = prepare(a!, p === 1 ? [LABEL_K] : [LABEL_N, LABEL_K]);
    const [right, rightLabels] = prepare(b!, q === 1 ? [LABEL_K] : [LABEL_K, LABEL_M]);
    const out = [...range(rank), ...(p === 1 ? [] : [LABEL_N]), ...(q === 1 ? [] : [LABEL_M])];
    const present = new Set([...leftLabels, ...rightLabels]);
    const result = einsumNode(
      [left, right],
      [leftLabels, rightLabels],
      out.filter((label) => present.has(label)),
    );
    return reshapeNode(result, [
      ...leading,
      ...(p === 1 ? [] : [a!.shape[p - 2]!]),
      ...(q === 1 ? [] : [b!.shape[q - 1]!]),
    ]);
  });
}

/** Einstein summation: `einsum('ki,k,kj->ij', J, w, J)`. Letters name axes; a result is always given. */
export function einsum(spec: string, ...xs: ArrayLike[]): Array {
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)*)->([a-zA-Z]*)$/.exec(String(spec).replaceAll(' ', ''));
  const terms = match?.[1]?.split(',');
  const out = match?.[2] ?? '';
  const valid =
    terms &&
    terms.length === xs.length &&
    new Set(out).size === out.length &&
    [...out].every((c) => terms.join('').includes(c));
  if (!valid) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `einsum: expected a specification like 'ij,jk->ik' for ${xs.length} operands, whose result names each of its labels once, but received '${spec}'`,
      { operation: 'einsum', spec, operands: xs.length },
    );
  }
  return floatOp('einsum', xs, (nodes) => {
    nodes.forEach((x, p) => {
      if (x.shape.length === terms[p]!.length) return;
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `einsum: operand ${p} has shape ${formatShape(x.shape)} but labels '${terms[p]}'`,
        {
          operation: 'einsum',
          shape: x.shape,
        },
      );
    });
    return einsumNode(
      nodes,
      terms.map((term) => [...term].map((c) => c.charCodeAt(0))),
      [...out].map((c) => c.charCodeAt(0)),
    );
  });
}

/** The outer product of two vectors. */
export const outer = (x: ArrayLike, y: ArrayLike): Array => einsum('i,j->ij', x, y);

/** The sum of the diagonal of a square matrix. */
export const trace = (x: ArrayLike): Array => einsum('ii->', x);

/** The diagonal of a square matrix. */
export const diagonal = (x: ArrayLike): Array => einsum('ii->i', x);

/** `x` with its axes in another order; reversed without `axes`. */
export function transpose(x: ArrayLike, axes?: readonly number[]): Array {
  return floatOp('transpose', [x], ([a]) => {
    const rank = a!.shape.length;
    const perm = axes ? axes.map((i) => normalizeAxis(i, rank, 'transpose')) : range(rank).reverse();
    if (perm.length !== rank || new Set(perm).size !== rank) {
      throw new NablaError(
        'ERR_NABLA_AXIS',
        `transpose: [${axes}] is not a permutation of the ${rank} axes of shape ${formatShape(a!.shape)}`,
        {
          operation: 'transpose',
          axes,
          shape: a!.shape,
        },
      );
    }
    return einsumNode([a!], [range(rank)], perm);
  });
}
