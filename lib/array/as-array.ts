import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { Array, ConcreteArray } from './array.js';
import { astypeArray, convertElements } from './astype.js';
import {
  checkDtype,
  type DType,
  dtypeOfTypedArray,
  dtypes,
  isTypedArray,
  type TypedArray,
  typedArrayBrand,
} from './dtype.js';
import { acceptedForms, fromNested } from './nested.js';
import { checkShape, formatShape, rowMajorStrides, shapesEqual, size } from './shape.js';

export interface AsArrayOptions {
  /** Convert to this dtype; without it typed arrays keep theirs and plain numbers become `float32`. */
  dtype?: DType;
  /** Name of the value in messages, e.g. `'params.Dense_0.kernel'`. */
  what?: string;
}

/**
 * The array a value stands for. Arrays, traced values among them, come back unchanged; typed arrays are wrapped, not
 * copied; plain numbers and nested lists become `float32`, booleans `bool`.
 *
 * @throws ERR_NABLA_SHAPE (ragged nesting; product of `shape` differs from the length of `data`), ERR_NABLA_DTYPE (a kind
 *   of typed array that stores none of our dtypes), ERR_NABLA_DETACHED, ERR_NABLA_RESIZABLE, ERR_NABLA_ARGUMENT (anything
 *   else), each naming `what`.
 */
export function asArray(x: unknown, options: AsArrayOptions = {}): Array {
  const what = options.what ?? 'array';
  const dtype = options.dtype === undefined ? undefined : checkDtype(options.dtype, `${what}: dtype`);
  const array = convert(x, dtype, what);
  // A traced value has no elements to convert: its operations record the conversion.
  return dtype === undefined || !(array instanceof ConcreteArray) ? array : astypeArray(array, dtype, what);
}

function convert(x: unknown, dtype: DType | undefined, what: string): Array {
  if (x instanceof Array) return x;
  if (typeof x === 'number') return new ConcreteArray(convertElements([x], dtype ?? 'float32', what), []);
  if (typeof x === 'boolean') return new ConcreteArray(convertElements([x ? 1 : 0], dtype ?? 'bool', what), []);
  if (globalThis.Array.isArray(x)) {
    const { data, shape } = fromNested(x, dtype, what);
    return new ConcreteArray(data, shape);
  }
  if (typedArrayBrand(x) !== undefined) {
    const data = checkTypedArray(x, what);
    return new ConcreteArray(data, [data.length]);
  }
  if (isDataAndShape(x)) return fromDataAndShape(x, what);
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: expected an array but received ${describe(x)}; ${acceptedForms}`,
    {
      path: what,
      given: describe(x),
    },
  );
}

/** True for objects like `{ data: Float32Array, shape: [2, 3] }`, also those of other libraries. */
export function isDataAndShape(x: unknown): x is { data: unknown; shape: unknown } {
  if (typeof x !== 'object' || x === null) return false;
  const { data, shape } = x as { data?: unknown; shape?: unknown };
  return globalThis.Array.isArray(shape) && typedArrayBrand(data) !== undefined;
}

function fromDataAndShape(x: { data: unknown; shape: unknown }, what: string): Array {
  const data = checkTypedArray(x.data, `${what}.data`);
  const shape = checkShape(x.shape, `${what}.shape`);
  if (size(shape) !== data.length) {
    throw new NablaError(
      'ERR_NABLA_SHAPE',
      `${what}: shape ${formatShape(shape)} has ${size(shape)} elements but data has ${data.length}`,
      { path: what, shape, length: data.length },
    );
  }
  checkLayout(x, shape, data, what);
  return new ConcreteArray(data, shape);
}

/** Objects of other libraries say when their data are not simply row-major; reading those as if they were would be silent garbage. */
function checkLayout(x: object, shape: readonly number[], data: TypedArray, what: string): void {
  const { fortranOrder, fortran_order, offset, stride, strides, dtype } = x as Record<string, unknown>;
  const steps = strides ?? stride;
  const problem =
    fortranOrder === true || fortran_order === true
      ? 'is stored column by column'
      : typeof offset === 'number' && offset !== 0
        ? `starts at offset ${offset}`
        : globalThis.Array.isArray(steps) && !shapesEqual(steps, rowMajorStrides(shape))
          ? `has strides ${formatShape(steps)}`
          : undefined;
  if (problem !== undefined) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `${what} ${problem}; expected row-major data without gaps, so copy it first`,
      {
        path: what,
        shape,
      },
    );
  }
  const stored = dtypeOfTypedArray(data);
  if (typeof dtype === 'string' && (dtypes as readonly string[]).includes(dtype) && dtype !== stored) {
    throw new NablaError('ERR_NABLA_DTYPE', `${what}: dtype is ${dtype} but data stores ${stored}`, {
      path: what,
      dtype,
      stored,
    });
  }
}

/**
 * A typed array whose memory stays put and whose elements have one of our dtypes.
 * @throws ERR_NABLA_DTYPE, ERR_NABLA_DETACHED, ERR_NABLA_RESIZABLE
 */
export function checkTypedArray(x: unknown, what: string): TypedArray {
  if (!isTypedArray(x)) {
    throw new NablaError(
      'ERR_NABLA_DTYPE',
      `${what} is ${describe(x)}, which stores none of ${dtypes.join(', ')}; convert it, e.g. with Float32Array.from(...)`,
      { path: what, given: typedArrayBrand(x) },
    );
  }
  const { buffer } = x as { buffer: ArrayBufferLike & { resizable?: boolean; growable?: boolean } };
  if (buffer.resizable === true || buffer.growable === true) {
    throw new NablaError(
      'ERR_NABLA_RESIZABLE',
      `${what} is a view of a resizable buffer, whose memory could go away while it is read; copy it with slice()`,
      { path: what },
    );
  }
  if (x.length === 0 && isDetached(buffer)) {
    throw new NablaError(
      'ERR_NABLA_DETACHED',
      `${what} is a view of a buffer that has been transferred away; copy the data before transferring`,
      {
        path: what,
      },
    );
  }
  if (dtypeOfTypedArray(x) === 'bool') checkBooleans(x, what);
  return x;
}

/** A detached buffer looks like an empty one (`ArrayBuffer.prototype.detached` needs Node 21), but no view can be made of it. */
function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

function checkBooleans(x: TypedArray, what: string): void {
  for (let i = 0; i < x.length; i++) {
    if ((x[i] as number) > 1) {
      throw new NablaError(
        'ERR_NABLA_DTYPE',
        `${what}: a Uint8Array stores booleans, 0 or 1, but element ${i} is ${x[i]}; for bytes as numbers use Float32Array.from(...)`,
        { path: what, element: i, value: x[i] },
      );
    }
  }
}
