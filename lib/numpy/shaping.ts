import type { Array, ArrayLike } from '../array/array.js';
import { checkShape, formatShape, normalizeAxes, normalizeAxis, size } from '../array/shape.js';
import {
  broadcastTo as broadcastNode,
  concatenate as concatenateNodes,
  convert,
  range,
  reshape as reshapeNode,
  slice as sliceNode,
} from '../graph/build.js';
import type { Node } from '../graph/node.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { isTraced, toArray } from '../trace/trace.js';
import { apply, promote } from './apply.js';

const shaping = (op: string, x: ArrayLike, build: (x: Node) => Node): Array =>
  apply([toArray(x, op)], ([a]) => build(a!));

/** `x` with another shape of the same size, as a list or as numbers; one length may be −1 and follows from the rest. */
export function reshape(x: ArrayLike, newShape: readonly number[] | number, ...more: readonly number[]): Array {
  const shape = typeof newShape === 'number' ? [newShape, ...more] : newShape;
  if (!globalThis.Array.isArray(shape)) {
    throw new NablaError('ERR_NABLA_SHAPE', `reshape: expected a list of lengths but received ${describe(newShape)}`, {
      operation: 'reshape',
    });
  }
  return shaping('reshape', x, (a) => {
    const total = size(a.shape);
    const free = shape.indexOf(-1);
    const rest = shape.reduce((n, length, i) => (i === free ? n : n * length), 1);
    const full = free < 0 ? [...shape] : shape.with(free, total / rest);
    if (full.some((n) => !Number.isInteger(n) || n < 0) || size(full) !== total) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `reshape: ${formatShape(a.shape)} has ${total} elements, which do not fill ${formatShape(shape)}`,
        {
          operation: 'reshape',
          shapes: [a.shape, shape],
        },
      );
    }
    return reshapeNode(a, full);
  });
}

/** `x` without its axes of length 1, or without those named. */
export function squeeze(x: ArrayLike, axis?: number | readonly number[]): Array {
  return shaping('squeeze', x, (a) => {
    const axes =
      axis === undefined
        ? range(a.shape.length).filter((i) => a.shape[i] === 1)
        : normalizeAxes(axis, a.shape.length, 'squeeze');
    const wide = axes.find((i) => a.shape[i] !== 1);
    if (wide !== undefined) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `squeeze: axis ${wide} of shape ${formatShape(a.shape)} has length ${a.shape[wide]}, not 1`,
        {
          operation: 'squeeze',
          shape: a.shape,
          axis: wide,
        },
      );
    }
    return reshapeNode(
      a,
      a.shape.filter((_, i) => !axes.includes(i)),
    );
  });
}

/** `x` with a new axis of length 1 at `axis`. */
export function expandDims(x: ArrayLike, axis: number): Array {
  return shaping('expandDims', x, (a) => {
    const at = normalizeAxis(axis, a.shape.length + 1, 'expandDims');
    return reshapeNode(a, [...a.shape.slice(0, at), 1, ...a.shape.slice(at)]);
  });
}

/** All elements in one axis. */
export const ravel = (x: ArrayLike): Array => shaping('ravel', x, (a) => reshapeNode(a, [size(a.shape)]));

/** `x` repeated to `shape`, by numpy's rules. */
export function broadcastTo(x: ArrayLike, shape: readonly number[]): Array {
  return shaping('broadcastTo', x, (a) => {
    const target = checkShape(shape, 'broadcastTo');
    const missing = target.length - a.shape.length;
    if (missing < 0 || a.shape.some((n, i) => n !== 1 && n !== target[i + missing])) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `broadcastTo: ${formatShape(a.shape)} does not repeat to ${formatShape(target)}`,
        {
          operation: 'broadcastTo',
          shapes: [a.shape, target],
        },
      );
    }
    return broadcastNode(a, target);
  });
}

/** Joins arrays along an axis they have. */
export function concatenate(xs: readonly ArrayLike[], axis = 0): Array {
  if (xs.length === 0)
    throw new NablaError('ERR_NABLA_ARGUMENT', 'concatenate: expected at least one array', {
      operation: 'concatenate',
    });
  return joined('concatenate', xs, (nodes) => {
    const first = nodes[0]!.shape;
    const dim = normalizeAxis(axis, first.length, 'concatenate');
    const odd = nodes.find(
      (x) => x.shape.length !== first.length || x.shape.some((n, i) => i !== dim && n !== first[i]),
    );
    if (odd) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `concatenate: shapes ${nodes.map((x) => formatShape(x.shape)).join(', ')} must agree except on axis ${dim}`,
        { operation: 'concatenate', shapes: nodes.map((x) => x.shape), axis: dim },
      );
    }
    return concatenateNodes(nodes, dim);
  });
}

