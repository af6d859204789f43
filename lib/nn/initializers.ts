import { type Array, ConcreteArray } from '../array/array.js';
import { allocate, type TypedArray } from '../array/dtype.js';
import { checkShape, formatShape, normalizeAxes, normalizeAxis, size } from '../array/shape.js';
import * as random from '../random/index.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';

export type FloatDType = 'float32' | 'float64';

/**
 * Makes the first value of a parameter. Any function of this form may stand where an initialiser is wanted.
 *
 * @param key decides the random numbers
 * @param shape of the parameter; [in, out] for the kernel of a dense layer
 * @param dtype `float32` unless said otherwise
 * @param options which random stream, see `random.StreamOptions`
 */
export type Initializer = (
  key: random.KeyLike,
  shape: readonly number[],
  dtype?: FloatDType,
  options?: random.StreamOptions,
) => Array;

/** Which axes of a parameter count as inputs and as outputs. Those in none of the three are a receptive field. */
export interface FanOptions {
  /** Input axes, -2 unless said otherwise. */
  inAxis?: number | readonly number[];
  /** Output axes, -1 unless said otherwise. */
  outAxis?: number | readonly number[];
  /** Axes to leave out of account, none unless said otherwise. */
  batchAxis?: number | readonly number[];
  /** dtype where a call names none. */
  dtype?: FloatDType;
}

export type VarianceMode = 'fan_in' | 'fan_out' | 'fan_avg' | 'fan_geo_avg';
export type VarianceDistribution = 'truncated_normal' | 'normal' | 'uniform';

/** All zeros. */
export const zeros: Initializer = (_, shape, dtype = 'float32') => filled(shape, dtype, 0, 'zeros');

/** All ones. */
export const ones: Initializer = (_, shape, dtype = 'float32') => filled(shape, dtype, 1, 'ones');

/** One number everywhere. */
export function constant(value: number, dtype: FloatDType = 'float32'): Initializer {
  checkNumber(value, 'constant', 'value');
  return (_, shape, own = dtype) => filled(shape, own, value, 'constant');
}

/** Uniform in [0, scale). */
export function uniform(scale = 1e-2, dtype: FloatDType = 'float32'): Initializer {
  checkNumber(scale, 'uniform', 'scale');
  return (key, shape, own = dtype, options = {}) =>
    scaled(random.uniform(key, shape, { ...options, dtype: own }), scale);
}

/** Normal with standard deviation `stddev`. */
export function normal(stddev = 1e-2, dtype: FloatDType = 'float32'): Initializer {
  checkNumber(stddev, 'normal', 'stddev');
  return (key, shape, own = dtype, options = {}) =>
    scaled(random.normal(key, shape, { ...options, dtype: own }), stddev);
}

/**
 * Standard normal cut to (lower, upper), then multiplied by `stddev`: the result's standard deviation is smaller than that.
 */
export function truncatedNormal(stddev = 1e-2, dtype: FloatDType = 'float32', lower = -2, upper = 2): Initializer {
  checkNumber(stddev, 'truncatedNormal', 'stddev');
  return (key, shape, own = dtype, options = {}) =>
    scaled(random.truncatedNormal(key, lower, upper, shape, { ...options, dtype: own }), stddev);
}

/**
 * Random numbers of variance scale / n, n being the number of inputs, of outputs, or a mean of the two.
 *
 * @throws ERR_NABLA_OPTION for an unknown mode or distribution; the initialiser itself ERR_NABLA_SHAPE for a parameter of
 *   fewer than two axes unless `inAxis` names them
 */
export function varianceScaling(
  scale: number,
  mode: VarianceMode,
  distribution: VarianceDistribution,
  fans: FanOptions = {},
): Initializer {
  checkNumber(scale, 'varianceScaling', 'scale');
  checkOneOf(mode, ['fan_in', 'fan_out', 'fan_avg', 'fan_geo_avg'], 'mode');
  checkOneOf(distribution, ['truncated_normal', 'normal', 'uniform'], 'distribution');
  checkOptions(fans, ['inAxis', 'outAxis', 'batchAxis', 'dtype'], 'varianceScaling');
  return (key, shape, dtype = fans.dtype ?? 'float32', options = {}) => {
    const round = rounding(dtype);
    const { fanIn, fanOut } = computeFans(checkShape(shape, 'varianceScaling'), fans);
    const n = {
      fan_in: fanIn,
      fan_out: fanOut,
      fan_avg: (fanIn + fanOut) / 2,
      fan_geo_avg: Math.sqrt(fanIn * fanOut),
    }[mode];
    // Every step rounds to the dtype, as the same steps on JAX's arrays do.
    const variance = round(scale / n);
    const own = { ...options, dtype };
    switch (distribution) {
      case 'truncated_normal': {
        // The standard deviation of the standard normal cut to (-2, 2).
        const stddev = round(round(Math.sqrt(variance)) / round(0.87962566103423978));
        return scaled(random.truncatedNormal(key, -2, 2, shape, own), stddev);
      }
      case 'normal':
        return scaled(random.normal(key, shape, own), Math.sqrt(variance));
      case 'uniform':
        return scaled(random.uniform(key, shape, { ...own, minval: -1 }), Math.sqrt(round(3 * variance)));
      default:
        throw new NablaError('ERR_NABLA_INTERNAL', `no distribution ${distribution satisfies never}`);
    }
  };
}

