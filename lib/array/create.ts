import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { checkOptions } from '../runtime/options.js';
import { Array, type ArrayLike, ConcreteArray, type DType } from './array.js';
import { asArray } from './as-array.js';
import { convertElements } from './astype.js';
import { allocate, checkDtype } from './dtype.js';
import { checkShape, formatShape, size } from './shape.js';

export interface CreateOptions {
  /** dtype of the result; `float32` unless said otherwise. */
  dtype?: DType;
}

function dtypeOption(options: CreateOptions | undefined, fallback: DType, what: string): DType {
  checkOptions(options, ['dtype'], what);
  return options?.dtype === undefined ? fallback : checkDtype(options.dtype, `${what}: dtype`);
}

function finite(x: unknown, what: string): number {
  if (typeof x === 'number' && Number.isFinite(x)) return x;
  throw new NablaError('ERR_NABLA_ARGUMENT', `${what}: expected a finite number but received ${describe(x)}`, {
    operation: what,
    given: x,
  });
}

/**
 * An array from anything that stands for one: nested lists of numbers (`float32`) or booleans (`bool`), a typed array or
 * `{ data, shape }` (shared, not copied, unless `dtype` asks for another one), an array.
 * @throws as {@link asArray}; ERR_NABLA_TRACED if `dtype` is not that of a value being traced
 */
export function array(x: ArrayLike, options?: CreateOptions): Array {
  const dtype = options?.dtype;
  checkOptions(options, ['dtype'], 'array');
  const result = asArray(x, { dtype });
  if (dtype !== undefined && result.dtype !== dtype) {
    throw new NablaError(
      'ERR_NABLA_TRACED',
      `array: a value being traced keeps its dtype ${result.dtype}; use its astype`,
      {
        operation: 'array',
        dtype,
      },
    );
  }
  return result;
}

/** An array of `shape` filled with 0. A number as shape makes a vector. @throws ERR_NABLA_SHAPE, ERR_NABLA_TOO_LARGE, ERR_NABLA_OPTION */
export function zeros(shape: number | readonly number[], options?: CreateOptions): Array {
  return filled(shape, 0, dtypeOption(options, 'float32', 'zeros'), 'zeros');
}

/** An array of `shape` filled with 1. @throws as {@link zeros} */
export function ones(shape: number | readonly number[], options?: CreateOptions): Array {
  return filled(shape, 1, dtypeOption(options, 'float32', 'ones'), 'ones');
}

/** An array of `shape` filled with `value`; a boolean makes a `bool` array. @throws as {@link zeros} */
export function full(shape: number | readonly number[], value: number | boolean, options?: CreateOptions): Array {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new NablaError('ERR_NABLA_ARGUMENT', `full: expected a number to fill with but received ${describe(value)}`, {
      given: value,
    });
  }
  return filled(
    shape,
    Number(value),
    dtypeOption(options, typeof value === 'boolean' ? 'bool' : 'float32', 'full'),
    'full',
  );
}

function filled(shape: number | readonly number[], value: number, dtype: DType, what: string): Array {
  const checked = checkShape(shape, what);
  const [element] = convertElements([value], dtype, what);
  const data = allocate(dtype, size(checked), what);
  if (!Object.is(element, 0)) data.fill(element as number);
  return new ConcreteArray(data, checked);
}

/** Zeros of the shape and dtype of `x`, which may be a traced value. */
export function zerosLike(x: ArrayLike, options?: CreateOptions): Array {
  const { shape, dtype } = asArray(x, { what: 'zerosLike' });
  return filled(shape, 0, dtypeOption(options, dtype, 'zerosLike'), 'zerosLike');
}

/** Ones of the shape and dtype of `x`, which may be a traced value. */
export function onesLike(x: ArrayLike, options?: CreateOptions): Array {
  const { shape, dtype } = asArray(x, { what: 'onesLike' });
  return filled(shape, 1, dtypeOption(options, dtype, 'onesLike'), 'onesLike');
}

/** The `value` everywhere in the shape of `x`, in its dtype. */
export function fullLike(x: ArrayLike, value: number | boolean, options?: CreateOptions): Array {
  const { shape, dtype } = asArray(x, { what: 'fullLike' });
  return full(shape, value, { dtype: dtypeOption(options, dtype, 'fullLike') });
}

