import { Array } from '../array/array.js';
import { isDataAndShape } from '../array/as-array.js';

/** Far beyond any use, and few enough that a tree which contains itself is reported and does not overflow the stack. */
export const maxDepth = 512;

/** True for what a tree's leaf may be: an array in any of its forms. */
export function isLeaf(x: unknown): boolean {
  if (x instanceof Array || typeof x === 'number' || typeof x === 'boolean') return true;
  if (globalThis.Array.isArray(x)) return isNumberList(x);
  return ArrayBuffer.isView(x) || isDataAndShape(x);
}

/** True for lists that hold at least one number, and nothing but numbers, booleans and such lists. */
export function isNumberList(x: readonly unknown[]): boolean {
  let numbers = 0;
  const onlyNumbers = (list: readonly unknown[], depth: number): boolean =>
    depth <= maxDepth &&
    list.every((entry) => {
      if (globalThis.Array.isArray(entry)) return onlyNumbers(entry, depth + 1);
      numbers++;
      return typeof entry === 'number' || typeof entry === 'boolean';
    });
  return onlyNumbers(x, 0) && numbers > 0;
}

/** True for object literals, also those of another realm, and objects without a prototype; not for class instances. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null || globalThis.Array.isArray(x)) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