/** Variance 1 / inputs, uniform (LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998). */
export const lecunUniform = (fans?: FanOptions) => varianceScaling(1, 'fan_in', 'uniform', fans);

/** Variance 1 / inputs, truncated normal: what Flax's `Dense` starts from. */
export const lecunNormal = (fans?: FanOptions) => varianceScaling(1, 'fan_in', 'truncated_normal', fans);

/** Variance 2 / (inputs + outputs), uniform (Glorot and Bengio, AISTATS 2010). */
export const glorotUniform = (fans?: FanOptions) => varianceScaling(1, 'fan_avg', 'uniform', fans);

/** Variance 2 / (inputs + outputs), truncated normal. */
export const glorotNormal = (fans?: FanOptions) => varianceScaling(1, 'fan_avg', 'truncated_normal', fans);

/** Variance 2 / inputs, uniform (He, Zhang, Ren and Sun, ICCV 2015). */
export const heUniform = (fans?: FanOptions) => varianceScaling(2, 'fan_in', 'uniform', fans);

/** Variance 2 / inputs, truncated normal. */
export const heNormal = (fans?: FanOptions) => varianceScaling(2, 'fan_in', 'truncated_normal', fans);

export {
  glorotNormal as xavierNormal,
  glorotUniform as xavierUniform,
  heNormal as kaimingNormal,
  heUniform as kaimingUniform,
};

function computeFans(shape: readonly number[], fans: FanOptions): { fanIn: number; fanOut: number } {
  const { inAxis = -2, outAxis = -1, batchAxis = [] } = fans;
  if (inAxis === -2 && shape.length < 2) {
    throw new NablaError(
      'ERR_NABLA_SHAPE',
      `varianceScaling: a parameter of shape ${formatShape(shape)} has no input axis; it takes at least two axes, or inAxis`,
      { operation: 'varianceScaling', shape },
    );
  }
  const sizeOf = (axes: number | readonly number[], what: string) => {
    const list =
      typeof axes === 'number'
        ? [normalizeAxis(axes, shape.length, `varianceScaling: ${what}`)]
        : normalizeAxes(axes, shape.length, `varianceScaling: ${what}`);
    return size(list.map((axis) => shape[axis] as number));
  };
  const inputs = sizeOf(inAxis, 'inAxis');
  const outputs = sizeOf(outAxis, 'outAxis');
  const receptiveField = size(shape) / inputs / outputs / sizeOf(batchAxis, 'batchAxis');
  return { fanIn: inputs * receptiveField, fanOut: outputs * receptiveField };
}

function rounding(dtype: FloatDType): (x: number) => number {
  return dtype === 'float32' ? Math.fround : (x) => x;
}

function filled(shape: readonly number[], dtype: FloatDType, value: number, what: string): Array {
  const checked = checkShape(shape, what);
  return new ConcreteArray(allocate(dtype, size(checked), what).fill(value), checked);
}

/** Multiplies in place: the array is fresh from a generator. A float32 product is exact in a double and rounds once. */
function scaled(array: Array, factor: number): Array {
  const data: TypedArray = array.data;
  const rounded = array.dtype === 'float32' ? Math.fround(factor) : factor;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * rounded;
  return array;
}

function checkNumber(value: unknown, what: string, name: string): void {
  if (typeof value === 'number' && Number.isFinite(value)) return;
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: expected a finite number for ${name} but received ${describe(value)}`,
    { operation: what, given: value },
  );
}

function checkOneOf(value: string, known: readonly string[], name: string): void {
  if (known.includes(value)) return;
  throw new NablaError(
    'ERR_NABLA_OPTION',
    `varianceScaling: expected one of ${known.join(', ')} for ${name} but received ${describe(value)}`,
    { operation: 'varianceScaling', given: value, known },
  );
}
