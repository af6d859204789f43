import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Array, TypedArray } from '../../lib/array/array.js';

/** Reads a file of test/golden. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8')) as T;
}

/** Bit patterns of numbers as hexadecimal strings, most significant digit first, one per number. */
export function patterns(array: Array): string[] {
  const { data } = array;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const step = data.BYTES_PER_ELEMENT;
  return globalThis.Array.from({ length: data.length }, (_, i) => {
    const low = view
      .getUint32(i * step, true)
      .toString(16)
      .padStart(8, '0');
    return step === 4
      ? low
      : view
          .getUint32(i * step + 4, true)
          .toString(16)
          .padStart(8, '0') + low;
  });
}

/** All patterns in one string. */
export function pattern(array: Array): string {
  return patterns(array).join('');
}

/** SHA-256 of the elements as they lie in memory on a little-endian machine. */
export function digest(data: TypedArray): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}
