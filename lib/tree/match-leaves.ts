import { Array } from '../array/array.js';
import type { Node, TreeStructure } from './structure.js';

/**
 * The leaves of a list if it has the given structure and all leaves are arrays, else undefined. For calls that come again and
 * again: nothing is allocated but the result, and no text is made or compared. Trees of unusual objects (with a class, or a
 * prototype somebody added to) may be answered with undefined although they match.
 */
export function arraysIfMatching(structure: TreeStructure, list: readonly unknown[]): Array[] | undefined {
  const found: Array[] = [];
  return collect(structure.root, list, found) ? found : undefined;
}

function collect(node: Node, x: unknown, found: Array[]): boolean {
  switch (node.kind) {
    case 'leaf':
      if (!(x instanceof Array)) return false;
      found.push(x);
      return true;
    case 'none':
      return x === null || x === undefined;
    case 'list': {
      const { children } = node;
      if (!globalThis.Array.isArray(x) || x.length !== children.length) return false;
      for (let i = 0; i < children.length; i++) if (!collect(children[i]!, x[i], found)) return false;
      return true;
    }
    case 'object': {
      if (typeof x !== 'object' || x === null) return false;
      const prototype = Object.getPrototypeOf(x);
      if (prototype !== Object.prototype && prototype !== null) return false;
      const { keys, children } = node;
      let count = 0;
      for (const _ in x) count++;
      if (count !== keys.length) return false;
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!;
        const child = children[i]!;
        // A plain object inherits no arrays; what else it inherits must not pass for its own.
        if (child.kind !== 'leaf' && !Object.hasOwn(x, key)) return false;
        if (!collect(child, (x as Record<string, unknown>)[key], found)) return false;
      }
      return true;
    }
    default:
      return node satisfies never;
  }
}
