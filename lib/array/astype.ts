import { NablaError } from '../runtime/errors.js';
import { type Array, ConcreteArray } from './array.js';
import { allocate, checkDtype, type DType, type TypedArray } from './dtype.js';

/** Range of the integer dtypes, both ends included. */
const integerRange = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] } as const;

/**
 * Elements converted to `dtype`: floats are rounded to the nearest, on the way to integers cut towards zero; anything
 * but 0 is true.
 * @throws ERR_NABLA_ARGUMENT if an element is NaN or outside the range of an integer dtype.
 */
export function convertElements(source: globalThis.ArrayLike<number>, dtype: DType, what = 'astype'): TypedArray {
  const n = source.length;
  const target = allocate(dtype, n, what);
  switch (dtype) {
    case 'float32':
    case 'float64':
      target.set(source);
      return target;
    case 'bool':
      for (let i = 0; i < n; i++) target[i] = source[i] === 0 ? 0 : 1;
      return target;
    case 'int32':
    case 'uint32': {
      const [low, high] = integerRange[dtype];
      for (let i = 0; i < n; i++) {
        const value = Math.trunc(source[i] as number);
        if (!(value >= low && value <= high)) {
          throw new NablaError('ERR_NABLA_ARGUMENT', `${what}: ${source[i]} at element ${i} has no value in ${dtype}`, {
            operation: what,
            element: i,
            value: source[i],
            dtype,
          });
        }
        target[i] = value;
      }
      return target;
    }
    default:
      throw new NablaError('ERR_NABLA_INTERNAL', `no conversion to dtype ${dtype satisfies never}`);
  }
}

/**
 * A concrete array as `dtype`; the same array if it already is.
 * @throws ERR_NABLA_DTYPE for an unknown dtype; ERR_NABLA_ARGUMENT if an element has no value in an integer dtype.
 */
export function astypeArray(array: Array, dtype: DType, what = 'astype'): Array {
  checkDtype(dtype, what);
  return array.dtype === dtype ? array : new ConcreteArray(convertElements(array.data, dtype, what), array.shape);
}
