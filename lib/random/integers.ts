import { type Array, type ArrayLike, ConcreteArray } from '../array/array.js';
import { asArray } from '../array/as-array.js';
import { allocate, type TypedArray } from '../array/dtype.js';
import { checkShape, normalizeAxis, size } from '../array/shape.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { bits } from './distributions.js';
import { checkSource, type Key, type KeyLike, type StreamOptions, split } from './key.js';

export interface RandintOptions extends StreamOptions {
  /** `int32` unless said otherwise. */
  dtype?: 'int32' | 'uint32';
}

export interface PermutationOptions extends StreamOptions {
  /** Axis to shuffle along, 0 unless said otherwise; may be negative. */
  axis?: number;
  /** Shuffle every line along the axis by itself rather than whole slices. */
  independent?: boolean;
}

export interface ChoiceOptions extends StreamOptions {
  /** Whether an element may be drawn more than once; true unless said otherwise. */
  replace?: boolean;
  /** Axis to draw from, 0 unless said otherwise; may be negative. */
  axis?: number;
}

/**
 * Uniformly distributed integers in [minval, maxval), those of `jax.random.randint`: 64 random bits modulo the range, so a
 * range that is no power of two is biased by at most (range / 2^64).
 *
 * @param shape of the result
 * @param minval inclusive
 * @param maxval exclusive; at most one beyond the largest value of the dtype
 * @throws ERR_NABLA_ARGUMENT (not a key; bounds not integers of the dtype, or none between them), ERR_NABLA_SHAPE,
 *   ERR_NABLA_OPTION, ERR_NABLA_TOO_LARGE
 */
export function randint(
  key: KeyLike,
  shape: number | readonly number[],
  minval: number,
  maxval: number,
  options: RandintOptions = {},
): Array {
  checkOptions(options, ['dtype', 'partitionable'], 'randint');
  const { dtype = 'int32' } = options;
  if (dtype !== 'int32' && dtype !== 'uint32') {
    throw new NablaError(
      'ERR_NABLA_DTYPE',
      `randint: expected int32 or uint32 for dtype but received ${describe(dtype)}`,
      {
        operation: 'randint',
        given: dtype,
      },
    );
  }
  const [least, greatest] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  if (
    !(
      Number.isInteger(minval) &&
      Number.isInteger(maxval) &&
      least <= minval &&
      minval < maxval &&
      maxval <= greatest + 1
    )
  ) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `randint: expected integers ${least} <= minval < maxval <= ${greatest + 1} but received minval = ` +
        `${describe(minval)} and maxval = ${describe(maxval)}`,
      { operation: 'randint', minval, maxval, dtype },
    );
  }
  const resultShape = checkShape(shape, 'randint');
  const keys = split(key, 2, streamOf(options));
  const upper = bits(row(keys, 0), resultShape, streamOf(options)).data as Uint32Array;
  const lower = bits(row(keys, 1), resultShape, streamOf(options)).data as Uint32Array;
  // (upper 2^32 + lower) mod span in 32-bit arithmetic that wraps, as JAX does it. The range of all 32 bits has the span 0,
  // and a remainder by 0 leaves a number as it is.
  const span = (maxval - minval) >>> 0;
  const remainder = (a: number) => (span === 0 ? a : a % span);
  const half = remainder(2 ** 16);
  const multiplier = remainder(Math.imul(half, half) >>> 0);
  const out = allocate(dtype, size(resultShape), 'randint');
  for (let i = 0; i < out.length; i++) {
    const offset = (Math.imul(remainder(upper[i] as number), multiplier) + remainder(lower[i] as number)) >>> 0;
    out[i] = minval + remainder(offset);
  }
  return new ConcreteArray(out, resultShape);
}

/**
 * A shuffled array, or the numbers 0 … x - 1 shuffled; the permutation of `jax.random.permutation`.
 *
 * @param x how many numbers, or an array of at least one axis
 * @returns int32 array of shape [x], or an array like x
 * @throws ERR_NABLA_ARGUMENT (not a key; neither a count nor an array), ERR_NABLA_AXIS, ERR_NABLA_OPTION
 */
export function permutation(key: KeyLike, x: number | ArrayLike, options: PermutationOptions = {}): Array {
  checkOptions(options, ['axis', 'independent', 'partitionable'], 'permutation');
  checkSource(key, options, 'permutation');
  const array = population(x, 'permutation');
  const axis = normalizeAxis(options.axis ?? 0, array.ndim, 'permutation');
  const lines = linesAlong(array.shape, axis);
  if (options.independent === true || array.ndim === 1) return shuffle(key, array, lines, options);
  const order = shuffle(key, range(lines.length), linesAlong([lines.length], 0), options);
  return new ConcreteArray(take(array, order.data, lines), array.shape);
}

/**
 * Elements drawn from an array, or from the numbers 0 … a - 1, each with the same probability; those of `jax.random.choice`.
 *
 * @param a how many numbers, or an array of at least one axis
 * @param shape of the draws; the result has it in place of the axis drawn from
 * @throws ERR_NABLA_ARGUMENT (not a key; nothing to draw from; more draws than elements without replacement),
 *   ERR_NABLA_SHAPE, ERR_NABLA_AXIS, ERR_NABLA_OPTION
 */
