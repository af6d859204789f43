import { NablaError } from '../runtime/errors.js';
import { bytesPerElement, type DType, dtypeOfTypedArray, type TypedArray } from './dtype.js';
import { type NestedBooleans, type NestedNumbers, toNested } from './nested.js';
import { formatArray, inspectArray } from './print.js';
import { formatShape, size } from './shape.js';

export type { DType, TypedArray } from './dtype.js';
export type { NestedBooleans, NestedNumbers } from './nested.js';

/** Everything that is accepted where an array is wanted. */
export type ArrayLike =
  | Array
  | number
  | NestedBooleans
  | NestedNumbers
  | TypedArray
  | { data: TypedArray; shape: readonly number[] };

/**
 * An immutable n-dimensional array, row-major. Values being traced are arrays too, with a shape and a dtype but no
 * data yet. Methods for the operations (`add`, `mul`, `at`, …) are those of `numpy`.
 */
export abstract class Array {
  /** Axis lengths, outermost first; `[]` is a scalar. */
  abstract readonly shape: readonly number[];
  abstract readonly dtype: DType;

  /**
   * The elements in row-major order: the storage itself, not a copy.
   * @throws ERR_NABLA_TRACED on a value that is being traced; ERR_NABLA_DETACHED if its buffer has been transferred away.
   */
  abstract get data(): TypedArray;

  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return size(this.shape);
  }

  /** Nested lists of numbers as deep as the shape, a plain number for a scalar; booleans come as 0 and 1. */
  toArray(): NestedNumbers {
    return toNested(this.data, this.shape);
  }

  /**
   * The value of an array with exactly one element.
   * @throws ERR_NABLA_SHAPE if there are more or none.
   */
  item(): number {
    if (this.size !== 1) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `item: expected an array of one element but this one has shape ${formatShape(this.shape)}; pick one with at(...) or use toArray()`,
        { operation: 'item', shape: this.shape },
      );
    }
    return this.data[0] as number;
  }

  /** As numpy's `str`: `[[1. 2.]\n [3. 4.]]`, summarised with `...` beyond 1000 elements. */
  toString(): string {
    return formatArray(this.data, this.shape, this.dtype);
  }

  /** As numpy's `repr`, which names the dtype where the digits do not tell it. Used by `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspectArray(this.data, this.shape, this.dtype);
  }
}

/** An array whose elements are in memory, contiguous and row-major. */
export class ConcreteArray extends Array {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly #data: TypedArray;

  /**
   * @param data elements in row-major order; shared, not copied
   * @param shape axis lengths, whose product is `data.length`
   * @param dtype only to be given to check it: the class of `data` decides
   * @throws ERR_NABLA_SHAPE if product and length differ; ERR_NABLA_DTYPE if `data` does not store `dtype`.
   */
  constructor(data: TypedArray, shape: readonly number[], dtype?: DType) {
    super();
    const stored = dtypeOfTypedArray(data);
    if (stored === undefined || (dtype !== undefined && dtype !== stored)) {
      throw new NablaError(
        'ERR_NABLA_DTYPE',
        `an array of dtype ${dtype ?? 'unknown'} cannot be stored in ${data?.constructor?.name}`,
        {
          dtype,
          stored,
        },
      );
    }
    if (size(shape) !== data.length) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `shape ${formatShape(shape)} has ${size(shape)} elements but the data have ${data.length}`,
        { shape, length: data.length },
      );
    }
    // Freezing takes longer than everything else here.
    this.shape = Object.isFrozen(shape) ? shape : Object.freeze([...shape]);
    this.dtype = stored;
    this.#data = data;
  }

  get data(): TypedArray {
    const data = this.#data;
    // A view loses its length when its buffer is transferred (postMessage, structuredClone) or its wasm memory grows.
    if (data.length === 0 && this.size !== 0) {
      throw new NablaError(
        'ERR_NABLA_DETACHED',
        `the buffer behind this array of shape ${formatShape(this.shape)} has been transferred away; copy the data before transferring`,
        { shape: this.shape, bytes: this.size * bytesPerElement[this.dtype] },
      );
    }
    return data;
  }
}
