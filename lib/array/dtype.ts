import { NablaError } from '../runtime/errors.js';

/** Element types. Arithmetic is defined on `float32` and `float64`; the others index, select and count. */
export type DType = 'float32' | 'float64' | 'int32' | 'uint32' | 'bool';

/** Storage of each dtype; `bool` is a `Uint8Array` of 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'uint32', 'bool'];

/** Bytes of one element in storage. */
export const bytesPerElement: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint32: 4,
  bool: 1,
};

/**
 * The brand of a typed array decides its dtype: unlike `instanceof` it also recognises arrays made in another realm
 * (`vm` contexts, test runners), and unlike the constructor's name it sees through subclasses such as `Buffer`.
 */
const dtypeOfBrand: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  Uint8Array: 'bool',
};

const brandGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

/** Name of the typed array class `x` belongs to (`'Float32Array'`, `'BigInt64Array'`, …), or undefined for anything else. */
export function typedArrayBrand(x: unknown): string | undefined {
  return brandGetter.call(x);
}

/** dtype stored by a typed array, or undefined if `x` is not one of the five supported kinds. */
export function dtypeOfTypedArray(x: unknown): DType | undefined {
  const brand = typedArrayBrand(x);
  return brand === undefined ? undefined : dtypeOfBrand[brand];
}

/** True for the typed arrays that store one of our dtypes. */
export function isTypedArray(x: unknown): x is TypedArray {
  return dtypeOfTypedArray(x) !== undefined;
}

export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64';
}

/**
 * The dtype of a result that mixes `a` and `b`: the same if they agree, `float64` for the two floats.
 * @throws ERR_NABLA_DTYPE if an integer or boolean meets another dtype.
 */
export function promoteDtypes(a: DType, b: DType, what = 'this operation'): DType {
  if (a === b) return a;
  if (isFloat(a) && isFloat(b)) return 'float64';
  const culprit = isFloat(a) ? b : a;
  throw new NablaError(
    'ERR_NABLA_DTYPE',
    `${what} cannot mix ${a} and ${b}; convert the ${culprit} array first, e.g. with astype('float32')`,
    { operation: what, dtypes: [a, b] },
  );
}

/** Checks a dtype given by a user. @throws ERR_NABLA_DTYPE naming the known ones. */
export function checkDtype(dtype: unknown, what = 'dtype'): DType {
  if (typeof dtype === 'string' && (dtypes as readonly string[]).includes(dtype)) return dtype as DType;
  const given = typeof dtype === 'string' ? `'${dtype}'` : String(dtype);
  throw new NablaError('ERR_NABLA_DTYPE', `expected ${what} to be one of ${dtypes.join(', ')} but received ${given}`, {
    given: dtype,
    known: dtypes,
  });
}

/** The class that stores `dtype`. */
export function typedArrayClass(dtype: DType) {
  switch (dtype) {
    case 'float32':
      return Float32Array;
    case 'float64':
      return Float64Array;
    case 'int32':
      return Int32Array;
    case 'uint32':
      return Uint32Array;
    case 'bool':
      return Uint8Array;
    default:
      throw new NablaError('ERR_NABLA_INTERNAL', `no storage for dtype ${dtype satisfies never}`);
  }
}

/** Most elements one array may have: the longest typed array V8 makes in Node 20. Later ones allow more, but programs should not depend on it. */
export const maxElements = 2 ** 32;

/**
 * Zeroed storage for `length` elements.
 * @throws ERR_NABLA_TOO_LARGE if no array can be that long; ERR_NABLA_OUT_OF_MEMORY if the memory is refused.
 */
export function allocate(dtype: DType, length: number, what = 'array'): TypedArray {
  if (!(length <= maxElements)) {
    throw new NablaError(
      'ERR_NABLA_TOO_LARGE',
      `${what}: ${length} elements of ${dtype} exceed the ${maxElements} elements one array may have`,
      { operation: what, elements: length, dtype },
    );
  }
  try {
    return new (typedArrayClass(dtype))(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const bytes = length * bytesPerElement[dtype];
    throw new NablaError(
      'ERR_NABLA_OUT_OF_MEMORY',
      `${what}: ${bytes} bytes for ${length} elements of ${dtype} could not be allocated`,
      { operation: what, elements: length, bytes, dtype },
    );
  }
}
