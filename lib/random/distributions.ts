import { type Array, type ArrayLike, ConcreteArray } from '../array/array.js';
import { allocate, checkDtype, type TypedArray } from '../array/dtype.js';
import { checkShape, size } from '../array/shape.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { getNative } from '../runtime/native.js';
import { wrapped } from '../runtime/native-error.js';
import { checkOptions } from '../runtime/options.js';
import { broadcastBounds, type FloatDType } from './bounds.js';
import { checkSource, type KeyLike, type StreamOptions } from './key.js';

export interface DistributionOptions extends StreamOptions {
  /** `float32` unless said otherwise. The two dtypes are separate streams: one is not the other rounded. */
  dtype?: FloatDType;
}

export interface UniformOptions extends DistributionOptions {
  /** Inclusive, 0 unless said otherwise; a number, or an array that broadcasts to the shape of the result. */
  minval?: ArrayLike;
  /** Exclusive (though rounding can reach it), 1 unless said otherwise; like `minval`. */
  maxval?: ArrayLike;
}

export interface BitsOptions extends StreamOptions {
  /** Bits per number: 32 unless said otherwise. 64 come as two words, the upper one first. */
  bitWidth?: 32 | 64;
}

/**
 * Random bits, those of `jax.random.bits`.
 *
 * @param shape of the result; a scalar if not given
 * @returns uint32 array of `shape`, or of [...shape, 2] for `bitWidth` 64
 * @throws ERR_NABLA_ARGUMENT (not a key), ERR_NABLA_SHAPE, ERR_NABLA_OPTION, ERR_NABLA_TOO_LARGE
 */
export function bits(key: KeyLike, shape: number | readonly number[] = [], options: BitsOptions = {}): Array {
  checkOptions(options, ['bitWidth', 'partitionable'], 'bits');
  const source = checkSource(key, options, 'bits');
  const { bitWidth = 32 } = options;
  if (bitWidth !== 32 && bitWidth !== 64) {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `bits: expected 32 or 64 for bitWidth but received ${describe(bitWidth)}`,
      {
        operation: 'bits',
        option: 'bitWidth',
        given: bitWidth,
      },
    );
  }
  const resultShape = [...checkShape(shape, 'bits'), ...(bitWidth === 64 ? [2] : [])];
  const out = allocate('uint32', size(resultShape), 'bits') as Uint32Array;
  wrapped(() => getNative().randomBits(...source, bitWidth, out));
  return new ConcreteArray(out, resultShape);
}

/**
 * Uniformly distributed numbers in [minval, maxval), those of `jax.random.uniform`.
 *
 * @param shape of the result; a scalar if not given
 * @throws ERR_NABLA_ARGUMENT (not a key; bounds not finite or in the wrong order), ERR_NABLA_SHAPE (bounds do not broadcast),
 *   ERR_NABLA_DTYPE, ERR_NABLA_OPTION, ERR_NABLA_TOO_LARGE
 */
export function uniform(key: KeyLike, shape: number | readonly number[] = [], options: UniformOptions = {}): Array {
  checkOptions(options, ['dtype', 'minval', 'maxval', 'partitionable'], 'uniform');
  const source = checkSource(key, options, 'uniform');
  const dtype = floatDtype(options.dtype, 'uniform');
  const { minval = 0, maxval = 1 } = options;
  const resultShape = checkShape(shape, 'uniform');
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const { lower, upper } = broadcastBounds(minval, maxval, resultShape, dtype, ['minval', 'maxval'], 'uniform');
  checkOrder(lower, upper, (low, high) => low <= high && Number.isFinite(round(high - low)), 'uniform', [
    'minval',
    'maxval',
    'finite bounds, no further apart than the dtype goes, and minval <= maxval',
  ]);
  const out = allocate(dtype, size(resultShape), 'uniform');
  wrapped(() => getNative().randomUniform(...source, lower, upper, out));
  return new ConcreteArray(out, resultShape);
}

/**
 * Normally distributed numbers of mean 0 and variance 1, those of `jax.random.normal`.
 *
 * @param shape of the result; a scalar if not given
 * @throws ERR_NABLA_ARGUMENT (not a key), ERR_NABLA_SHAPE, ERR_NABLA_DTYPE, ERR_NABLA_OPTION, ERR_NABLA_TOO_LARGE
 */
export function normal(key: KeyLike, shape: number | readonly number[] = [], options: DistributionOptions = {}): Array {
  checkOptions(options, ['dtype', 'partitionable'], 'normal');
  const source = checkSource(key, options, 'normal');
  const dtype = floatDtype(options.dtype, 'normal');
  const resultShape = checkShape(shape, 'normal');
  const out = allocate(dtype, size(resultShape), 'normal');
  wrapped(() => getNative().randomNormal(...source, out));
  return new ConcreteArray(out, resultShape);
}

/**
 * Numbers of the standard normal distribution cut to the open interval (lower, upper), those of `jax.random.truncated_normal`.
 * The bounds are in standard deviations; nothing is rescaled, so the variance is below 1.
 *
 * @param lower a number or an array, possibly infinite
 * @param upper likewise
 * @param shape of the result; if not given that of the bounds broadcast against each other
 * @throws ERR_NABLA_ARGUMENT (not a key; lower not below upper), ERR_NABLA_SHAPE (bounds do not broadcast), ERR_NABLA_DTYPE,
 *   ERR_NABLA_OPTION, ERR_NABLA_TOO_LARGE
 */
export function truncatedNormal(
  key: KeyLike,
  lower: ArrayLike,
  upper: ArrayLike,
  shape?: number | readonly number[],
  options: DistributionOptions = {},
): Array {
  const what = 'truncatedNormal';
  checkOptions(options, ['dtype', 'partitionable'], what);
  const source = checkSource(key, options, what);
  const dtype = floatDtype(options.dtype, what);
  const asked = shape === undefined ? undefined : checkShape(shape, what);
  const bounds = broadcastBounds(lower, upper, asked, dtype, ['lower', 'upper'], what);
  checkOrder(bounds.lower, bounds.upper, (low, high) => low < high, what, ['lower', 'upper', 'lower < upper']);
  const out = allocate(dtype, size(bounds.shape), what);
  wrapped(() => getNative().randomTruncatedNormal(...source, bounds.lower, bounds.upper, out));
  return new ConcreteArray(out, bounds.shape);
}

/** Checks the `dtype` option of a distribution. @throws ERR_NABLA_DTYPE */
export function floatDtype(dtype: unknown, what: string): FloatDType {
  if (dtype === undefined) return 'float32';
  const checked = checkDtype(dtype, `${what}: dtype`);
  if (checked === 'float32' || checked === 'float64') return checked;
  throw new NablaError('ERR_NABLA_DTYPE', `${what}: expected float32 or float64 for dtype but received ${checked}`, {
    operation: what,
    given: dtype,
  });
}

function checkOrder(
  lower: TypedArray,
  upper: TypedArray,
  ordered: (low: number, high: number) => boolean,
  what: string,
  [lowerName, upperName, condition]: readonly [string, string, string],
): void {
  for (let i = 0; i < lower.length; i++) {
    const low = lower[i] as number;
    const high = upper[i] as number;
    if (!ordered(low, high)) {
      throw new NablaError(
        'ERR_NABLA_ARGUMENT',
        `${what}: expected ${condition} but received ${lowerName} = ${low} and ${upperName} = ${high}`,
        { operation: what, [lowerName]: low, [upperName]: high },
      );
    }
  }
}
