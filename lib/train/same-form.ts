import { Array } from '../array/array.js';
import { isLeaf, isPlainObject } from '../tree/leaf.js';

/**
 * Where a saved state has not the form of one to begin with: the path of the first place, or undefined if there is none. A list that is
 * empty to begin with grows in the training; anything else keeps its form. Leaves must agree in shape and dtype where both are arrays.
 */
export function otherForm(saved: unknown, initial: unknown, path = 'state'): string | undefined {
  if (globalThis.Array.isArray(initial) && !isLeaf(initial)) {
    if (!globalThis.Array.isArray(saved)) return path;
    if (initial.length === 0) return undefined;
    if (saved.length !== initial.length) return path;
    return first(initial.map((x, i) => otherForm(saved[i], x, `${path}[${i}]`)));
  }
  if (isPlainObject(initial) && !isLeaf(initial)) {
    if (!isPlainObject(saved) || isLeaf(saved)) return path;
    const keys = new Set([...Object.keys(initial), ...Object.keys(saved)]);
    return first([...keys].map((key) => otherForm(saved[key], initial[key], `${path}.${key}`)));
  }
  if (initial instanceof Array && saved instanceof Array) {
    return saved.dtype === initial.dtype && String(saved.shape) === String(initial.shape) ? undefined : path;
  }
  return isNothing(saved) === isNothing(initial) ? undefined : path;
}

const isNothing = (x: unknown): boolean => x === null || x === undefined;

const first = (paths: readonly (string | undefined)[]): string | undefined => paths.find((path) => path !== undefined);
