import { Array, type ArrayLike, ConcreteArray } from '../array/array.js';
import { allocate, typedArrayBrand } from '../array/dtype.js';
import { checkShape, size } from '../array/shape.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { getNative } from '../runtime/native.js';
import { wrapped } from '../runtime/native-error.js';
import { checkOptions } from '../runtime/options.js';

/** A key: two 32-bit words, as an array of shape [2] and dtype `uint32`. */
export type Key = Array;

/** Everything that is accepted where a key is wanted: a {@link Key}, a `Uint32Array(2)`, or a list of two words. */
export type KeyLike = ArrayLike;

export interface StreamOptions {
  /**
   * How counters are laid over an array. True, the default, is JAX's since 0.5.0 (`jax_threefry_partitionable`); false is the
   * legacy stream, with which older checkpoints were drawn. The same key gives other numbers.
   */
  partitionable?: boolean;
}

export interface SeedOptions {
  /**
   * Make the key JAX makes with 64-bit types enabled: the upper half of the seed becomes the first word. Without it only the
   * lower 32 bits of a seed count. Seeds from 0 to 2^32 - 1 give the same key either way.
   */
  x64?: boolean;
}

/** The words of a key and the stream, as the native functions take them. */
export type Source = readonly [k0: number, k1: number, legacy: 0 | 1];

/**
 * The key of a seed.
 *
 * @param seed an integer in [-2^63, 2^63), as a number or, beyond 2^53, a bigint
 * @returns uint32 array of shape [2]
 * @throws ERR_NABLA_ARGUMENT for anything else
 */
export function PRNGKey(seed: number | bigint, options: SeedOptions = {}): Key {
  checkOptions(options, ['x64'], 'PRNGKey');
  const integer = typeof seed === 'bigint' || (typeof seed === 'number' && Number.isSafeInteger(seed));
  const value = integer ? BigInt(seed) : 0n;
  if (!integer || value !== BigInt.asIntN(64, value)) {
    const advice = typeof seed === 'number' && Number.isInteger(seed) ? '; beyond 2^53 write a bigint' : '';
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `PRNGKey: expected an integer from -2^63 to 2^63 - 1 for the seed but received ${describe(seed)}${advice}`,
      { operation: 'PRNGKey', given: seed },
    );
  }
  const high = options.x64 ? Number(BigInt.asUintN(32, value >> 32n)) : 0;
  return new ConcreteArray(Uint32Array.of(high, Number(BigInt.asUintN(32, value))), [2]);
}

/** The key of a seed: the same as {@link PRNGKey}, under the name of JAX's newer interface. */
export function key(seed: number | bigint, options: SeedOptions = {}): Key {
  return PRNGKey(seed, options);
}

/**
 * New keys from one. Draw from each of them and no longer from `key` itself.
 *
 * @param num how many, or a shape for them
 * @returns uint32 array of shape [num, 2], or [...num, 2]
 * @throws ERR_NABLA_ARGUMENT (not a key), ERR_NABLA_SHAPE (not a number or shape), ERR_NABLA_TOO_LARGE
 */
export function split(key: KeyLike, num: number | readonly number[] = 2, options: StreamOptions = {}): Array {
  checkOptions(options, ['partitionable'], 'split');
  const source = checkSource(key, options, 'split');
  const shape = [...checkShape(num, 'split'), 2];
  const out = allocate('uint32', size(shape), 'split') as Uint32Array;
  wrapped(() => getNative().randomSplit(...source, out));
  return new ConcreteArray(out, shape);
}

/**
 * A new key made of a key and a number: the way to give each step, layer or worker a key of its own.
 *
 * @param data an integer in [0, 2^32)
 * @returns uint32 array of shape [2]
 * @throws ERR_NABLA_ARGUMENT
 */
export function foldIn(key: KeyLike, data: number): Key {
  const source = checkSource(key, {}, 'foldIn');
  if (!(Number.isInteger(data) && data >= 0 && data < 2 ** 32)) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `foldIn: expected an integer from 0 to 2^32 - 1 for data but received ${describe(data)}`,
      { operation: 'foldIn', given: data },
    );
  }
  const out = new Uint32Array(2);
  wrapped(() => getNative().randomFoldIn(...source, data, out));
  return new ConcreteArray(out, [2]);
}

/** Checks a key and the stream option. @throws ERR_NABLA_ARGUMENT saying what a key is; ERR_NABLA_OPTION. */
export function checkSource(key: unknown, options: StreamOptions, what: string): Source {
  const { partitionable = true } = options;
  if (typeof partitionable !== 'boolean') {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `${what}: expected true or false for partitionable but received ${describe(partitionable)}`,
      { operation: what, option: 'partitionable', given: partitionable },
    );
  }
  const [k0, k1] = keyWords(key, what);
  return [k0, k1, partitionable ? 0 : 1];
}

/** The two words of a key. @throws ERR_NABLA_ARGUMENT */
export function keyWords(key: unknown, what: string): [number, number] {
  const words = wordsOf(key);
  if (words?.length === 2 && words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32)) {
    return [words[0] as number, words[1] as number];
  }
  const several = key instanceof Array && key.dtype === 'uint32' && key.shape.at(-1) === 2 && key.ndim > 1;
  const advice =
    typeof key === 'number' || typeof key === 'bigint'
      ? `; a seed becomes one by random.PRNGKey(${key})`
      : several
        ? '; these are several keys: take one of them, e.g. with at(0)'
        : ', as random.PRNGKey(0) returns it';
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: expected a key, two words of dtype uint32, but received ${describe(key)}${advice}`,
    { operation: what, given: key },
  );
}

function wordsOf(key: unknown): globalThis.Array<number> | undefined {
  if (key instanceof Array) return key.dtype === 'uint32' && key.ndim === 1 ? [...key.data] : undefined;
  if (globalThis.Array.isArray(key)) return key as number[];
  if (typedArrayBrand(key) === 'Uint32Array') return [...(key as Uint32Array)];
  const { data, shape } = (key ?? {}) as { data?: unknown; shape?: unknown };
  if (typedArrayBrand(data) !== 'Uint32Array' || !globalThis.Array.isArray(shape) || shape.length !== 1)
    return undefined;
  return [...(data as Uint32Array)];
}