export function choice(
  key: KeyLike,
  a: number | ArrayLike,
  shape: number | readonly number[] = [],
  options: ChoiceOptions = {},
): Array {
  checkOptions(options, ['replace', 'axis', 'partitionable'], 'choice');
  checkSource(key, options, 'choice');
  const array = population(a, 'choice');
  const axis = normalizeAxis(options.axis ?? 0, array.ndim, 'choice');
  const drawn = checkShape(shape, 'choice');
  const lines = linesAlong(array.shape, axis);
  const { replace = true } = options;
  const draws = size(drawn);
  if (draws > 0 && (lines.length === 0 || (!replace && draws > lines.length))) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `choice: cannot draw ${draws} of ${lines.length} elements${replace ? '' : ' without replacement'}`,
      { operation: 'choice', draws, elements: lines.length },
    );
  }
  const index =
    draws === 0
      ? new Int32Array(0)
      : replace
        ? randint(key, draws, 0, lines.length, streamOf(options)).data
        : (permutation(key, lines.length, streamOf(options)).data as Int32Array).subarray(0, draws);
  const shapeOfResult = [...array.shape.slice(0, axis), ...drawn, ...array.shape.slice(axis + 1)];
  return new ConcreteArray(take(array, index, lines), shapeOfResult);
}

function streamOf(options: StreamOptions): StreamOptions {
  return options.partitionable === undefined ? {} : { partitionable: options.partitionable };
}

function row(keys: Array, i: number): Key {
  return new ConcreteArray((keys.data as Uint32Array).slice(2 * i, 2 * i + 2), [2]);
}

function range(n: number): Array {
  return new ConcreteArray(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
  );
}

/** A count stands for the integers below it. */
function population(x: number | ArrayLike, what: string): Array {
  if (typeof x === 'number' && Number.isInteger(x) && x >= 0 && x < 2 ** 31) return range(x);
  const array = typeof x === 'number' ? undefined : asArray(x, { what });
  if (array !== undefined && array.ndim > 0) return array;
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: expected a count or an array of at least one axis but received ${describe(x)}`,
    { operation: what, given: x },
  );
}

/** An array of any number of axes seen as [outer, length, inner] around one of them. */
interface Lines {
  outer: number;
  length: number;
  inner: number;
}

function linesAlong(shape: readonly number[], axis: number): Lines {
  return { outer: size(shape.slice(0, axis)), length: shape[axis] as number, inner: size(shape.slice(axis + 1)) };
}

/** The elements at `index` along the axis of `lines`. */
function take(array: Array, index: globalThis.ArrayLike<number>, { outer, length, inner }: Lines): TypedArray {
  const { data, dtype } = array;
  const out = allocate(dtype, outer * index.length * inner);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < index.length; j++) {
      const from = (o * length + (index[j] as number)) * inner;
      for (let i = 0; i < inner; i++) out[to++] = data[from + i] as number;
    }
  }
  return out;
}

/**
 * Sorts by random words, again and again with fresh ones: equal words would leave neighbours in order, and after
 * ceil(3 log n / log 2^32) rounds that two elements were never told apart is unlikely enough (the rule is JAX's).
 */
function shuffle(key: KeyLike, array: Array, { outer, length, inner }: Lines, options: StreamOptions): Array {
  const elements = array.size;
  const rounds = Math.ceil((3 * Math.log(Math.max(1, elements))) / Math.log(2 ** 32 - 1));
  let data = array.data;
  let current: KeyLike = key;
  for (let round = 0; round < rounds; round++) {
    const keys = split(current, 2, streamOf(options));
    current = row(keys, 0);
    const words = bits(row(keys, 1), elements, streamOf(options)).data as Uint32Array;
    const next = allocate(array.dtype, elements);
    const line = new Uint32Array(length);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const start = o * length * inner + i;
        for (let j = 0; j < length; j++) line[j] = words[start + j * inner] as number;
        const order = stableOrder(line);
        for (let j = 0; j < length; j++) next[start + j * inner] = data[start + (order[j] as number) * inner] as number;
      }
    }
    data = next;
  }
  return new ConcreteArray(data, array.shape);
}

/** Positions that sort 32-bit words, equal ones in their present order: radix sort, 16 bits at a time for long arrays. */
function stableOrder(words: Uint32Array): Uint32Array {
  const digitBits = words.length > 4096 ? 16 : 8;
  const mask = 2 ** digitBits - 1;
  let order = Uint32Array.from(words, (_, i) => i);
  let spare = new Uint32Array(words.length);
  for (let shift = 0; shift < 32; shift += digitBits) {
    const starts = new Uint32Array(mask + 2);
    for (const word of words) starts[((word >>> shift) & mask) + 1]! += 1;
    for (let digit = 0; digit < mask; digit++) starts[digit + 1]! += starts[digit] as number;
    for (const i of order) spare[starts[((words[i] as number) >>> shift) & mask]!++] = i;
    [order, spare] = [spare, order];
  }
  return order;
}
