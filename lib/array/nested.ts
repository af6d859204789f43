import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { allocate, type DType, type TypedArray, typedArrayBrand } from './dtype.js';
import { formatShape, type Shape, size } from './shape.js';

/** A number, or lists of equal length of such. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** Booleans, or lists of equal length of such. */
export type NestedBooleans = boolean | readonly NestedBooleans[];

/** Elements in row-major order as nested lists of `shape`. */
export function toNested(data: TypedArray, shape: Shape): NestedNumbers {
  let next = 0;
  const build = (axis: number): NestedNumbers => {
    if (axis === shape.length) return data[next++] as number;
    const length = shape[axis] as number;
    const list = new globalThis.Array<NestedNumbers>(length);
    for (let i = 0; i < length; i++) list[i] = build(axis + 1);
    return list;
  };
  return build(0);
}

/** What may stand where nested numbers are expected, for the ends of messages. */
export const acceptedForms =
  'accepted are numbers, nested lists of numbers, an np.Array, a Float32Array or Float64Array (a vector), or { data: typedArray, shape: [...] }';

/** More axes than any use, few enough that neither a deep list nor one that contains itself overflows the stack. */
const maxDepth = 64;

interface Parsed {
  readonly data: TypedArray;
  readonly shape: readonly number[];
}

/**
 * Reads nested lists of numbers and booleans into storage. Without `dtype`: `bool` if every element is a boolean,
 * `float32` otherwise. With an integer or boolean `dtype` the result is float64, exact and still to be converted.
 * @throws ERR_NABLA_SHAPE for ragged nesting, with the path and both lengths; ERR_NABLA_ARGUMENT for anything that is not
 *   a number, with its path.
 */
export function fromNested(list: readonly unknown[], dtype: DType | undefined, what: string): Parsed {
  const shape = outline(list, what);
  let booleans = 0;
  const total = size(shape);
  // Integers and booleans are read as doubles first, so that convertElements can check their range.
  const data = allocate(dtype === undefined || dtype === 'float32' ? 'float32' : 'float64', total, what);
  let next = 0;
  const path: number[] = [];
  const here = () => what + path.map((i) => `[${i}]`).join('');

  const read = (node: readonly unknown[], axis: number): void => {
    if (node.length !== shape[axis]) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `${here()} has ${node.length} entries but the ones before it have ${shape[axis]}: the nesting is ragged, so it has no shape`,
        { path: here(), length: node.length, expected: shape[axis] },
      );
    }
    const last = axis + 1 === shape.length;
    for (let i = 0; i < node.length; i++) {
      const entry = node[i];
      path[axis] = i;
      path.length = axis + 1;
      if (!last && globalThis.Array.isArray(entry)) {
        read(entry as readonly unknown[], axis + 1);
      } else if (last && typeof entry === 'number') {
        data[next++] = entry;
      } else if (last && typeof entry === 'boolean') {
        booleans++;
        data[next++] = entry ? 1 : 0;
      } else {
        refuse(entry, axis + 1);
      }
    }
  };

  const refuse = (entry: unknown, depth: number): never => {
    if (globalThis.Array.isArray(entry)) {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `${here()} is a list of ${entry.length} entries where the ones before it are numbers: the nesting is ragged, so it has no shape`,
        { path: here(), length: entry.length },
      );
    }
    if (typeof entry === 'number' || typeof entry === 'boolean') {
      throw new NablaError(
        'ERR_NABLA_SHAPE',
        `${here()} is a number where the ones before it are lists of ${shape[depth]} entries: the nesting is ragged, so it has no shape`,
        { path: here(), expected: shape[depth] },
      );
    }
    throw foreign(entry, here());
  };

  read(list, 0);
  if (dtype === undefined && total > 0 && booleans === total) return { data: Uint8Array.from(data), shape };
  return { data, shape };
}

/** The shape that the first entry of every level announces. */
function outline(list: readonly unknown[], what: string): number[] {
  const shape: number[] = [];
  for (let node: unknown = list; globalThis.Array.isArray(node); node = node[0]) {
    shape.push(node.length);
    if (shape.length > maxDepth) {
      throw new NablaError(
        'ERR_NABLA_ARGUMENT',
        `${what} is nested more than ${maxDepth} levels deep, or contains itself`,
        {
          path: what,
        },
      );
    }
  }
  return shape;
}

function foreign(entry: unknown, path: string): NablaError {
  const brand = typedArrayBrand(entry);
  if (brand !== undefined) {
    const length = (entry as TypedArray).length;
    return new NablaError(
      'ERR_NABLA_ARGUMENT',
      `${path} is a ${brand} of ${length} elements among nested lists; put the elements into one typed array and pass { data, shape: ` +
        `${formatShape([-1, length]).replace('-1', 'n')} }, or spread it into a list; ${acceptedForms}`,
      { path, given: brand, length },
    );
  }
  const isArray = globalThis.Array.isArray((entry as { shape?: unknown } | null | undefined)?.shape);
  const advice = isArray ? 'use stack or concatenate to join arrays' : acceptedForms;
  return new NablaError('ERR_NABLA_ARGUMENT', `${path} is ${describe(entry)}, not a number; ${advice}`, {
    path,
    given: describe(entry),
  });
}