export interface EyeOptions extends CreateOptions {
  /** Diagonal of the ones: 0 the main one, positive above it. */
  k?: number;
}

/** An [n, m] matrix (m = n unless given) with ones on a diagonal. @throws as {@link zeros} */
export function eye(n: number, options?: EyeOptions): Array;
export function eye(n: number, m: number, options?: EyeOptions): Array;
export function eye(n: number, m?: number | EyeOptions, options?: EyeOptions): Array {
  const columns = typeof m === 'number' ? m : n;
  const given = typeof m === 'number' ? options : (m ?? options);
  checkOptions(given, ['dtype', 'k'], 'eye');
  const dtype = given?.dtype === undefined ? 'float32' : checkDtype(given.dtype, 'eye: dtype');
  const k = given?.k ?? 0;
  if (!Number.isInteger(k))
    throw new NablaError('ERR_NABLA_ARGUMENT', `eye: expected an integer k but received ${describe(k)}`, { k });
  const shape = checkShape([n, columns], 'eye');
  const data = allocate(dtype, size(shape), 'eye');
  for (let row = Math.max(0, -k); row < n && row + k < columns; row++) data[row * columns + row + k] = 1;
  return new ConcreteArray(data, shape);
}

/**
 * `start`, `start + step`, … up to but not including `stop`; `arange(stop)` starts at 0. The length is
 * ceil((stop − start) / step), and element i is start + i·step, computed in double precision.
 * @throws ERR_NABLA_ARGUMENT if a bound is not finite or step is 0.
 */
export function arange(stop: number, options?: CreateOptions): Array;
export function arange(start: number, stop: number, options?: CreateOptions): Array;
export function arange(start: number, stop: number, step: number, options?: CreateOptions): Array;
export function arange(...args: (number | CreateOptions | undefined)[]): Array {
  while (args.length > 1 && args.at(-1) === undefined) args.pop();
  const options = args.length > 1 && typeof args.at(-1) === 'object' ? (args.pop() as CreateOptions) : undefined;
  const dtype = dtypeOption(options, 'float32', 'arange');
  if (args.length > 3)
    throw new NablaError('ERR_NABLA_ARGUMENT', `arange takes start, stop, step but received ${args.length} values`);
  const start = args.length === 1 ? 0 : finite(args[0], 'arange: start');
  const stop = finite(args.length === 1 ? args[0] : args[1], 'arange: stop');
  const step = args.length === 3 ? finite(args[2], 'arange: step') : 1;
  if (step === 0)
    throw new NablaError('ERR_NABLA_ARGUMENT', 'arange: step is 0, so the range never ends', { start, stop, step });
  const length = Math.min(Math.max(0, Math.ceil((stop - start) / step)), Number.MAX_SAFE_INTEGER);
  const [n] = checkShape(length, 'arange') as [number];
  return generate(n, [n], dtype, (i) => start + i * step, 'arange');
}

function generate(
  n: number,
  shape: readonly number[],
  dtype: DType,
  element: (i: number) => number,
  what: string,
): Array {
  if (dtype === 'float32' || dtype === 'float64') {
    const data = allocate(dtype, n, what);
    for (let i = 0; i < n; i++) data[i] = element(i);
    return new ConcreteArray(data, shape);
  }
  const exact = allocate('float64', n, what);
  for (let i = 0; i < n; i++) exact[i] = element(i);
  return new ConcreteArray(convertElements(exact, dtype, what), shape);
}

export interface LinspaceOptions extends CreateOptions {
  /** Whether the last number is `stop`; true unless said otherwise. */
  endpoint?: boolean;
}

/**
 * `num` numbers at equal distances from `start` to `stop`, both included unless `endpoint` is false. Computed in double
 * precision, as numpy does; the last one is `stop` exactly.
 * @throws ERR_NABLA_ARGUMENT if a bound is not finite; ERR_NABLA_SHAPE if `num` is no count.
 */
