import { type Array, ConcreteArray } from '../array/array.js';
import { toArray } from '../trace/trace.js';
import { flattenLike } from '../tree/match.js';
import { flatten } from '../tree/tree.js';

/** Vectors of P numbers: a tree's leaves one after another, in double precision whatever the leaves'. */

/** The numbers of a tree, in leaf order. */
export function vectorOf(tree: unknown, like: unknown = tree): Float64Array {
  const { structure } = flatten(like);
  const arrays = flattenLike(structure, tree, { what: 'updates', like: 'params' }).map((x) => toArray(x, 'updates'));
  const vector = new Float64Array(arrays.reduce((n, x) => n + x.size, 0));
  let end = 0;
  for (const x of arrays) {
    vector.set(x.data, end);
    end += x.size;
  }
  return vector;
}

/** A vector as an array that keeps every bit of it and may be part of a state. */
export const asState = (vector: Float64Array): Array => new ConcreteArray(vector, [vector.length]);

/** Σ aᵢ·bᵢ. Four sums side by side: the additions of one would wait for each other. */
export function dot(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < n; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}
