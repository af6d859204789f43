import type { Array, ArrayLike } from '../array/array.js';
import { asArray } from '../array/as-array.js';
import { allocate, type TypedArray } from '../array/dtype.js';
import { broadcastShapes, formatShape, rowMajorStrides, shapesEqual, size } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';

export type FloatDType = 'float32' | 'float64';

/** Bounds as the native generators take them: equally long, repeated along the output. */
export interface Bounds {
  lower: TypedArray;
  upper: TypedArray;
}

/**
 * Broadcasts bounds against each other and the shape of the result. Bounds for the last axes only (a box: one pair per
 * column) stay that small; others are written out.
 *
 * @param shape of the result; undefined takes that of the bounds
 * @throws ERR_NABLA_SHAPE if the bounds do not broadcast to `shape`; whatever `asArray` throws
 */
export function broadcastBounds(
  lower: ArrayLike,
  upper: ArrayLike,
  shape: readonly number[] | undefined,
  dtype: FloatDType,
  names: readonly [string, string],
  what: string,
): Bounds & { shape: readonly number[] } {
  const low = asArray(lower, { dtype, what: `${what}: ${names[0]}` });
  const high = asArray(upper, { dtype, what: `${what}: ${names[1]}` });
  const common = broadcastShapes([low.shape, high.shape], what);
  const result = shape ?? common;
  if (!broadcastsTo(common, result)) {
    throw new NablaError(
      'ERR_NABLA_SHAPE',
      `${what}: ${names[0]} and ${names[1]} of shapes ${formatShape(low.shape)} and ${formatShape(high.shape)} do not ` +
        `broadcast to the result's shape ${formatShape(result)}`,
      { operation: what, shapes: [low.shape, high.shape, result] },
    );
  }
  let lengths: readonly number[] = common;
  while (lengths[0] === 1) lengths = lengths.slice(1);
  const repeated = shapesEqual(lengths, result.slice(result.length - lengths.length)) ? lengths : result;
  return { shape: result, lower: broadcastData(low, repeated), upper: broadcastData(high, repeated) };
}

function broadcastsTo(from: readonly number[], to: readonly number[]): boolean {
  const shift = to.length - from.length;
  return shift >= 0 && from.every((length, axis) => length === 1 || length === to[axis + shift]);
}

/** The elements of `array` stretched to `shape`, from which leading axes of length 1 may be missing. At least one element. */
function broadcastData(array: Array, shape: readonly number[]): TypedArray {
  const { data, dtype } = array;
  const out = allocate(dtype, Math.max(1, size(shape)));
  if (data.length === 1) return out.fill(data[0] as number);
  const own = array.shape.slice(Math.max(0, array.ndim - shape.length));
  const shift = shape.length - own.length;
  const ownStrides = rowMajorStrides(own);
  const strides = shape.map((_, axis) =>
    axis < shift || own[axis - shift] === 1 ? 0 : (ownStrides[axis - shift] as number),
  );
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}
