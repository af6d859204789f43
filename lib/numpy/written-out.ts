import type { Array, ArrayLike, DType } from '../array/array.js';
import { isTraced, toArray } from '../trace/trace.js';

/** Lists longer than this are rather data than part of a formula. */
const entriesAtMost = 64;
const listsAtMost = 1024;

const known = new Map<string, Array>();

/**
 * A number or list of numbers written out in a formula, as an array. While a function is recorded, equal lists are one
 * array: each call of `x.mul([2, 1])` would otherwise make a constant of its own, and what depends on it would be
 * computed once a call, and compiled anew at every recording.
 *
 * @param recording whether another operand is being traced; results computed at once could hand the shared array out
 */
export function writtenOut(x: ArrayLike, what: string, dtype: DType, recording: boolean): Array {
  const key = recording && globalThis.Array.isArray(x) ? keyOf(x, { left: entriesAtMost }) : undefined;
  if (key === undefined) return toArray(x, what, dtype);
  const full = dtype + key;
  let array = known.get(full);
  if (array === undefined) {
    array = toArray(x, what, dtype);
    if (isTraced(array)) return array;
    if (known.size >= listsAtMost) known.clear();
    known.set(full, array);
  }
  return array;
}

/** A text equal for equal nested lists; undefined for long ones and those with anything else in them. */
function keyOf(list: readonly unknown[], budget: { left: number }): string | undefined {
  const parts: string[] = [];
  for (const entry of list) {
    if (--budget.left < 0) return undefined;
    const part = globalThis.Array.isArray(entry)
      ? keyOf(entry, budget)
      : typeof entry === 'number'
        ? Object.is(entry, -0)
          ? '-0'
          : String(entry)
        : undefined;
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return `[${parts}]`;
}
