import { type Array, type ArrayLike, ConcreteArray } from '../array/array.js';
import { allocate } from '../array/dtype.js';
import { checkShape, formatShape, size } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { broadcastBounds } from './bounds.js';
import { bits, type DistributionOptions, floatDtype, uniform } from './distributions.js';
import { permutation } from './integers.js';
import { foldIn, type KeyLike } from './key.js';
import { directions, sobolAxes } from './sobol-directions.js';

/*
 * Points that fill a box more evenly than independent ones: collocation points, designs of experiments. Independent ones are
 * `uniform(key, [n, d], { minval, maxval })`.
 */

export interface DesignOptions extends Omit<DistributionOptions, 'partitionable'> {
  /** Lower corner of the box, one number per column or one for all; 0 unless said otherwise. */
  minval?: ArrayLike;
  /** Upper corner of the box, 1 unless said otherwise. */
  maxval?: ArrayLike;
}

/**
 * A Latin hypercube: each of the n slices of equal width across each axis holds exactly one point (McKay, Beckman and Conover,
 * Technometrics 1979). The points are independent otherwise.
 *
 * @param shape [n, d]: n points of d coordinates
 * @throws ERR_NABLA_ARGUMENT (not a key; bounds not finite or in the wrong order), ERR_NABLA_SHAPE, ERR_NABLA_DTYPE,
 *   ERR_NABLA_OPTION, ERR_NABLA_TOO_LARGE
 */
export function latinHypercube(key: KeyLike, shape: readonly number[], options: DesignOptions = {}): Array {
  return design('latinHypercube', shape, options, (axis, n) => {
    const own = foldIn(key, axis);
    const slice = permutation(foldIn(own, 0), n).data;
    const place = uniform(foldIn(own, 1), n, { dtype: 'float64' }).data;
    return (i) => ((slice[i] as number) + (place[i] as number)) / n;
  });
}

/**
 * Randomised Halton points: coordinate j of point i is i written in the j-th prime base, mirrored at the point, with a random
 * permutation of the digits at each place (A. Owen, "A randomized Halton algorithm in R", 2017). The first b^k points put equally
 * many into each of the b^k slices along an axis of base b, so the mean of a smooth function over them is off by about
 * (log n)^d / n rather than 1 / sqrt(n). Of use up to some ten axes: beyond, the bases are large for the number of points.
 *
 * @param shape [n, d]: n points of d coordinates
 * @throws as {@link latinHypercube}
 */
export function halton(key: KeyLike, shape: readonly number[], options: DesignOptions = {}): Array {
  return design('halton', shape, options, (axis) => {
    const base = prime(axis);
    const own = foldIn(key, axis);
    // As many digits as tell doubles apart; those beyond the length of i are 0 and permuted all the same.
    const digits = Math.ceil(53 / Math.log2(base));
    const permutations = globalThis.Array.from({ length: digits }, (_, k) => permutation(foldIn(own, k), base).data);
    return (i) => {
      let rest = i;
      let weight = 1;
      let value = 0;
      for (const permuted of permutations) {
        weight /= base;
        value += weight * (permuted[rest % base] as number);
        rest = Math.floor(rest / base);
      }
      return value;
    };
  });
}

/**
 * Randomised Sobol' points, in up to 32 axes: of every 2^k of them from a multiple of 2^k on, each of the 2^k slices of equal width
 * along an axis holds one, and most boxes of that volume do. Scrambled by a random triangular matrix and a random shift of the binary
 * digits (Matoušek, J. Complexity 1998), which keeps that. Best used with n a power of two.
 *
 * @param shape [n, d]: n points of d coordinates
 * @throws as {@link latinHypercube}, and ERR_NABLA_SHAPE for more axes than there are direction numbers for
 */
export function sobol(key: KeyLike, shape: readonly number[], options: DesignOptions = {}): Array {
  const axes = shape?.[1] ?? 0;
  if (axes > sobolAxes) {
    throw new NablaError(
      'ERR_NABLA_SHAPE',
      `sobol: expected at most ${sobolAxes} axes but received ${axes}; latinHypercube takes any number`,
      { operation: 'sobol', shape },
    );
  }
  return design('sobol', shape, options, (axis) => {
    const words = bits(foldIn(key, axis), 33).data;
    const v = directions(axis).map((word) => scrambled(word, words as Uint32Array));
    const shift = words[32] as number;
    return (i) => {
      let value = shift;
      for (let gray = i ^ (i >>> 1), j = 0; gray !== 0; gray >>>= 1, j++) if (gray & 1) value ^= v[j] as number;
      return (value >>> 0) * 2 ** -32;
    };
  });
}

/** A word times a lower triangular matrix of bits with ones on its diagonal, the highest bit first; its rows are random words. */
function scrambled(word: number, rows: Uint32Array): number {
  let result = 0;
  for (let p = 0; p < 32; p++) {
    const diagonal = 1 << (31 - p);
    // Bits above the diagonal's, as they are in the random word; below it 0.
    const row = (rows[p]! & ~(diagonal | (diagonal - 1))) | diagonal;
    let parity = word & row;
    for (let by = 16; by > 0; by >>= 1) parity ^= parity >>> by;
    if (parity & 1) result |= diagonal;
  }
  return result >>> 0;
}

/** Fills [n, d] column by column with coordinates in [0, 1) and stretches them over the box. */
function design(
  what: string,
  shape: readonly number[],
  options: DesignOptions,
  column: (axis: number, n: number) => (i: number) => number,
): Array {
  checkOptions(options, ['dtype', 'minval', 'maxval'], what);
  const dtype = floatDtype(options.dtype, what);
  const checked = checkShape(shape, what);
  const [n, d] = checked;
  if (n === undefined || d === undefined || checked.length !== 2) {
    throw new NablaError('ERR_NABLA_SHAPE', `${what}: expected a shape [n, d] but received ${formatShape(checked)}`, {
      operation: what,
      shape: checked,
    });
  }
  const { minval = 0, maxval = 1 } = options;
  const { lower, upper } = broadcastBounds(minval, maxval, [d], dtype, ['minval', 'maxval'], what);
  lower.forEach((low, axis) => {
    const high = upper[axis] as number;
    if (low <= high && Number.isFinite(high - low)) return;
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `${what}: expected finite bounds with minval <= maxval but received minval = ${low} and maxval = ${high}`,
      { operation: what, minval: low, maxval: high, axis },
    );
  });
  const out = allocate(dtype, size(checked), what);
  for (let axis = 0; axis < d; axis++) {
    const coordinate = column(axis, n);
    const low = lower[axis % lower.length] as number;
    const range = (upper[axis % upper.length] as number) - low;
    for (let i = 0; i < n; i++) out[i * d + axis] = low + range * coordinate(i);
  }
  return new ConcreteArray(out, checked);
}

/** The i-th prime, from 2. */
function prime(i: number): number {
  let candidate = 2;
  for (let found = 0; ; candidate++) {
    let isPrime = true;
    for (let k = 2; k * k <= candidate; k++) isPrime &&= candidate % k !== 0;
    if (isPrime && found++ === i) return candidate;
  }
}