export function linspace(start: number, stop: number, num?: number, options?: LinspaceOptions): Array;
export function linspace(start: number, stop: number, options?: LinspaceOptions): Array;
export function linspace(
  start: number,
  stop: number,
  num?: number | LinspaceOptions,
  options?: LinspaceOptions,
): Array {
  const given = typeof num === 'object' ? num : options;
  checkOptions(given, ['dtype', 'endpoint'], 'linspace');
  const dtype = given?.dtype === undefined ? 'float32' : checkDtype(given.dtype, 'linspace: dtype');
  const endpoint = given?.endpoint ?? true;
  if (typeof endpoint !== 'boolean') {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `linspace: expected endpoint to be true or false but received ${describe(endpoint)}`,
      {
        option: 'endpoint',
        given: endpoint,
      },
    );
  }
  const from = finite(start, 'linspace: start');
  const to = finite(stop, 'linspace: stop');
  const [n] = checkShape([typeof num === 'number' ? num : 50], 'linspace: num') as [number];
  const parts = endpoint ? n - 1 : n;
  // The difference of two large bounds may overflow; its parts do not.
  const step = Number.isFinite(to - from) ? (to - from) / parts : to / parts - from / parts;
  // Where the step underflows to 0 the quotient is taken last instead.
  const element = (i: number) => (step === 0 ? (i / parts) * (to - from) + from : i * step + from);
  return generate(n, [n], dtype, (i) => (i === 0 ? from : endpoint && i === parts ? to : element(i)), 'linspace');
}

export interface MeshgridOptions {
  /** `'xy'` (Cartesian: the second axis follows the first vector) or `'ij'` (matrix). `'xy'` unless said otherwise. */
  indexing?: 'xy' | 'ij';
}

/**
 * Coordinates of a grid from one vector per axis, of lengths n₁, n₂, …: one array per vector, of shape [n₁, n₂, …] for
 * `'ij'` and [n₂, n₁, …] for `'xy'`. Takes the vectors one by one, with the options last, or as one list.
 * @throws ERR_NABLA_SHAPE if one is not a vector or a number; ERR_NABLA_OPTION for another indexing.
 */
export function meshgrid(...args: (ArrayLike | readonly ArrayLike[] | MeshgridOptions)[]): Array[] {
  const last = args.at(-1);
  const options = isOptions(last) ? last : undefined;
  const given = (options === undefined ? args : args.slice(0, -1)) as ArrayLike[];
  const [first] = given;
  // A lone list of anything but numbers cannot be a vector, so it is the list of them.
  const isList =
    given.length === 1 && globalThis.Array.isArray(first) && first.some((entry) => typeof entry !== 'number');
  const inputs = isList ? (first as readonly ArrayLike[]) : given;
  checkOptions(options, ['indexing'], 'meshgrid');
  const indexing = options?.indexing ?? 'xy';
  if (indexing !== 'xy' && indexing !== 'ij') {
    throw new NablaError(
      'ERR_NABLA_OPTION',
      `meshgrid: expected indexing to be 'xy' or 'ij' but received ${describe(indexing)}`,
      {
        option: 'indexing',
        given: indexing,
      },
    );
  }
  const vectors = inputs.map((input, i) => {
    const vector = asArray(input, { what: `meshgrid: vector ${i + 1}` });
    if (vector.ndim > 1) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `meshgrid: expected vectors but number ${i + 1} has shape ${formatShape(vector.shape)}`,
        {
          operation: 'meshgrid',
          shape: vector.shape,
        },
      );
    }
    return vector;
  });
  const axisOf = (i: number) => (indexing === 'xy' && vectors.length > 1 && i < 2 ? 1 - i : i);
  const lengths = new globalThis.Array<number>(vectors.length);
  vectors.forEach((vector, i) => {
    lengths[axisOf(i)] = vector.size;
  });
  const shape = checkShape(lengths, 'meshgrid');
  return vectors.map((vector, i) => {
    const inner = size(shape.slice(axisOf(i) + 1));
    const source = vector.data;
    const data = allocate(vector.dtype, size(shape), 'meshgrid');
    const n = source.length;
    // The element repeats over the axes behind its own, the vector over those in front.
    for (let row = 0; row * inner < data.length; row++) {
      data.fill(source[row % n] as number, row * inner, (row + 1) * inner);
    }
    return new ConcreteArray(data, shape);
  });
}

/** Tells the options at the end of a variadic call from an array in one of its forms. */
function isOptions(x: unknown): x is MeshgridOptions {
  return (
    typeof x === 'object' &&
    x !== null &&
    !(x instanceof Array) &&
    !globalThis.Array.isArray(x) &&
    !ArrayBuffer.isView(x) &&
    !('shape' in x)
  );
}
