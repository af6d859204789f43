import fc from 'fast-check';
import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';

/**
 * A random smooth expression in a vector x, as a program for a stack of values that all stay of moderate size: every
 * operation is preceded by what brings its operands into its domain, away from poles and kinks.
 */
export interface Expression {
  readonly description: string;
  readonly evaluate: (x: Array) => Array;
}

type Step = { readonly name: string; readonly arity: 1 | 2; readonly apply: (a: Array, b: Array) => Array };

const unary = (name: string, apply: (a: Array) => Array): Step => ({ name, arity: 1, apply });
const binary = (name: string, apply: (a: Array, b: Array) => Array): Step => ({ name, arity: 2, apply });

/** Into (−1, 1), smoothly. */
const bounded = (a: Array) => np.tanh(a);
/** Into (½, 2½). */
const positive = (a: Array) => np.add(1.5, np.sin(a));

/** Operations that keep shapes (numpy's broadcasting apart). */
const entrywise: readonly Step[] = [
  unary('neg', np.neg),
  unary('square', (a) => np.square(bounded(a))),
  unary('sqrt', (a) => np.sqrt(positive(a))),
  unary('reciprocal', (a) => np.reciprocal(positive(a))),
  unary('exp', (a) => np.exp(bounded(a))),
  unary('expm1', (a) => np.expm1(bounded(a))),
  unary('log', (a) => np.log(positive(a))),
  unary('log1p', (a) => np.log1p(positive(a))),
  unary('sin', np.sin),
  unary('cos', np.cos),
  unary('tan', (a) => np.tan(bounded(a))),
  unary('tanh', np.tanh),
  unary('sigmoid', np.sigmoid),
  unary('softplus', np.softplus),
  unary('erf', np.erf),
  unary('erfc', np.erfc),
  unary('abs', (a) => np.abs(positive(a))),
  unary('relu', (a) => np.relu(positive(a))),
  unary('cube', (a) => np.pow(bounded(a), 3)),
  unary('pow −2', (a) => np.pow(positive(a), -2)),
  unary('pow 1.3', (a) => np.pow(positive(a), 1.3)),
  unary('scale', (a) => np.mul(a, -0.75)),
  unary('float32 and back', (a) => np.add(a, 0.25)),
  binary('add', np.add),
  binary('sub', np.sub),
  binary('mul', np.mul),
  binary('div', (a, b) => np.div(a, positive(b))),
  binary('pow', (a, b) => np.pow(positive(a), bounded(b))),
  binary('atan2', (a, b) => np.atan2(a, positive(b))),
  binary('maximum', (a, b) => np.maximum(bounded(a), np.add(b, np.mul(3, positive(b))))),
  binary('where', (a, b) => np.where(np.greater(np.add(positive(a), 0), 0.25), a, b)),
];

/** Operations that change shapes; values are scalars, vectors [n] or matrices [m, n]. */
const structural: readonly Step[] = [
  unary('sum', (a) => np.sum(a)),
  unary('mean of last', (a) => (a.ndim > 0 ? np.mean(a, { axis: -1 }) : a)),
  unary('sum first, kept', (a) => (a.ndim > 0 ? np.sum(a, { axis: 0, keepdims: true }) : a)),
  unary('transpose', (a) => np.transpose(a)),
  unary('half', (a) => (a.ndim > 0 && a.shape[0]! > 1 ? a.at([0, a.shape[0]! >> 1]) : a)),
  unary('last', (a) => (a.ndim > 0 ? a.at(-1) : a)),
  unary('twice', (a) => (a.ndim > 0 && a.size <= 12 ? np.concatenate([a, np.mul(a, 0.5)]) : a)),
  unary('diagonal', (a) => (a.ndim === 2 && a.shape[0] === a.shape[1] ? np.diagonal(a) : a)),
  unary('column', (a) => (a.ndim === 1 ? np.reshape(a, [a.shape[0]!, 1]) : a)),
  unary('ravel', (a) => (a.ndim === 2 ? np.ravel(a) : a)),
  unary('repeat', (a) => (a.ndim === 1 && a.size <= 6 ? np.broadcastTo(a, [3, a.size]) : a)),
  binary('outer', (a, b) => (a.ndim === 1 && b.ndim === 1 && a.size * b.size <= 36 ? np.outer(a, b) : a)),
  binary('dot', (a, b) =>
    a.ndim === 1 && b.ndim === 1 && a.size === b.size ? np.dot(a, b) : np.add(np.sum(a), np.mean(b)),
  ),
  binary('matmul', (a, b) => (a.ndim === 2 && b.ndim >= 1 && a.shape[1] === b.shape[0] ? np.matmul(a, b) : a)),
  binary('stack', (a, b) =>
    a.ndim < 2 && a.ndim === b.ndim && a.size === b.size && a.size <= 12 ? np.stack([a, b]) : b,
  ),
];

/** A constant matrix with entries of moderate size, the same for the same shape. */
function weights(rows: number, columns: number): Array {
  const data = Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(1 + 1.7 * i) / Math.sqrt(rows));
  return np.array({ data, shape: [rows, columns] });
}

const dense = unary('dense', (a) => (a.ndim > 0 ? np.matmul(a, weights(a.shape.at(-1)!, 4).astype(a.dtype)) : a));

const all: readonly Step[] = [...entrywise, ...structural, dense, dense];

/** Whether two shapes broadcast. */
function broadcast(a: readonly number[], b: readonly number[]): boolean {
  const n = Math.min(a.length, b.length);
  return [...globalThis.Array(n).keys()].every((i) => {
    const [p, q] = [a.at(-1 - i), b.at(-1 - i)];
    return p === q || p === 1 || q === 1;
  });
}

/** Random expressions of 1 to `most` operations; their result is a scalar, or (`scalar` false) whatever came out last. */
export const expressions = (most = 14, scalar = true): fc.Arbitrary<Expression> =>
  fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(7), fc.nat(7)), { minLength: 1, maxLength: most }).map((steps) => ({
    description: steps.map(([op, p, q]) => `${all[op]!.name} ${p} ${q}`).join('; '),
    evaluate: (x) => {
      const values: Array[] = [x];
      for (const [op, p, q] of steps) {
        const step = all[op]!;
        const a = values.at(-1 - (p % values.length))!;
        let b = values.at(-1 - (q % values.length))!;
        const entry = step.arity === 2 && entrywise.includes(step);
        if (entry && !broadcast(a.shape, b.shape)) b = np.sum(b);
        // Products and sums would grow without bound: every value is brought back to a moderate size.
        const value = step.apply(a, b);
        values.push(value.ndim > 2 ? np.sum(value, { axis: 0 }) : np.mul(2, np.sin(np.mul(0.5, value))));
      }
      const last = values.at(-1)!;
      if (!scalar) return last;
      return np.sum(np.add(last, np.mul(0.1, np.sum(values.at(-1 - (values.length >> 1))!))));
    },
  }));

/** Points in [−1, 1]^d. */
export const points = (d: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: d, maxLength: d });
