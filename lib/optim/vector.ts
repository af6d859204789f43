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

/*
 * Many vectors at once, and of each only the entries from `from` to `to`, so that what they have in common stays in the cache. Four
 * vectors share its loads; more at a time were no faster, one by one took twice as long.
 */

/** sums[k] += Σ vectors[k]ᵢ·xᵢ. */
export function addDots(
  vectors: readonly Float64Array[],
  x: Float64Array,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  let k = 0;
  for (; k + 3 < vectors.length; k += 4) {
    const [a, b, c, d] = [vectors[k]!, vectors[k + 1]!, vectors[k + 2]!, vectors[k + 3]!];
    let [sa, sb, sc, sd] = [0, 0, 0, 0];
    for (let i = from; i < to; i++) {
      const xi = x[i]!;
      sa += a[i]! * xi;
      sb += b[i]! * xi;
      sc += c[i]! * xi;
      sd += d[i]! * xi;
    }
    sums[k]! += sa;
    sums[k + 1]! += sb;
    sums[k + 2]! += sc;
    sums[k + 3]! += sd;
  }
  for (; k < vectors.length; k++) {
    const a = vectors[k]!;
    let sum = 0;
    for (let i = from; i < to; i++) sum += a[i]! * x[i]!;
    sums[k]! += sum;
  }
}

/** As `addDots` for x and for y, to the same bits, in two thirds of the time of two calls. */
export function addDotsOfTwo(
  vectors: readonly Float64Array[],
  x: Float64Array,
  y: Float64Array,
  from: number,
  to: number,
  sumsX: Float64Array,
  sumsY: Float64Array,
): void {
  let k = 0;
  for (; k + 3 < vectors.length; k += 4) {
    const [a, b, c, d] = [vectors[k]!, vectors[k + 1]!, vectors[k + 2]!, vectors[k + 3]!];
    let [xa, xb, xc, xd] = [0, 0, 0, 0];
    let [ya, yb, yc, yd] = [0, 0, 0, 0];
    for (let i = from; i < to; i++) {
      const xi = x[i]!;
      const yi = y[i]!;
      const ai = a[i]!;
      const bi = b[i]!;
      const ci = c[i]!;
      const di = d[i]!;
      xa += ai * xi;
      xb += bi * xi;
      xc += ci * xi;
      xd += di * xi;
      ya += ai * yi;
      yb += bi * yi;
      yc += ci * yi;
      yd += di * yi;
    }
    sumsX[k]! += xa;
    sumsX[k + 1]! += xb;
    sumsX[k + 2]! += xc;
    sumsX[k + 3]! += xd;
    sumsY[k]! += ya;
    sumsY[k + 1]! += yb;
    sumsY[k + 2]! += yc;
    sumsY[k + 3]! += yd;
  }
  const rest = vectors.slice(k);
  addDots(rest, x, from, to, sumsX.subarray(k));
  addDots(rest, y, from, to, sumsY.subarray(k));
}

/** x += Σ factors[k]·vectors[k]. */
export function addCombination(
  factors: Float64Array,
  vectors: readonly Float64Array[],
  from: number,
  to: number,
  x: Float64Array,
): void {
  let k = 0;
  for (; k + 3 < vectors.length; k += 4) {
    const [a, b, c, d] = [vectors[k]!, vectors[k + 1]!, vectors[k + 2]!, vectors[k + 3]!];
    const [fa, fb, fc, fd] = [factors[k]!, factors[k + 1]!, factors[k + 2]!, factors[k + 3]!];
    for (let i = from; i < to; i++) x[i]! += fa * a[i]! + fb * b[i]! + (fc * c[i]! + fd * d[i]!);
  }
  for (; k < vectors.length; k++) {
    const [a, f] = [vectors[k]!, factors[k]!];
    for (let i = from; i < to; i++) x[i]! += f * a[i]!;
  }
}
