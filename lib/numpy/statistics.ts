import type { Array, ArrayLike } from '../array/array.js';
import { normalizeAxes } from '../array/shape.js';
import { checkOptions } from '../runtime/options.js';
import { toArray } from '../trace/trace.js';
import { mul, sqrt, square, sub } from './elementwise.js';
import { mean, type ReductionOptions, sum } from './linear.js';

export interface VarianceOptions extends ReductionOptions {
  /** Subtracted from the number of entries: 0 unless said otherwise, 1 for the unbiased estimate. */
  ddof?: number;
}

/** The mean square distance from the mean, over all axes or over `axis`. */
export function variance(x: ArrayLike, options: VarianceOptions = {}): Array {
  checkOptions(options, ['axis', 'keepdims', 'ddof'], 'var');
  const { ddof = 0, ...reduction } = options;
  const array = toArray(x, 'var');
  const distance = sub(array, mean(array, { ...reduction, keepdims: true }));
  if (ddof === 0) return mean(square(distance), reduction);
  const count = normalizeAxes(reduction.axis, array.ndim, 'var').reduce((n, axis) => n * array.shape[axis]!, 1);
  return mul(mean(square(distance), reduction), count / (count - ddof));
}

/** The standard deviation: the root of the variance. */
export const std = (x: ArrayLike, options: VarianceOptions = {}): Array => sqrt(variance(x, options));

/** The Euclidean norm of all entries, or along `axis`. Its derivative at 0 is NaN, as that of any root. */
export const norm = (x: ArrayLike, options: ReductionOptions = {}): Array => sqrt(sum(square(x), options));