/** Joins arrays of one shape along a new axis. */
export function stack(xs: readonly ArrayLike[], axis = 0): Array {
  if (xs.length === 0)
    throw new NablaError('ERR_NABLA_ARGUMENT', 'stack: expected at least one array', { operation: 'stack' });
  return joined('stack', xs, (nodes) => {
    const first = nodes[0]!.shape;
    if (nodes.some((x) => x.shape.length !== first.length || x.shape.some((n, i) => n !== first[i]))) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `stack: shapes ${nodes.map((x) => formatShape(x.shape)).join(', ')} must be equal`,
        {
          operation: 'stack',
          shapes: nodes.map((x) => x.shape),
        },
      );
    }
    const dim = normalizeAxis(axis, first.length + 1, 'stack');
    const wide = [...first.slice(0, dim), 1, ...first.slice(dim)];
    return concatenateNodes(
      nodes.map((x) => reshapeNode(x, wide)),
      dim,
    );
  });
}

function joined(op: string, xs: readonly ArrayLike[], build: (nodes: Node[]) => Node): Array {
  const { arrays, dtype } = promote(op, xs);
  return apply(arrays, (nodes) => build(nodes.map((x) => convert(x, dtype))));
}

/** One index, a range [start, stop) (either may be null), or null for the whole axis. */
export type Index = number | readonly [number | null, number | null] | null;

/**
 * The part of `x` at these indices, one an axis, the rest whole: a number picks and drops the axis, `[start, stop]` keeps
 * a range, `null` the axis; negative numbers count from the end. `x.at(1, 1)`, `x.at(null, [0, 2])`.
 * @throws ERR_NABLA_AXIS for an index out of range or more indices than axes.
 */
export function at(x: ArrayLike, ...indices: Index[]): Array {
  return shaping('at', x, (a) => {
    if (indices.length > a.shape.length) {
      throw new NablaError('ERR_NABLA_AXIS', `at: ${indices.length} indices for shape ${formatShape(a.shape)}`, {
        operation: 'at',
        shape: a.shape,
        indices,
      });
    }
    const ranges = a.shape.map((n, i) => resolveIndex(indices[i] ?? null, n, i, a.shape));
    const block = sliceNode(
      a,
      ranges.map(([start]) => start),
      ranges.map(([start, stop]) => stop - start),
    );
    return reshapeNode(
      block,
      block.shape.filter((_, i) => typeof indices[i] !== 'number'),
    );
  });
}

function resolveIndex(index: Index, n: number, axis: number, shape: readonly number[]): readonly [number, number] {
  if (index === null) return [0, n];
  if (typeof index === 'number') {
    const i = index < 0 ? index + n : index;
    if (Number.isInteger(index) && i >= 0 && i < n) return [i, i + 1];
  } else if (globalThis.Array.isArray(index) && index.length === 2) {
    const bound = (value: number | null, whole: number) => {
      if (value === null) return whole;
      return Math.min(Math.max(value < 0 ? value + n : value, 0), n);
    };
    const [start, stop] = [bound(index[0], 0), bound(index[1], n)];
    if (Number.isInteger(start) && Number.isInteger(stop)) return [start, Math.max(start, stop)];
  }
  if (isTraced(index) || (globalThis.Array.isArray(index) && index.some(isTraced))) {
    throw new NablaError(
      'ERR_NABLA_TRACED',
      'at: the index is a value being traced, and is known only when the program runs; use a plain number, or a sum with weights of 0 and 1',
      { operation: 'at', axis, shape },
    );
  }
  const shown = typeof index === 'number' || globalThis.Array.isArray(index) ? JSON.stringify(index) : describe(index);
  throw new NablaError(
    'ERR_NABLA_AXIS',
    `at: ${shown} is no index of axis ${axis} of shape ${formatShape(shape)}; expected an integer from ${-n} to ${n - 1}, [start, stop] or null`,
    { operation: 'at', index, axis, shape },
  );
}
