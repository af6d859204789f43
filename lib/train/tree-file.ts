import { open, readFile, rename, rm } from 'node:fs/promises';
import { type Array, ConcreteArray } from '../array/array.js';
import { asArray } from '../array/as-array.js';
import { bytesPerElement, checkDtype, typedArrayClass } from '../array/dtype.js';
import { checkShape, size } from '../array/shape.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { isLeaf, isNumberList, isPlainObject } from '../tree/leaf.js';

/*
 * A pytree as a file, to the bit: JSON { "format": "nabla-tree", "version": 1, "tree": … }, where lists, objects, null, booleans
 * and numbers stand for themselves and an array is { "$array": dtype, "shape": [...], "data": its elements, row-major and
 * little-endian, in base64 }. JSON has no NaN, infinities or −0: { "$number": "NaN" }. A key that begins with $ gets another.
 */

const format = 'nabla-tree';
const version = 1;

/** A tree as text, see above for the form. @throws ERR_NABLA_TREE for what is no tree */
export function serialize(tree: unknown): string {
  return JSON.stringify({ format, version, tree: encode(tree) });
}

/** The tree in a text made by `serialize`. @throws ERR_NABLA_ARGUMENT saying what is wrong with it */
export function deserialize(text: string): unknown {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw refused(`is not JSON: ${(cause as Error).message}`);
  }
  const { format: ownFormat, version: ownVersion, tree } = (file ?? {}) as Record<string, unknown>;
  if (ownFormat !== format) throw refused(`has the format ${describe(ownFormat)} where '${format}' is expected`);
  if (ownVersion !== version)
    throw refused(`has version ${describe(ownVersion)}; this release of nabla reads ${version}`);
  return decode(tree);
}

/**
 * Writes a tree to a file. The file is complete or it is the one that was there before: the text goes to a file beside it, which
 * then takes its name.
 */
export async function save(path: string, tree: unknown): Promise<void> {
  const text = serialize(tree);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Reads a tree from a file that `save` has written. @throws (rejects with) Node's error if there is none, ERR_NABLA_ARGUMENT */
export async function load(path: string): Promise<unknown> {
  return deserialize(await readFile(path, 'utf8'));
}

const refused = (why: string): NablaError =>
  new NablaError('ERR_NABLA_ARGUMENT', `the file of a tree ${why}`, { operation: 'load' });

function encode(x: unknown): unknown {
  if (x === null || x === undefined) return null;
  if (typeof x === 'boolean') return x;
  if (typeof x === 'number')
    return Number.isFinite(x) && !Object.is(x, -0) ? x : { $number: Object.is(x, -0) ? '-0' : String(x) };
  if (globalThis.Array.isArray(x)) return x.length > 0 && isNumberList(x) ? encodeArray(listed(x)) : x.map(encode);
  if (isLeaf(x)) return encodeArray(asArray(x));
  if (isPlainObject(x)) {
    return Object.fromEntries(
      Object.entries(x).map(([key, value]) => [key.startsWith('$') ? `$${key}` : key, encode(value)]),
    );
  }
  throw new NablaError(
    'ERR_NABLA_TREE',
    `a tree to be saved holds ${describe(x)}; expected arrays in lists and plain objects`,
    {
      given: describe(x),
    },
  );
}

/** A list of numbers may hold any of them: no digit is lost. */
const listed = (list: readonly unknown[]): Array =>
  list.flat(Infinity).every((x) => typeof x === 'boolean') ? asArray(list) : asArray(list, { dtype: 'float64' });

function encodeArray({ data, dtype, shape }: Array): unknown {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { $array: dtype, shape: [...shape], data: bytes.toString('base64') };
}

function decode(x: unknown): unknown {
  if (globalThis.Array.isArray(x)) return x.map(decode);
  if (typeof x !== 'object' || x === null) return x;
  const node = x as Record<string, unknown>;
  if ('$array' in node) return decodeArray(node);
  if ('$number' in node) return Number(node.$number);
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key.startsWith('$') ? key.slice(1) : key, decode(value)]),
  );
}

function decodeArray(node: Record<string, unknown>): Array {
  const dtype = checkDtype(node.$array, 'the file of a tree: dtype');
  const shape = checkShape(node.shape, 'the file of a tree: shape');
  const bytes = Buffer.from(typeof node.data === 'string' ? node.data : '', 'base64');
  const expected = size(shape) * bytesPerElement[dtype];
  if (bytes.length !== expected) {
    throw refused(`has ${bytes.length} bytes for an array ${dtype}[${shape.join(', ')}] of ${expected}: it is damaged`);
  }
  // A buffer of its own: Node's may lie anywhere in a pool, and elements must be aligned.
  const own = new Uint8Array(bytes);
  return new ConcreteArray(new (typedArrayClass(dtype))(own.buffer), shape);
}
